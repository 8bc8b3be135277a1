"""Every parser is handed what nobody would write: it answers, or says no in a sentence, and never breaks."""

from __future__ import annotations

import gzip
import io
import itertools
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from fireside.alerts import wire
from fireside.alerts.tests.machines import told, webhook
from fireside.config import gate
from fireside.config import settings as house
from fireside.config.backups import archive
from fireside.config.backups.age import Unable
from fireside.config.backups.progress import Progress
from fireside.config.env import Nonsense
from fireside.config.slack import NAMES, slack_settings
from fireside.hearth import pictures, search, slips
from fireside.hearth.commands import Ask, book
from fireside.hearth.errors import Sorry
from fireside.hearth.grammar import render, split
from fireside.hearth.kinds import read_day, read_minutes
from fireside.hearth.people import Person
from fireside.incidents.kinds import read_when
from fireside.systems.runbooks import as_markdown
from fireside.web import stream
from fireside.web.prose import prose
from fireside.web.visitors import Visitor
from tests.attaching import picture
from tests.fuzzing import many

pytestmark = pytest.mark.nightly
hard = settings(max_examples=many(200, 50), deadline=None, suppress_health_check=list(HealthCheck))
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: (
        some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=20,
)
WORDS = some.text() | some.text("*_`[]()<>#|\\~-+!&;:/@\n \t0123456789x", max_size=200)
ASKS = [
    Ask(Person(name="Ana", zone=zone)) for zone in ("Pacific/Auckland", "America/St_Johns", "Asia/Tehran")
]


def damaged(whole: bytes) -> some.SearchStrategy[bytes]:
    """The same bytes with some of them others, gone or doubled."""

    def harm(where: list[tuple[int, int, bytes]]) -> bytes:
        out = whole
        for at, length, new in where:
            at %= len(out) + 1
            out = out[:at] + new + out[at + length :]
        return out

    change = some.tuples(some.integers(0, len(whole)), some.integers(0, 40), some.binary(max_size=12))
    return some.lists(change, min_size=1, max_size=6).map(harm)


# -- machines ----------------------------------------------------------------------------------------------

ALERT = some.fixed_dictionaries({}, optional={
    "labels": some.dictionaries(some.text(max_size=130), WORDS, max_size=5) | JSON,
    "annotations": some.dictionaries(some.text(max_size=130), WORDS, max_size=5) | JSON,
    "status": some.sampled_from(["firing", "resolved", "", "odd"]) | JSON,
    "startsAt": some.datetimes().map(lambda at: at.isoformat() + "Z") | some.text(max_size=30) | JSON,
    "endsAt": some.just("0001-01-01T00:00:00Z") | some.text(max_size=30), "fingerprint": some.text() | JSON,
})  # fmt: skip
BODIES = (
    some.binary(max_size=300)
    | JSON.map(lambda found: json.dumps(found).encode())
    | some.fixed_dictionaries({"alerts": some.lists(ALERT, max_size=4) | JSON}, optional={
        "groupKey": some.text() | JSON, "truncatedAlerts": some.integers() | JSON,
    }).map(lambda found: json.dumps(found).encode())
    | some.lists(ALERT, max_size=3).map(lambda found: json.dumps(found).encode())
    | damaged(webhook(told(), told("Other", "resolved")))
)  # fmt: skip


@hard
@given(BODIES, some.sampled_from([wire.WEBHOOK, wire.API]))
def test_whatever_a_machine_sends_is_read_or_refused_with_its_place(body: bytes, form: str) -> None:
    try:
        wire.decode(form, body)
        seen = wire.read(form, body, NOW)
    except wire.Unreadable:
        return
    for one in seen:
        assert len(one.labels) <= wire.MOST
        for name, value in (one.labels | one.annotations).items():
            assert len(name) <= wire.NAME
            assert len(value) <= wire.NOTE
            assert "\0" not in name + value
        assert one.starts is None or one.starts.tzinfo is not None
        assert 0 < len(one.fingerprint) <= wire.PRINT


# -- what people type --------------------------------------------------------------------------------------


@hard
@given(some.sampled_from([command.verb for command in book.all()]), WORDS)
def test_any_words_after_any_verb_are_read_and_can_be_written_again(verb: str, words: str) -> None:
    command = book.find(verb)
    given = command.parse(words)
    assert set(given) <= {param.name for param in command.params}
    assert split(render(verb, given, command.slots))[0] == verb
    split(words)


