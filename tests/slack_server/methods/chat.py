"""chat.*: posting, changing and taking back messages."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.slack_server.messages import Message
from tests.slack_server.methods.book import Asking, method
from tests.slack_server.refusal import Refused
from tests.slack_server.strict import MOST_TEXT, checked, said

if TYPE_CHECKING:
    from tests.slack_server.channels import Channel

Json = dict[str, Any]
TS = re.compile(r"\d{10}\.\d{6}")
LOOKS = ("icon_emoji", "icon_url", "username")
UPDATE_MOST = 4000


@method(
    "chat.postMessage",
    "channel* text blocks attachments thread_ts reply_broadcast metadata unfurl_links unfurl_media mrkdwn "
    "parse link_names icon_emoji icon_url username as_user markdown_text",
    scope="chat:write",
)
def post_message(asking: Asking) -> Json:
    channel = _target(asking)
    _plain_looks(asking)
    text, blocks = _content(asking)
    thread = _thread(asking, channel)
    metadata = _metadata(asking, channel)
    message = Message(
        channel, asking.server.clock.ts(), text[:MOST_TEXT], asking.bot(channel.workspace).id, asking.app,
        blocks, attachments=asking.data("attachments") or [], thread_ts=thread, metadata=metadata,
        subtype="thread_broadcast" if thread and asking.flag("reply_broadcast") else "",
    )  # fmt: skip
    channel.post(message)
    return {"channel": channel.id, "ts": message.ts, "message": message.json(metadata=True)}


@method(
    "chat.update",
    "channel* ts* text blocks attachments metadata as_user parse link_names reply_broadcast file_ids "
    "markdown_text",
    scope="chat:write", tier=3,
)  # fmt: skip
def update(asking: Asking) -> Json:
    channel = asking.channel(member=False, open_=False)
    if channel.archived:
        raise Refused("is_inactive")
    message = asking.message(channel, "ts")
    if message.app is not asking.app:
        raise Refused("cant_update_message")
    new: Json = {}
    if "blocks" in asking.args:
        new["blocks"] = checked(asking.server, "chat.update", asking.data("blocks", "invalid_blocks_format"))
    if "attachments" in asking.args:
        new["attachments"] = asking.data("attachments") or []
    if "metadata" in asking.args:
        new["metadata"] = asking.data("metadata") or {}
    text = asking.text("text")
    if len(text) > UPDATE_MOST:
        raise Refused("msg_too_long")
    if not text and not new:
        raise Refused("no_text")
    new["text"] = text or message.text
    said(asking.server, "chat.update", text if "blocks" in new else new["text"], new.get("blocks", []))
    channel.change(message, asking.bot(channel.workspace), **new)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": message.json(metadata=True),
    }


@method("chat.delete", "channel* ts* as_user", scope="chat:write", tier=3)
def delete(asking: Asking) -> Json:
    channel = asking.channel(member=False, open_=False)
    message = asking.message(channel, "ts")
    if message.app is not asking.app:
        raise Refused("cant_delete_message")
    channel.remove(message)
    return {"channel": channel.id, "ts": message.ts}


@method(
    "chat.postEphemeral",
    "channel* user* text blocks attachments thread_ts parse link_names icon_emoji icon_url username as_user "
    "markdown_text",
    scope="chat:write", tier=4,
)  # fmt: skip
def post_ephemeral(asking: Asking) -> Json:
    channel = asking.channel()
    _plain_looks(asking)
    person = next((u for u in channel.members if u.id == asking.text("user")), None)
    if person is None:
        raise Refused("user_not_in_channel")
    text, blocks = _content(asking)
    message = Message(
        channel, asking.server.clock.ts(), text[:MOST_TEXT], asking.bot(channel.workspace).id, asking.app,
        blocks, thread_ts=_thread(asking, channel), ephemeral=True, to=person,
    )  # fmt: skip
    channel.whisper(message)
    return {"message_ts": message.ts}


@method("chat.getPermalink", "channel* message_ts*", json=False)
def get_permalink(asking: Asking) -> Json:
    channel = asking.channel(member=False, open_=False)
    message = asking.message(channel, "message_ts")
    thread = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.reply else ""
    place = f"archives/{channel.id}/p{message.ts.replace('.', '')}"
    return {
        "channel": channel.id,
        "permalink": f"https://{channel.workspace.domain}.example.org/{place}{thread}",
    }


def _target(asking: Asking) -> Channel:
    """A channel, or with the id of a person the direct message with them."""
    ident = asking.text("channel")
    person = next((w.users[ident] for w in asking.places if ident in w.users), None)
    if person:
        if person.is_bot:
            raise Refused("cannot_dm_bot")
        if person.deleted:
            raise Refused("user_disabled")
        channel = person.workspace.dm(person, asking.bot(person.workspace))
    else:
        channel = asking.channel(member=False)
        public = channel.kind == "channel" and "chat:write.public" in asking.installation.scopes
        if asking.bot(channel.workspace) not in channel.members:
            if not public:
                raise Refused("not_in_channel")
            asking.need("chat:write.public")
    if channel.kind == "im" and not asking.app.home.get("messages_tab_enabled"):
        raise Refused("messages_tab_disabled")
    return channel


def _plain_looks(asking: Asking) -> None:
    if any(asking.text(name) for name in LOOKS):
        asking.need("chat:write.customize")


def _content(asking: Asking) -> tuple[str, list[Json]]:
    where = asking.method.name
    text = asking.text("text") or asking.text("markdown_text")
    blocks = checked(asking.server, where, asking.data("blocks", "invalid_blocks_format"))
    if not text.strip() and not blocks and not asking.data("attachments"):
        raise Refused("no_text")
    said(asking.server, where, text, blocks)
    return text, blocks


def _thread(asking: Asking, channel: Channel) -> str:
    thread = asking.text("thread_ts")
    if not thread:
        return ""
    if not TS.fullmatch(thread):
        raise Refused("invalid_thread_ts")
    if thread not in channel.messages:
        raise Refused("thread_not_found")
    if channel.messages[thread].reply:
        raise Refused("cannot_reply_to_message")
    return thread


def _metadata(asking: Asking, channel: Channel) -> Json:
    """What only apps see; posting the same id twice into a channel is remembered."""
    metadata = asking.data("metadata", "invalid_metadata_format")
    if metadata is None:
        return {}
    if not isinstance(metadata, dict) or not metadata.get("event_type"):
        raise Refused("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict):
        raise Refused("invalid_metadata_format")
    if len(json.dumps(metadata)) > 16_000:
        raise Refused("metadata_too_large")
    key = _id_in(metadata)
    if key and any(_id_in(m.metadata) == key and m.app is asking.app for m in channel.messages.values()):
        asking.server.violations.append(f"chat.postMessage: posted twice into {channel.name}: {key}")
    return metadata


def _id_in(metadata: Json) -> tuple[str, str] | None:
    ident = (metadata.get("event_payload") or {}).get("id")
    return (metadata["event_type"], str(ident)) if ident else None
