"""From the timeline to Slack: which posts differ from their messages now, and making one of them equal."""

from __future__ import annotations

import hashlib
import json
import logging
from threading import Event
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from fireside.hearth.messages import Message
from fireside.hearth.timeline import Cursor, Entry
from fireside.slack import blocks, making
from fireside.slack.adorning import adornments, quietly
from fireside.slack.attachments import pictured
from fireside.slack.calls import Later, Refused, call
from fireside.slack.channel import Channel
from fireside.slack.fit import Block, fit
from fireside.slack.installation import CURSOR
from fireside.slack.letters import to_each
from fireside.slack.names import Known
from fireside.slack.post import Post

MOST = 500  # entries looked at together
CHANGES = (
    "message.edited", "message.redrawn", "message.deleted", "message.clapped", "message.pinned",
    "message.starred", "message.unstarred",
)  # fmt: skip
OF_PEOPLE = ("person.deactivated", "person.reactivated")
OF_ROOMS = ("room.joined", "room.left", "room.changed")
GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "cant_delete_message"}
AROUND = 120.0  # seconds before and after asking in which what was asked for may stand
NOTED = "fireside"  # the type of the metadata by which we know our posts again

log = logging.getLogger(__name__)
_awaited: dict[int, Event] = {}  # messages somebody waits for until they are in Slack


def notice() -> bool:
    """Mark what the entries after our cursor have changed; tells whether there may be more."""
    cursor = Cursor.objects.filter(name=CURSOR).first()  # there is one as soon as a workspace let us in
    found = Entry.objects.filter(pk__gt=cursor.entry) if cursor else Entry.objects.none()
    entries = list(found.select_related("room", "message").order_by("pk")[:MOST])
    if not entries:
        return False
    linked: set[int | None] = set(
        Channel.objects.filter(room__in={entry.room_id for entry in entries}).values_list("room", flat=True)
    )
    with transaction.atomic():
        for entry in entries:
            if entry.verb == "room.made":  # what is said in it at once goes there too
                linked.add(entry.room_id)
            if entry.room_id in linked:
                _mark(entry)
            elif entry.verb in OF_PEOPLE:
                _touch(Channel.objects.filter(room__seats__person=int(entry.about.partition(":")[2])))
        Cursor.objects.filter(name=CURSOR).update(entry=entries[-1].pk)
    return len(entries) == MOST


def _mark(entry: Entry) -> None:
    if entry.room is None:
        return
    if entry.verb == "message.said":
        _said(entry)
    elif entry.verb in CHANGES:
        posts = Post.objects.filter(message=entry.message_id)
        posts.update(due_at=timezone.now(), wish=F("wish") + 1)
        if entry.room.story and entry.verb in ("message.redrawn", "message.pinned"):
            _touch(entry.room.channels.all())  # the head of such a room is its topic
    elif entry.verb in OF_ROOMS:
        _touch(entry.room.channels.all())
    elif entry.verb == "room.made":
        making.want(entry.room)


def _said(entry: Entry) -> None:
    """New words are due in each channel that was linked before, but for the one they came from."""
    if entry.message is None:
        return
    linked = Channel.objects.filter(room=entry.room_id, since__lt=entry.pk).select_related(
        "room", "installation"
    )
    for channel in linked:
        if (entry.message.key or "").startswith(channel.closing):
            continue  # that it is closed need not be told there
        to_each(channel, entry.message)
        Post.objects.get_or_create(
            channel=channel, message_id=entry.message_id, defaults={"due_at": timezone.now()}
        )


def _touch(channels: QuerySet[Channel]) -> None:
    for channel in channels.filter(made=True):
        channel.touch()


def await_it(message: Message, seconds: float) -> None:
    """Wait until others can read a message in Slack, so long at most."""
    _awaited[message.pk] = brought = Event()
    brought.wait(seconds)
    del _awaited[message.pk]


def bring(posts: list[Post]) -> None:
    """Make Slack show what we have; several posts at once only when those after the first are new.

    Raises what `call` raises; whatever was done until then is remembered.
    """
    post = posts[0]
    if post.within is not None:
        post.within.touch()
        post.even()
        return
    for one in posts[1:]:
        one.keep(within=post)
    shows = _echo(post) if post.theirs else _draw(post)
    with transaction.atomic():  # for most words this is all: one commit
        post.keep(**shows)
        todo = list(adornments(post))
        if not todo:
            _are_even(posts)
    for step in todo:
        step()
    if todo:
        _are_even(posts)


def _are_even(posts: list[Post]) -> None:
    for post in posts:
        post.even()


# -- words -------------------------------------------------------------------------------------------------


def _draw(post: Post) -> dict[str, Any]:
    """Say it, change it or take it back; gives what is new of what Slack shows."""
    if post.gone_at is not None:
        return {}
    messages = [one.message for one in (post, *post.folded.select_related("message__author").order_by("pk"))]
    standing = [message for message in messages if message is not None and message.deleted_at is None]
    if standing and post.ts:
        return _update(post, _shown(post, standing))
    if standing:
        return _say(post, standing[0], _shown(post, standing))
    if post.ts:
        quietly(post, "chat_delete", ts=post.ts)
    return {"gone_at": timezone.now()}


