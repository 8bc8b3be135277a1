"""The prose of a post-mortem: sections that keep what they said before and never lose a word."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models, transaction
from django.utils import timezone

from fireside.hearth.errors import Sorry
from fireside.hearth.people import Person
from fireside.postmortems.postmortem import Postmortem

LONGEST = 20_000  # characters in one section
PAUSE = timedelta(minutes=10)  # saves of one sitting are one wording


def clean(words: str) -> str:
    """Words as they are kept: one kind of line end, and no NUL, which not every database can hold."""
    return words.replace("\r\n", "\n").replace("\0", "").strip()


class Clash(Sorry):
    """Somebody else wrote meanwhile: both wordings are there to choose from, and nothing was saved over."""

    def __init__(self, section: Section, words: str) -> None:
        super().__init__("Someone wrote here while you did. Both are kept; you could choose.", field="words")
        self.section = section
        self.mine = words


class Section(models.Model):
    """One section's words as they stand; `revision` grows with each change."""

    class Kind(models.TextChoices):
        SUMMARY = "summary", "For people in a hurry"
        WENT_WELL = "went-well", "What went well, and should be kept"
        MADE_IT_HARD = "made-it-hard", "What made it hard"
        SURPRISED = "surprised", "What surprised us"
        THANKS = "thank-you", "Thank you"

    HELP: ClassVar[dict[str, str]] = {
        Kind.SUMMARY: "Two or three sentences: who felt it, for how long, what came right again.",
        Kind.WENT_WELL: "What helped, and would help again.",
        Kind.MADE_IT_HARD: "What stood in the way, or was hard to see that day.",
        Kind.SURPRISED: "Where the world differed from the picture you had of it.",
        Kind.THANKS: "To whom, and for what.",
    }

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="sections")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    words = models.TextField(blank=True, default="")
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("postmortem", "kind", name="one_section_of_a_kind")]

    def __str__(self) -> str:
        return self.words

    @property
    def place(self) -> str:
        """Where a draft of this section is kept for a person."""
        return f"postmortem:{self.postmortem_id}:{self.kind}"

    @classmethod
    def write(cls, postmortem: Postmortem, kind: str, words: str, *, by: Person, revision: int) -> Section:
        """These words, if `revision` is what the writer had before their eyes; else Clash."""
        words = clean(words)
        if len(words) > LONGEST:
            raise Sorry(f"That is {len(words):,} characters; a section holds {LONGEST:,}.", field="words")
        postmortem.only_as_draft()
        with transaction.atomic():
            section, _ = cls.objects.select_for_update().get_or_create(postmortem=postmortem, kind=kind)
            if section.words != words:
                if section.revision != revision:
                    raise Clash(section, words)
                section._change(words, by=by)
        return section

    @classmethod
    def add(cls, postmortem: Postmortem, kind: str, words: str, *, by: Person) -> Section:
        """One more paragraph at the end; there is nothing to clash with."""
        with transaction.atomic():
            section, _ = cls.objects.select_for_update().get_or_create(postmortem=postmortem, kind=kind)
            whole = f"{section.words}\n\n{words}".strip()
            return cls.write(postmortem, kind, whole, by=by, revision=section.revision)

    def _change(self, words: str, *, by: Person) -> None:
        last = self.wordings.order_by("-pk").first()
        sitting = last is not None and last.by == by and last.at > timezone.now() - PAUSE
        self.words, self.revision = words, self.revision + 1
        self.save(update_fields=["words", "revision"])
        if last is not None and sitting:
            last.words, last.revision = words, self.revision
            last.save(update_fields=["words", "revision"])
            return
        Wording.objects.create(section=self, words=words, revision=self.revision, by=by)
        self.postmortem.note("written", f"Wrote “{self.get_kind_display()}”", by=by)


class Wording(models.Model):
    """What a section said after one sitting."""

    section = models.ForeignKey(Section, on_delete=models.CASCADE, related_name="wordings")
    words = models.TextField(blank=True, default="")
    revision = models.PositiveIntegerField()
    by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.words
