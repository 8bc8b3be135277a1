"""What `fireside backup` and `fireside restore` ask at a terminal, and what they say there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from fireside.config import env
from fireside.config.backups import age
from fireside.config.backups.age import Unable
from fireside.config.backups.lock import Lock, checked, phrase
from fireside.config.backups.progress import Progress


@contextmanager
def _telling() -> Iterator[Progress]:
    try:
        yield Progress()
    except Unable as unable:
        raise click.ClickException(str(unable)) from unable


def new_key(path: Path) -> None:
    """Make a key that opens backups, and print the half that locks them."""
    with _telling():
        click.echo(age.new_key(path))
    click.echo(f"{path} opens what is locked with this. Keep it away from here, and twice.", err=True)


def check(path: Path, key: Path | None, passphrase_file: Path | None) -> None:
    with _telling() as progress:
        _cover, manifest = checked(path, key, _ask(passphrase_file), progress)
        progress.say(f"It is whole: {manifest}.")


def backup(
    file: str, *, to: tuple[str, ...], passphrase: bool, passphrase_file: Path | None, plain: bool
) -> None:
    with _telling() as progress:
        lock = _lock(to, passphrase, passphrase_file, plain)
        from fireside.config.backups.making import make

        make(file, lock, progress)


def restore(path: Path, key: Path | None, passphrase_file: Path | None) -> None:
    with _telling() as progress:
        from fireside.config.backups.restoring import restore

        restore(path, key, _ask(passphrase_file), progress)
        progress.say("All of it is here. Start it with: fireside up")


def _lock(to: tuple[str, ...], passphrase: bool, passphrase_file: Path | None, plain: bool) -> Lock:
    """The one lock that was asked for; without a word on the command line, BACKUP_TO."""
    asked = [bool(to), passphrase or passphrase_file is not None, plain]
    if sum(asked) > 1:
        raise Unable("Choose one of them: --to, a passphrase, or --plain.")
    if plain:
        return Lock(open=True)
    if passphrase_file is not None:
        return Lock(passphrase=phrase(passphrase_file))
    if passphrase:
        return Lock(passphrase=_prompt("Passphrase", twice=True))
    keys = age.recipients(to or [env.value("BACKUP_TO")])
    if not keys:
        raise Unable(
            "Say who can open it: --to age1..., --passphrase, or --plain for everybody. "
            "`fireside backup --new-key FILE` makes a key and prints what to write after --to."
        )
    return Lock(keys)


def _ask(passphrase_file: Path | None) -> age.Ask:
    return lambda: phrase(passphrase_file) if passphrase_file is not None else _prompt("Passphrase")


def _prompt(words: str, twice: bool = False) -> str:
    if not sys.stdin.isatty():
        raise Unable(
            "A passphrase is needed, and nobody is there to ask: --passphrase-file names a file with it."
        )
    return str(click.prompt(words, hide_input=True, confirmation_prompt=twice, err=True))
