"""Rooms in which everything has happened that can happen here, and a house around them.

Two words tell whether something came out of one: its `name` is in the names of what is there (who guesses one
reads it in the answer, because they wrote it), its `secret` is only in what was said and written there.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from django.utils import timezone

from fireside.alerts.models import Group, Source
from fireside.alerts.tests.machines import hear, told
from fireside.hearth.commands import Ask, say_line
from fireside.hearth.models import Draft, Message, Organisation, Person, Room, Team, Webhook
from fireside.hearth.workflows import settle
from fireside.incidents.models import Incident
from fireside.keys.models import Holder
from fireside.postmortems.models import Mitigation, Postmortem, Telling
from fireside.systems.models import Runbook, System
from fireside.web.api.records import kinds
from tests.attaching import attach

NAME, SECRET = "heffalump", "woozle"  # behind a door
OPEN_NAME, OPEN_SECRET = "jabberwock", "bandersnatch"  # open to the house, and closed to its guests
LINES = (
    "/lead", "/doing read the {it}", "/theory a {it} did it", "/decide call the {it} because: {it}",
    "/ask whose {it}?", "/update {it} soon", "/backfill a {it} came at: 1h ago",
    "/customers-see a {it}",
    "/coming {it} here", "the {it} itself",
)  # fmt: skip
LEARNED = (
    "/factor a {it} was in it since: 2022 in-short: {it} kinds: {it}",
    "/factor a second {it}", "/affected {it}s happened: {it}",
    "/mitigation no more {it} owner: @bo", "/write summary All about the {it}.", "/title Of a {name}",
    "/thank-you To the {it}.",
)  # fmt: skip


class House:
    """The cast in a house of three rooms: the team's, one behind a door, and one open to members."""

    def __init__(self) -> None:
        org = Organisation.objects.create(name="Unicorn Rentals", zone="Pacific/Auckland")
        self.ana = Person.welcome("Ana Ngata", email="ana@example.org", keeper_since=org.made_at)
        self.bo = Person.welcome("Bo Lund", email="bo@example.org", zone="Europe/Berlin")
        self.cy = Person.welcome("Cy Park", email="cy@example.org", zone="America/New_York")
        self.room = Room.make("magic-sparkles", by=self.ana, purpose=Room.Purpose.TEAM)
        self.room.seat(self.bo)
        self.dee = Person.welcome("Dee Rua", email="dee@example.org")  # of whom guests hear nothing
        until = timezone.now() + timedelta(days=1)
        self.gil = Person.welcome(
            "Gil Moss", email="gil@example.org", guest_since=timezone.now(), guest_until=until
        )
        self.room.seat(self.gil)
        self.cave = Cave(self.ana, self.bo)
        self.cave.goes_on(self.ana)
        self.wood = Cave(self.ana, self.dee, OPEN_NAME, OPEN_SECRET, private=False)
        self.wood.goes_on(self.ana)
        lore = System.add(f"{OPEN_NAME} lore", by=self.ana, what=f"{OPEN_SECRET}s, in no room.")
        Runbook.write(f"{OPEN_NAME} tales", [f"Listen to a {OPEN_SECRET}"], by=self.ana, system=lore)


