"""What we run and who looks after it: systems, and which alerts are theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import ClassVar

from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from fireside.hearth.cards import Card, Code, Link, text
from fireside.hearth.errors import Sorry
from fireside.hearth.people import Person, Team
from fireside.hearth.rooms import Room, visible
from fireside.hearth.search import keep
from fireside.hearth.timeline import Record
from fireside.systems.runbooks import Runbook, Use, Version

__all__ = ["Owners", "Runbook", "System", "Use", "Version"]

NAMING = ("system", "service", "app", "job", "namespace")  # labels that may hold a system's own name


class System(Record):
    """Something we run: what it is for, which team looks after it, and the room its alerts go to."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    what = models.CharField(max_length=250, blank=True, default="")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="systems")
    room = models.ForeignKey(Room, null=True, blank=True, on_delete=models.SET_NULL, related_name="systems")
    matchers = models.JSONField(
        default=list, blank=True
    )  # [{"job": "shop"}, {"service": "shop", "env": "live"}]
    made_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def home(self) -> Room | None:
        return self.room

    def get_absolute_url(self) -> str:
        return reverse("system", args=[self.slug])

    @classmethod
    def named(cls, words: str, *, person: Person) -> System:
        """The system called `words` that this person may see; Sorry when there is none."""
        wish = words.strip().lstrip("#@")
        known = visible(cls.objects.all(), person)
        found = known.filter(models.Q(slug=slugify(wish)) | models.Q(name__iexact=wish)).first()
        if found is None:
            raise Sorry(
                f"There is no system called {wish}. You could add it: /system {wish} what: a sentence."
            )
        return found

    @classmethod
    def add(cls, name: str, *, by: Person | None, **described: object) -> System:
        """A new system; `described` holds what, team, room, matchers. Its team's room is the default."""
        slug = slugify(name)[:60]
        if not slug:
            raise Sorry("A system's name needs a letter or a digit.", field="name")
        if cls.objects.filter(slug=slug).exists():
            raise Sorry(
                f"{name} has been taken as the name of a system. Another name would do.", field="name"
            )
        with transaction.atomic():
            system = cls(name=name.strip(), slug=slug, made_by=by)
            system._set(described, by=by)
            system.save()
            system.note("added", f"added the system {system.name}", by=by)
            system._index()
        return system

    def describe(self, *, by: Person | None, **described: object) -> None:
        """Say more about it, or something else; what is not mentioned stays."""
        with transaction.atomic():
            self._set(described, by=by)
            self.save()
            self.note("described", f"described the system {self.name}", by=by)
            self._index()

    def card(self) -> Card:
        facts = {
            "Looked after by": self.team
            and text("{team}", team=Link(self.team.name, self.team.get_absolute_url())),
            "Alerts go to": self.room
            and text("{room}", room=Link(str(self.room), self.room.get_absolute_url())),
            "Known by": self.matchers and text("{labels}", labels=Code(written(self.matchers))),
        }
        return Card(
            title=text("{name}", name=self.name),
            kind="system",
            icon="server",
            body=(text("{what}", what=self.what),) if self.what else (),
            facts={name: words for name, words in facts.items() if words},
            link=self.get_absolute_url(),
        )

    def _set(self, described: Mapping[str, object], *, by: Person | None) -> None:
        for name, value in described.items():
            setattr(self, name, value)
        home = self.team.room if self.team else None
        if self.room is None and home is not None and (by is None or home.may_enter(by)):
            self.room = home

    def _index(self) -> None:
        keep(
            "system", self.pk, title=self.name, body=f"{self.what}\n{written(self.matchers)}", room=self.room,
            at=self.made_at, url=self.get_absolute_url(), system=self.slug,
        )  # fmt: skip


class Owners:
    """Finds the system that labels lead to: the matcher with most labels, else a system's own name."""

    def __init__(self, systems: Iterable[System]) -> None:
        self._named: dict[str, System] = {}
        self._matched: dict[tuple[str, str], list[tuple[dict[str, str], System]]] = {}
        for system in systems:
            if not system.matchers:
                self._named[system.slug] = system
            for matcher in system.matchers:
                self._matched.setdefault(min(matcher.items()), []).append((matcher, system))

    def of(self, labels: Mapping[str, str]) -> System | None:
        """The system these labels lead to most surely, if any."""
        led = [pair for label in labels.items() & self._matched.keys() for pair in self._matched[label]]
        sure = [pair for pair in led if pair[0].items() <= labels.items()]
        if sure:
            return max(sure, key=lambda pair: len(pair[0]))[1]
        names = (_slug(labels[name]) for name in NAMING if name in labels)
        return next((self._named[name] for name in names if name in self._named), None)


_slug = lru_cache(1024)(slugify)  # a storm says the same few names again and again


def written(matchers: Iterable[Mapping[str, str]]) -> str:
    """Label sets as people write them: "job=storefront, or service=shop env=live"."""
    return ", or ".join(" ".join(f"{name}={value}" for name, value in sorted(m.items())) for m in matchers)
