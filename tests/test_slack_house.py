"""The real house and a Slack on this machine: by Socket Mode and by HTTP, with everything that goes wrong."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from fireside.slack import manifest
from tests import slack_server
from tests.machines import UP, House, free_port, process, wait_for
from tests.slack_server import SlackServer

pytestmark = pytest.mark.slack


class Lived:
    """A house that runs, a workspace that knows it, two people and a channel that is one with a room."""

    def __init__(self, server: SlackServer, house: House, *, socket: bool) -> None:
        self.server, self.house = server, house
        made = manifest.made(socket=socket)
        url = "" if socket else f"{house.url}/slack/events"
        self.app = server.app(made, request_url=url)
        self.workspace = server.workspace("T0UNICORN", name="Unicorn Rentals")
        self.ana = self.workspace.user(
            "Ana Ngata", name="ana", email="ana@example.org", tz="Pacific/Auckland"
        )
        self.bo = self.workspace.user("Bo Lund", name="bo", tz="Europe/Berlin")
        house.env |= {
            "SLACK_API_URL": server.url, "SLACK_BOT_TOKEN": self.workspace.install(self.app),
            "SLACK_APP_TOKEN": self.app.app_token if socket else "",
            "SLACK_SIGNING_SECRET": "" if socket else self.app.signing_secret,
        }  # fmt: skip
        self.channel = self.workspace.channel("sparkles", members=[self.ana, self.bo])
        self.key = made_key(house)
        server.background()
        self.channel.invite(self.workspace.bot(self.app))

    def knows(self) -> bool:
        """Is the house connected, so that what people do reaches it?"""
        wanted = 2 if self.app.socket_mode else 0
        known = bool(self.house.rows("SELECT id FROM slack_installation"))
        return known and list(self.server.sockets.live.values()).count(self.app) >= wanted

    def link(self) -> None:
        wait_for(self.knows, "the house to be connected")
        self.ana.types(self.channel, "/fireside link-channel room: #magic-sparkles")
        wait_for(lambda: self.house.rows("SELECT id FROM slack_channel"), "the channel to be linked")

    def hears(self, words: str) -> None:
        """Wait until these words stand in the room."""
        sql = "SELECT id FROM hearth_message WHERE text = ?"
        wait_for(lambda: self.house.rows(sql, words), f"{words!r} in the room")

    def reads(self, words: str, who: slack_server.User | None = None) -> None:
        """Wait until somebody reads these words in the channel."""
        reader = who or self.bo
        wait_for(lambda: any(words in said for said in reader.reads(self.channel)), f"{words!r} in Slack")

    def says(self, words: str) -> None:
        """Ana says something in the room, through the API; again and again until it is taken."""
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": words}

        def taken() -> bool:
            try:
                asked = {"room": "magic-sparkles", "words": words}
                answer = httpx.post(f"{self.house.url}/api/do/say", json=asked, headers=headers, timeout=10)
            except httpx.TransportError:
                return False
            return answer.status_code == 200

        wait_for(taken, f"{words!r} to be taken")


def made_key(house: House) -> str:
    """A key with which a program acts as Ana."""
    make = (sys.executable, "-m", "fireside", "token", "new", "--person", "ana-ngata")
    return subprocess.run(make, env=house.env, capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def living(folder: Path, *, socket: bool) -> Iterator[Lived]:
    with SlackServer() as server:
        lived = Lived(server, House(folder), socket=socket)
        with lived.house.up():
            lived.link()
            yield lived
        assert server.violations == []


@pytest.fixture(params=["socket", "http"])
def lived(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lived]:
    with living(tmp_path, socket=request.param == "socket") as found:
        yield found


@pytest.fixture
def by_socket(tmp_path: Path) -> Iterator[Lived]:
    with living(tmp_path, socket=True) as found:
        yield found


def test_words_and_commands_go_both_ways(lived: Lived) -> None:
    lived.bo.says(lived.channel, "the queue is full")
    lived.hears("the queue is full")
    lived.says("I see it too")
    lived.reads("I see it too")
    lived.bo.types(lived.channel, "/fireside about Where we look after the unicorns")
    lived.reads("What this room is for")
    lived.bo.types(lived.channel, "/fireside nonsense")
    lived.reads("There is no /nonsense")


def test_a_form_opens_within_the_life_of_its_trigger(lived: Lived) -> None:
    lived.bo.types(lived.channel, "/incident")
    wait_for(lambda: lived.bo.modal is not None, "the form")
    wait_for(lambda: "what" in lived.bo.modal.inputs, "the form with its fields")
    lived.bo.fills({"what": "customers cannot pay"})
    assert lived.bo.submits().status == 200
    wait_for(lambda: any(c.name.startswith("inc-1-") for c in lived.workspace.channels.values()), "a channel")


def test_the_door_can_be_on_one_machine_and_who_carries_words_on_another(tmp_path: Path) -> None:
    with SlackServer() as server:
        lived = Lived(server, House(tmp_path), socket=False)
        window = free_port()
        carrier = (
            *UP, "--only", "slack", "--metrics-port", str(window), "--data", str(lived.house.data),
        )  # fmt: skip
        log = tmp_path / "carrier.log"
        with lived.house.up("--only", "web"), process(*carrier, log=log, env=lived.house.env):
            lived.link()
            lived.bo.says(lived.channel, "the queue is full")
            lived.hears("the queue is full")
            lived.says("I see it too")
            lived.reads("I see it too")
            assert httpx.get(f"http://127.0.0.1:{window}/readyz").text == "ready\n"
        assert server.violations == []


def test_a_token_that_opens_no_socket_is_told_to_those_who_look_after_it(tmp_path: Path) -> None:
    with SlackServer() as server:
        lived = Lived(server, House(tmp_path), socket=True)
        lived.house.env["SLACK_APP_TOKEN"] = "xapp-not-this-one"
        with lived.house.up():
            sql = "SELECT deaf FROM slack_installation WHERE deaf != ''"
            told = wait_for(lambda: lived.house.rows(sql), "the trouble to be written down")
        assert told == ["Slack does not take SLACK_APP_TOKEN: invalid_auth"]
        server.violations.clear()  # a stranger's token is what is tried here


def test_a_socket_that_drops_loses_nothing(by_socket: Lived) -> None:
    for number in range(6):
        by_socket.bo.says(by_socket.channel, f"word {number}")
        if number % 2:
            by_socket.server.drop_sockets()
    for number in range(6):
        by_socket.hears(f"word {number}")
    by_socket.server.refresh_sockets()
    by_socket.bo.says(by_socket.channel, "after the refresh")
    by_socket.hears("after the refresh")
    counted = by_socket.house.rows("SELECT count(*) FROM hearth_message WHERE text LIKE 'word %'")
    assert counted == [6]
    forgive_late_answers(by_socket.server)


def forgive_late_answers(server: SlackServer) -> None:
    """While no connection stands nobody can answer; that Slack asks again is what is tried here."""
    server.violations[:] = [wrong for wrong in server.violations if "an answer took" not in wrong]


def test_a_storm_of_words_keeps_slacks_pace_and_its_order(by_socket: Lived) -> None:
    by_socket.server.limits = "slack"
    for number in range(25):
        by_socket.says(f"storm {number:02}.")
    by_socket.reads("storm 24.")
    told = "\n".join(by_socket.bo.reads(by_socket.channel))
    places = [told.index(f"storm {number:02}.") for number in range(25)]
    assert places == sorted(places)
    assert all(told.count(f"storm {number:02}.") == 1 for number in range(25))
    assert by_socket.server.limited == [], "we keep the pace by ourselves"


def test_killed_at_any_moment_nothing_is_lost_or_said_twice(tmp_path: Path) -> None:
    with SlackServer() as server:
        lived = Lived(server, House(tmp_path), socket=True)
        with lived.house.up():
            lived.link()
        said, stop = Said(lived), threading.Event()
        talking = threading.Thread(target=said.both_ways, args=(stop,))
        talking.start()
        try:
            for round_ in range(8):
                with lived.house.up():
                    wait_for(lived.knows, "the house to be connected")
                    time.sleep(0.3 + round_ * 0.17)  # it is killed in another moment of its work each time
                    lived.house.kill()
        finally:
            stop.set()
            talking.join()
        with lived.house.up():
            said.all_there()
        forgive_late_answers(server)
        assert server.violations == []


class Said:
    """What was said on either side while the house came and went."""

    def __init__(self, lived: Lived) -> None:
        self.lived = lived
        self.there: list[str] = []
        self.here: list[str] = []

    def both_ways(self, stop: threading.Event) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            self.there.append(f"yonder {number:03}.")
            self.lived.bo.says(self.lived.channel, self.there[-1])
            if number % 3 == 0:
                self.here.append(f"here {number:03}.")
                self.lived.says(self.here[-1])
            stop.wait(0.15)

    def all_there(self) -> None:
        for words in self.here:
            self.lived.reads(words)
        for words in self.there:
            self._heard_or_told_again(words)
        told = "\n".join(self.lived.bo.reads(self.lived.channel))
        assert [words for words in self.here if told.count(words) != 1] == []
        texts = self.lived.house.rows("SELECT text FROM hearth_message")
        assert [words for words in self.there if texts.count(words) > 1] == []

    def _heard_or_told_again(self, words: str) -> None:
        """What we took is there; what Slack could not hand over in its tries is its own loss."""
        taken = [d for d in self.lived.server.deliveries if words.encode() in d.body and d.status == 200]
        if taken:
            self.lived.hears(words)
