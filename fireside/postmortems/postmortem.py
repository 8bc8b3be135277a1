"""A post-mortem: what those who were there tell everyone, so that the next person stands better."""

from __future__ import annotations

from typing import ClassVar

from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from fireside.hearth.cards import Card
from fireside.hearth.errors import NotYours, Sorry
from fireside.hearth.messages import Message
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room, visible
from fireside.hearth.timeline import Entry, Record
from fireside.incidents.models import Incident

# Looking on is not being there.
WATCHING = ("room.joined", "room.left", "room.made", "message.clapped", "message.pinned", "message.redrawn")


class Postmortem(Record):
    """What an incident taught, written by those who were there; a draft until they publish it."""

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, related_name="postmortem")
    title = models.CharField(max_length=200)
    opened_at = models.DateTimeField(default=timezone.now)
    opened_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    newcomer = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    alongside = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    celebrated = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["-published_at", "-pk"]
        indexes: ClassVar = [models.Index("published_at", name="postmortem_published")]

    def __str__(self) -> str:
        return self.title

    @property
    def number(self) -> int:
        return self.incident.number

    @property
    def home(self) -> Room:
        return self.incident.room

    @property
    def is_draft(self) -> bool:
        return self.published_at is None

    def get_absolute_url(self) -> str:
        return reverse("postmortem", args=[self.number])

    @property
    def writing_url(self) -> str:
        return reverse("postmortem_writing", args=[self.number])

    @property
    def telling_url(self) -> str:
        return reverse("telling", args=[self.number])

    def card(self) -> Card:
        from fireside.postmortems.drawn import head  # drawing reads post-mortems

        return head(self)

    # -- finding -----------------------------------------------------------------------------------------

    @classmethod
    def seen_by(cls, person: Person) -> models.QuerySet[Postmortem]:
        """Whoever may enter the incident's room may see what was learned there."""
        known = cls.objects.select_related("incident__room", "incident__system", "newcomer", "alongside")
        return visible(known, person, "incident__room")

    @classmethod
    def of(cls, room: Room) -> Postmortem:
        """The post-mortem of this incident room."""
        found = cls.objects.filter(incident__room=room).select_related("incident__room").first()
        if found is None:
            raise Sorry(
                "There is no post-mortem in this room. It opens by itself when an incident is closed."
            )
        return found

    # -- beginning ---------------------------------------------------------------------------------------

    @classmethod
    def open(cls, incident: Incident, *, by: Person | None) -> tuple[Postmortem, bool]:
        """The post-mortem of this incident, and whether it is new; who was there is asked, each once."""
        with transaction.atomic():
            found, new = cls.objects.get_or_create(
                incident=incident, defaults={"title": incident.title, "opened_by": by}
            )
            if new:
                found.note("opened", f"Began the post-mortem of {incident.name}", by=by)
            Asked.objects.bulk_create(
                [Asked(postmortem=found, person=person) for person in those_there(incident)],
                ignore_conflicts=True,
            )
        return found, new

    # -- what happens to it ------------------------------------------------------------------------------

    def only_as_draft(self) -> None:
        """Sorry when it is published: people have read it as it stands."""
        if not self.is_draft:
            raise Sorry("This one is published. /take-back makes it a draft again, for those who were there.")

    def name_it(self, title: str, *, by: Person) -> None:
        self.only_as_draft()
        with transaction.atomic():
            self.title = title
            self.save(update_fields=["title"])
            self.note("named", f"Named it “{title}”", by=by)

    def write_together(self, newcomer: Person, alongside: Person | None, *, by: Person) -> None:
        """Somebody writes their first one, and somebody sits beside them."""
        if alongside == newcomer:
            raise Sorry("Somebody else sits alongside.", field="alongside")
        with transaction.atomic():
            self.newcomer, self.alongside = newcomer, alongside
            self.save(update_fields=["newcomer", "alongside"])
            beside = f", with {alongside.name} alongside" if alongside else ""
            self.note("shared_out", f"{newcomer.name} writes a first post-mortem{beside}", by=by)

    def was_there(self, person: Person) -> bool:
        return self.asked.filter(person=person).exists()

    def take_back(self, *, by: Person) -> None:
        """A draft again; the reasons may be a name to leave out or a thing seen late."""
        if self.is_draft:
            raise Sorry("This one is a draft already.")
        if not self.was_there(by):
            raise NotYours("Those who were there could take it back. You could ask one of them.")
        from fireside.postmortems.publishing import index  # publishing reads post-mortems

        with transaction.atomic():
            self.published_at, self.published_by = None, None
            self.save(update_fields=["published_at", "published_by"])
            self.note("taken_back", "Took it back for editing", by=by)
            index(self)

    def applaud(self, *, by: Person) -> bool:
        """Applaud, or take the applause back; tells whether it now stands."""
        if self.is_draft:
            raise Sorry("It is not published yet. You could applaud when it is.")
        with transaction.atomic():
            applause, new = Applause.objects.get_or_create(postmortem=self, person=by)
            if not new:
                applause.delete()
            self.note("applauded", by=None)
        return new

    def ask_to_read(self, person: Person, *, by: Person) -> None:
        if not self.home.may_enter(person):
            raise Sorry(f"{person.name} has no seat in {self.home}. You could bring them in first.")
        with transaction.atomic():
            _, new = Reader.objects.get_or_create(postmortem=self, person=person, defaults={"asked_by": by})
            if new:
                self.note("reading_asked", f"Asked {person.name} to read it", by=by)

    def have_read(self, *, by: Person) -> None:
        with transaction.atomic():
            reader, _ = Reader.objects.get_or_create(postmortem=self, person=by, defaults={"asked_by": by})
            if reader.read_at is None:
                reader.read_at = timezone.now()
                reader.save(update_fields=["read_at"])
                self.note("read", f"{by.name} has read it", by=by)


def those_there(incident: Incident) -> list[Person]:
    """Everyone who spoke, acted, led or came to help; who only looked on is not asked."""
    acted = Entry.objects.filter(models.Q(room=incident.room) | models.Q(story=incident.ref)).exclude(
        verb__in=WATCHING
    )
    ids = models.Q(pk__in=acted.filter(by__isnull=False).values("by"))
    ids |= models.Q(pk__in=[pk for pk in (incident.lead_id, incident.opened_by_id) if pk])
    return list(Person.objects.filter(ids, deactivated_at=None))


class Asked(models.Model):
    """Somebody who was there was asked, once, for their own telling; whether they began is not kept here."""

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="asked")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("postmortem", "person", name="asked_once_each")]

    def __str__(self) -> str:
        return f"{self.person} was asked"


class Reader(models.Model):
    """Somebody asked to read it before or after it is published, and when they had."""

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="readers")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [models.UniqueConstraint("postmortem", "person", name="one_reader_each")]

    def __str__(self) -> str:
        return f"{self.person} reads {self.postmortem}"


class Applause(models.Model):
    """One person's thanks for telling everyone; counted together, never ranked."""

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="applause")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("postmortem", "person", name="one_applause_each")]

    def __str__(self) -> str:
        return f"applause for {self.postmortem}"
