"""Words on their way into a room: said, kept as a draft, or refused with nothing lost."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from fireside.hearth.commands import Ask, Missing, Outcome, Sorry, book, say_line
from fireside.hearth.files import File, check, ready
from fireside.hearth.grammar import split
from fireside.hearth.messages import Draft, Message
from fireside.hearth.rooms import Room
from fireside.hearth.slips import Slipped
from fireside.web.forms import AskForm, ask
from fireside.web.page import asker, guests_too
from fireside.web.saying import answer, by_script, one_time, slip, wrong_html

Again = Callable[[SafeString, str], HttpResponse]


def number(words: str | None) -> int | None:
    """An id from an address; anything else is none."""
    return int(words) if words and words.isascii() and words.isdecimal() and len(words) < 19 else None


def say(request: HttpRequest, room: Room, again: Again, thread: Message | None = None) -> HttpResponse:
    """What the composer sends; `again` draws its page with what could be put right and the words kept."""
    me = asker(request)
    words = request.POST.get("words", "").replace("\r\n", "\n").replace("\0", "")
    try:
        outcome = _say(
            Ask(me, room, "web", key=one_time(request), slip=slip(request)), words, _uploads(request), thread
        )
    except Sorry as sorry:
        notice = wrong_html(request, sorry, _form(words, sorry), room)
        return HttpResponse(notice, status=422) if by_script(request) else again(notice, words)
    Draft.keep(me, _place(room, thread), "")
    otherwise = thread.get_absolute_url() if thread else room.get_absolute_url()
    if outcome.message is not None and outcome.message.room_id == room.pk and not thread:
        otherwise += f"#m{outcome.message.pk}"
    return answer(request, outcome, room, otherwise)


def _uploads(request: HttpRequest) -> list[UploadedFile]:
    return [upload for upload in request.FILES.getlist("files") if isinstance(upload, UploadedFile)]


def _say(asked: Ask, words: str, uploads: list[UploadedFile], thread: Message | None) -> Outcome:
    """Words and their files enter together or not at all, once for each key."""
    room = asked.where()
    check(uploads)
    if room.archived_at:
        raise Sorry(f"#{room.slug} rests: it can be read, but nothing new is said in it.")
    words = asked.weighed(words)
    with ready(uploads, asked.slip) as files, transaction.atomic():
        known = bool(asked.key) and Message.of(asked.own_key) is not None
        if split(words)[0]:
            outcome = say_line(asked, words)
        else:
            outcome = Outcome(_speak(asked, room, words.strip(), uploads, thread))
        if files and not known:
            if outcome.message is None:
                raise Sorry(
                    "Files go with words that everybody sees; this command is for you alone.", field="files"
                )
            for file in files:
                File.add(outcome.message, file)
    return outcome


def _speak(
    asked: Ask, room: Room, words: str, uploads: list[UploadedFile], thread: Message | None
) -> Message:
    if not words and not uploads:
        raise Sorry("There are no words in this yet.", field="text")
    return room.say(words, by=asked.person, key=asked.own_key, thread=thread)


def _form(words: str, sorry: Sorry) -> AskForm | None:
    """The form of the command that was typed, when one of its fields is what could be put right."""
    if isinstance(sorry, Missing):
        return ask(sorry.command, sorry.given, sorry)
    verb, rest = split(words)
    if not verb or not sorry.field or isinstance(sorry, Slipped):
        return None
    try:
        command = book.find(verb)
    except Sorry:
        return None
    return ask(command, command.parse(rest), sorry)


@guests_too
@login_required
@require_POST
def draft(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep words that are not said yet; nobody else sees them."""
    me = asker(request)
    room = get_object_or_404(Room.enterable_by(me), slug=slug)
    thread = number(request.POST.get("thread"))
    about = get_object_or_404(room.messages, pk=thread) if thread else None
    Draft.keep(me, _place(room, about), request.POST.get("words", "").replace("\0", ""))
    return HttpResponse(status=204)


def _place(room: Room, thread: Message | None) -> str:
    return thread.ref if thread else room.ref
