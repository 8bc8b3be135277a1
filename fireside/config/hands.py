"""What the `fireside` command does with the house itself: commands as a person, tokens, jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from fireside.alerts.models import Source
from fireside.hearth import audit, trail
from fireside.hearth.cards import Card
from fireside.hearth.commands import Ask, Outcome, book, say_line
from fireside.hearth.errors import Sorry
from fireside.hearth.grammar import split
from fireside.hearth.jobs import jobs
from fireside.hearth.keys import ACT, DAYS, READ, Key, Shut
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.hearth.slips import Slipped


def do(line: str, *, room: str, handle: str, token: str, slip: str = "") -> None:
    """Perform one line as someone and tell what came of it; what a person can put right goes to stderr."""
    try:
        verb, _ = split(line)
        person = _person(handle, token, READ if verb and book.find(verb).shows else ACT)
        where = Room.named(room, person=person) if room else None
        outcome = say_line(Ask(person, where, door="cli", slip=slip), line)
    except Slipped as slipped:
        hint = "--slip out takes it out, --slip anyway says it all the same."
        raise click.ClickException(f"{slipped.words} {hint}") from slipped
    except Sorry as sorry:
        raise click.ClickException(sorry.words) from sorry
    click.echo(_plain(outcome) or "Done.")


def _person(handle: str, token: str, needs: str) -> Person:
    if token:
        try:
            return Key.let_in(token, needs)
        except Shut as shut:
            raise Sorry(shut.words) from None
    if handle:
        return Person.named(handle, by=None)
    raise Sorry("Say who does it: --as HANDLE, or --token KEY.")


def _plain(outcome: Outcome) -> str:
    """What was answered, as text."""
    if outcome.whisper is not None:
        return outcome.whisper.words or _card(outcome.whisper.card)
    if outcome.message is not None:
        return outcome.message.text or _card(outcome.message.drawn)
    return _card(outcome.record.card()) if outcome.record is not None else ""


def _card(card: Card | None) -> str:
    return "" if card is None else str(card)


def new_token(person: str, source: str) -> None:
    try:
        with audit.through("cli"):
            if person:
                _, secret = Key.make(Person.named(person, by=None), "made at the command line")
            else:
                _, secret = Source.make(source)
    except Sorry as sorry:
        raise click.ClickException(sorry.words) from sorry
    click.echo(secret)
    click.echo("Keep it safe: it is not shown again.", err=True)
    if person:
        click.echo(f"It works for {DAYS} days; Settings, My keys has longer ones.", err=True)


def list_jobs() -> None:
    found = jobs()
    for job in found:
        words = (f"{job.state:<10}", f"{job.at:%Y-%m-%d %H:%M}", f"attempt {job.attempt}", job.key, job.error)
        click.echo("  ".join(words).rstrip())
    if not found:
        click.echo("Nothing waits, and nothing was set aside.")


def check_audit(known: str) -> None:
    number, _, hashed = known.partition(":")
    if known and not (number.isdecimal() and hashed):
        raise click.ClickException("Write --known NUMBER:HASH, as an earlier check printed it.")
    wrong = list(audit.troubles((int(number), hashed) if known else None))
    for words in wrong:
        click.echo(words)
    if wrong:
        raise click.ClickException("The audit trail is not as it was written.")
    newest = audit.Audit.objects.first()
    click.echo(
        f"The audit trail fits together. Newest: {newest.number}:{newest.hash}" if newest else "It is empty."
    )


def export_audit(form: str, since: datetime | None, until: datetime | None) -> None:
    first = since.replace(tzinfo=UTC) if since else None
    end = until.replace(tzinfo=UTC) + timedelta(days=1) if until else None
    write, _ = trail.FORMS[form]
    for part in write(trail.chosen(since=first, until=end)):
        click.echo(part, nl=False)
