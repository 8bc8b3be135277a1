"""What works beside the pages: the worker with its jobs, Slack, and e-mail."""

from __future__ import annotations

import fcntl
import smtplib
from collections.abc import Iterator

from django.conf import settings
from django.core.mail import get_connection
from django.db import DatabaseError, connection

from fireside.config.doctor.database import Ask, Silent, asking, has
from fireside.config.doctor.findings import Finding, broken, fine, look
from fireside.hearth import jobtable
from fireside.hearth.seal import Unsealable, unseal
from fireside.hearth.workflows import ROUTER
from fireside.slack import calls

BEHIND = 500  # entries the router may have before it
PATIENCE = 5  # seconds
ASIDE = ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


def worker() -> Iterator[Finding]:
    """Is there one, does it keep up, and did it set anything aside?"""
    try:
        yield from _work()
    except (Silent, DatabaseError):
        return  # the database has been looked at, and it is told there


def _work() -> Iterator[Finding]:
    with asking() as ask:
        if not has(ask, "hearth_entry"):
            return
        if _is_held():
            yield fine("A worker runs.")
        else:
            yield look(
                "No worker runs, so nothing happens unasked.", "`fireside up` or `fireside up --only worker`."
            )
        behind = ask(
            "SELECT (SELECT coalesce(max(id), 0) FROM hearth_entry) - "
            "coalesce((SELECT entry FROM hearth_cursor WHERE name = ?), 0)", ROUTER,
        )[0][0]  # fmt: skip
        if behind > BEHIND:
            yield look(
                f"The worker has {behind:,} entries to go through.",
                "See that it runs; the log says why it is slow.",
            )
        else:
            yield fine("The worker keeps up.")
        yield from _aside(ask)


def _aside(ask: Ask) -> Iterator[Finding]:
    jobs = jobtable.NAME if connection.vendor == "sqlite" else f"{jobtable.SCHEMA}.{jobtable.NAME}"
    if not has(ask, jobs):
        return
    count = ask(f"SELECT count(*) FROM {jobs} WHERE status IN (?, ?)", *ASIDE)[0][0]  # noqa: S608
    if count:
        yield look(
            f"{count} jobs were set aside after failing.",
            "`fireside jobs` lists them, `fireside jobs retry` runs one.",
        )
    else:
        yield fine("No job was set aside.")


def _is_held() -> bool:
    """Does somebody hold the router's lock? Asking takes it for a blink at most, and makes nothing."""
    if connection.vendor == "sqlite":
        try:
            with (settings.DATA / "locks" / ROUTER).open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False
    from fireside.hearth.slots import locks

    held = locks()
    try:
        return not held.take(ROUTER)
    finally:
        held.close()


def slack() -> Iterator[Finding]:
    """Does Slack answer, and does it know our tokens? They are never shown."""
    try:
        tokens = dict(_tokens())
    except Silent:
        return  # as above
    if not tokens:
        yield fine("Slack is not set up.")
        return
    for name, token in tokens.items():
        try:
            code = calls.refusal(token, PATIENCE)
        except calls.Unsure as unsure:
            yield broken(f"Slack cannot be reached for {name} ({unsure}).", "Is there a proxy or a firewall?")
            continue
        if code:
            yield broken(
                f"Slack refuses the token of {name}: {code[:60]}.", "docs/slack.md says how to get one."
            )
        else:
            yield fine(f"Slack knows us ({name}).")


def _tokens() -> Iterator[tuple[str, str]]:
    if settings.SLACK["BOT_TOKEN"]:
        yield "SLACK_BOT_TOKEN", settings.SLACK["BOT_TOKEN"]
    if not settings.SLACK["CLIENT_ID"]:
        return
    with asking() as ask:
        sealed = ask("SELECT id, name, token FROM slack_installation WHERE ended_at IS NULL AND token <> ''")
    for number, name, kept in sealed:
        try:
            yield f"{name or number}", unseal(kept)
        except Unsealable:
            yield f"{name or number}, sealed with another SECRET_KEY", ""


def mail() -> Iterator[Finding]:
    """Can we come as far as saying hello to the mail server? Nothing is sent."""
    if not settings.CAN_MAIL:
        yield fine("E-mail is not set up; people who forget their password ask a keeper.")
        return
    try:
        post = get_connection(timeout=PATIENCE)
        try:
            post.open()
        finally:
            post.close()
    except smtplib.SMTPAuthenticationError:
        yield broken("The mail server refuses the user or the password.", "Put EMAIL_URL right.")
    except (OSError, smtplib.SMTPException) as error:
        yield broken(
            f"The mail server cannot be reached ({type(error).__name__}).",
            "Is EMAIL_URL right, and may we go there?",
        )
    else:
        yield fine("The mail server answers.")
