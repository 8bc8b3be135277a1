"""What people live through in a real Chromium: two at once, with and without JavaScript, day and night."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bench.house import served
from fireside.config.story import PASSWORD
from tests.browsing import barriers, chromium, sign_in, tell_demo, visitor
from tests.screens import FOR_GUESTS, LOOKS, SCREENS

pytestmark = pytest.mark.browser
HREFS = "ways => ways.map(way => way.getAttribute('href').split('#')[0])"
WITHIN = 10_000  # milliseconds, on a busy machine too; bench/live.py measures how soon it is


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(autouse=True)
def _pages_are_closed(request: pytest.FixtureRequest) -> Iterator[None]:
    """A page left open would go on listening, and take its share of the machine."""
    yield
    if "browser" in request.fixturenames:
        for context in request.getfixturevalue("browser").contexts:
            context.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Unicorn Rentals, served by the real process."""
    folder = str(tmp_path_factory.mktemp("house"))
    tell_demo(folder)
    with served(folder) as (port, _):
        yield f"http://127.0.0.1:{port}"


def someone(browser: Browser, house: str, handle: str, **how: bool) -> Page:
    """A signed-in page that may not break the content policy or throw."""
    page = sign_in(visitor(browser, house, **how), f"{handle}@example.org", PASSWORD)
    page.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
    page.on("console", lambda said: pytest.fail(said.text) if "Content Security" in said.text else None)
    return page


def say(page: Page, words: str) -> None:
    page.get_by_label("Message or command").fill(words)
    page.get_by_label("Message or command").press("Enter")


@pytest.mark.parametrize("look", LOOKS)
def test_no_screen_keeps_anyone_out(browser, house, look):
    page = someone(browser, house, "aroha", **LOOKS[look])
    found = {}
    for name, path in SCREENS.items():
        answer = page.goto(path)
        assert answer.status == 200, path
        found[name] = barriers(page)
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found[name].append("scrolls sideways")
    assert {name: trouble for name, trouble in found.items() if trouble} == {}


@pytest.fixture(scope="module")
def guest(browser, house):
    """Somebody from outside, who came in by a link that Aroha made in the team's room."""
    aroha = someone(browser, house, "aroha")
    aroha.goto("/rooms/magic-sparkles/people/")
    form = aroha.locator("form[action='/do/guest-link/']")
    form.get_by_label("Rooms").fill("#magic-sparkles #inc-3")
    form.get_by_role("button", name="Bring a guest in").click()
    link = aroha.locator(".whisper a[href*='/join/']").get_attribute("href")
    page = visitor(browser, house).new_page()
    page.goto(link)
    expect(page.locator("body")).to_contain_text("You will be a guest until")
    page.get_by_label("Your name").fill("Gil Moss")
    page.get_by_label("Your e-mail").fill("gil@example.org")
    page.get_by_label("A password").fill(PASSWORD)
    page.get_by_role("button", name="Come in").click()
    expect(page.locator("#greet")).to_contain_text("You are a guest here until")
    return "gil"


@pytest.mark.parametrize("look", LOOKS)
def test_a_guest_finds_every_page_in_order_and_no_way_that_leads_nowhere(browser, house, guest, look):
    page = someone(browser, house, guest, **LOOKS[look])
    found, ways = {}, set()
    for name, path in FOR_GUESTS.items():
        assert page.goto(path).status == 200, path
        found[name] = barriers(page)
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found[name].append("scrolls sideways")
        ways |= set(page.locator("nav a[href^='/'], .head a[href^='/']").evaluate_all(HREFS))
    assert {name: trouble for name, trouble in found.items() if trouble} == {}
    dead = [way for way in sorted(ways) if page.request.get(way).status != 200]
    assert dead == []


def test_two_people_see_each_other_within_a_second(browser, house):
    mei, tom = someone(browser, house, "mei"), someone(browser, house, "tom")
    for page in (mei, tom):
        page.goto("/rooms/magic-sparkles/")
        expect(page.locator("#messages")).to_be_visible()
    say(mei, "the graph looks **calm** now")
    theirs = tom.locator("article.msg", has_text="the graph looks calm now")
    expect(theirs).to_have_count(1, timeout=WITHIN)
    expect(theirs.locator("strong", has_text="calm")).to_be_visible()
    expect(mei.locator("article.msg", has_text="the graph looks calm now")).to_have_count(1)
    expect(mei.get_by_label("Message or command")).to_have_value("")


