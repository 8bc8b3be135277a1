"""What a long piece of work says of itself, on stderr: sentences at once, how far it is now and then."""

from __future__ import annotations

import time

import click

EVERY = 2.0  # seconds


class Progress:
    """`say` what should be read, `far` what may be passed over."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def say(self, words: str) -> None:
        click.echo(words, err=True)

    def far(self, what: str, rows: int) -> None:
        if time.monotonic() - self._said > EVERY:
            self._said = time.monotonic()
            self.say(f"  {what}: {rows:,} rows")
