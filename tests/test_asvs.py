"""The self-assessment leaves no requirement out, and names only tests that there are."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from tests.test_house_rules import ROOT

PAGE = (ROOT / "docs" / "security" / "asvs.md").read_text()
STATES = {"met", "not met", "n/a", "yours"}
# The numbers of levels 1 and 2 in version 5.0.0: "1.2.1-9" stands for nine of them.
NUMBERS = """
1.1.1-2 1.2.1-9 1.3.1-11 1.4.1-3 1.5.1-2 2.1.1-3 2.2.1-3 2.3.1-4 2.4.1-1 3.2.1-2 3.3.1-4 3.4.1-6 3.5.1-5
3.7.1-2 4.1.1-3 4.2.1-1 4.3.1-2 4.4.1-4 5.1.1-1 5.2.1-3 5.3.1-2 5.4.1-3 6.1.1-3 6.2.1-12 6.3.1-4 6.4.1-4
6.5.1-5 6.6.1-3 6.8.1-4 7.1.1-3 7.2.1-4 7.3.1-2 7.4.1-5 7.5.1-2 7.6.1-2 8.1.1-2 8.2.1-3 8.3.1-1 8.4.1-1
9.1.1-3 9.2.1-4 10.1.1-2 10.2.1-2 10.3.1-4 10.4.1-11 10.5.1-5 10.6.1-2 10.7.1-3 11.1.1-2 11.2.1-3 11.3.1-3
11.4.1-4 11.5.1-1 11.6.1-1 12.1.1-3 12.2.1-2 12.3.1-4 13.1.1-1 13.2.1-5 13.3.1-2 13.4.1-5 14.1.1-2 14.2.1-4
14.3.1-3 15.1.1-3 15.2.1-3 15.3.1-7 16.1.1-1 16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3 17.1.1-1 17.2.1-4 17.3.1-2
"""


def rows() -> Iterator[list[str]]:
    for line in PAGE.splitlines():
        if re.match(r"\| \d", line):
            yield [cell.strip() for cell in line.strip("|").split("|")]


@cache
def named_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_requirement_of_levels_one_and_two_stands_there_once() -> None:
    wanted = [
        f"{section}.{number}"
        for section, first, last in re.findall(r"(\d+\.\d+)\.(\d+)-(\d+)", NUMBERS)
        for number in range(int(first), int(last) + 1)
    ]
    assert len(wanted) == 253
    told = [number for row in rows() for number in row[0].split(", ")]
    assert sorted(told) == sorted(wanted)


def test_every_row_says_how_it_stands_and_why() -> None:
    for numbers, words, state, shown in rows():
        assert state in STATES, numbers
        assert len(words) > 2, numbers
        assert len(shown) > 3, f"{numbers}: a test, a page, or a reason"


def test_the_sum_at_the_top_is_that_of_the_rows() -> None:
    count = Counter(state for numbers, _, state, _ in rows() for _ in numbers.split(", "))
    words = [("met", "met"), ("not met", "not met"), ("yours", "yours"), ("n/a", "not applicable")]
    assert ", ".join(f"{count[state]} {said}" for state, said in words) in PAGE


def test_every_test_and_page_named_there_exists() -> None:
    named = re.findall(r"`((?:tests|fireside)/[\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) > 100
    assert [f"{path}::{name}" for path, name in named if name not in named_in(path)] == []
    for page in re.findall(r"\]\(([^)#h][^)#]*)", PAGE):
        assert (ROOT / "docs" / "security" / page).exists(), page
