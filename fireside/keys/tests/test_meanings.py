"""Scopes in plain words: our own all have some, worst comes first, unknown ones are said to be unknown."""

import re
import tomllib
from pathlib import Path

import pytest

from fireside.hearth.errors import Sorry
from fireside.keys.meanings import GOOGLE, Place, explain, whose
from fireside.keys.models import Holder
from fireside.keys.pasted import read_scopes
from fireside.keys.saying import in_short

TABLES = Path(__file__).parent.parent / "scopes"


def words(scopes: list[str], place: str = "") -> list[str]:
    return [one.words for one in explain(scopes, place)]


@pytest.mark.parametrize("place", Place.values)
def test_a_table_says_what_each_scope_allows_in_words_that_follow_it_can(place: str) -> None:
    table = tomllib.loads((TABLES / f"{place}.toml").read_text(encoding="utf-8"))
    assert table.pop("name") == Place(place).label
    for rows in table.values():
        for scope, (reach, care, may) in rows.items():
            assert reach in ("reads", "writes", "administers"), scope
            assert care in (1, 2, 3), scope
            assert re.fullmatch(r"[a-z][^.!]*[^.!\s]", may), scope


def test_what_reaches_furthest_comes_first() -> None:
    assert words(["commands", "admin.users:write", "users:read"]) == [
        "It can add and remove people, and sign them out.",
        "It can offer slash commands and shortcuts, and read what people type after them.",
        "It can see everybody's name, picture and time zone.",
    ]


def test_two_scopes_together_may_reach_further_than_each() -> None:
    assert words(["channels:join", "channels:history"])[0] == (
        "It can read every message in every public channel, because it may let itself in."
    )
    assert "added to" in words(["channels:history"])[0]


def test_what_nobody_knows_is_said_to_be_unknown_and_wants_care() -> None:
    told = explain(["commands", "foo:bar", "channels:history"])
    assert [one.scope for one in told] == ["channels:history", "foo:bar", "commands"]
    assert told[1].words == "We do not know what foo:bar allows; ask who makes it."


def test_a_sentence_says_that_it_cannot_read_only_where_that_is_so() -> None:
    for scopes, blind in (
        (["chat:write", "pins:write"], True), (["chat:write", "users:read"], False), (["repo"], False),
        (["admin:org"], False), (["chat:write", "foo:bar"], False),
    ):  # fmt: skip
        assert in_short(Holder(scopes=scopes)).endswith("It cannot read.") == blind, scopes


def test_who_acts_matters() -> None:
    assert words(["chat:write"]) == ["It can say something where it was added, under its own name."]
    assert "in the name of the person" in words(["chat:write (user)"])[0]
    assert words(["Mail.Read (application)"]) == ["It can read everybody's mail."]
    assert words(["Mail.Read (delegated)"]) == ["It can read all mail of whoever signs in."]
    assert words(["Mail.Read"]) == words(["Mail.Read (application)"]), "nobody said, so the further reaching"


@pytest.mark.parametrize(
    ("pasted", "scopes", "place"),
    [
        ("channels:history,chat:write\ncommands", ["channels:history", "chat:write", "commands"], "slack"),
        ("contents: write\nmetadata: read", ["contents:write", "metadata:read"], "github"),
        ('{"default_permissions": {"issues": "read"}}', ["issues:read"], "github"),
        ("repo read:org", ["repo", "read:org"], "github"),
        (f"{GOOGLE}tasks {GOOGLE}drive.file", [f"{GOOGLE}tasks", f"{GOOGLE}drive.file"], "google"),
        ("Mail.Send Application\nUser.Read", ["Mail.Send (application)", "User.Read"], "microsoft"),
        ("https://slack.com/oauth/v2/authorize?client_id=1&scope=commands,pins:read&user_scope=search:read",
         ["commands", "pins:read", "search:read (user)"], "slack"),
        ('{"oauth_config": {"scopes": {"bot": ["pins:read"], "user": ["files:read"]}}}',
         ["pins:read", "files:read (user)"], "slack"),
        ("oauth_config:\n scopes:\n  bot:\n   - pins:read\n  user:\n   - files:read\nsettings:\n - x",
         ["pins:read", "files:read (user)"], "slack"),
    ],
)  # fmt: skip
def test_what_people_paste_is_understood(pasted: str, scopes: list[str], place: str) -> None:
    assert read_scopes(pasted) == scopes
    assert whose(scopes) == place
    assert all(one.known for one in explain(scopes))


def test_what_is_no_scope_is_answered_kindly_and_a_token_is_not_taken() -> None:
    for odd in ("", "{", "{}", "!!!", '{"oauth_config": [1, 2]}', "[" * 9000, "https://[?scope=%00"):
        with pytest.raises(Sorry):
            read_scopes(odd)
    with pytest.raises(Sorry, match="token seems to stand") as refused:
        read_scopes("channels:read xoxb-123456789-abcdefgh")
    assert "xoxb" not in str(refused.value)
