"""Charts as pictures for Slack: the same drawing as on the web, on paper that is light in every theme."""

from __future__ import annotations

from hashlib import sha256

from resvg_py import svg_to_bytes

from fireside.hearth.cards import Chart
from fireside.web.drawings import spark

# The light side of --sheet, --line and --ember in web/static/web/tokens.css; resvg does not know oklch.
SHEET, LINE, EMBER = "#fdfefc", "#daddd5", "#c5470c"
STYLE = f"""
.c-grid {{ stroke: {LINE}; }}
.c-lost-l {{ fill: none; stroke: {EMBER}; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }}
.c-pin-hot {{ fill: {EMBER}; stroke: {SHEET}; stroke-width: 2; }}
"""
BOX, PAPER = 'viewBox="0 0 220 56"', 'viewBox="-12 -8 244 72" width="244" height="72"'
SCALE = 2
VERSION = "1"  # raised when the same numbers come to look different


def png(chart: Chart) -> bytes:
    """The chart as a PNG of 488 by 144 pixels; equal numbers give equal bytes."""
    return bytes(
        svg_to_bytes(
            svg_string=_svg(chart), style_sheet=STYLE, background=SHEET, zoom=SCALE, skip_system_fonts=True
        )
    )


def key(chart: Chart) -> str:
    """64 hex digits that are the same for charts that look the same, so that a picture is sent only once."""
    return sha256(f"{VERSION}{STYLE}{_svg(chart)}".encode()).hexdigest()


def _svg(chart: Chart) -> str:
    drawn = str(spark(chart.values, "chart"))  # its words are told beside the picture, not in it
    return drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(BOX, PAPER, 1)
