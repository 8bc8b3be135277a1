"""What goes along with words: files that people added in Fireside, and the pictures of charts."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from fireside.hearth.cards import Card
from fireside.hearth.files import File
from fireside.slack.calls import Refused, call
from fireside.slack.post import Post

ANEW = timedelta(minutes=1)  # a chart is drawn again no more often than this
READY = timedelta(seconds=5)  # before that Slack does not show a picture, and refuses the card with it


def pictured(post: Post, card: Card | None) -> str:
    """Slack's id of a picture of the card's chart, or ""; the words go out before it and it joins them."""
    chart = card.chart if card else None
    if chart is None or not post.channel.installation.may("files:write"):
        return ""
    from fireside.slack import pictures  # its library is heavy

    age = timezone.now() - post.pictured_at if post.pictured_at else ANEW
    if post.coming and age >= READY:
        post.keep(picture=post.coming, coming="")
    shows = pictures.key(chart)
    if shows != post.pictured and age >= ANEW:
        _bring(post, shows, pictures.png(chart), chart.words)
    return post.picture


def _bring(post: Post, shows: str, picture: bytes, words: str) -> None:
    """Give Slack a picture, and look at the post again when Slack has had time to look at it."""
    try:
        answer = call(
            post.channel.installation, "files_upload_v2", content=picture, filename="chart.png",
            title=words[:200], alt_txt=words[:1000],
        )  # fmt: skip
    except Refused:
        return  # a card without its picture still says all in words
    post.keep(coming=answer["files"][0]["id"], pictured=shows, pictured_at=timezone.now())
    post.touch(after=READY)


def upload(post: Post, file: File) -> None:
    """Bring a file into the thread of its message; after a lost answer we look whether it is there."""
    channel, title = post.channel, f"{file.name} ({file.pk})"
    if post.asked_at is None or not _is_there(post, title):
        post.keep(asked_at=timezone.now())
        with file.open() as content:
            call(
                channel.installation, "files_upload_v2", channel=channel.channel_id, thread_ts=_root(post),
                content=content.read(), filename=file.name, title=title,
            )  # fmt: skip
    post.keep(files=[*post.files, file.pk], asked_at=None)


def _is_there(post: Post, title: str) -> bool:
    said = call(
        post.channel.installation, "conversations_replies", channel=post.channel.channel_id, ts=_root(post)
    )
    return any(file.get("title") == title for one in said["messages"] for file in one.get("files", ()))


def _root(post: Post) -> str:
    """A thread hangs on its first message, also for the files of a reply."""
    message = post.message
    if message is not None and message.thread_id:
        parent = Post.objects.filter(channel=post.channel, message=message.thread_id, gone_at=None).first()
        if parent is not None and parent.ts:
            return parent.ts
    return post.ts
