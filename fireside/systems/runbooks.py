"""How to mend it: runbooks in people's words, their earlier versions, and whether they helped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from fireside.hearth.cards import Button, Card, Link, Step, Text, text
from fireside.hearth.errors import Sorry
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room, visible
from fireside.hearth.search import keep
from fireside.hearth.timeline import Record

if TYPE_CHECKING:
    from fireside.systems.models import System

REF = re.compile(r"[a-z]+:\d+")  # "group:7"
STEP = re.compile(r"^ {0,3}(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?(\S.*)$", re.MULTILINE)
FRESH = timedelta(days=180)  # after this long it may be good to read a runbook again


class Runbook(Record):
    """What to do when something fires. The list items of its words are its steps."""

    system = models.ForeignKey(
        "systems.System", null=True, blank=True, on_delete=models.CASCADE, related_name="runbooks"
    )
    title = models.CharField(max_length=200)
    slug = models.SlugField(max_length=80, unique=True)
    body = models.TextField()
    alertname = models.CharField(max_length=200, blank=True, default="", db_index=True)
    source_url = models.URLField(max_length=500, blank=True, default="")
    written_from = models.CharField(max_length=60, blank=True, default="")  # "incident:3"
    written_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="runbooks"
    )
    written_at = models.DateTimeField(default=timezone.now)
    reviewed_at = models.DateTimeField(null=True, blank=True)  # empty: a draft nobody has read through yet
    reviewed_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["title", "pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def home(self) -> Room | None:
        return self.system.room if self.system else None

    @property
    def steps(self) -> list[str]:
        return [found.strip() for found in STEP.findall(self.body)]

    @property
    def is_draft(self) -> bool:
        return self.reviewed_at is None

    @property
    def is_stale(self) -> bool:
        return (self.reviewed_at or self.written_at) < timezone.now() - FRESH

    def get_absolute_url(self) -> str:
        return reverse("runbook", args=[self.slug])

    @classmethod
    def named(cls, words: str, *, person: Person) -> Runbook:
        """The runbook with this title or slug that this person may see; Sorry when there is none."""
        known = visible(cls.objects.select_related("system"), person, "system__room")
        found = known.filter(
            models.Q(slug=words.strip().lower()) | models.Q(title__iexact=words.strip())
        ).first()
        if found is None:
            raise Sorry(f"There is no runbook called {words}. The page of its system lists those there are.")
        return found

    @classmethod
    def answering(cls, alertname: str, system: System | None) -> Runbook | None:
        """The runbook for this alert of this system; else of any; else for the system as a whole."""
        mine, anybodys, whole = models.Q(system=system), models.Q(system=None), models.Q(alertname="")
        fits = models.Q(alertname=alertname) & (mine | anybodys) & ~whole
        if system is not None:
            fits |= mine & whole
        books = cls.objects.filter(fits).select_related("system__room").order_by("-pk")
        return max(books, key=lambda book: (book.alertname != "", book.system is not None), default=None)

    @classmethod
    def write(
        cls,
        title: str,
        steps: Sequence[str] | str,
        *,
        by: Person | None,
        system: System | None = None,
        alertname: str = "",
        written_from: str = "",
        source_url: str = "",
        draft: bool = False,
    ) -> Runbook:
        """A new runbook from steps or from markdown; a draft waits for somebody to read it through."""
        now = timezone.now()
        with transaction.atomic():
            runbook = cls.objects.create(
                title=title.strip()[:200], slug=cls._free_slug(title), body=as_markdown(steps), system=system,
                alertname=alertname.strip(), written_from=written_from, source_url=source_url, written_by=by,
                written_at=now, reviewed_at=None if draft else now, reviewed_by=None if draft else by,
            )  # fmt: skip
            words = f"drafted the runbook {runbook.title}" if draft else f"wrote the runbook {runbook.title}"
            runbook.note("written", words, by=by, draft=draft, written_from=written_from)
            runbook._index()
        return runbook

    @classmethod
    def _free_slug(cls, title: str) -> str:
        base = slugify(title)[:70].strip("-") or "runbook"
        taken = set(cls.objects.filter(slug__startswith=base).values_list("slug", flat=True))
        return next(
            s for n in range(1, len(taken) + 2) if (s := base if n == 1 else f"{base}-{n}") not in taken
        )

    def change(self, *, by: Person, steps: str, title: str = "", alertname: str | None = None) -> None:
        """Better words; the earlier ones are kept, and it counts as read through."""
        now = timezone.now()
        with transaction.atomic():
            Version.objects.create(runbook=self, title=self.title, body=self.body, by=by, until=now)
            self.title, self.body = title.strip() or self.title, as_markdown(steps)
            self.alertname = self.alertname if alertname is None else alertname.strip()
            self.reviewed_at, self.reviewed_by = now, by
            self.save()
            self.note("changed", f"changed the runbook {self.title}", by=by)
            self._index()

    def review(self, *, by: Person) -> None:
        """Someone has read it through and found it good."""
        with transaction.atomic():
            self.reviewed_at, self.reviewed_by = timezone.now(), by
            self.save(update_fields=["reviewed_at", "reviewed_by"])
            self.note("reviewed", f"read the runbook {self.title} through", by=by)

    def used(self, *, by: Person, helped: bool, about: str = "") -> Use:
        """Someone went by it; `about` is what for: "group:7", "incident:3" or a few words."""
        with transaction.atomic():
            use = Use.objects.create(runbook=self, by=by, helped=helped, about=about[:200])
            words = f"{self.title} helped" if helped else f"{self.title} did not help"
            self.note("helped" if helped else "fell-short", words, by=by, use=about[:200])
        return use

    def helped_words(self) -> Text | None:
        """ "Helped three times, last by Sione" for a card; None before the first time."""
        uses = self.uses.filter(helped=True)
        last = uses.select_related("by").order_by("-pk").first()
        if last is None:
            return None
        times, who = uses.count(), last.by.name if last.by else "someone"
        if times == 1:
            return text("Helped once, by {who}", who=who)
        return text("Helped {times} times, last by {who}", times=times, who=who)

    def card(self) -> Card:
        facts = {
            "System": self.system
            and text("{system}", system=Link(self.system.name, self.system.get_absolute_url())),
            "Answers": text("{alert}", alert=self.alertname) if self.alertname else None,
        }
        return Card(
            title=text("Runbook: {title}", title=self.title),
            kind="runbook",
            icon="book-open",
            tag="draft" if self.is_draft else "",
            facts={name: words for name, words in facts.items() if words},
            steps=tuple(Step(step) for step in self.steps),
            buttons=(Button("This helped", "runbook-helped", {"runbook": self.slug}, icon="heart"),),
            link=self.get_absolute_url(),
        )

    def _index(self) -> None:
        facets: dict[str, Any] = {"system": self.system.slug} if self.system else {}
        keep(
            "runbook", self.pk, title=self.title, body=f"{self.alertname}\n{self.body}".strip(),
            room=self.home, at=self.written_at, url=self.get_absolute_url(), person=self.written_by, **facets,
        )  # fmt: skip


class Version(models.Model):
    """What a runbook said before it was changed, until when, and who changed it."""

    runbook = models.ForeignKey(Runbook, on_delete=models.CASCADE, related_name="versions")
    title = models.CharField(max_length=200)
    body = models.TextField()
    by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    until = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"{self.title} until {self.until:%Y-%m-%d}"


class Use(models.Model):
    """One time somebody went by a runbook, and whether it helped."""

    runbook = models.ForeignKey(Runbook, on_delete=models.CASCADE, related_name="uses")
    by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField(default=timezone.now)
    helped = models.BooleanField()
    about = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"{self.runbook} {'helped' if self.helped else 'did not help'}"

    @property
    def words(self) -> str:
        """What it was for, when a person wrote it; a reference is for programs."""
        return "" if REF.fullmatch(self.about) else self.about


def as_markdown(steps: Sequence[str] | str) -> str:
    """Steps as a numbered list; words that hold a list already stay as they are."""
    if isinstance(steps, str):
        if STEP.search(steps):
            return steps.strip()
        steps = steps.splitlines()
    lines = [" ".join(step.split()) for step in steps]
    return "\n".join(f"{number}. {line}" for number, line in enumerate(filter(None, lines), 1))
