"""Keys and passwords that slip into words: found before they are said, and taken out.

Each kind has a few signs that hardly anything else has, which are looked for first and cost next to nothing;
then a pattern with an end to it, and a proof where the maker built one in. What is doubtful is let through.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import string
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from fireside.hearth.errors import Sorry

OUT, ANYWAY = "out", "anyway"  # what the asker may choose: take it out, or say it all the same
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
OLDER = len("fs_") + 43  # signs of our own keys before they had a checksum
EXAMPLES = re.compile(
    r"EXAMPLE|^[<{$%*]|^(?:pass(?:word|wd)?|pw|pwd|secret|token|key|changeme|hunter2|xxx+|\.\.\.|…)$|^(.)\1*$",
    re.IGNORECASE,
)

Proof = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of key: what people call it, what it never lacks, how it goes on, how to be sure."""

    name: str
    signs: tuple[str, ...]
    pattern: re.Pattern[str]  # its first group, or all of it, is what has to stay secret
    proof: Proof
    renew: str  # how its owner makes it worthless


@dataclass(frozen=True, slots=True)
class Slip:
    """One key or password, and where it stands in the words."""

    start: int
    end: int
    kind: Kind = field(compare=False)


class Slipped(Sorry):
    """Words that hold what looks like a key: the asker takes it out, or says it anyway."""

    def __init__(self, found: list[tuple[str, Slip]], field: str = "") -> None:
        self.kinds = [*{slip.kind.name: slip.kind for _, slip in found}.values()]
        hints = [f"{words[slip.start : slip.start + 4]}…" for words, slip in found[:3]]
        names = " and ".join(kind.name for kind in self.kinds)
        super().__init__(
            f"This looks like it holds {names} ({', '.join(hints)}), and everybody who reads it could use "
            "it. Nothing has been said yet. It can be taken out, or said anyway when it opens nothing.",
            field=field,
        )


def find(words: str) -> list[Slip]:
    """What looks like a key in these words, in order and apart from each other."""
    found = sorted(
        (slip for kind in KINDS if any(sign in words for sign in kind.signs) for slip in _of(kind, words)),
        key=lambda slip: (slip.start, -slip.end),
    )
    apart: list[Slip] = []
    for slip in found:
        if not apart or slip.start >= apart[-1].end:
            apart.append(slip)
    return apart


def masked(words: str) -> str:
    """The words with what looks like a key taken out; the very same ones when there is none."""
    slips = find(words)
    if not slips:
        return words
    out, end = [], 0
    for slip in slips:
        out += [words[end : slip.start], f"[{slip.kind.name.partition(' ')[2]} taken out]"]
        end = slip.end
    return "".join([*out, words[end:]])


def weighed(given: dict[str, str], choice: str) -> dict[str, str]:
    """The words as they may be said: unchanged, or with keys taken out; Slipped while nobody has chosen."""
    if choice == ANYWAY:
        return given
    if choice == OUT:
        return {name: masked(words) for name, words in given.items()}
    found = [(name, words, slip) for name, words in given.items() for slip in find(words)]
    if found:
        raise Slipped([(words, slip) for _, words, slip in found], field=found[0][0])
    return given


def renewing(kinds: list[Kind]) -> str:
    """How to make what was said worthless, in a sentence for each kind."""
    return " ".join(dict.fromkeys(kind.renew for kind in kinds))


def _of(kind: Kind, words: str) -> list[Slip]:
    found = []
    for match in kind.pattern.finditer(words):
        group = 1 if kind.pattern.groups else 0
        if not EXAMPLES.search(match[group]) and kind.proof(match[group]):
            found.append(Slip(*match.span(group), kind))
    return found


# -- proofs --------------------------------------------------------------------------------------------------


def _sure(secret: str) -> bool:
    """Its beginning and its length are proof enough."""
    return True


