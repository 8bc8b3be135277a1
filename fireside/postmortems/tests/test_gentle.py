"""Gentle words find what judges and leave alone what does not."""

import json
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fireside.postmortems.gentle import THOUGHTS, as_data, hints

JUDGING = [
    "I should have noticed sooner",
    "we shouldn't have deployed on a Friday",
    "They should\u2019ve asked",
    "Bo could have looked at the graph",
    "if only we had tested it",
    "this was human error",
    "User error, again",
    "The root cause was the queue",
    "Why didn't you roll back?",
    "why did you push that",
    "Ana failed to tell support",
    "a careless change",
    "carelessly merged",
    "nobody is negligent, but",
    "Who is to blame?",
    "we blame the cache",
    "that was Bo's fault",
    "It is my fault",
    "a mistake by the team",
    "I made a mistake",
    "Retrain Bo",
    "retrain @bo on deploys",
    "discipline Sam",
    "remind @ana to check",
    "people need to be more careful",
    "so this can never happen again",
    "obviously the queue was full",
    "we simply restarted it",
    "You just need to restart it",
    "Sam forgot to run it",
    "she didn't follow the runbook",
    "who broke this",
]
PLAIN = [
    "restorative justice",
    "a just culture",
    "the default queue holds 64",
    "just now the graph turned",
    "I just restarted it",
    "we had just run the checks",
    "a segmentation fault in the driver",
    "the fault tolerance test",
    "blameless post-mortem",
    "the pod failed to start",
    "it failed to connect to the database",
    "retrain the model on new data",
    "remind ourselves why",
    "the error budget",
    "the root certificate expired",
    "one cause among several",
    "we could see the queue",
    "this should help the next person",
    "adjusted the limit",
    "unclearly labelled",
    "train station",
    "they tell the story",
    "git blameless",
]


@pytest.mark.parametrize("words", JUDGING)
def test_a_phrase_that_judges_brings_up_a_question(words: str) -> None:
    [hint, *_] = hints(words)
    assert hint.phrase in words
    assert "?" in hint.ask
    assert hint.perhaps


@pytest.mark.parametrize("words", PLAIN)
def test_plain_words_are_left_alone(words: str) -> None:
    assert hints(words) == []


def test_a_long_text_gets_a_few_thoughts_in_order_and_none_twice() -> None:
    found = hints("I should have seen it. " * 40)
    assert len(found) == 5
    assert [hint.start for hint in found] == sorted(hint.start for hint in found)


def test_no_thought_tells_people_what_to_do() -> None:
    for thought in THOUGHTS:
        for words in (thought.ask, thought.perhaps):
            assert "should" not in words
            assert "!" not in words
            assert "why did" not in words.lower()


@given(st.text(max_size=400) | st.lists(st.sampled_from(JUDGING + PLAIN), max_size=6).map("\n".join))
def test_any_words_at_all_can_be_looked_at(words: str) -> None:
    end = 0
    for hint in hints(words):
        assert words[hint.start : hint.end] == hint.phrase
        assert end <= hint.start < hint.end
        end = hint.end


@pytest.mark.skipif(not shutil.which("node"), reason="the browser's own reading is tried where node is")
def test_a_browser_reads_the_same_patterns() -> None:
    script = """
        const [list, words] = JSON.parse(require('fs').readFileSync(0));
        const all = list.map((one) => new RegExp(one.pattern, 'iu'));
        console.log(JSON.stringify(words.map((word) => all.some((one) => one.test(word)))));
    """
    asked = json.dumps([as_data(), JUDGING + PLAIN])
    told = subprocess.run(["node", "-e", script], input=asked, capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == [True] * len(JUDGING) + [False] * len(PLAIN)
