"""How people ask, answer, tell, call for help and come."""

from __future__ import annotations

import re
from datetime import timedelta

from django.utils import timezone

from fireside.hearth.cards import Button, Card, text
from fireside.hearth.commands import Answer, Ask, Said, Whisper, command
from fireside.hearth.errors import Sorry
from fireside.hearth.kinds import Line, Word, Words
from fireside.hearth.people import Role
from fireside.hearth.rooms import house_room
from fireside.incidents import coach, drawn
from fireside.incidents.board import alike
from fireside.incidents.models import Call, Coming, Incident, Question, Update
from fireside.incidents.runbook import draft

IN_TROUBLE = ("incident",)
SOONEST, LATEST = timedelta(minutes=5), timedelta(hours=12)


@command(
    "/ask",
    example="/ask what changed in the last hour?",
    title="Ask a question",
    where=IN_TROUBLE,
    role=Role.GUEST,
)
def ask_question(ask: Ask, question: Words) -> Question:
    """Put a question on the board. Anyone may answer it, with /answer."""
    here = Incident.open_in(ask.where())
    if any(alike(question, known.text) for known in here.questions.filter(answered_at=None)):
        raise Sorry("This question is on the board and open. Anyone may answer it.")
    return Question.begin(here, ("asked", f"Asked: {question}"), by=ask.person, at=ask.at, text=question)


@command(
    "/answer",
    example="/answer 2 storefront v2.14.0, at 9:05",
    title="Answer a question",
    where=IN_TROUBLE,
    role=Role.GUEST,
)
def answer(ask: Ask, words: Words, question: Word = "") -> Question:
    """Answer a question on the board; begin with its number when more than one is open."""
    here = Incident.open_in(ask.where())
    found, words = _question(here, words, question)
    found.reply(words, by=ask.person, at=ask.at)
    if alike(found.text, coach.WHAT_CUSTOMERS_SEE):
        found.incident.see(words)
    return found


def _question(here: Incident, words: str, number: str) -> tuple[Question, str]:
    """The question meant, and the words that answer it."""
    asked = here.questions.select_related("incident__room", "by").order_by("number")
    leading = re.match(r"#?(\d{1,3})[.:)]?\s+(.+)", words, re.DOTALL)
    if not number and leading and asked.filter(number=int(leading[1]), answered_at=None).exists():
        number, words = leading[1], leading[2]
    if number:
        wish = number.lower().lstrip("q#")
        found = asked.filter(number=int(wish)).first() if wish.isdecimal() and len(wish) < 19 else None
        if found is None:
            raise Sorry(f"There is no question {number} on the board.", field="question")
        return found, words
    waiting = list(asked.filter(answered_at=None)[:6])
    if len(waiting) == 1:
        return waiting[0], words
    if not waiting:
        raise Sorry("There is no open question on the board. /ask puts one there.")
    lines = ", ".join(f"{question.number} ({question.text})" for question in waiting)
    raise Sorry(f"Which one do you answer? Begin with its number: {lines}", field="question")


@command(
    "/questions",
    example="/questions",
    title="Questions for this minute",
    where=IN_TROUBLE,
    shows=True,
    role=Role.GUEST,
)
def questions(ask: Ask) -> Whisper:
    """See the questions that help right now, each with a button that asks it."""
    here = Incident.open_in(ask.where())
    waiting = coach.waiting(here, here.questions.values_list("text", flat=True))
    if not waiting:
        return Whisper("Nothing that wants asking right now. You are asking well.")
    lines = tuple(text("{question} {why}", question=prompt.question, why=prompt.why) for prompt in waiting)
    buttons = tuple(Button(prompt.question, "ask", {"question": prompt.question}) for prompt in waiting)
    return Whisper(card=Card(title=text("You could ask"), icon="circle-help", body=lines, buttons=buttons))


@command(
    "/update",
    example="/update support has the words, a roll-back is under way for: customers next: 30m",
    title="Post an update",
    where=IN_TROUBLE,
    role=Role.GUEST,
)
def update(ask: Ask, words: Words, to: Line = "", next: timedelta | None = None) -> Update:  # noqa: A002
    """Tell how it stands, to whom, and when you will tell more. You are reminded once by then."""
    here = Incident.open_in(ask.where())
    if next is not None and not SOONEST <= next <= LATEST:
        raise Sorry("The next update could come in 5 minutes to 12 hours.", field="next")
    at = ask.at or timezone.now()
    due = at + next if next else None
    here.promise(due)
    noted = ("told", f"Told {to}: {words}" if to else f"Update: {words}")
    return Update.begin(here, noted, by=ask.person, at=at, words=words, audience=to, next_at=due)


@command(
    "/call",
    example="/call for help with the queue, it drops work when full",
    title="Call for help",
    where=IN_TROUBLE,
)
def call(ask: Ask, need: Words) -> str:
    """Call for help early. Everybody sees it in #calls-for-help, with what is known so far."""
    here = Incident.open_in(ask.where())
    if here.private:
        raise Sorry(
            "This incident is private, and a call is for everybody. You could bring people in by name."
        )
    need = (
        re.sub(r"^for help(?:\s+(?:with|to|on))?\b[\s:,]*", "", need, flags=re.IGNORECASE)
        or "Somebody to look with us"
    )
    made = Call.begin(here, ("made", f"Called for help: {need}"), by=ask.person, at=ask.at, need=need)
    room = house_room(drawn.CALLS, "Stuck? Say so early. Everybody reads along.", "calls")
    made.message = room.say(card=made.card(), by=ask.person, key=made.key("card"), at=made.at)
    made.save(update_fields=["message"])
    return f"Called for help in {room}: {need}"


@command(
    "/coming",
    example="/coming I know the queue call: 7",
    title="I can help",
    where=("calls", "incident"),
    role=Role.GUEST,
)
def coming(ask: Ask, words: Words = "", call: Call | None = None, incident: Incident | None = None) -> Answer:
    """Say that you come to help, and how. You get a seat in the incident's room."""
    here = call.incident if call else incident or Incident.open_in(ask.where())
    if not here.is_open:
        raise Sorry(f"{here.name} is closed. Thank you for wanting to help.")
    known = Coming.objects.filter(incident=here, call=call, by=ask.person).first()
    if known is not None and (not words or words == known.words):
        return Whisper(f"They know that you are coming. Your seat is in {here.room}.")
    return Said(
        Coming.come(here, words, by=ask.person, at=ask.at, call=call),
        here.room,
        f"Thank you. Your seat is in {here.room}.",
    )


@command(
    "/runbook-from",
    example="/runbook-from INC-12",
    title="Draft a runbook from what was done",
    where=IN_TROUBLE,
)
def runbook_from(ask: Ask, incident: Incident | None = None) -> Answer:
    """Draft a runbook from what was done here, for the next time this alert fires."""
    here = incident or Incident.of(ask.where())
    made = draft(here, by=ask.person)
    words = f"The draft is at {made.get_absolute_url()}. You could read it through and put it right."
    return Said(made, ask.room or here.room, words)
