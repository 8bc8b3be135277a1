"""Words that are no message of a room: for one person in their own conversation, or for a channel."""

from __future__ import annotations

from typing import Any

from fireside.hearth.messages import Message
from fireside.slack import inbox
from fireside.slack.account import Account
from fireside.slack.channel import Channel
from fireside.slack.installation import Installation


def send(
    installation: Installation, to: str, *, key: str, words: str = "", card: dict[str, Any] | None = None
) -> None:
    """Bring this to a user or a channel by its id, once for each key, as soon as Slack takes it."""
    answer = {"user": to, "channel": "", "url": "", "words": words, "card": card, "room": ""}
    told = {"trigger_id": key, "answer": answer, "user": to, "room": "", "home": False}
    inbox.keep(installation, "told", told, to)


def to_each(channel: Channel, message: Message) -> None:
    """What asks each person for themselves comes to everybody with a seat; call where it was noticed."""
    card = message.card
    if not card or card.get("to") != "each":
        return
    seated = Account.objects.filter(person__seats__room=channel.room, guest=False, ended_at=None)
    for user in seated.filter(installation=channel.installation).values_list("user_id", flat=True):
        send(channel.installation, user, key=f"each:{message.pk}:{user}", card=card)