NAMED = frozenset({"@ana", "#til"})
DAYS = some.text(max_size=30) | some.text("0123456789-: TZ.hmyesterdayinwkago", max_size=25)
DAYS |= some.datetimes().map(str) | some.dates().map(str) | some.times().map(str)


@hard
@given(DAYS, some.sampled_from(ASKS))
def test_any_words_for_a_day_a_moment_or_a_length_are_one_or_are_asked_about(words: str, ask: Ask) -> None:
    for read in (read_day, read_minutes, read_when):
        with suppress(Sorry):
            found = read(words, ask)
            assert not isinstance(found, timedelta) or found >= timedelta()


@hard
@given(WORDS)
def test_any_words_are_drawn_without_becoming_more_than_words(words: str) -> None:
    for drawn in (prose(words, NAMED), prose(as_markdown(words.split("\n")), NAMED)):
        lowered = drawn.lower()
        assert "<script" not in lowered
        assert "javascript:" not in lowered.replace("&#", "")
        assert "<img" not in lowered


@hard
@given(WORDS, WORDS)
def test_any_words_can_be_looked_for_in_any_others(body: str, query: str) -> None:
    words = search.words_of(query)
    assert len(words) <= 12
    assert all(isinstance(piece, str) for piece, _ in search.snippet(body, words))


BEGINNINGS = [sign for kind in slips.KINDS for sign in kind.signs]


@hard
@given(WORDS | some.lists(some.sampled_from(BEGINNINGS)).map("".join), WORDS)
def test_what_is_left_without_keys_holds_none(one: str, other: str) -> None:
    for words in (one + other, f"{one}://a:{other}@x", f"-----BEGIN PRIVATE KEY-----{other * 9}{one}"):
        left = slips.masked(slips.masked(words))  # a block of a key may hold another one
        assert slips.masked(left) == left
        spans = [(slip.start, slip.end) for slip in slips.find(words)]
        assert spans == sorted(spans)
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))


# -- what browsers and operators send ----------------------------------------------------------------------


@hard
@given(some.binary(max_size=200), some.binary(max_size=30), some.integers(0, 2**63 - 1))
def test_any_live_page_can_ask_for_anything(query: bytes, last: bytes, newest: int) -> None:
    scope = {"query_string": query, "headers": [(b"last-event-id", last)]}
    reader = stream._reader(scope, Visitor(ASKS[0].person, "session", newest))
    assert 0 <= reader.since < 2**63
    assert len(reader.topics) <= stream.MOST_TOPICS


@hard
@given(some.text(max_size=80) | some.text("0123456789.:[]abcdef@ ,/", max_size=60))
def test_any_name_of_a_host_is_ours_or_is_not(host: str) -> None:
    assert gate.is_ours(host) in (True, False)


@hard
@given(WORDS, some.sampled_from(["http://", "https://", "smtp://", "postgres://", ""]))
def test_any_setting_is_meant_or_is_refused(words: str, begins: str) -> None:
    one = f"SLACK_{NAMES[len(words) % len(NAMES)]}"
    for read in (
        house._address, house._post_office,
        lambda value: slack_settings(lambda name: value if name == one else ""),
    ):  # fmt: skip
        with suppress(Nonsense):
            read(begins + words)


ALMOST = b"cover.json".ljust(512, b"\0") + b"x" * 600


@hard
@given(some.binary(max_size=2000) | damaged(gzip.compress(ALMOST)) | damaged(ALMOST).map(gzip.compress))
def test_anything_called_a_backup_is_one_or_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(Unable) as unable:
        archive.check(io.BytesIO(data), Progress())
    assert str(unable.value).endswith(".")


KINDS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
PICTURES = {kind: picture(form, (30, 20)) for kind, form in KINDS.items()}


@hard
@given(some.data(), some.sampled_from([*KINDS]))
def test_any_bytes_called_a_picture_are_drawn_anew_or_are_none(data: Any, kind: str) -> None:
    given = data.draw(damaged(PICTURES[kind]) | some.binary(max_size=400))
    with suppress(Sorry):
        drawn = pictures.anew(given, kind, "x")
        assert drawn is None or pictures.anew(drawn, kind, "x") is not None
