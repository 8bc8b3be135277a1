"""What comes of an ask in the web: pieces for a script, or a whole page and a word on the next one."""

from __future__ import annotations

from secrets import token_urlsafe

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString

from fireside.hearth.commands import Command, Outcome, Sorry, Whisper, book
from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.hearth.slips import Slipped
from fireside.web.forms import AskForm, ask
from fireside.web.html import article, draw
from fireside.web.page import asker, see_other

KEY = 80  # characters of a one-time key that count


def by_script(request: HttpRequest) -> bool:
    """Whether a script of ours asks and wants pieces rather than a page."""
    return request.headers.get("HX-Request") == "true"


def one_time(request: HttpRequest) -> str:
    return request.POST.get("key", "")[:KEY]


def slip(request: HttpRequest) -> str:
    """What the asker chose to do with what looks like a key."""
    return request.POST.get("slip", "")


def way_back(request: HttpRequest, otherwise: str) -> str:
    """Where the asker came from, as long as that is one of our own pages."""
    wish = request.POST.get("next") or request.GET.get("next", "")
    ours = wish.startswith("/") and url_has_allowed_host_and_scheme(wish, {request.get_host()})
    return wish if ours else otherwise


def whisper_html(whisper: Whisper, room: str = "", *, wrong: bool = False) -> SafeString:
    drawn = draw(whisper.card, room) if whisper.card else ""
    return render_to_string(
        "web/parts/whisper.html", {"words": whisper.words, "card_html": drawn, "wrong": wrong}
    )


def wrong_html(request: HttpRequest, sorry: Sorry, form: AskForm | None, room: Room | None) -> SafeString:
    """A refusal: the sentence, and the form of the command when its fields could put it right."""
    drawn = form_html(request, form, room) if form is not None and form.fields else SafeString("")
    sentence = form.command.help.splitlines()[0] if drawn and form is not None else sorry.words
    context = {
        "words": sentence, "card_html": drawn, "wrong": True,
        "slipped": isinstance(sorry, Slipped) and not drawn,
    }  # fmt: skip
    return render_to_string("web/parts/whisper.html", context, request)


def form_html(request: HttpRequest, form: AskForm, room: Room | None, otherwise: str = "") -> SafeString:
    """A command's form, which leads back to where it was asked."""
    back = way_back(request, otherwise or (room.get_absolute_url() if room else ""))
    context = {
        "form": form, "command": form.command, "room": room, "next": back, "key": token_urlsafe(16),
        "people": _people(form, asker(request)),
    }  # fmt: skip
    return render_to_string("web/parts/ask.html", context, request)


def _people(form: AskForm, me: Person) -> list[Person]:
    """Some names to choose from, for those who have no script to look them up."""
    if not any(param.kind.name == "person" for param in form.command.params):
        return []
    return list(Person.known_to(me).filter(deactivated_at=None)[:200])


def form_for(verb: str, given: dict[str, str], sorry: Sorry | None = None) -> AskForm:
    return ask(book.find(verb), given, sorry)


def answer(request: HttpRequest, outcome: Outcome, room: Room | None, otherwise: str = "/") -> HttpResponse:
    """What came of it: drawn for a script, else told on the page the asker goes on to."""
    message, whisper = outcome.message, outcome.whisper
    if by_script(request):
        here = message is not None and (room is None or message.room_id == room.pk)
        said = article(message) if message is not None and here else ""
        told = whisper_html(whisper, room.slug if room else "") if whisper else ""
        if message is not None and not here and not told:
            told = whisper_html(Whisper(f"It is said in #{message.room.slug}."))
        return HttpResponse(f"{said}{told}")
    if whisper is not None:
        told = whisper_html(whisper, room.slug if room else "")
        messages.info(request, told, extra_tags="whisper")
    elsewhere = message is not None and (room is None or message.room_id != room.pk)
    place = message.get_absolute_url() if message is not None and elsewhere else otherwise
    return see_other(way_back(request, place))


def given_to(command: Command, request: HttpRequest) -> dict[str, str]:
    """The words for a command, from the address and the form; those of the form count more."""
    given = {}
    for param in command.params:
        words = request.POST.get(param.name, request.GET.get(param.name))
        if words is not None:
            given[param.name] = words.replace("\0", "").replace("\r\n", "\n")
    return given
