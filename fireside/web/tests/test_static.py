"""What we ship to the browser: as promised, small, and without raw colours outside the tokens."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
STATIC = HOUSE / "web" / "static" / "web"
SPRITE = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))
TEMPLATES = sorted(HOUSE.rglob("templates/**/*.html"))
SHEETS = sorted(STATIC.glob("*.css"))
SCRIPTS = sorted(STATIC.glob("js/*.js"))


def test_what_others_made_is_what_was_promised() -> None:
    tool = HOUSE.parent / "tools" / "vendor.py"
    checked = subprocess.run([sys.executable, tool, "--check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_every_icon_a_page_names_is_in_the_sprite(path: Path) -> None:
    named = set(re.findall(r'{% (?:icon|machine) "([^"]+)"', path.read_text()))
    assert named <= SPRITE


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_colours_are_written_in_the_tokens_alone(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    if path.name != "tokens.css":
        assert not re.findall(r"oklch|rgba?\(|hsla?\(|#[0-9a-fA-F]{3,8}\b(?=[^{]*;)", text)


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_every_token_used_is_a_token_there_is(path: Path) -> None:
    known = set(re.findall(r"(--[\w-]+):", "".join(sheet.read_text() for sheet in SHEETS)))
    assert set(re.findall(r"var\((--[\w-]+)", path.read_text())) <= known


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_short_and_says_what_it_does(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0].startswith("// ")
    assert len(lines) <= 200
    assert "localStorage" not in path.read_text()
    assert "eval(" not in path.read_text()
