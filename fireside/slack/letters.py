"""What asks each person for themselves comes to each of them, in their own conversation with our bot."""

from __future__ import annotations

from fireside.hearth.messages import Message
from fireside.slack import inbox
from fireside.slack.account import Account
from fireside.slack.channel import Channel


def to_each(channel: Channel, message: Message) -> None:
    """Let everybody with a seat know, once; call in the transaction that noticed the message."""
    card = message.card
    if not card or card.get("to") != "each":
        return
    seated = Account.objects.filter(person__seats__room=channel.room, guest=False, ended_at=None)
    for user in seated.filter(installation=channel.installation).values_list("user_id", flat=True):
        answer = {"user": user, "channel": "", "url": "", "words": "", "card": card, "room": ""}
        told = {
            "trigger_id": f"each:{message.pk}:{user}",
            "answer": answer,
            "user": user,
            "room": "",
            "home": False,
        }
        inbox.keep(channel.installation, "told", told, user)
