"""A chart becomes a picture that looks like the one on the web."""

import re
import struct
from math import cos, radians, sin
from pathlib import Path

import pytest

from fireside import web
from fireside.hearth.cards import Chart
from fireside.slack import pictures

TOKENS = Path(web.__path__[0]) / "static/web/tokens.css"
RISING = Chart((0, 1, 3, 2, 8, 12), "Firing over the last hour: at most 12, now 12", "hot")


def rgb(name: str) -> str:
    """The light side of a colour of the web, as resvg reads it."""
    found = re.search(rf"--{name}:\s+light-dark\(oklch\(([\d. ]+)\)", TOKENS.read_text())
    light, chroma, hue = map(float, found[1].split())
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    curved = (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in linear)
    return "#" + "".join(f"{round(255 * min(max(c, 0), 1)):02x}" for c in curved)


@pytest.mark.parametrize(
    ("name", "colour"),
    [("sheet", pictures.SHEET), ("line", pictures.LINE), ("ember", pictures.EMBER)],
)
def test_the_colours_are_those_of_the_web(name: str, colour: str) -> None:
    assert colour == rgb(name)


def test_a_picture_has_twice_the_size_of_the_drawing_and_is_always_the_same() -> None:
    drawn = pictures.png(RISING)
    assert drawn[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", drawn[16:24]) == (488, 144)
    assert drawn == pictures.png(RISING)


def test_charts_of_the_same_numbers_share_a_picture() -> None:
    again = Chart(RISING.values, "The same, in other words")
    assert pictures.key(again) == pictures.key(RISING)
    assert pictures.png(again) == pictures.png(RISING)
    higher = Chart((*RISING.values, 99), RISING.words)
    assert pictures.key(higher) != pictures.key(RISING)
    assert pictures.png(higher) != pictures.png(RISING)


@pytest.mark.parametrize("values", [(), (5,), (float("nan"), float("inf")), (-3, 4, -5), (1e308, -1e308)])
def test_odd_numbers_still_make_a_picture(values: tuple[float, ...]) -> None:
    assert len(pictures.png(Chart(values, ""))) > 100
