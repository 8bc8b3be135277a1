"""What people do about people: teams, invitations, finding somebody, and keeping the house."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from fireside.hearth import audit
from fireside.hearth.cards import Card, Link, Mention, Moment, text
from fireside.hearth.commands import Ask, Sorry, Whisper, command
from fireside.hearth.keys import by_hand
from fireside.hearth.kinds import Line, Word
from fireside.hearth.people import Invitation, Person, Role, Team
from fireside.hearth.rooms import Room
from fireside.hearth.timeline import note

FOUND = 12  # people that fit into one whisper


@command(
    "/team",
    example="/team Payments purpose: money in, money out home: #payments",
    title="Make or change a team",
)
def team(ask: Ask, name: Line, purpose: Line = "", home: Room | None = None, new_name: Line = "") -> Card:
    """Make a team, or say something new about one: its purpose, its room, its name."""
    known = Team.objects.filter(Q(slug=slugify(name)) | Q(name__iexact=name.strip())).first()
    found = known or _new_team(name, ask.person)
    found.name = _free_name(new_name, found) if new_name else found.name
    found.purpose = purpose or found.purpose
    found.room = home or found.room
    found.save()
    did = "made" if known is None else "changed"
    note(
        "team.changed" if known else "team.made",
        f"{did} the team {found.name}",
        by=ask.person,
        about=_about(found),
    )
    return _team_card(found)


@command("/join-team", example="/join-team payments", title="Join a team")
def join_team(ask: Ask, team: Team, person: Person | None = None) -> Card:
    """Become part of a team, or bring somebody into it; its room comes along."""
    who = _member(person or ask.person)
    if not who.teams.filter(pk=team.pk).exists():
        who.teams.add(team)
        note("team.joined", f"{who.name} is in {team.name} now", by=ask.person, about=_about(team))
    if team.room is not None and team.room.may_enter(ask.person):
        team.room.seat(who, by=ask.person, quiet=True)
    return _team_card(team)


@command("/leave-team", example="/leave-team payments", title="Leave a team")
def leave_team(ask: Ask, team: Team, person: Person | None = None) -> Whisper:
    """Step out of a team, or take somebody out who has moved on."""
    who = person or ask.person
    if not who.teams.filter(pk=team.pk).exists():
        raise Sorry(f"{who.name} is not in {team.name}.", field="person" if person else "team")
    who.teams.remove(team)
    if who != ask.person:
        audit.write("team.removed", by=ask.person, about=f"person:{who.pk}", team=team.pk)
    note("team.left", f"{who.name} is no longer in {team.name}", by=ask.person, about=_about(team))
    return Whisper(f"{who.name} is no longer in {team.name}.")


@command("/invite", example="/invite team: payments days: 7", title="Invite people")
def invite(ask: Ask, team: Team | None = None, days: Word = "7") -> Whisper:
    """Make a link that lets people in for some days; anybody who has it can use it until you end it."""
    by_hand(ask.door)
    if not days.isdecimal() or not 1 <= int(days) <= 90:
        raise Sorry("An invitation can be open for 1 to 90 days.", field="days")
    made = Invitation.make(by=ask.person, team=team, days=int(days))
    note("person.invited", "made an invitation link", by=ask.person, about=f"invitation:{made.pk}")
    url = settings.PUBLIC_URL + reverse("join", args=[made.secret])
    return Whisper(card=Card(
        title=text("An invitation"),
        icon="user-plus",
        body=(text("{link}", link=Link(url, url)),),
        facts={"Until": text("{day}", day=Moment(made.expires_at.isoformat(), "day"))},
    ))  # fmt: skip


@command("/people", example="/people ana", title="Find somebody", shows=True, role=Role.GUEST)
def people(ask: Ask, words: Line = "") -> Whisper:
    """Find people by name, handle or what they say about themselves."""
    active = Person.known_to(ask.person).filter(deactivated_at=None)
    wish = words.strip().lstrip("@")
    close = active.filter(Q(name__icontains=wish) | Q(handle__icontains=wish) | Q(about__icontains=wish))[
        :FOUND
    ]
    if not close:
        return Whisper(f"Nobody here by {wish}.")
    lines = [text("{who} {about}", who=Mention(p.handle, p.name), about=p.about) for p in close]
    return Whisper(card=Card(title=text("People"), icon="users", body=tuple(lines), link=reverse("people")))


@command("/deactivate", example="/deactivate @bo", title="End somebody's access", role=Role.KEEPER)
def deactivate(ask: Ask, person: Person) -> Whisper:
    """End somebody's access at once; their words stay, with their name. Keepers can do this."""
    person.deactivate(by=ask.person)
    return Whisper(f"{person.name} no longer has access. What they said stays, with their name.")


