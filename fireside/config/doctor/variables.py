"""Every setting, each looked at even when another one is nonsense; nothing is made on the way."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from fireside.config import env
from fireside.config.doctor.findings import Finding, broken, fine, look

STANDS_IN = "the doctor makes no key"  # so that none is written while looking
ELSEWHERE = "/"  # a folder that exists, while the one that is meant does not


class Patient:
    """What was found while the settings were read, and what can be looked at with them."""

    def __init__(self) -> None:
        self.found: list[Finding] = []
        self.wrong: set[str] = set()
        self.folder = Path(self._value("FIRESIDE_DATA")).expanduser().absolute()
        self.is_there = self.folder.is_dir()
        if not self.is_there:
            env.give("FIRESIDE_DATA", ELSEWHERE)
        if not self._value("SECRET_KEY") and not _can_be_read(self.folder / "secret_key"):
            env.give("SECRET_KEY", STANDS_IN)
        self._read()

    def _value(self, name: str) -> str:
        try:
            return env.value(name)
        except env.Nonsense as nonsense:
            self._is_wrong({name}, str(nonsense))
            return env.value(name)

    def _read(self) -> None:
        """Read the settings as the house does; nonsense is noted and left out, until the rest is read."""
        for setting in env.SETTINGS:
            self._value(setting.name)
        if keys := env.value("BACKUP_TO"):
            self._backups_to(keys)
        for _ in env.SETTINGS:  # each time round, at least one of them is left out
            try:
                importlib.import_module("fireside.config.settings")
                break
            except env.Nonsense as nonsense:
                said = str(nonsense)
                self._is_wrong(_named(said), said)
        if not self.found:
            self.found.append(fine(f"All {len(env.SETTINGS)} settings make sense."))

    def _backups_to(self, keys: str) -> None:
        from fireside.config.backups.age import Unable, recipients

        try:
            recipients([keys])
        except Unable as unable:
            self._is_wrong({"BACKUP_TO"}, f"BACKUP_TO: {unable}")

    def _is_wrong(self, names: set[str], said: str) -> None:
        self.found.append(broken(f"Settings: {said}", "Put it right where Fireside is started."))
        self.wrong |= names
        if not [name for name in names if env.forget(name)]:  # what is named is missing beside its kin
            families = {name.partition("_")[0] for name in names}
            for setting in env.SETTINGS:
                if setting.name.partition("_")[0] in families - {"FIRESIDE", "SECRET"}:
                    env.forget(setting.name)


def _can_be_read(path: Path) -> bool:
    try:
        return bool(path.read_text())
    except (OSError, UnicodeDecodeError):
        return False


def _named(said: str) -> set[str]:
    words = set(re.findall(r"[A-Z][A-Z_]+[A-Z]", said))
    return {setting.name for setting in env.SETTINGS if {setting.name, f"{setting.name}_FILE"} & words}


def address(url: str) -> list[Finding]:
    """Is PUBLIC_URL somewhere people can come to, and come safely?"""
    from urllib.parse import urlsplit

    there = urlsplit(url)
    if there.path.strip("/") or there.query or there.fragment:
        return [
            broken(
                f"PUBLIC_URL is {url}: Fireside lives at the root of a host.", "Leave out what follows it."
            )
        ]
    if there.hostname in ("127.0.0.1", "localhost", "::1"):
        return [look(f"PUBLIC_URL is {url}: links in e-mail and Slack open on this machine only.",
                     "Set it to where people open Fireside, once others do.")]  # fmt: skip
    if there.scheme != "https":
        return [look(f"PUBLIC_URL is {url}: what people send can be read on the way.",
                     "Let a proxy speak https in front of Fireside, and say so in PUBLIC_URL.")]  # fmt: skip
    return [fine(f"People open Fireside at {url}.")]