class Cave:
    """A room in which everything has happened, and those who live in it."""

    def __init__(
        self, ana: Person, bo: Person, name: str = NAME, secret: str = SECRET, *, private: bool = True
    ) -> None:
        self.name, self.secret = name, secret
        self.room = Room.make(f"{name}-cave", by=ana, private=private, about=f"Where the {secret} is.")
        self.room.seat(bo)
        place = "Cave" if private else "Wood"
        self.team = Team.objects.create(
            name=f"{place} people", slug=f"{place.lower()}-people", room=self.room
        )
        self.team.members.add(bo)
        self.said = self.room.say(f"a {secret} came by", by=bo)
        self.reply = self.room.say(f"which {secret}?", by=ana, thread=self.said)
        self.file = attach(self.said, f"{name}.txt", secret.encode(), "text/plain")
        self.said.pin(by=ana)
        self.said.clap("👀", by=ana)
        Draft.keep(bo, self.room.ref, f"the {secret} is")
        self.hook, _ = Webhook.make(
            f"https://{secret}.example.org/", ["message.said"], by=ana, room=self.room
        )
        self.hook.test()
        labels = [{"job": name}]
        self.system = System.add(name, by=ana, what=f"{secret}s.", room=self.room, matchers=labels)
        self.runbook = Runbook.write(f"{name} trap", [f"Dig for a {secret}"], by=ana, system=self.system)
        self.holder = Holder.connect(
            f"{name} bot", by=ana, keeper=ana, room=self.room, why=f"{secret}s.", may=secret
        )
        self.holder.now_has([f"{secret}:read"], by=ana)
        source = Source.make("cave", by=ana)[0]
        notes = {"summary": f"The {secret} fires", "runbook_url": f"https://example.org/{secret}"}
        hear(source, told(f"{name}Fires", labels={"job": name}, annotations=notes))
        self.group = Group.objects.get(room=self.room)
        alert = f"/incident the {name} escaped alert: {self.group.pk} system: {name}"
        say_line(Ask(ana, self.room), alert)
        self.incident = Incident.objects.get(group=self.group)
        assert self.incident.private == private
        self._say(bo, self.incident.room, *LINES, "/done")
        settle()
        self.incident.close(by=ana)
        settle()
        self.postmortem = Postmortem.objects.get(incident=self.incident)
        self._say(ana, self.incident.room, *(line.replace("@bo", f"@{bo.handle}") for line in LEARNED))
        telling = Telling.mine(self.postmortem, ana)
        telling.add(timezone.now() - timedelta(hours=1), saw=f"a {secret}", knew=secret, thought=secret)
        telling.share()
        Telling.mine(self.postmortem, bo).add(timezone.now(), saw=f"a {secret}", knew="", thought="")

    def _say(self, person: Person, room: Room, *lines: str) -> None:
        for line in lines:
            say_line(Ask(person, room), line.format(it=self.secret, name=self.name))

    @property
    def rooms(self) -> list[Room]:
        return [self.room, self.incident.room]

    @property
    def incidents(self) -> list[Incident]:
        return list(Incident.objects.filter(system=self.system).order_by("number"))

    @property
    def closed(self) -> list[int]:
        """Its rooms and those of its incidents, by number."""
        return [self.room.pk, *(incident.room_id for incident in self.incidents)]

    def goes_on(self, ana: Person) -> None:
        """It is published, and another incident is running."""
        say_line(Ask(ana, self.incident.room), "/publish")
        say_line(Ask(ana, self.room), f"/incident the second {self.name} system: {self.name}")
        settle()

    def refs(self, kind: str) -> list[str]:
        """Everything in it that a parameter of this kind could name."""
        return self._named.get(kind, [])

    @cached_property
    def _named(self) -> dict[str, list[str]]:
        numbers = [str(one.number) for one in self.incidents]
        messages = Message.objects.filter(room__in=self.closed).order_by("pk").values_list("pk", flat=True)
        changes = Mitigation.objects.filter(postmortem=self.postmortem)
        return {
            "room": [room.slug for room in self.rooms], "message": [str(pk) for pk in messages[:2]],
            "rooms": [f"#{self.room.slug}"], "incident": numbers,
            "postmortem": numbers, "system": [self.system.slug], "runbook": [self.runbook.slug],
            "alert": [str(self.group.pk)], "mitigation": [str(m.pk) for m in changes],
            "attempt": [str(pk) for pk in self.incident.attempts.values_list("pk", flat=True)[:2]],
            "holder": [self.holder.ref, f"{self.name} bot"], "webhook": [str(self.hook.pk)],
            "call": ["1"], "decision": ["1"], "team": [self.team.slug],
        }  # fmt: skip

    def addresses(self) -> dict[str, list[str]]:
        """Every address that leads into it, by the name of its pattern."""
        one = [f"/incidents/{i.number}/" for i in self.incidents]
        room = [f"/rooms/{room.slug}/" for room in self.rooms]
        learn = f"/learn/{self.incident.number}/"
        return {
            "room": room, **{f"room-{part}": [f"{r}{part}/" for r in room] for part in (
                "pinned", "files", "people", "about", "read", "palette", "draft")},
            "settings-webhook": [self.hook.get_absolute_url()],
            "message": [m.get_absolute_url() for m in Message.objects.filter(room__in=self.closed)],
            "file": [self.file.get_absolute_url(), f"/files/{self.file.pk}/x"],
            "group": [f"/alerts/{self.group.pk}/"], "system": [self.system.get_absolute_url()],
            "runbook": [self.runbook.get_absolute_url()], "incident": one,
            "decisions": [f"{i}decisions/" for i in one],
            "incident-timeline": [f"{i}timeline.md" for i in one],
            "holder": [self.holder.get_absolute_url()],
            "postmortem": [learn], "postmortem_export": [f"{learn[:-1]}.md"], "telling": [f"{learn}telling/"],
            "postmortem_writing": [f"{learn}write/"], "postmortem_save": [f"{learn}write/summary/"],
            "postmortem_history": [f"{learn}history/summary/"],
            "api/rooms/<slug:slug>/messages": [f"/api/rooms/{r.slug}/messages" for r in self.rooms],
            "api-record": [f"/api/{kind.kind}/{row.pk}" for kind in kinds() if kind.room
                           for row in kind.rows().filter(**{f"{kind.room}__in": self.closed})],
        }  # fmt: skip