def _mixed(secret: str) -> bool:
    """Drawn by lot rather than written by somebody: letters and digits, few of them often."""
    kinds = [any(map(test, secret)) for test in (str.isdigit, str.isalpha)]
    return all(kinds) and len(set(secret)) >= min(10, len(secret) // 2)


def _drawn(secret: str) -> bool:
    """Also large and small letters, as no hash in a log has them."""
    return _mixed(secret) and secret != secret.lower() and secret != secret.upper()


def _summed(secret: str) -> bool:
    """The last six signs of GitHub's and npm's keys are the checksum of the others."""
    drawn, told = secret.partition("_")[2][:-6], secret[-6:]
    number, digits = zlib.crc32(drawn.encode()), ""
    while number:
        number, rest = divmod(number, 62)
        digits = BASE62[rest] + digits
    return digits.rjust(6, "0") == told


def _ours(secret: str) -> bool:
    """The last eight signs of our own are the checksum of the others; older ones have none."""
    if len(secret) == OLDER:
        return _drawn(secret)
    return f"{zlib.crc32(secret[:-8].encode()):08x}" == secret[-8:]


def _signed(secret: str) -> bool:
    """The first part of a JSON web token says how it is signed."""
    head = secret.partition(".")[0]
    try:
        told = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return False
    return isinstance(told, dict) and "alg" in told


def _long(secret: str) -> bool:
    """A block of a key rather than talk about one."""
    return len(re.findall(r"[A-Za-z0-9+/=]", secret)) >= 100


def _kind(name: str, signs: str, pattern: str, renew: str, proof: Proof = _sure) -> Kind:
    return Kind(name, tuple(signs.split()), re.compile(pattern), proof, renew)


def _word(start: str, signs: str, least: int, most: int | None = None) -> str:
    """A key that stands by itself: nothing that could belong to it before it or after it."""
    often = f"{{{least},{least if most is None else most}}}"
    return rf"(?<![A-Za-z0-9_-]){start}[{signs}]{often}(?![{signs}])"


LETTERS, MORE = "A-Za-z0-9", r"A-Za-z0-9_\-"
SLACK = "In Slack: api.slack.com/apps, your app, reinstall it to get a new token and revoke the old one."
GITHUB = "On GitHub: Settings, Developer settings, delete the token and make a new one."
AWS = "In AWS: IAM, the user's security credentials, deactivate the access key and make a new one."
GOOGLE = "In Google Cloud: Credentials or Service accounts, delete the key and make a new one."
AZURE = "In Azure: the resource's Access keys, rotate the key."
MAKER = "Where it was made: end it there and make a new one."
PAIR = "Make a new pair of keys and take the old public half out of wherever it is trusted."
USED_THERE = "Change the password where it is used."
OURS = "In Fireside: Settings, My keys, end it and make a new one."
SOURCE = "In Fireside: Alerts, Connect your Prometheus, give the source a new token with no overlap."
HOOK = "Where it was made, in Fireside under Settings, Webhooks: give it a new secret with no overlap."

KINDS = (
    _kind("a private key", "-----BEGIN",
          r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
          r"((?:(?!-----)[\s\S]){1,20000}(?=-----END)|[A-Za-z0-9+/=\s\\]{1,20000})",
          PAIR, _long),
    _kind("an age key", "AGE-SECRET-KEY-1", _word("AGE-SECRET-KEY-1", "0-9A-Z", 58), PAIR),
    _kind("a Slack token", "xox",
          _word(r"xox[abceoprsd][.-](?:xox[bp]-)?", "A-Za-z0-9%-", 24, 400), SLACK, _mixed),
    _kind("a Slack token", "xapp-", _word(r"xapp-\d-[A-Z0-9]{8,14}-\d{8,16}-", "a-f0-9", 64), SLACK),
    _kind("a Slack webhook", "hooks.slack.com/",
          r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{30,120})", SLACK, _mixed),
    _kind("a GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", _word("gh[pousr]_", LETTERS, 36), GITHUB, _summed),
    _kind("a GitHub token", "github_pat_", _word("github_pat_[A-Za-z0-9]{22}_", LETTERS, 59), GITHUB),
    _kind("a GitLab token", "glpat- gldt- glrt- glptt- glsoat- glcbt-",
          _word("gl(?:pat|dt|rt|ptt|soat|cbt)-", r"A-Za-z0-9_\-.", 20, 300), MAKER, _mixed),
    _kind("an AWS secret key", "AKIA ASIA",
          r"(?<![A-Z0-9])A[KS]IA[A-Z2-7]{16}(?![A-Z0-9])[\s\S]{1,60}?(?<![A-Za-z0-9/+])"
          r"([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])", AWS, _drawn),
    _kind("an AWS secret key", "ecret_access_key ecretAccessKey SECRET_ACCESS_KEY",
          r"(?:ecret_access_key|ecretAccessKey|SECRET_ACCESS_KEY)['\"]?\s{0,4}[:=]\s{0,4}['\"]?"
          r"([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])", AWS, _drawn),
    _kind("a Google API key", "AIza", _word("AIza", MORE, 35), GOOGLE, _mixed),
    _kind("a Google client secret", "GOCSPX-", _word("GOCSPX-", MORE, 28), GOOGLE),
    _kind("an Azure key", "Key=",
          r"(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{43,86}={1,2})", AZURE, _mixed),
    _kind("an Azure secret", "Q~", r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])", AZURE),
    _kind("a Stripe key", "k_live_", _word("[sr]k_live_", LETTERS, 20, 250), MAKER, _mixed),
    _kind("a Twilio key", "AC SK",
          r"(?<![A-Za-z0-9])(?:AC|SK)[0-9a-f]{32}[\"']?[\s:=,&]{1,4}['\"]?([0-9a-f]{32}|[A-Za-z0-9]{32})(?![A-Za-z0-9])",
          MAKER, _mixed),
    _kind("a SendGrid key", "SG.", _word(r"SG\.[A-Za-z0-9_-]{22}\.", MORE, 43), MAKER),
    _kind("an npm token", "npm_", _word("npm_", LETTERS, 36), MAKER, _summed),
    _kind("a PyPI token", "pypi-", _word("pypi-AgE", MORE, 60, 400), MAKER),
    _kind("an OpenAI key", "T3BlbkFJ",
          _word("sk-(?:[a-z]{3,10}-)?[A-Za-z0-9_-]{18,100}T3BlbkFJ", MORE, 18, 100), MAKER),
    _kind("an Anthropic key", "sk-ant-", _word(r"sk-ant-[a-z]{3,8}\d\d-", MORE, 80, 130), MAKER),
    _kind("a Hugging Face token", "hf_", _word("hf_", "A-Za-z", 34), MAKER),
    _kind("a DigitalOcean token", "_v1_", _word("do[opr]_v1_", "a-f0-9", 64), MAKER),
    _kind("a Grafana token", "glsa_", _word("glsa_[A-Za-z0-9]{32}_", "a-f0-9", 8), MAKER),
    _kind("a Vault token", "hvs. hvb.", _word(r"hv[sb]\.", MORE, 24, 300), MAKER, _mixed),
    _kind("a Fireside key", "fs_", _word("fs_", MORE, 43, 51), OURS, _ours),
    _kind("a Fireside token", "fi_", _word("fi_", MORE, 43, 51), SOURCE, _ours),
    _kind("a webhook's secret", "whsec_", _word("whsec_", r"A-Za-z0-9+/=", 24, 100), HOOK, _mixed),
    _kind("a web token", "eyJ",
          r"(?<![\w.-])eyJ[\w-]{8,2000}\.eyJ[\w-]{8,8000}\.[\w-]{16,2000}(?![\w-])", MAKER, _signed),
    _kind("a password", "://", r"://[^\s/:@\"'<>]{0,80}:([^\s/@\"'<>]{3,200})@[\w\[]", USED_THERE),
    _kind("an access token", "earer ",
          r"uthorization['\"]?\s{0,4}[:=]\s{0,4}['\"]?[Bb]earer ([A-Za-z0-9._~+/=-]{16,4000})",
          MAKER, _mixed),
)  # fmt: skip
