"""What the environment says about Slack, checked before anything else begins."""

from __future__ import annotations

from collections.abc import Callable

from fireside.config.env import Nonsense
from fireside.slack.scopes import FEATURES

NAMES = (
    "APP_TOKEN", "BOT_TOKEN", "SIGNING_SECRET", "CLIENT_ID", "CLIENT_SECRET", "WITH", "API_URL",
    "AUTHORIZE_URL",
)  # fmt: skip
BEGINS = {"APP_TOKEN": "xapp-", "BOT_TOKEN": "xoxb-", "API_URL": "http", "AUTHORIZE_URL": "http"}


def slack_settings(value: Callable[[str], str]) -> dict[str, str]:
    """Slack's settings by short name ("BOT_TOKEN"); Nonsense when they cannot be meant."""
    known = {name: value(f"SLACK_{name}") for name in NAMES}
    for name, begins in BEGINS.items():
        if known[name] and not known[name].startswith(begins):
            raise Nonsense(f"SLACK_{name} begins with {begins}; what is set does not.")
    if strange := set(known["WITH"].replace(",", " ").split()) - FEATURES.keys():
        raise Nonsense(
            f"SLACK_WITH names {', '.join(sorted(strange))}; it can hold {', '.join(sorted(FEATURES))}."
        )
    if known["BOT_TOKEN"] and known["CLIENT_ID"]:
        raise Nonsense("SLACK_BOT_TOKEN is for one workspace, SLACK_CLIENT_ID for several; keep one of them.")
    if bool(known["CLIENT_ID"]) != bool(known["CLIENT_SECRET"]):
        raise Nonsense("SLACK_CLIENT_ID and SLACK_CLIENT_SECRET go together; one of them is missing.")
    if _is_in(known) and not (known["APP_TOKEN"] or known["SIGNING_SECRET"]):
        raise Nonsense(
            "Slack has no way in yet: set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)."
        )
    known["API_URL"] = known["API_URL"].rstrip("/") + "/"
    return known


def _is_in(known: dict[str, str]) -> bool:
    return bool(known["BOT_TOKEN"] or known["CLIENT_ID"])
