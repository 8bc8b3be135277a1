"""A private room in which everything has happened that can happen here.

Two words tell whether something came out of it: `heffalump` is in the names of what is private (who guesses
one reads it in the answer, because they wrote it), `woozle` is only in what was said and written there.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from fireside.alerts.models import Group, Source
from fireside.alerts.tests.machines import hear, told
from fireside.hearth.commands import Ask, say_line
from fireside.hearth.models import Draft, Message, Person, Room, Team, Webhook
from fireside.hearth.workflows import settle
from fireside.incidents.models import Incident
from fireside.keys.models import Holder
from fireside.postmortems.models import Mitigation, Postmortem, Telling
from fireside.systems.models import Runbook, System
from fireside.web.api.records import kinds
from tests.attaching import attach

NAME, SECRET = "heffalump", "woozle"
LINES = (
    "/lead", "/doing read the woozle", "/theory a woozle did it", "/decide call the woozle because: woozle",
    "/ask whose woozle?", "/update woozle soon", "/backfill a woozle came at: 1h ago",
    "/customers-see a woozle",
    "/coming woozle here", "the woozle itself",
)  # fmt: skip
LEARNED = (
    "/factor a woozle was in it since: 2022 in-short: woozle kinds: woozle",
    "/factor a second woozle", "/affected woozles happened: woozle",
    "/mitigation no more woozle owner: @bo", "/write summary All about the woozle.", "/title Of a heffalump",
    "/thank-you To the woozle.",
)  # fmt: skip


class Cave:
    """A private room in which everything has happened, and those who may not enter it."""

    def __init__(self, ana: Person, bo: Person) -> None:
        self.room = Room.make("heffalump-cave", by=ana, private=True, about="Where the woozle is.")
        self.room.seat(bo)
        self.team = Team.objects.create(name="Cave people", slug="cave-people", room=self.room)
        self.said = self.room.say("a woozle came by", by=bo)
        self.reply = self.room.say("which woozle?", by=ana, thread=self.said)
        self.file = attach(self.said, "heffalump.txt", b"woozle", "text/plain")
        self.said.pin(by=ana)
        self.said.clap("👀", by=ana)
        Draft.keep(bo, self.room.ref, "the woozle is")
        self.hook, _ = Webhook.make("https://woozle.example.org/", ["message.said"], by=ana, room=self.room)
        self.hook.test()
        labels = [{"job": "heffalump"}]
        self.system = System.add("Heffalump", by=ana, what="Woozles.", room=self.room, matchers=labels)
        self.runbook = Runbook.write("Heffalump trap", ["Dig for a woozle"], by=ana, system=self.system)
        self.holder = Holder.connect(
            "Heffalump bot", by=ana, keeper=ana, room=self.room, why="Woozles.", may="woozle"
        )
        self.holder.now_has(["woozle:read"], by=ana)
        source = Source.make("cave", by=ana)[0]
        notes = {"summary": "The woozle fires", "runbook_url": "https://example.org/woozle"}
        hear(source, told("HeffalumpFires", labels={"job": "heffalump"}, annotations=notes))
        self.group = Group.objects.get()
        alert = f"/incident the heffalump escaped alert: {self.group.pk} system: heffalump"
        say_line(Ask(ana, self.room), alert)
        self.incident = Incident.objects.get()
        assert self.incident.private
        for line in LINES:
            say_line(Ask(bo, self.incident.room), line)
        say_line(Ask(bo, self.incident.room), "/done")
        settle()
        self.incident.close(by=ana)
        settle()
        self.postmortem = Postmortem.objects.get()
        for line in LEARNED:
            say_line(Ask(ana, self.incident.room), line)
        telling = Telling.mine(self.postmortem, ana)
        telling.add(timezone.now() - timedelta(hours=1), saw="a woozle", knew="woozle", thought="woozle")
        telling.share()
        Telling.mine(self.postmortem, bo).add(timezone.now(), saw="a woozle", knew="", thought="")

    @property
    def rooms(self) -> list[Room]:
        return [self.room, self.incident.room]

    def goes_on(self, ana: Person) -> None:
        """It is published, and another incident is running."""
        say_line(Ask(ana, self.incident.room), "/publish")
        say_line(Ask(ana, self.room), "/incident the second heffalump system: heffalump")
        settle()

    def refs(self, kind: str) -> list[str]:
        """Everything private that a parameter of this kind could name."""
        numbers = [str(one.number) for one in Incident.objects.all()]
        messages = [str(pk) for pk in Message.objects.filter(room__private=True).values_list("pk", flat=True)]
        tables = {
            "room": [room.slug for room in self.rooms], "message": messages[:2], "incident": numbers,
            "postmortem": numbers, "system": ["heffalump"], "runbook": ["heffalump-trap"],
            "alert": [str(self.group.pk)], "mitigation": [str(m.pk) for m in Mitigation.objects.all()],
            "attempt": [str(pk) for pk in self.incident.attempts.values_list("pk", flat=True)[:2]],
            "holder": [self.holder.ref, "heffalump bot"], "call": ["1"], "decision": ["1"],
            "team": ["cave-people"], "webhook": [str(self.hook.pk)],
        }  # fmt: skip
        return tables.get(kind, [])

    def addresses(self) -> dict[str, list[str]]:
        """Every address that leads to something private, by the name of its pattern."""
        one = [f"/incidents/{i.number}/" for i in Incident.objects.order_by("number")]
        room = [f"/rooms/{room.slug}/" for room in self.rooms]
        learn = f"/learn/{self.incident.number}/"
        closed = Room.objects.filter(private=True)
        return {
            "room": room, **{f"room-{part}": [f"{r}{part}/" for r in room] for part in (
                "pinned", "files", "people", "about", "read", "palette", "draft")},
            "settings-webhook": [self.hook.get_absolute_url()],
            "message": [m.get_absolute_url() for m in Message.objects.filter(room__private=True)],
            "file": [self.file.get_absolute_url(), f"/files/{self.file.pk}/x"],
            "group": [f"/alerts/{self.group.pk}/"], "system": ["/systems/heffalump/"],
            "runbook": ["/runbooks/heffalump-trap/"], "incident": one,
            "decisions": [f"{i}decisions/" for i in one],
            "incident-timeline": [f"{i}timeline.md" for i in one],
            "holder": [self.holder.get_absolute_url()],
            "postmortem": [learn], "postmortem_export": [f"{learn[:-1]}.md"], "telling": [f"{learn}telling/"],
            "postmortem_writing": [f"{learn}write/"], "postmortem_save": [f"{learn}write/summary/"],
            "postmortem_history": [f"{learn}history/summary/"],
            "api/rooms/<slug:slug>/messages": [f"/api/rooms/{r.slug}/messages" for r in self.rooms],
            "api-record": [f"/api/{kind.kind}/{row.pk}" for kind in kinds() if kind.room
                           for row in kind.rows().filter(**{f"{kind.room}__in": closed})],
        }  # fmt: skip
