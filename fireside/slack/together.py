"""What goes to a channel next: one post, or several that are said as one because many wait."""

from __future__ import annotations

from datetime import timedelta
from itertools import takewhile

from django.db.models import Count
from django.utils import timezone

from fireside.slack.channel import Channel
from fireside.slack.post import Post

WAITING = 3  # new messages that wait before they are folded
FOLDED = 20  # of them in one post
ALERT = "alert"  # the kind of card that comes in storms
CARDS, STORM = 25, timedelta(minutes=5)  # so many cards in one post, which is as old at most


def due(channel: Channel) -> list[Post]:
    """What goes to this channel next, in order: one post, or several that are said as one."""
    found = Post.objects.filter(channel=channel, due_at__lte=timezone.now())
    waiting = list(
        found.select_related("message__room", "message__author", "message__thread", "within__message")
        .prefetch_related("message__files")
        .order_by("pk")[: FOLDED + 1]
    )
    alerts = [post for post in waiting if _new(post) and _is_alert(post)]
    if len(alerts) > WAITING:
        return [*_host(channel), *alerts]
    if not waiting or not _folds(waiting[0]) or found.count() <= WAITING:
        return waiting[:1]
    alike = takewhile(lambda post: _folds(post) and _thread(post) == _thread(waiting[0]), waiting[:FOLDED])
    return list(alike)


def _thread(post: Post) -> int | None:
    return post.message.thread_id if post.message else None


def _host(channel: Channel) -> list[Post]:
    """Where alerts that come in a storm find room: in the one that stood there first, if it is no old one."""
    lately = timezone.now() - STORM
    cards = Post.objects.filter(channel=channel, within=None, gone_at=None, theirs=False, asked_at=None)
    cards = cards.exclude(ts="").filter(message__card__kind=ALERT, message__at__gte=lately)
    cards = cards.alias(many=Count("folded")).filter(many__lt=CARDS)
    return list(cards.select_related("message__room", "message__author").order_by("pk")[:1])


def _is_alert(post: Post) -> bool:
    """Only of alerts a line says enough: of a decision every word counts."""
    message = post.message
    return message is not None and message.thread_id is None and (message.card or {}).get("kind") == ALERT


def _new(post: Post) -> bool:
    """Was Slack never asked for it?"""
    return not post.ts and post.within_id is None and post.asked_at is None and not post.theirs


def _folds(post: Post) -> bool:
    """Could it be said together with others: new, and in words?"""
    message = post.message
    return _new(post) and message is not None and message.card is None and not message.files.all()
