"""Words said in a linked channel: in the room with author and time, changed and taken back as there."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import Any

from django.db import transaction
from django.utils import timezone

from fireside.hearth import slips
from fireside.hearth.files import File
from fireside.hearth.messages import Message
from fireside.hearth.rooms import LONGEST
from fireside.slack.account import Account
from fireside.slack.calls import Refused, call
from fireside.slack.channel import Channel
from fireside.slack.fetching import bring, link_to
from fireside.slack.inbox import Arrival
from fireside.slack.making import is_as_open
from fireside.slack.marks import clean
from fireside.slack.mrkdwn import from_slack
from fireside.slack.names import Known
from fireside.slack.outbox import said_hash
from fireside.slack.post import TS, Post, moment

CUT = "\n\n(The rest is in Slack.)"
PATIENT = 3  # tries after which words come without their files rather than not at all
SHORTCODE = re.compile(r":[a-z0-9_+-]+:")


def said(arrival: Arrival | None, channel: Channel, event: dict[str, Any]) -> Post | None:
    """Words enter the room, once for each place in the channel."""
    post = Post.said(channel, event["ts"])
    if post is None:
        post = _said(arrival, channel, event)
    elif arrival is not None:
        arrival.done()
    return post


def _said(arrival: Arrival | None, channel: Channel, event: dict[str, Any]) -> Post:
    patient = arrival is None or arrival.tries < PATIENT
    brought = bring(channel.installation, event.get("files") or [], patient=patient)
    words, slipped = _words(channel, event)
    account = Account.meet(channel.installation, event["user"]) if _by_a_person(event) else None
    ts, parent = event["ts"], _parent(channel, event)
    with ExitStack() as stack:
        files = brought.ready(stack)
        words = _whole(words, brought.links)
        stack.enter_context(transaction.atomic())
        message = channel.room.say(
            words, by=account.person if account else None, voice=_voice(event), thread=parent,
            key=f"slack:{channel.installation_id}:{channel.channel_id}:{ts}",
            at=moment(ts),
        )  # fmt: skip
        post, _ = Post.objects.update_or_create(
            channel=channel, message=message,
            defaults={"ts": ts, "theirs": True, "drawn": said_hash(message), "edited": _edited(event)},
        )  # fmt: skip
        for file in files:
            slipped += file.kinds
            File.add(message, file)
        if arrival is not None:
            arrival.done(_warning(account, channel, slipped))
    return post


def changed(arrival: Arrival, channel: Channel, inner: dict[str, Any]) -> None:
    """The author's new words; of several changes the newest one stands, in whatever order they come."""
    post = Post.said(channel, inner["ts"])
    if post is None:
        said(arrival, channel, inner)
        return
    links = [link_to(file) for file in inner.get("files") or []]
    there = post.message.text if post.message is not None else ""
    words, slipped = _words(channel, inner)
    words = _whole(words, [link for link in links if link and link in there])
    account = Account.known(channel.installation, inner["user"]) if _by_a_person(inner) else None
    with transaction.atomic():
        message = post.message
        if post.theirs and message is not None and post.edited < _edited(inner) and not message.deleted_at:
            post.keep(edited=_edited(inner))
            if words.strip() and words != message.text:
                message.edit(words, by=message.author)
                post.keep(drawn=said_hash(message))
        arrival.done(_warning(account, channel, slipped))


def taken_back(arrival: Arrival, channel: Channel, ts: str) -> None:
    """The words go here too; what we had brought there ourselves stays in the room."""
    post = Post.said(channel, ts)
    with transaction.atomic():
        if post is None:  # it comes before the words themselves, which then stay away
            moment(ts)  # or it is the name of nothing
            Post.objects.create(channel=channel, ts=ts, theirs=True, gone_at=timezone.now())
        elif post.gone_at is None:
            post.keep(gone_at=timezone.now())
            if post.theirs and post.message is not None:
                post.message.delete_words(by=post.message.author)
        arrival.done()


def standing(channel: Channel, ts: str) -> Post | None:
    """What stands there; words from before the link, or that are still on their way, are asked for."""
    post = Post.said(channel, ts)
    if post is not None or not is_as_open(channel):  # what is asked for does not say how open the channel is
        return post
    found = _asked(channel, ts)
    if found is None or found.get("bot_id") == channel.installation.bot_id:
        return None
    return said(None, channel, found)


def _asked(channel: Channel, ts: str) -> dict[str, Any] | None:
    """One message of the channel or of one of its threads, as Slack has it."""
    thread: dict[str, Any] = {"ts": ts}
    for method, where in (("conversations_history", {}), ("conversations_replies", thread)):
        try:
            answer = call(
                channel.installation, method, channel=channel.channel_id, latest=ts, oldest=ts,
                inclusive=True, limit=1, **where,
            )  # fmt: skip
        except Refused:
            continue
        for found in answer["messages"]:
            if found["ts"] == ts:
                return dict(found)
    return None


def _parent(channel: Channel, event: dict[str, Any]) -> Message | None:
    root = event.get("thread_ts")
    if not root or root == event["ts"]:
        return None
    post = standing(channel, root)
    return post.message if post else None


def _words(channel: Channel, event: dict[str, Any]) -> tuple[str, list[slips.Kind]]:
    """The words, without what looks like a key, and which kinds of keys that were."""
    said = str(event.get("text") or "") or _attached(event)
    kinds = [slip.kind for slip in slips.find(said)]
    words = _signs(slips.masked(said) if kinds else said)
    return from_slack(words, Known(channel.installation, room=channel.room)), kinds


def _warning(account: Account | None, channel: Channel, kinds: list[slips.Kind]) -> dict[str, Any] | None:
    """What the author alone is told: it is said already, so there is only one thing that helps."""
    if account is None or not kinds:
        return None
    names = " and ".join(dict.fromkeys(kind.name for kind in kinds))
    words = (
        f"What you just wrote looks like it holds {names}. It can happen to anybody. Everybody here can read "
        f"it in Slack; Fireside has not copied it. What helps is to make it worthless: "
        f"{slips.renewing(kinds)} Deleting the message alone does not."
    )
    return {
        "user": account.user_id, "channel": channel.channel_id, "url": "", "words": words, "card": None,
        "room": channel.room.slug,
    }  # fmt: skip


def _whole(words: str, links: list[str]) -> str:
    """The words and the way to files that stay in Slack, as much as a message holds."""
    words = "\n".join(part for part in (words, *links) if part)
    return words if len(words) <= LONGEST else words[: LONGEST - len(CUT)] + CUT


def _signs(words: str) -> str:
    """ ":tada:" as the sign it stands for."""
    if not SHORTCODE.search(words):
        return words
    from emoji import emojize  # its table is large

    return emojize(words, language="alias")


def _attached(event: dict[str, Any]) -> str:
    """What a program says in the older way, where the words stand in attachments."""
    found = event.get("attachments") or []
    return "\n".join(
        str(one.get("text") or one.get("fallback") or "") for one in found if isinstance(one, dict)
    )


def _by_a_person(event: dict[str, Any]) -> bool:
    return bool(event.get("user")) and not event.get("bot_id")


def _voice(event: dict[str, Any]) -> str:
    """The name under which a program speaks."""
    profile = event.get("bot_profile") or {}
    names = (event.get("username"), profile.get("name"))
    said = (" ".join(clean(str(name)).split()) for name in names if name)
    return next(filter(None, said), "A program in Slack")[:40]


def _edited(event: dict[str, Any]) -> str:
    return str((event.get("edited") or {}).get("ts", ""))[:TS]
