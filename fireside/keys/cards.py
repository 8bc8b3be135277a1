"""How what is connected looks as a card: in rooms, in Slack, in answers to who asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from django.utils import timezone

from fireside.hearth.cards import Button, Card, Code, Link, Mention, Moment, Text, Tone, text
from fireside.keys.meanings import Meaning
from fireside.keys.models import Holder

MOST = 12  # lines of what it may do on one card
LISTED = 20
ICONS = {
    Holder.Kind.APP: "plug", Holder.Kind.WEBHOOK: "link", Holder.Kind.FEED: "rss",
    Holder.Kind.TOKEN: "lock-open", Holder.Kind.SOURCE: "activity", Holder.Kind.OTHER: "plug",
}  # fmt: skip


def draw(holder: Holder) -> Card:
    """One of them in full, worst first."""
    ended, keeper = holder.ended_at is not None, holder.kept_by
    facts = {
        "What it is for": text("{why}", why=holder.why) if holder.why else None,
        "Who keeps it": text("{who}", who=Mention(keeper.handle, keeper.name))
        if keeper
        else text("nobody now"),
        "Where": where(holder),
        "Last used": text("{at}", at=Moment(holder.used_at.isoformat(), "day")) if holder.used_at else None,
        "We look again": day(holder.review_by),
    }
    return Card(
        title=text("{name}", name=holder.name), kind="holder", icon=icon(holder),
        tag="disconnected" if ended else "", above=text("What holds the keys to our rooms"),
        body=tuple(lines(holder.meanings(), holder.may)),
        facts={name: words for name, words in facts.items() if words is not None and not ended},
        buttons=() if ended else buttons(holder), link=holder.get_absolute_url(),
    )  # fmt: skip


def icon(holder: Holder) -> str:
    return "message-circle" if holder.ours and holder.place else ICONS[Holder.Kind(holder.kind)]


def lines(meanings: Sequence[Meaning], may: str = "") -> Iterable[Text]:
    """What it may do, a line each; the worst that fit, and how many more there are."""
    if may:
        yield text("It {may}", may=may)
    for one in meanings[:MOST]:
        yield line(one)
    if (more := len(meanings) - MOST) > 0:
        yield text("And {more} more of less weight.", more=more)
    if not meanings and not may:
        yield text("Nobody has said yet what it may do.")


def line(one: Meaning) -> Text:
    if one.known:
        return text("It can {may}. {scope}", may=one.may, scope=Code(one.scope))
    return text("We do not know what {scope} allows; ask who makes it.", scope=Code(one.scope))


def day(when: date) -> Text:
    return text("{day}", day=f"{when:%-d %B %Y}")


def where(holder: Holder) -> Text:
    if holder.room is None:
        return text("the whole house")
    return text("{room}", room=Link(str(holder.room), holder.room.get_absolute_url()))


def buttons(holder: Holder) -> tuple[Button, ...]:
    """What could be done about it."""
    this = {"holder": holder.ref}
    return (
        Button("I keep it", "keep-key", this), Button("Looked at it", "reviewed", this),
        Button("Not now", "look-later", this, tone="bare"),
        Button("Take it away", "disconnect", this, tone="bare"),
    )  # fmt: skip


def grown(holder: Holder, gained: Sequence[Meaning], lost: Sequence[str]) -> Card:
    """It may do more than before: what is new, and what could be done about it."""
    gone = text("It no longer has {scopes}.", scopes=Code(", ".join(lost))) if lost else None
    return Card(
        title=text("{name} may do more than before", name=holder.name), kind="holder", icon=icon(holder),
        tone="look", body=(*lines(gained), *((gone,) if gone else ())),
        foot=text("If that is as it was meant, somebody could say that they looked at it."),
        buttons=buttons(holder), link=holder.get_absolute_url(),
    )  # fmt: skip


def asks(holders: Sequence[tuple[Holder, Text]]) -> Card:
    """What would like somebody to look at it, for a room; each with its reason."""
    one = holders[0][0]
    return Card(
        title=text("Could somebody look at what is connected?"), kind="holder", icon="plug",
        body=tuple(
            text("{name} {why}", name=Link(holder.name, holder.get_absolute_url()), why=str(why))
            for holder, why in holders[:LISTED]
        ),
        foot=text("Each of these is asked about once."),
        buttons=buttons(one) if len(holders) == 1 else (), link="/keys/",
    )  # fmt: skip


def listed(title: Text, rows: Sequence[tuple[str, str, str]], link: str, foot: Text | None = None) -> Card:
    """Some of what is connected: name, what it may do, and where it is told in full."""
    return Card(
        title=title, kind="holder", icon="plug", foot=foot, link=link,
        body=tuple(
            text("{name} {may}", name=Link(name, url) if url else name, may=may)
            for name, may, url in rows[:LISTED]
        ),
    )  # fmt: skip


def before(name: str, meanings: Sequence[Meaning], answers: dict[str, str], given: dict[str, str]) -> Card:
    """The check-list before something is connected; what nobody has said yet is said to be open."""
    much = sum(one.much for one in meanings)
    tone: Tone = "look" if much else ""
    return Card(
        title=text("Before you connect {name}", name=name), kind="holder", icon="shield", tone=tone,
        tag="reaches far" if much else "", body=tuple(lines(meanings, given.get("may", ""))),
        facts={
            question: text("{answer}", answer=answer) if answer else text("not said yet")
            for question, answer in answers.items()
        },
        buttons=(
            Button("Connect it", "connect", given | {"decided": "yes"}, tone="main"),
            Button("Change the answers", "connect", given, ask=True),
        ),
        foot=text("Nothing is written down yet."),
    )  # fmt: skip


def today() -> date:
    return timezone.localdate()