def test_the_board_fills_itself_for_everybody(browser, house):
    priya, dan = someone(browser, house, "priya"), someone(browser, house, "dan")
    dan.goto("/incidents/3/")
    priya.goto("/rooms/inc-3/")
    say(priya, "/doing telling the night shift what we know")
    expect(dan.locator("#board-doing")).to_contain_text(
        "telling the night shift what we know", timeout=2 * WITHIN
    )
    expect(dan.locator("#timeline")).to_contain_text("telling the night shift what we know")


def test_words_survive_a_restart_of_the_server(browser, tmp_path):
    folder = str(tmp_path)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "fireside.config.settings"}
    subprocess.run([sys.executable, "-m", "fireside", "demo", "--data", folder], check=True, env=environment)
    with served(folder) as (port, _):
        url = f"http://127.0.0.1:{port}"
        mei, tom = someone(browser, url, "mei"), someone(browser, url, "tom")
        for page in (mei, tom):
            page.goto("/rooms/til/")
        say(mei, "before the restart")
        expect(tom.locator("article.msg", has_text="before the restart")).to_have_count(1, timeout=WITHIN)
    say(mei, "while it was away")
    expect(mei.locator("#whispers")).to_contain_text("Your words are kept")
    expect(mei.get_by_label("Message or command")).to_have_value("while it was away")
    with served(folder, port):
        mei.get_by_role("button", name="Try again").click()
        expect(tom.locator("article.msg", has_text="while it was away")).to_have_count(1, timeout=10_000)
        expect(tom.locator("article.msg", has_text="before the restart")).to_have_count(1)
        expect(mei.locator("article.msg", has_text="while it was away")).to_have_count(1)


def test_a_command_explains_itself_while_it_is_typed(browser, house):
    page = someone(browser, house, "mei")
    page.goto("/rooms/inc-3/")
    box = page.get_by_label("Message or command")
    box.press_sequentially("/dec")
    option = page.locator("#palette [role=option]").first
    expect(option).to_contain_text("/decide")
    box.press("Enter")
    expect(box).to_have_value(re.compile(r"^/decide "))
    box.press_sequentially("keep twelve workers")
    box.press("Enter")
    expect(page.locator("article.msg", has_text="keep twelve workers").last).to_be_visible()


def test_what_goes_wrong_is_told_to_the_asker_alone_and_their_words_are_kept(browser, house):
    mei, tom = someone(browser, house, "mei"), someone(browser, house, "tom")
    for page in (mei, tom):
        page.goto("/rooms/til/")
    before = tom.locator("article.msg").count()
    say(mei, "/doing something without an incident")
    expect(mei.locator("#composer-notice")).to_contain_text("There is no open incident in this room")
    expect(mei.get_by_label("Message or command")).to_have_value("/doing something without an incident")
    tom.wait_for_timeout(1_000)
    assert tom.locator("article.msg").count() == before


def test_everything_also_works_without_javascript(browser, house):
    page = someone(browser, house, "kiri", script=False)
    page.goto("/rooms/saddle-and-tack/")
    page.get_by_label("Message or command").fill("no script here")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("article.msg", has_text="no script here")).to_have_count(1)
    page.get_by_label("Message or command").fill("/incident the printer prints unicorns upside down")
    page.get_by_role("button", name="Send").click()
    page.goto("/incidents/")
    page.get_by_role("link", name="the printer prints unicorns upside down").first.click()
    page.get_by_role("textbox", name="What are you doing").fill("turning it round")
    page.get_by_role("textbox", name="What are you doing").press("Enter")
    expect(page.locator("#board-doing")).to_contain_text("turning it round")
    expect(page.locator("#timeline")).to_contain_text("turning it round")