def _shown(post: Post, messages: list[Message]) -> dict[str, Any]:
    """The arguments of a post: blocks for eyes, text for notifications and for ears."""
    names = Known(post.channel.installation, room=post.channel.room)
    many = sum(message.card is not None for message in messages) > 1
    draw = _briefly if many else _blocks
    drawn = [part for message in messages for part in draw(post, message, names)]
    words = "\n".join(blocks.fallback(m.drawn, m.text, m.speaker) for m in messages)
    link = settings.PUBLIC_URL + messages[0].get_absolute_url()
    return {"blocks": fit(drawn, most=50, link=link), "text": words[:3000]}


def _briefly(post: Post, message: Message, names: Known) -> list[Block]:
    """One card of a storm."""
    card, ident = message.drawn, f"{post.pk}-{message.pk}"
    return [blocks.brief_block(card, names=names, base=settings.PUBLIC_URL, ident=ident)] if card else []


def _blocks(post: Post, message: Message, names: Known) -> list[Block]:
    card, words = message.drawn, _about(post, message) + message.text
    return blocks.message_blocks(
        card, words, author=message.speaker, at=message.at, said=message.said, names=names,
        base=settings.PUBLIC_URL, ident=f"{post.pk}-{message.pk}", picture=pictured(post, card),
        link=settings.PUBLIC_URL + message.get_absolute_url(),
    )  # fmt: skip


def _about(post: Post, message: Message) -> str:
    """Beneath several cards a line says which of them it is about."""
    if message.thread is None or message.thread.drawn is None:
        return ""
    among = Post.objects.filter(Q(within__isnull=False) | Q(folded__isnull=False), channel=post.channel)
    return f"{message.thread.drawn.title}: " if among.filter(message=message.thread).exists() else ""


def _say(post: Post, message: Message, shown: dict[str, Any]) -> dict[str, Any]:
    parent = _parent(post, message) if message.thread_id else ""
    if post.asked_at and (ts := _looked_up(post, post.mark, parent)):
        post.keep(ts=ts, asked_at=None)
        return _update(post, shown)  # it may have changed meanwhile
    answer = _ask(post, post.mark, **shown, **({"thread_ts": parent} if parent else {}))
    if awaited := _awaited.get(message.pk):
        awaited.set()
    return {"ts": answer["ts"], "drawn": _hash(shown), "asked_at": None}


def _parent(post: Post, message: Message) -> str:
    """Where the thread of this message begins in the channel; a reply to what is not there stands alone."""
    parent = Post.objects.filter(channel=post.channel, message=message.thread_id).select_related("within")
    found = parent.first()
    if found is None or found.gone_at:
        return ""
    return (found.within or found).ts


def _update(post: Post, shown: dict[str, Any]) -> dict[str, Any]:
    if (drawn := _hash(shown)) == post.drawn:
        return {}
    try:
        call(post.channel.installation, "chat_update", channel=post.channel.channel_id, ts=post.ts, **shown)
    except Refused as refused:
        if refused.code not in GONE:
            raise
        return {"gone_at": timezone.now()}
    return {"drawn": drawn}


def _looked_up(post: Post, mark: str, parent: str) -> str:
    """After a lost answer: the ts of what we asked for, when it is there already."""
    assert post.asked_at is not None
    moment = post.asked_at.timestamp()
    where: dict[str, Any] = {"ts": parent} if parent else {}
    method = "conversations_replies" if parent else "conversations_history"
    try:
        answer = call(
            post.channel.installation, method, channel=post.channel.channel_id, inclusive=True,
            oldest=f"{moment - AROUND:.6f}", latest=f"{moment + AROUND:.6f}", include_all_metadata=True,
            limit=200, **where,
        )  # fmt: skip
    except Refused as refused:  # where we may not look, saying it twice is better than not at all
        log.warning("It could not be looked up whether a post is there: %s", refused)
        return ""
    marks = {said["ts"]: said.get("metadata", {}).get("event_payload", {}) for said in answer["messages"]}
    return next((ts for ts, payload in marks.items() if payload.get("id") == mark), "")


def _echo(post: Post) -> dict[str, Any]:
    """What was said in Slack only its author changes there: a line in its thread tells of our change."""
    message = post.message
    if message is None or post.gone_at is not None or (drawn := said_hash(message)) == post.drawn:
        return {}
    words = "Taken back in Fireside. In Slack only who said it could take it back."
    if message.deleted_at is None:
        words = f"Changed in Fireside: {blocks.fallback(None, message.text, '')}"
    parent = (_parent(post, message) if message.thread_id else "") or post.ts
    mark = f"{post.mark}-{drawn[:12]}"
    if post.asked_at is None or not _looked_up(post, mark, parent):
        _ask(post, mark, text=words, thread_ts=parent)
    return {"drawn": drawn, "asked_at": None}


def _ask(post: Post, mark: str, **given: Any) -> dict[str, Any]:
    """Post something under a mark; when the answer is lost, we can look for the mark."""
    post.keep(asked_at=timezone.now())
    metadata = {"event_type": NOTED, "event_payload": {"id": mark}}
    channel = post.channel
    try:
        return call(
            channel.installation, "chat_postMessage", channel=channel.channel_id, metadata=metadata,
            unfurl_links=False, unfurl_media=False, **given,
        )  # fmt: skip
    except (Later, Refused):
        post.keep(asked_at=None)  # Slack did nothing
        raise


def said_hash(message: Message) -> str:
    """What a message said in Slack says here."""
    return _hash("" if message.deleted_at else message.text)


def _hash(shown: Any) -> str:
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()