@command("/reactivate", example="/reactivate @bo", title="Give access back", role=Role.KEEPER)
def reactivate(ask: Ask, handle: Word) -> Whisper:
    """Give access back to somebody who had lost it. Keepers can do this."""
    person = (
        Person.objects.filter(handle=handle.strip().lstrip("@").lower(), gone_at=None)
        .exclude(deactivated_at=None)
        .first()
    )
    if person is None:
        raise Sorry(f"Nobody without access has the handle {handle}.", field="handle")
    if person.is_over:
        raise Sorry(f"{person.name} was a guest. /guest @{person.handle} until: says until when they stay.")
    person.reactivate(by=ask.person)
    return Whisper(f"{person.name} has access again.")


@command("/keeper", example="/keeper @bo", title="Make somebody a keeper", role=Role.KEEPER)
def keeper(ask: Ask, person: Person) -> Whisper:
    """Make somebody a keeper: they look after people, invitations and settings with you."""
    if not _member(person).is_keeper:
        _keeps(person, ask.person, since=True)
    return Whisper(f"{person.name} is a keeper now.")


@command("/step-down", example="/step-down", title="Stop being a keeper", role=Role.KEEPER)
def step_down(ask: Ask, person: Person | None = None) -> Whisper:
    """Stop being a keeper, or take that care off somebody else; there is always one left."""
    who = person or ask.person
    who.not_the_last_keeper()
    if who.is_keeper:
        _keeps(who, ask.person, since=False)
    return Whisper(f"{who.name} is not a keeper now.")


def _member(person: Person) -> Person:
    if person.is_guest:
        raise Sorry(
            f"{person.name} is a guest, who is in rooms. Into a room, /bring lets them in.", field="person"
        )
    return person


def _keeps(person: Person, by: Person, *, since: bool) -> None:
    person.keeper_since = timezone.now() if since else None
    person.save(update_fields=["keeper_since"])
    words = f"{person.name} is {'a keeper now' if since else 'not a keeper now'}"
    note("person.keeper" if since else "person.no-keeper", words, by=by, about=f"person:{person.pk}")


def _new_team(name: str, by: Person) -> Team:
    made = Team.objects.create(name=_free_name(name, None), slug=_slug(name))
    by.teams.add(made)
    return made


def _slug(name: str) -> str:
    slug = slugify(name)[:60]
    if not slug:
        raise Sorry("A team's name needs a letter or a digit.", field="name")
    return slug


def _free_name(name: str, team: Team | None) -> str:
    wish = name.strip()
    if len(wish) > 60:
        raise Sorry("A team's name has 60 characters at most.", field="name")
    if Team.objects.filter(name__iexact=wish).exclude(pk=team.pk if team else 0).exists():
        raise Sorry(f"There is a team called {wish} already.", field="new_name")
    return wish


def _about(team: Team) -> str:
    return f"team:{team.pk}"


def _team_card(team: Team) -> Card:
    names = ", ".join(team.members.filter(deactivated_at=None).values_list("name", flat=True)[:FOUND])
    facts = {"People": text("{names}", names=names or "nobody yet")}
    if team.room is not None and not team.room.private:
        facts["Room"] = text("{room}", room=Link(str(team.room), team.room.get_absolute_url()))
    return Card(
        title=text("The team {name}", name=team.name),
        kind="team",
        icon="users",
        body=(text("{purpose}", purpose=team.purpose),) if team.purpose else (),
        facts=facts,
        link=team.get_absolute_url(),
    )
