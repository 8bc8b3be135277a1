"""The `fireside` command: serve the house, do what people do, and look after it."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from fireside import __version__
from fireside.config import env


def begin() -> None:
    """Wake Django, which reads the settings; so commands that do not need it answer at once."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fireside.config.settings")
    import django

    from fireside.config import logs

    sys.excepthook = logs.uncaught
    try:
        django.setup()
    except OSError as error:
        raise click.ClickException(f"{error.filename} cannot be used for data: {error.strerror}.") from error


def _in(data: Path | None) -> None:
    """Wake Django in this folder."""
    if data is not None:
        env.give("FIRESIDE_DATA", str(data))
    begin()


def ready() -> None:
    """Wake Django with a database that is up to date."""
    begin()
    from fireside.config.serve import CannotServe, prepare

    try:
        prepare()
    except CannotServe as cannot:
        raise click.ClickException(str(cannot)) from cannot


PATH = click.Path(path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fireside")
def main() -> None:
    """Put fires out together, then gather by the fireside and learn."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--data", type=PATH, help="Folder for everything that is kept (FIRESIDE_DATA).")
@click.option(
    "--only", type=click.Choice(["web", "worker", "slack"]), help="Run one part of the house alone."
)
@click.option(
    "--metrics-port", type=int, help="With --only worker or slack: where /healthz, /readyz and /metrics are."
)
def up(host: str, port: int, data: Path | None, only: str | None, metrics_port: int | None) -> None:
    """Serve Fireside until it is told to stop; the database is made or brought up to date first."""
    if data is not None:
        env.give("FIRESIDE_DATA", str(data))
    os.environ.setdefault("PUBLIC_URL", f"http://{host if host not in ANYWHERE else '127.0.0.1'}:{port}")
    begin()
    from fireside.config import serve

    try:
        _check(host, port, only, metrics_port)
        serve.prepare()
        if only == "slack":
            click.echo("Fireside carries words to and from Slack here.")
            serve.work(jobs=False, window=(host, metrics_port))
        elif only == "worker":
            click.echo("Fireside works without a door; jobs run here.")
            serve.work(window=(host, metrics_port))
        else:
            serve.serve(host, port, worker=only is None, opened=click.echo)
    except serve.CannotServe as cannot:
        raise click.ClickException(str(cannot)) from cannot


def _check(host: str, port: int, only: str | None, metrics_port: int | None) -> None:
    """Whatever can be said at once, before anything is begun."""
    from fireside.config import serve

    if only in (None, "web"):
        serve.check_port(host, port)
    if only == "slack":
        serve.check_slack()
    if metrics_port is not None:
        if only in (None, "web"):
            raise click.UsageError("--metrics-port goes with --only worker or slack; a door has them.")
        serve.check_port(host, metrics_port, "--metrics-port")


ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 -- where it listens is for whoever starts it to say


@main.command()
@click.option("--data", type=click.Path(path_type=Path), help="Folder to fill (FIRESIDE_DATA).")
def demo(data: Path | None) -> None:
    """Fill an empty Fireside with the story of Unicorn Rentals."""
    if data is not None:
        env.give("FIRESIDE_DATA", str(data))
    ready()
    from fireside.config.demo import fill
    from fireside.hearth.errors import Sorry

    try:
        click.echo(fill())
    except Sorry as sorry:
        raise click.ClickException(sorry.words) from sorry


@main.command()
@click.argument("file")
@click.option("--to", multiple=True, help="A public key that opens it, age1... (else BACKUP_TO).")
@click.option("--passphrase", is_flag=True, help="Lock it with a passphrase, which is asked for.")
@click.option("--passphrase-file", type=PATH, help="The passphrase, in a file.")
@click.option("--plain", is_flag=True, help="Lock it with nothing: whoever has the file can read all of it.")
@click.option("--check", is_flag=True, help="Only read FILE and say whether it is whole.")
@click.option("--key", type=PATH, help="With --check: the file with the key that opens it.")
@click.option("--new-key", is_flag=True, help="Only make a key in FILE, and print its public half.")
@click.option("--data", type=PATH, help="Folder to back up (FIRESIDE_DATA).")
def backup(file: str, key: Path | None, check: bool, new_key: bool, data: Path | None, **lock: Any) -> None:
    """Write all that Fireside keeps to FILE (- for standard output), while it runs."""
    from fireside.config import keeping

    if new_key:
        keeping.new_key(Path(file))
    elif check:
        keeping.check(Path(file), key, lock["passphrase_file"])
    else:
        _in(data)
        keeping.backup(file, **lock)


@main.command()
@click.argument("file", type=PATH)
@click.option("--key", type=PATH, help="The file with the key that opens it.")
@click.option("--passphrase-file", type=PATH, help="The passphrase, in a file; else it is asked for.")
@click.option("--data", type=PATH, help="Folder to fill (FIRESIDE_DATA).")
def restore(file: Path, key: Path | None, passphrase_file: Path | None, data: Path | None) -> None:
    """Fill an empty Fireside with a backup, be it from SQLite or PostgreSQL."""
    _in(data)
    from fireside.config import keeping

    keeping.restore(file, key, passphrase_file)


@main.command()
@click.option("--data", type=PATH, help="Folder to look at (FIRESIDE_DATA).")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def doctor(context: click.Context, data: Path | None, as_json: bool) -> None:
    """Look at everything that could be wrong, change nothing, and say what to do."""
    if data is not None:
        env.give("FIRESIDE_DATA", str(data))
    from fireside.config.doctor import visit

    found = visit.visit()
    click.echo(visit.as_json(found) if as_json else visit.as_text(found))
    context.exit(any(finding.mark == "broken" for finding in found))


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("verb")
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.option("--room", default="", help="The room in which to do it.")
@click.option("--as", "handle", default="", help="The person who does it, by handle.")
@click.option("--token", default="", help="The person who does it, by a key of theirs.")
@click.option("--slip", type=click.Choice(["", "out", "anyway"]), default="", help="If the words hold a key.")
def do(verb: str, words: tuple[str, ...], **asked: str) -> None:
    """Do what people do in the composer: fireside do decide roll back because: x --room inc-1 --as bo"""
    ready()
    from fireside.config import hands

    hands.do(f"/{verb.lstrip('/')} {' '.join(words)}".strip(), **asked)


@main.group()
def token() -> None:
    """Keys with which programs come in."""


@token.command("new")
@click.option("--person", default="", help="A key that acts as this person (handle or name).")
@click.option("--intake", "source", default="", help="A token with which this source of alerts may knock.")
def token_new(person: str, source: str) -> None:
    """Make a token and show it this once."""
    if bool(person) == bool(source):
        raise click.UsageError("Say --person NAME or --intake SOURCE.")
    ready()
    from fireside.config import hands

    hands.new_token(person, source)


@main.command()
def schedule() -> None:
    """List what happens unasked, and when."""
    begin()
    from fireside.hearth import workflows

    for name, when, why in workflows.schedule():
        click.echo(f"{name}\n  {when}\n  {why.splitlines()[0] if why else ''}")


@main.command()
@click.option("--format", "form", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
@click.option("--socket/--http", default=None, help="How Slack reaches Fireside; else as the settings say.")
@click.option("--oauth", is_flag=True, default=None, help="For several workspaces, which install by a link.")
def manifest(form: str, socket: bool | None, oauth: bool | None) -> None:
    """Print what Slack wants to know when you make an app "from a manifest"."""
    begin()
    from fireside.slack import manifest

    made = manifest.made(socket=socket, oauth=oauth)
    click.echo(manifest.as_yaml(made) if form == "yaml" else manifest.as_json(made))


@main.group(invoke_without_command=True)
@click.pass_context
def jobs(context: click.Context) -> None:
    """List the jobs that wait and those that were set aside after failing."""
    ready()
    if context.invoked_subcommand is None:
        from fireside.config import hands

        hands.list_jobs()


@jobs.command("retry")
@click.argument("key")
def jobs_retry(key: str) -> None:
    """Let a job that was set aside run again."""
    from fireside.hearth import engine

    if not engine.retry(key):
        raise click.ClickException(f"No job that was set aside is called {key}. `fireside jobs` lists them.")
    _written("job.retried", job=key)
    click.echo(f"{key} runs again.")


@jobs.command("cancel")
@click.argument("key")
def jobs_cancel(key: str) -> None:
    """End a job that waits."""
    from fireside.hearth import engine

    if not engine.cancel(key):
        raise click.ClickException(f"No job that waits is called {key}. `fireside jobs` lists them.")
    _written("job.cancelled", job=key)
    click.echo(f"{key} will not run.")


def _written(verb: str, **data: str) -> None:
    """What is done at the command line stands in the audit trail too."""
    from fireside.hearth import audit

    with audit.through("cli"):
        audit.write(verb, by=None, about="", **data)


@main.group()
def audit() -> None:
    """The audit trail: whether it is as it was written, and a copy to take along."""


@audit.command("check")
@click.option("--known", default="", help="NUMBER:HASH of a line that you wrote down elsewhere.")
def audit_check(known: str) -> None:
    """Tell whether anybody changed the trail behind our back, and print the newest line's number and hash."""
    ready()
    from fireside.config import hands

    hands.check_audit(known)


@audit.command("export")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="The first day (UTC).")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day (UTC).")
def audit_export(form: str, since: datetime | None, until: datetime | None) -> None:
    """Write the trail to the standard output, oldest line first, each with its hash."""
    ready()
    from fireside.config import hands

    _written("audit.exported", form=form)
    hands.export_audit(form, since, until)
