"""Small drawings as inline SVG: classes only, so that theme, print and screen readers come for free."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from math import isfinite
from textwrap import wrap
from typing import Literal

from django.utils.safestring import SafeString, mark_safe

Kind = Literal["deploy", "alert", "incident", "soon"]
Place = Callable[[datetime], float]
THREADS = 5
SHADES = {"deploy": "dl-dep", "alert": "dl-hot", "soon": "dl-soon"}
SIZES = {"deploy": 3.6, "alert": 4.0, "soon": 5.0}
LETTER = 6.2  # widest average of our 12 px letters, to keep labels apart
# XML 1.0 has no way to write these, not even escaped
UNWRITABLE = dict.fromkeys([*range(0x20), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)], " ")


@dataclass(frozen=True, slots=True)
class Mark:
    """Something on the day line; an incident lasts from `at` to `until`, or until now."""

    at: datetime
    kind: Kind
    words: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Strand:
    """A contributing factor: a short name, and how old it was (seconds) when the strands met."""

    words: str
    age: float
    shade: int


def day_line(
    marks: Sequence[Mark],
    now: datetime,
    start: datetime,
    end: datetime,
    *,
    narrow: bool = False,
    words: str = "",
) -> SafeString:
    """One thread from `start` to `end`: what was shipped, what got hot, what comes. `words` says it aloud."""
    width, edge = (400, 14) if narrow else (1000, 20)
    span = (end - start).total_seconds()

    def x(moment: datetime) -> float:
        part = (moment - start).total_seconds() / span if span > 0 else 0.0
        return edge + min(max(part, 0.0), 1.0) * (width - 2 * edge)

    inside = [mark for mark in marks if start <= _ends(mark, now) and mark.at <= end]
    parts = [
        _line("dl-base", edge, 50, width - edge, 50),
        _line("dl-past", edge, 50, x(now), 50),
        *_hours(start, end, x),
        *(_heat(mark, now, x) for mark in inside if mark.kind == "incident"),
        *(_dot(SHADES[m.kind], x(m.at), 50, SIZES[m.kind]) for m in inside if m.kind != "incident"),
        _line("dl-now", x(now), 36, x(now), 64),
        *_labels(inside, now, x, width),
    ]
    return _svg(width, 92, words or "Today so far", parts)


def spark(values: Sequence[float], words: str = "") -> SafeString:
    """The last numbers as one quiet line on a ground of zero, with a dot where we are now."""
    values = [value for value in values if isfinite(value)]
    if not values:
        return _svg(220, 56, words or "No numbers yet", [_line("c-grid", 0, 48, 220, 48)])
    low, high = min(0.0, *values), max(0.0, *values)
    reach, step = (high - low) or 1.0, 212 / max(len(values) - 1, 1)
    points = [(4 + n * step, 48 - 40 * (value - low) / reach) for n, value in enumerate(values)]
    path = " ".join(f"{'L' if n else 'M'}{_n(px)} {_n(py)}" for n, (px, py) in enumerate(points))
    parts = [
        _line("c-grid", 0, 48, 220, 48),
        f'<path class="c-lost-l" d="{path}"/>',
        _dot("c-pin-hot", *points[-1], 4),
    ]
    return _svg(220, 56, words or f"{len(values)} numbers, the last is {_n(values[-1])}", parts)


def strands(
    factors: Sequence[Strand], meeting: str = "", moment: str = "", *, narrow: bool = False, words: str = ""
) -> SafeString:
    """Factors as threads of different age that meet at one moment, so that none reads as the cause."""
    width, left, bend, knot = (364, 4, 172, 232) if narrow else (704, 8, 466, 556)
    rows = sorted(factors, key=lambda factor: -factor.age)
    height, middle = 40 * max(len(rows), 2), 20 * max(len(rows), 2)
    starts = _starts(len(rows), left, bend - 60)
    parts = [
        *(_thread(row, starts[n], 40 * n + 22, (bend, knot, middle)) for n, row in enumerate(rows)),
        _dot("dl-halo", knot, middle, 17),
        _dot("c-pin-hot", knot, middle, 7),
        *_meeting(meeting, knot + 24, middle - 4, width - knot - 24),
        _text("lbl", knot + 24, middle + 13, _cut(moment, width - knot - 24)),
    ]
    spoken = f"{len(rows)} contributing factors meeting at one moment: " + ", ".join(
        row.words for row in rows
    )
    return _svg(width, height + 12, words or spoken, parts)


def _meeting(words: str, x: float, y: float, room: float) -> Iterable[str]:
    """What the strands met in, on two lines where one is too short, the last of them at `y`."""
    lines = wrap(words, int(room / LETTER), max_lines=2, placeholder="…")
    for n, line in reversed(list(enumerate(reversed(lines)))):
        yield _text("lbl-hot", x, y - 15 * n, line)


def _starts(count: int, left: float, right: float) -> list[float]:
    return [left + n * (right - left) / max(count - 1, 1) for n in range(count)]


def _thread(row: Strand, start: float, y: float, to: tuple[float, float, float]) -> str:
    bend, knot, middle = to
    path = f"M{_n(start)} {_n(y)} H{bend} C{bend + 62} {_n(y)} {knot - 32} {_n(middle)} {knot} {_n(middle)}"
    label = _text("lbl", start, y - 7, _cut(row.words, bend - start + 20))
    return f'<path class="strand strand-{(row.shade - 1) % THREADS + 1}" d="{path}"/>{label}'


def _hours(start: datetime, end: datetime, x: Place) -> Iterable[str]:
    moment = start.replace(minute=0, second=0, microsecond=0)
    while moment <= end:
        if moment >= start and moment.hour % 3 == 0:
            last = moment == end and moment.hour == 0
            yield _line("dl-tick", x(moment), 47, x(moment), 53)
            yield _text("", x(moment), 84, "24:00" if last else f"{moment:%H:%M}", "middle")
        moment += timedelta(hours=1)


def _ends(mark: Mark, now: datetime) -> datetime:
    return mark.until or (now if mark.kind == "incident" else mark.at)


def _heat(mark: Mark, now: datetime, x: Place) -> str:
    left, right = x(mark.at), x(_ends(mark, now))
    width, middle = max(right - left, 10.0), (left + right) / 2
    glow = "" if mark.until else _dot("dl-halo2", middle, 50, 34) + _dot("dl-halo", middle, 50, 22)
    return f'{glow}<rect class="dl-hot" x="{_n(left)}" y="45" width="{_n(width)}" height="10" rx="5"/>'


def _labels(marks: Sequence[Mark], now: datetime, x: Place, width: float) -> Iterable[str]:
    """Incidents on the upper row, the rest on the lower; a label without room stays unsaid here."""
    taken: dict[int, float] = {13: 0.0, 34: 0.0}
    for mark in sorted((mark for mark in marks if mark.words), key=lambda mark: mark.at):
        hot = mark.kind == "incident"
        row, label = (13 if hot else 34), _cut(mark.words, 150)
        half = len(label) * LETTER / 2
        place = min(max((x(mark.at) + x(_ends(mark, now))) / 2, half), width - half)
        if mark.kind == "soon":  # what comes is written after the line that says now
            place = max(place, x(now) + 5 + half)
        if place - half >= taken[row]:
            taken[row] = place + half + 8
            yield _text("lbl-hot" if hot else "lbl", place, row, label, "middle")


def _svg(width: float, height: float, words: str, parts: Iterable[str]) -> SafeString:
    box = f'viewBox="0 0 {_n(width)} {_n(height)}" role="img" aria-label="{_words(words)}"'
    # every word in here went through _words
    return mark_safe(f'<svg class="chart" {box}>{"".join(parts)}</svg>')  # noqa: S308


def _line(shade: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{shade}" x1="{_n(x1)}" x2="{_n(x2)}" y1="{_n(y1)}" y2="{_n(y2)}"/>'


def _dot(shade: str, x: float, y: float, r: float) -> str:
    return f'<circle class="{shade}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(r)}"/>'


def _text(shade: str, x: float, y: float, words: str, anchor: str = "") -> str:
    if not words:
        return ""
    shaded = f' class="{shade}"' if shade else ""
    anchored = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text{shaded} x="{_n(x)}" y="{_n(y)}"{anchored}>{_words(words)}</text>'


def _cut(words: str, room: float) -> str:
    """As much of `words` as fits in `room` pixels of our drawing."""
    fits = max(int(room / LETTER), 4)
    return words if len(words) <= fits else words[: fits - 1].rstrip() + "…"


def _words(words: str) -> str:
    return escape(words.translate(UNWRITABLE))


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
