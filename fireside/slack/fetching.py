"""Files people share in a linked channel: kept in the room where we may read them, else linked to."""

from __future__ import annotations

import http.client
import re
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from fireside.hearth import slips
from fireside.hearth.errors import Sorry
from fireside.hearth.files import LARGEST, MOST, Ready, ready
from fireside.slack.calls import PATIENCE, Unsure, is_slacks
from fireside.slack.installation import Installation
from fireside.slack.marks import clean

UNSPEAKABLE = str.maketrans("", "", "[]()<>`\\\n")  # signs that would end the words of a link
ENDING = re.compile(r"[\s<>\\]")  # signs that would end its address


class _Still(urllib.request.HTTPRedirectHandler):
    """Our token goes to the address that was checked and to no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(slots=True)
class Brought:
    """Of the files of one message those we have, and Markdown links to those that stay in Slack."""

    uploads: list[SimpleUploadedFile] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    instead: list[str] = field(default_factory=list)  # a link for each of those we have

    def ready(self, stack: ExitStack) -> list[Ready]:
        """Those that a room holds, ready to be kept; to one that it does not hold a link leads."""
        made = []
        for upload, link in zip(self.uploads, self.instead, strict=True):
            try:
                made += stack.enter_context(ready([upload], slips.OUT))
            except Sorry:  # a picture that nobody should open
                self.links.append(link)
        return made


def bring(installation: Installation, files: list[dict[str, Any]], *, patient: bool = True) -> Brought:
    """Fetch what we may. Raises Unsure while Slack does not answer, or takes a link when not patient."""
    brought = Brought()
    for file in files:
        content = None
        if len(brought.uploads) < MOST and _is_ours_to_ask(installation, file):
            try:
                content = _content(installation, file)
            except Unsure:
                if patient:
                    raise
        if content:
            kind = str(file.get("mimetype") or "")
            brought.uploads.append(SimpleUploadedFile(_name(file), content, kind))
            brought.instead.append(link_to(file))
        elif link := link_to(file):
            brought.links.append(link)
    return brought


def link_to(file: dict[str, Any]) -> str:
    """The name of a file, leading to it in Slack; "" when Slack does not say where it is."""
    there = str(file.get("permalink") or "")
    if not there.startswith(("https://", "http://")):
        return ""
    return f"[{_name(file).translate(UNSPEAKABLE)}](<{ENDING.sub('', there)}>)"


def _name(file: dict[str, Any]) -> str:
    """Its name without the folders it pretends to be in."""
    return PurePosixPath(clean(str(file.get("name") or "")).replace("\n", " ")).name.strip(". ") or "file"


def _is_ours_to_ask(installation: Installation, file: dict[str, Any]) -> bool:
    small = 0 < int(file.get("size") or 0) <= LARGEST
    url = str(file.get("url_private_download") or "")
    return installation.may("files:read") and small and not file.get("is_external") and is_slacks(url)


def _content(installation: Installation, file: dict[str, Any]) -> bytes | None:
    """Its bytes, or None when Slack shows a page to sign in, or leads elsewhere."""
    asked = urllib.request.Request(  # noqa: S310 -- its scheme and host were compared with the Web API's
        str(file["url_private_download"]), headers={"Authorization": f"Bearer {installation.secret()}"}
    )
    try:
        with urllib.request.build_opener(_Still).open(asked, timeout=PATIENCE) as answer:
            page = answer.headers.get_content_type() == "text/html" != file.get("mimetype")
            return None if page else bytes(answer.read(LARGEST))
    except urllib.error.HTTPError as error:
        if error.code >= 500:
            raise Unsure(str(error)) from error
        return None
    except (OSError, http.client.HTTPException) as error:
        raise Unsure(str(error)) from error
