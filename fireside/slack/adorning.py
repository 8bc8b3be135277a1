"""What hangs on words in a channel: their pin, the reactions our bot gives, and the files of the message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from fireside.slack.attachments import upload
from fireside.slack.calls import Refused, call
from fireside.slack.post import Post
from fireside.slack.reactions import wished

FINE = {"already_pinned", "no_pin", "already_reacted", "no_reaction", "message_not_found", "not_pinned"}


def adornments(post: Post) -> Iterator[Callable[[], None]]:
    """What is still to be done about a post so that it looks as its message does; each is done once."""
    message = post.message
    if post.gone_at is not None or not post.ts or message is None or message.deleted_at is not None:
        return
    if (pinned := message.pinned_at is not None) != post.pinned:
        yield partial(_pin, post, on=pinned)
    if post.channel.installation.may("reactions:write"):
        for name in sorted(wished(post) ^ set(post.ours)):
            yield partial(_react, post, name)
    if not post.theirs:
        for file in message.files.all():
            if file.pk not in post.files:
                yield partial(upload, post, file)


def quietly(post: Post, method: str, **given: Any) -> None:
    """What is done already is done."""
    try:
        call(post.channel.installation, method, channel=post.channel.channel_id, **given)
    except Refused as refused:
        if refused.code not in FINE:
            raise


def _pin(post: Post, *, on: bool) -> None:
    quietly(post, "pins_add" if on else "pins_remove", timestamp=post.ts)
    post.keep(pinned=on)


def _react(post: Post, name: str) -> None:
    """Give a reaction, or take it back when it was given."""
    given = name in post.ours
    quietly(post, "reactions_remove" if given else "reactions_add", timestamp=post.ts, name=name)
    post.keep(ours=sorted(set(post.ours) ^ {name}))
