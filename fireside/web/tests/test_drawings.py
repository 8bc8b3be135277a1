"""Drawings: what a reader sees and hears, and that no words can break them."""

from datetime import UTC, datetime, timedelta
from math import inf, nan
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as some

from fireside.web.drawings import Mark, Strand, day_line, spark, strands

MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
NEXT = MIDNIGHT + timedelta(days=1)
NOW = MIDNIGHT + timedelta(hours=10)
SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # well formed, or this fails


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in drawn(svg).iter("text")]


def circles(svg: str, shade: str) -> list[float]:
    return [float(e.attrib["cx"]) for e in drawn(svg).iter("circle") if e.attrib["class"] == shade]


def at(hour: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


def test_a_calm_day_has_no_heat() -> None:
    svg = day_line([Mark(at(9), "deploy")], NOW, MIDNIGHT, NEXT)
    assert "dl-hot" not in svg
    assert texts(svg)[0] == "00:00"
    assert texts(svg)[-1] == "24:00"


def test_the_day_reads_from_left_to_right() -> None:
    marks = [
        Mark(at(2), "deploy"),
        Mark(at(6.3), "alert", "cleared itself"),
        Mark(at(15), "soon", "testing guild"),
    ]
    svg = day_line(marks, NOW, MIDNIGHT, NEXT, words="Today so far: a deploy at 2:00")
    assert circles(svg, "dl-dep") == [100]
    assert circles(svg, "dl-dep") < circles(svg, "dl-hot") < circles(svg, "dl-soon")
    assert drawn(svg).attrib["aria-label"] == "Today so far: a deploy at 2:00"
    assert {"cleared itself", "testing guild"} <= set(texts(svg))


def test_an_open_incident_glows_until_now_and_a_closed_one_does_not() -> None:
    still = day_line([Mark(at(9.2), "incident", "INC-214")], NOW, MIDNIGHT, NEXT)
    over = day_line([Mark(at(3), "incident", "INC-213", until=at(4))], NOW, MIDNIGHT, NEXT)
    assert "dl-halo" in still
    assert "dl-halo" not in over
    assert "INC-213" in texts(over)


def test_an_incident_begun_yesterday_is_still_on_the_line_and_last_weeks_is_not() -> None:
    marks = [Mark(at(-5), "incident", "INC-1"), Mark(at(-100), "incident", "INC-0", until=at(-99))]
    assert [words for words in texts(day_line(marks, NOW, MIDNIGHT, NEXT)) if "INC" in words] == ["INC-1"]


def test_labels_never_lie_on_each_other() -> None:
    marks = [Mark(at(9 + n / 60), "soon", f"session {n}") for n in range(20)]
    assert sum("session" in words for words in texts(day_line(marks, NOW, MIDNIGHT, NEXT))) == 1


def test_a_phone_gets_its_own_narrower_drawing() -> None:
    assert drawn(day_line([], NOW, MIDNIGHT, NEXT, narrow=True)).attrib["viewBox"] == "0 0 400 92"


def test_a_spark_ends_with_a_dot_where_we_are_now() -> None:
    svg = spark([0, 0, 50, 18], "Refused each minute, 18 now")
    assert circles(svg, "c-pin-hot") == [216]
    assert drawn(svg).attrib["aria-label"] == "Refused each minute, 18 now"


def test_a_spark_without_numbers_is_still_a_drawing() -> None:
    assert "path" not in spark([])
    assert "nan" not in spark([nan, 1, inf])


def test_strands_meet_at_one_moment_the_oldest_first() -> None:
    factors = [Strand("Tier code", 60, 1), Strand("Test data", 9e7, 2), Strand("Queue of 64", 9e8, 3)]
    svg = strands(factors, "one rental in four", "refused from 8:54")
    assert texts(svg) == ["Queue of 64", "Test data", "Tier code", "one rental in four", "refused from 8:54"]
    ends = {path.attrib["d"].rsplit(" ", 2)[-2] for path in drawn(svg).iter("path")}
    assert len(ends) == 1


def test_strands_say_all_names_to_those_who_listen() -> None:
    long = (
        "Customers from before 2023 have no loyalty tier at all, and the code retries the payment three times"
    )
    svg = strands([Strand(long, 1, 1), Strand("b", 2, 9)], narrow=True)
    assert long in drawn(svg).attrib["aria-label"]
    assert long not in texts(svg)


@given(some.text(), some.text(), some.lists(some.floats(), max_size=5))
def test_any_words_and_numbers_stay_well_formed(one: str, two: str, numbers: list[float]) -> None:
    moments = [Mark(at(8), "incident", one), Mark(at(11), "soon", two)]
    for svg in (
        day_line(moments, NOW, MIDNIGHT, NEXT, words=one),
        strands([Strand(one, 1, 1), Strand(two, 2, 2)], one, two, words=two),
        spark(numbers, one),
    ):
        assert drawn(svg).tag == "svg"
