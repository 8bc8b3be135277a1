"""Every environment variable, declared once, read from NAME or NAME_FILE; nonsense fails loudly."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable and what it is for."""

    name: str
    default: str
    meaning: str
    secret: bool = False


SETTINGS = [
    Setting("FIRESIDE_DATA", "./data", "Folder for the database, files and keys of a single machine."),
    Setting("DATABASE_URL", "", "`postgres://user:password@host/name`; SQLite when empty.", True),
    Setting("DURABILITY", "full", "full: what was answered survives a power cut; relaxed: only a kill."),
    Setting("PUBLIC_URL", "http://127.0.0.1:8000", "Where people open Fireside; used in links and cookies."),
    Setting("SECRET_KEY", "", "Signs sessions; made once and kept in FIRESIDE_DATA when empty.", True),
    Setting("EMAIL_URL", "", "`submission://user:password@host:587`; no e-mail is sent when empty.", True),
    Setting("BREACHED_PASSWORDS", "", "File with the sorted SHA-1 of stolen passwords, which are refused."),
    Setting("REQUIRE_SECOND_FACTOR", "nobody", "Who needs a passkey or codes: nobody, keepers or everybody."),
    Setting("OIDC_ISSUER", "", "Where people sign in by OpenID Connect; see docs/sign-in.md."),
    Setting("OIDC_CLIENT_ID", "", "Who Fireside is there."),
    Setting("OIDC_CLIENT_SECRET", "", "The secret of that client.", True),
    Setting("OIDC_NAME", "your organisation", "What the button on the sign-in page calls it."),
    Setting("OIDC_GROUPS", "", "The claim with somebody's groups: they are put into the teams of that name."),
    Setting("OIDC_LETS_IN", "", "Who is let in unasked: domains of e-mail, and `group:name`."),
    Setting("SLACK_APP_TOKEN", "", "`xapp-...`: Slack by Socket Mode, from any network.", True),
    Setting("SLACK_BOT_TOKEN", "", "`xoxb-...`, for one workspace.", True),
    Setting("SLACK_SIGNING_SECRET", "", "Proves that a request over HTTP is Slack's.", True),
    Setting("SLACK_CLIENT_ID", "", "For several workspaces: each installs Fireside by a link."),
    Setting("SLACK_CLIENT_SECRET", "", "The secret of that client.", True),
    Setting("SLACK_WITH", "claps", "What more to ask for: claps, emails, files, groups, join, private."),
    Setting("SLACK_API_URL", "https://slack.com/api/", "Where Slack's Web API is."),
    Setting("SLACK_AUTHORIZE_URL", "https://slack.com/oauth/v2/authorize", "Where workspaces let us in."),
    Setting("WEBHOOKS_TO", "", "Networks inside that webhooks may call, by http too: `10.0.0.0/8`."),
    Setting("BACKUP_TO", "", "Public keys of age's (`age1...`) that open what `fireside backup` writes."),
    Setting("LEAVE_AFTER", "0", "Seconds for which /readyz says no before the door closes."),
    Setting("LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR."),
    Setting("LOG_FORMAT", "line", "`line` for people, or `json`: an object a line, for programs."),
    Setting("OTEL_EXPORTER_OTLP_ENDPOINT", "", "Where traces go by OTLP over HTTP; none when empty."),
]  # fmt: skip


class Nonsense(SystemExit):
    """A setting that cannot be meant; the sentence says which and what to write instead."""


def value(name: str) -> str:
    """The setting's value: NAME, else what the file NAME_FILE holds, else the default."""
    setting = next(setting for setting in SETTINGS if setting.name == name)
    path = os.environ.get(f"{name}_FILE", "")
    if path and os.environ.get(name):
        raise Nonsense(f"Both {name} and {name}_FILE are set; keep one of them.")
    if path:
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise Nonsense(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise Nonsense(f"{name}_FILE names {path}, which does not hold text.") from error
    return os.environ.get(name, "").strip() or setting.default


def give(name: str, words: str) -> None:
    """Set a variable for this process, as the command line asks; before the settings are read."""
    os.environ[name] = words


def manager() -> str:
    """Where systemd listens for our word, when it started us and wants one."""
    return os.environ.get("NOTIFY_SOCKET", "")


def forget(name: str) -> bool:
    """Act in this process as if a variable were not set; was it?"""
    gone = [os.environ.pop(word, "") for word in (name, f"{name}_FILE")]
    return any(gone)
