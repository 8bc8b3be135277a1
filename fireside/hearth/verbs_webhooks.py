"""What people do with webhooks: make one, try it, send again, change its secret, end it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, TypeAlias

from django.conf import settings

from fireside.hearth.commands import Ask, Sorry, Whisper, command
from fireside.hearth.keys import by_hand
from fireside.hearth.kinds import Kind, Line, Word, read_days, teach
from fireside.hearth.people import Team
from fireside.hearth.rooms import Room
from fireside.hearth.webhooks import Webhook, read_address, read_kinds

Address: TypeAlias = Annotated[
    str, Kind("address", lambda words, ask: read_address(words), True, "https://hooks.example.org/x")
]
Kinds: TypeAlias = Annotated[
    list[str], Kind("kinds", lambda words, ask: read_kinds(words), hint="incident.* postmortem.published")
]
LISTED = 20  # webhooks that fit into one whisper

teach(
    Webhook, Kind("webhook", lambda words, ask: Webhook.named(words, person=ask.person), True, "its number")
)


@command(
    "/webhook",
    example="/webhook https://hooks.example.org/fireside kinds: incident.* update.told team: payments",
    title="Make a webhook",
)
def webhook(
    ask: Ask,
    address: Address,
    kinds: Kinds,
    place: Room | None = None,
    team: Team | None = None,
    name: Line = "",
) -> Whisper:
    """Tell an address of another program what happens: in a room, in a team, or in all open rooms."""
    by_hand(ask.door)
    hook, secret = Webhook.make(address, kinds, by=ask.person, room=place, team=team, name=name)
    return Whisper(
        f"Webhook {hook.pk}, {hook}, hears of {hook.where}. This is its secret, which is shown only now:\n\n"
        f"`{secret}`\n\nWith it the receiver checks that a call is ours. /webhook-test {hook.pk} tries it."
    )


@command("/webhooks", example="/webhooks", title="See webhooks", shows=True)
def webhooks(ask: Ask) -> Whisper:
    """See the webhooks you made, and as a keeper everybody's, with how they fare."""
    living = Webhook.seen_by(ask.person).filter(ended_at=None)[:LISTED]
    lines = [f"- {hook.pk}: {hook}, {', '.join(hook.kinds)} of {hook.where}{_fares(hook)}" for hook in living]
    more = f"{settings.PUBLIC_URL}/settings/webhooks/ has what was sent."
    return Whisper("\n".join([*lines, more]) if lines else "There is none of yours. /webhook makes one.")


@command("/webhook-test", example="/webhook-test 3", title="Send a test")
def webhook_test(ask: Ask, hook: Webhook) -> Whisper:
    """Send a webhook a test, signed like all it is told."""
    hook.test()
    return Whisper(f"A test is on its way to {hook}. Its page tells what came of it.")


@command("/webhook-again", example="/webhook-again 3 since: 2h", title="Send again")
def webhook_again(ask: Ask, hook: Webhook, since: timedelta | None = None, sending: Word = "") -> Whisper:
    """Send again what a webhook was told lately, or one sending by its number; ids stay the same."""
    if since is None and not sending:
        raise Sorry("Since when, or which one? You could write since: 2h", field="since")
    if sending and not (sending.isascii() and sending.isdecimal() and len(sending) < 19):
        raise Sorry("A sending has a number; the page of the webhook shows them.", field="sending")
    count = hook.again(since, int(sending) if sending else None)
    if not count:
        raise Sorry("Nothing was sent then.", field="sending" if sending else "since")
    return Whisper(f"{count:,} on {'its' if count == 1 else 'their'} way to {hook} again.")


@command("/webhook-renew", example="/webhook-renew 3 overlap: 7", title="A new secret for a webhook")
def webhook_renew(ask: Ask, hook: Webhook, overlap: Word = "7") -> Whisper:
    """Make a new secret for a webhook; for some days each call is signed with both."""
    by_hand(ask.door)
    days = read_days(overlap, "overlap", least=0, most=30)
    secret = hook.rotate(timedelta(days=days), by=ask.person)
    old = (
        f"Calls are signed with the old one too for {days} days."
        if days
        else "The old one signs nothing now."
    )
    return Whisper(f"This is the new secret of {hook}. It is shown only now:\n\n`{secret}`\n\n{old}")


@command("/webhook-end", example="/webhook-end 3", title="End a webhook")
def webhook_end(ask: Ask, hook: Webhook) -> Whisper:
    """Tell an address nothing more; what was on its way to it goes no further."""
    hook.end(by=ask.person)
    return Whisper(f"{hook} hears nothing more.")


def _fares(hook: Webhook) -> str:
    return ", failing" if hook.failing_since else ""