def test_the_first_visitor_is_at_home_within_a_minute_and_opens_an_incident(browser, tmp_path):
    with served(str(tmp_path)) as (port, _):
        page = visitor(browser, f"http://127.0.0.1:{port}").new_page()
        page.goto("/")
        assert barriers(page) == []
        page.get_by_label("Organisation").fill("Unicorn Rentals")
        page.get_by_label("Your name").fill("Aroha Ngata")
        page.get_by_label("E-mail").fill("aroha@example.org")
        page.get_by_label("Password").fill("a long enough sentence")
        page.get_by_role("button", name="Light the fire").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Aroha")
        assert barriers(page) == []
        page.goto("/rooms/")
        assert barriers(page) == []
        page.goto("/rooms/incidents/")
        say(page, "/incident customers cannot pay")
        expect(page.locator("article.msg", has_text="customers cannot pay")).to_be_visible()
        page.goto("/incidents/1/")
        expect(page.get_by_role("heading", level=1)).to_have_text("customers cannot pay")
        say_lead = page.get_by_role("button", name=re.compile("I can lead|I will lead|Lead", re.IGNORECASE))
        say_lead.first.click()
        expect(page.locator("main")).to_contain_text("leading")


def test_the_keyboard_reaches_everything_that_hurries(browser, house):
    page = someone(browser, house, "mei")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/incidents/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_post_mortem_prints_without_what_stands_beside_it(browser, house, tmp_path):
    page = someone(browser, house, "mei")
    page.goto("/learn/1/")
    pdf = tmp_path / "story.pdf"
    page.pdf(path=pdf)
    words = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True
    ).stdout
    assert "The night search went quiet" in words
    assert "The alias moves to a new index" in words
    for beside in ("Your rooms", "On paper", "Applaud", "Search /"):
        assert beside not in words


def test_gentle_words_are_offered_while_writing_and_sent_nowhere(browser, house):
    page = someone(browser, house, "tom")
    page.goto("/learn/2/write/")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method + " " + (request.post_data or "")))
    field = page.locator("[data-gentle]").first
    field.fill("I should have noticed sooner, it was human error")
    expect(page.locator(".hint").first).to_contain_text("should have")
    page.get_by_role("button", name="Keep my words").first.click()
    assert not [request for request in sent if "should have" in request and "gentle" in request]


def pictures_stand_in_the_readme() -> list[Path]:
    root = Path(__file__).parent.parent
    return [
        root / name for name in re.findall(r"\]\((docs/pictures/[^)]+)\)", (root / "README.md").read_text())
    ]


def test_the_readme_shows_pictures_that_are_there():
    assert pictures_stand_in_the_readme()
    assert [path for path in pictures_stand_in_the_readme() if not path.exists()] == []


KEY = "sk" + "_live_" + "4eC39HqLyjWDarjtT1zdp7dc"


def send(page: Page, words: str) -> None:
    page.get_by_label("Message or command").fill(words)
    page.get_by_role("button", name="Send", exact=True).click()


@pytest.mark.parametrize("look", LOOKS)
def test_a_key_that_slips_in_is_taken_out_by_one_press_and_words_and_files_stay_until_then(
    browser, house, look
):
    page = someone(browser, house, "mei", **LOOKS[look])
    page.goto("/rooms/magic-sparkles/")
    page.set_input_files("#files", {"name": f"{look}.txt", "mimeType": "text/plain", "buffer": b"calm"})
    words = page.get_by_label("Message or command")
    send(page, f"{look} is {KEY}")
    expect(page.locator("#composer-notice")).to_contain_text("looks like it holds a Stripe key")
    expect(words).to_have_value(f"{look} is {KEY}")
    assert barriers(page) == []
    page.get_by_role("button", name="Take it out and go on").click()
    expect(page.locator("article.msg", has_text=f"{look} is [Stripe key taken out]")).to_have_count(1)
    expect(page.locator("article.msg", has_text=f"{look}.txt")).to_have_count(1)
    expect(words).to_have_value("")
    expect(page.locator("#composer-notice")).to_be_empty()


def test_without_a_script_the_page_comes_back_with_the_words_and_the_same_two_buttons(browser, house):
    page = someone(browser, house, "tom", script=False)
    page.goto("/rooms/magic-sparkles/")
    send(page, f"ended already: {KEY}")
    expect(page.get_by_label("Message or command")).to_have_value(f"ended already: {KEY}")
    page.get_by_role("button", name="Keep it and go on").click()
    expect(page.locator("article.msg", has_text=f"ended already: {KEY}")).to_have_count(1)
