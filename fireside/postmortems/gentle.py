"""Gentle words: phrases that judge yesterday with what we know today, and a question that opens it again.

Every look happens where the words are: nothing found here is stored, counted, logged or told to anybody.
The patterns are written so that Python and a browser (`new RegExp(pattern, "iu")`) read them alike.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Thought:
    """A pattern, a how-question to ask instead, and a beginning that may be kinder."""

    pattern: str
    ask: str
    perhaps: str


@dataclass(frozen=True, slots=True)
class Hint:
    """A phrase found at `start`..`end` of the words, with the thought it brought up."""

    phrase: str
    start: int
    end: int
    ask: str
    perhaps: str


# What may follow "retrain" without being a person.
THINGS = r"(?:the|a|an|our|its|this|that|these|those|it|models?|classifiers?|data|on)\b"
# What is easy only to those who know how it ended: base forms, so that "I just restarted it" tells of time.
EASY = (
    r"(?:need(?:s|ed)? to|ha(?:ve|s|d) to|a matter of|check|run|restart|look|read|ask|click|roll back|revert"
    r"|fix|change|follow|do|use|add|pay attention|be careful)"
)

# "The pod failed to start" is about a machine.
MACHINES = (
    r"(?:start|connect|load|boot|parse|resolve|open|bind|compile|build|deploy|respond|reach|fetch|render"
    r"|write|read)"
)
NOT = r"(?:n['\u2019]t| not)"

THOUGHTS = (
    Thought(
        r"\b(?:should|ought to|must)" + NOT + r"?(?: have|['\u2019]ve)\b",
        "judges the moment with what we know now. What did the screen show at that minute?",
        "At that moment I saw …, so it made sense to …",
    ),
    Thought(
        r"\bcould" + NOT + r"?(?: have|['\u2019]ve)\b",
        "tells of a day that did not happen. What made the way that was taken look right?",
        "What I had in front of me was …",
    ),
    Thought(
        r"\bif only\b",
        "looks back from the end. What was known when the choice was made?",
        "When we chose, we knew …",
    ),
    Thought(
        r"\b(?:human|user|operator|pilot) error\b",
        "is where the story begins rather than ends. How did the system make this easy to do?",
        "It was easy to … because the page showed …",
    ),
    Thought(
        r"\broot[- ]causes?\b",
        "makes one thread of many. What else had to be true at the same time?",
        "It took several things at once: …",
    ),
    Thought(
        r"\bwhy (?:did|would|have|were)" + NOT + r"? (?:you|he|she|they|we|i|@\w+)\b",
        "asks for a defence. How did it look from there?",
        "What were you seeing when …?",
    ),
    Thought(
        r"\bfail(?:ed|s|ure)? to\b(?! " + MACHINES + r"\b)",
        "says what was missing, not what was there. What was being done instead, and what made that matter?",
        "At that time … was doing …",
    ),
    Thought(
        r"\b(?:careless|negligent|negligence|reckless|sloppy|lazy|incompetent|stupid|thoughtless)(?:ly|ness)?\b",
        "is about a person. What was around them that made this likely for anyone?",
        "Anyone looking at … would have seen …",
    ),
    Thought(
        r"\b(?:blam(?:e|ed|ing)\b(?! ?less)|to blame|culprits?|guilty|culpable|offenders?|bad apples?)\b",
        "looks for a person to carry it. What would let everybody tell what they saw?",
        "What contributed here was …",
    ),
    Thought(
        r"\b(?:(?:my|your|his|her|their|our|whose|\w+['\u2019]s) fault|at fault)\b",
        "puts the weight on somebody. How did the pieces come together around them?",
        "What met at that moment was …",
    ),
    Thought(
        r"\b(?:mistakes? by|made a mistake|(?:my|your|his|her|their) mistakes?|(?:screw|mess)ed up)\b",
        "has already decided. What made this step the sensible one at that minute?",
        "It made sense to … because …",
    ),
    Thought(
        r"\b(?:re-?train|disciplin|reprimand|punish|sanction)(?:e|ed|ing)?\s+(?!" + THINGS + r")@?\w+",
        "changes a person and leaves the trap where it is. What could change around them?",
        "So that the next person sees … before …",
    ),
    Thought(
        r"\b(?:train|coach|remind|warn|tell|teach|replace|remove|talk to|speak to|supervise)\s+@\w+",
        "makes a person the thing to mend. What could change so that nobody needs to remember this?",
        "So that the next person is shown …",
    ),
    Thought(
        r"\b(?:be|being|been) more (?:careful|vigilant|attentive|cautious|diligent)\b",
        "asks for more of something people already gave. What could catch this on a tired day?",
        "On a tired day, … would catch this.",
    ),
    Thought(
        r"\b(?:never(?: happen)? again|can(?:not|['\u2019]t| never) happen again|zero tolerance)\b",
        "promises what no one can keep. What would make the next time smaller and sooner seen?",
        "Next time we would notice … sooner, because …",
    ),
    Thought(
        r"\b(?:obviously|clearly|of course|common sense|as everyone knows)\b",
        "is only clear afterwards, and to those who know. Who did not know, and how could they have?",
        "What was not visible then is …",
    ),
    Thought(
        r"\b(?:simply|merely)\s+\w+|(?<!had )(?<!have )(?<!has )\bjust " + EASY + r"\b",
        "makes it sound easy. What made it hard on that day?",
        "What it took was …",
    ),
    Thought(
        r"\b(?:neglected|forgot|omitted|refused|didn['\u2019]t bother) to\b",
        "sees a gap in a person. What was asking for attention at that minute?",
        "At that minute … needed attention.",
    ),
    Thought(
        r"\b(?:did not|didn['\u2019]t) follow (?:the )?(?:process|procedure|policy|rules?|runbook)\b",
        "compares with the page, not with the work. How is the work really done, and why does that help?",
        "The way this is usually done is …, because …",
    ),
    Thought(
        r"\bwho (?:did|broke|caused|approved|pushed|deployed|let) (?:this|that|it)\b",
        "asks for a name. What made this step possible, and usual?",
        "The step was possible because …",
    ),
)


@cache
def _patterns() -> list[tuple[re.Pattern[str], Thought]]:
    return [(re.compile(thought.pattern, re.IGNORECASE), thought) for thought in THOUGHTS]


def hints(words: str, most: int = 5) -> list[Hint]:
    """The first few phrases one could say more kindly, in the order they stand; none overlap."""
    met = [
        Hint(found[0], found.start(), found.end(), thought.ask, thought.perhaps)
        for pattern, thought in _patterns()
        for found in pattern.finditer(words)
    ]
    kept: list[Hint] = []
    for hint in sorted(met, key=lambda hint: (hint.start, -hint.end)):
        if not kept or hint.start >= kept[-1].end:
            kept.append(hint)
    return kept[:most]


def as_data() -> list[dict[str, str]]:
    """The same list for the browser."""
    return [asdict(thought) for thought in THOUGHTS]
