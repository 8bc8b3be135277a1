"""files.*: the upload in three steps, and what is known of a file."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING, Any

from tests.slack_server.messages import Message
from tests.slack_server.methods.book import Asking, method
from tests.slack_server.refusal import Refused
from tests.slack_server.uploads import File

if TYPE_CHECKING:
    from tests.slack_server.channels import Channel

Json = dict[str, Any]


@method("files.getUploadURLExternal", "filename* length* alt_txt snippet_type", scope="files:write", tier=4,
        json=False)  # fmt: skip
def upload_url(asking: Asking) -> Json:
    length = asking.number("length", 0)
    if length <= 0:
        raise Refused("invalid_arguments")
    name, house = asking.text("filename"), asking.places[0]
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    file = File(house, asking.bot(house), asking.server.id("F"), name, kind, length=length)
    file.alt = asking.text("alt_txt")
    asking.server.files[file.id] = file
    return {"upload_url": file.upload_url, "file_id": file.id}


@method("files.completeUploadExternal", "files* channel_id channels initial_comment thread_ts blocks",
        scope="files:write", tier=4)  # fmt: skip
def complete(asking: Asking) -> Json:
    given = asking.data("files")
    if not isinstance(given, list) or not given:
        raise Refused("invalid_arguments")
    found = [_file(asking, str(one.get("id"))) for one in given]
    if any(not file.content for file in found):
        raise Refused("file_not_found")
    idents = [asking.text("channel_id")] if asking.text("channel_id") else asking.text("channels").split(",")
    for ident in filter(None, idents):
        _share(asking, ident, found)
    for file, one in zip(found, given, strict=True):
        file.title, file.ready = str(one.get("title") or file.name), True
    return {"files": [file.json() for file in found]}


@method("files.info", "file* count cursor limit page", scope="files:read", tier=4, json=False)
def info(asking: Asking) -> Json:
    return {"file": _file(asking, asking.text("file")).json(), "comments": [], "response_metadata": {}}


@method("files.delete", "file*", scope="files:write", tier=3)
def delete(asking: Asking) -> Json:
    file = _file(asking, asking.text("file"))
    if file.by is not asking.bot(file.workspace):
        raise Refused("cant_delete_file")
    del asking.server.files[file.id]
    return {}


def _file(asking: Asking, ident: str) -> File:
    file = asking.server.files.get(ident)
    if file is None or file.workspace not in asking.places:
        raise Refused("file_not_found")
    return file


def _share(asking: Asking, ident: str, files: list[File]) -> None:
    asking.args["channel"] = ident
    channel: Channel = asking.channel()
    thread = asking.text("thread_ts")
    if thread and thread not in channel.messages:
        raise Refused("invalid_thread_ts")
    for file in files:
        file.channels.append(channel.id)
    bot = asking.bot(channel.workspace)
    words = asking.text("initial_comment")
    message = Message(channel, asking.server.clock.ts(), words, bot.id, asking.app, thread_ts=thread)
    message.files = [file.json() for file in files]
    channel.post(message)
