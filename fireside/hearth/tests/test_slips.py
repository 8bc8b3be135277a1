"""Keys and passwords among words: those of well-known makers are found, and nothing that only looks odd."""

from __future__ import annotations

import base64
import json
import random
import string
import time
import zlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fireside.hearth.keys import Key
from fireside.hearth.slips import ANYWAY, BASE62, KINDS, OUT, Slipped, find, masked, weighed
from tests.fuzzing import many

DRAWN = random.Random(41)


def drawn(length: int, signs: str = string.ascii_letters + string.digits) -> str:
    """As many signs by lot; with a digit and letters of both sizes in it."""
    return "aB3" + "".join(DRAWN.choice(signs) for _ in range(length - 3))


def summed(start: str) -> str:
    secret, number, digits = drawn(30), 0, ""
    number = zlib.crc32(secret.encode())
    while number:
        number, rest = divmod(number, 62)
        digits = BASE62[rest] + digits
    return f"{start}{secret}{digits:>06}"


def part(told: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


HEX = "".join(DRAWN.choice("0123456789abcdef") for _ in range(64))
BLOCK = "\n".join(drawn(64) for _ in range(6))
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{BLOCK}\n-----END RSA PRIVATE KEY-----"
SECRETS = {  # put together here, so that no scanner takes this file for a leak
    "a Slack token": ["xox" + f"b-123456789012-1234567890123-{drawn(24)}",
                      "xap" + f"p-1-A0123456789-1234567890123-{HEX}"],
    "a GitHub token": [summed("gh" + "p_"), summed("gh" + "s_"), "github" + f"_pat_{drawn(22)}_{drawn(59)}"],
    "a GitLab token": ["gl" + f"pat-{drawn(20)}"],
    "a Google API key": ["AI" + f"za{drawn(35)}"],
    "a Google client secret": ["GOC" + f"SPX-{drawn(28)}"],
    "an AWS secret key": [drawn(40, string.ascii_letters + "+/")],
    "an Azure key": [drawn(86) + "=="],
    "a Stripe key": ["sk" + f"_live_{drawn(24)}", "rk" + f"_live_{drawn(99)}"],
    "a SendGrid key": ["S" + f"G.{drawn(22)}.{drawn(43)}"],
    "an npm token": [summed("np" + "m_")],
    "a PyPI token": ["py" + f"pi-AgEIcHlwaS5vcmc{drawn(120)}"],
    "an OpenAI key": ["sk" + f"-proj-{drawn(40)}T3Blb" + f"kFJ{drawn(40)}"],
    "an Anthropic key": ["sk" + f"-ant-api03-{drawn(93)}AA"],
    "a web token": [f"{part({'alg': 'HS256'})}.{part({'sub': 'ana', 'admin': 'yes'})}.{drawn(43)}"],
    "a private key": [BLOCK],
    "an age key": ["AGE-SECRET-" + "KEY-1" + "".join(DRAWN.choice("0123456789QPZRY") for _ in range(58))],
    "a Fireside key": ["f" + f"s_{drawn(43)}"],
    "a webhook's secret": ["wh" + f"sec_{drawn(43)}="],
    "a password": ["correct-horse!41"],
    "a Twilio key": [HEX[:32]],
    "an access token": [drawn(40)],
}  # fmt: skip
AROUND = {
    "an AWS secret key": "aws_secret_access_key = {}",
    "an Azure key": "DefaultEndpointsProtocol=https;AccountName=unicorns;AccountKey={};",
    "a private key": "-----BEGIN RSA PRIVATE KEY-----{}-----END RSA PRIVATE KEY-----",
    "a password": "postgres://unicorns:{}@db.example.org:5432/rentals",
    "a Twilio key": "AC" + HEX[-32:] + ":{}",
    "an access token": "curl -H 'Authorization: Bearer {}' https://api.example.org",
}
INNOCENT = [
    "postgres://user:password@host:5432/name and https://user:<token>@example.org and redis://:$REDIS@cache",
    "see https://example.org:8443/a:b/c@2x.png and git@github.com:unicorns/rentals.git, ana@example.org",
    "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    f"sha256:{HEX} {HEX[:40]} ABCDEF{HEX[:32]} 123e4567-e89b-12d3-a456-426614174000",
    "ghp_" + "x" * 36 + " ghp_... glpat- sk-live xoxb- Bearer token Authorization: Bearer <token>",
    "-----BEGIN PRIVATE KEY----- is how it begins, -----BEGIN CERTIFICATE-----\n" + BLOCK,
    "level=info trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7 msg=\"deadline exceeded\"",
    "eyJhbGciOiJub25lIn0 is a header, and data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ",
    "def npm_install_everything_that_is_missing(): fs_read_all_of_the_2_files_that_are_in_this_folder_now()",
    "AC" + HEX[:32] + " SK" + HEX[:32] + " are names, not keys",
]  # fmt: skip


@pytest.mark.parametrize("kind", SECRETS)
def test_a_key_of_a_known_maker_is_found_wherever_it_stands_and_taken_out_whole(kind: str) -> None:
    for secret in SECRETS[kind]:
        held = AROUND.get(kind, "{}").format(secret)
        for words in (held, f"try {held} please", f"`{held}`", f"first\n{held}\nlast", f'{{"it": "{held}"}}'):
            [slip] = find(words)
            assert slip.kind.name == kind
            assert words[slip.start : slip.end] == secret
            assert secret not in masked(words)
            assert masked(words) == words.replace(secret, f"[{kind.split(' ', 1)[1]} taken out]")
            assert masked(masked(words)) == masked(words)


def test_every_kind_says_how_to_make_it_worthless() -> None:
    assert {kind.name for kind in KINDS} >= SECRETS.keys()
    assert all(kind.renew.endswith(".") for kind in KINDS)


def test_our_own_keys_are_found(ana) -> None:
    assert [slip.kind.name for slip in find(f"use {Key.make(ana, 'x')[1]} for it")] == ["a Fireside key"]


@pytest.mark.parametrize("words", INNOCENT)
def test_what_only_looks_odd_is_let_through(words: str) -> None:
    assert find(words) == []
    assert masked(words) is words


@settings(max_examples=many(60), deadline=None, database=None, derandomize=True)
@given(st.text(max_size=400) | st.uuids().map(str) | st.binary(max_size=300).map(lambda b: b.hex())
       | st.binary(max_size=300).map(lambda b: base64.b64encode(b).decode()))  # fmt: skip
@example("://:@" * 50)
def test_nothing_that_comes_by_lot_is_taken_for_a_key(words: str) -> None:
    assert find(words) == []


def test_two_keys_are_two_and_words_around_them_stay() -> None:
    one, two = SECRETS["a Stripe key"][0], SECRETS["a GitHub token"][0]
    assert masked(f"a {one} b {two} c") == "a [Stripe key taken out] b [GitHub token taken out] c"


def test_a_key_inside_an_address_is_one_thing() -> None:
    words = f"https://x-access-token:{SECRETS['a GitHub token'][0]}@github.com/unicorns"
    assert len(find(words)) == 1
    assert SECRETS["a GitHub token"][0] not in masked(words)


def test_the_asker_chooses() -> None:
    given = {"words": f"it is {SECRETS['a Stripe key'][0]}", "because": "of that"}
    with pytest.raises(Slipped, match=r"a Stripe key \(sk_l…\), and everybody") as slipped:
        weighed(given, "")
    assert slipped.value.field == "words"
    assert SECRETS["a Stripe key"][0] not in slipped.value.words
    assert weighed(given, ANYWAY) == given
    assert weighed(given, OUT) == {"words": "it is [Stripe key taken out]", "because": "of that"}


HOSTILE = [
    "-----BEGIN PRIVATE KEY-----" * 740, "-----BEGIN PRIVATE KEY-----" + "A\n" * 9900,
    "eyJaaaaaaaaa." * 1600, "eyJ" + "a" * 20000, "://a:b" * 3300, "://" + "a:" * 10000,
    "://x:" + "a" * 20000, ("AKIA" + "A" * 16 + " _" * 35) * 220,
    ("AKIA" + "A" * 16 + " " + "b" * 39 + " ") * 320, "Authorization: " * 1300,
    "Authorization:" + " " * 20000 + "Bearer ", ("sk-" + "a" * 99 + "T3BlbkFJ") * 180,
    "sk-" + "a-" * 9000 + "T3BlbkFJ", "xoxb-" + "1-" * 10000, "aaa1Q~" * 3300,
    "hooks.slack.com/services/" * 800, "github_pat_" * 1800, "SG." * 6600, ("AC" + "a" * 32 + " ") * 570,
]  # fmt: skip


def test_it_costs_next_to_nothing_also_for_what_was_written_to_cost_much() -> None:
    log = (
        "the worker at 10.0.0.3:443 said 2026-11-28T17:05:28Z error: reset by peer http://x.example/p?q=1 "
        * 205
    )
    assert best(log[:20_000]) < 0.004, "about half a millisecond where nothing else runs"
    for words in HOSTILE:
        assert best(words[:20_000]) < 0.02, words[:40]


def best(words: str) -> float:
    took = []
    for _ in range(5):
        began = time.perf_counter()
        find(words)
        took.append(time.perf_counter() - began)
    return min(took)
