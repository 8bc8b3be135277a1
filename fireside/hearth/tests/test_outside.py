"""Calls to the outside: nothing inside is ever called, and nobody holds us up."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from fireside.hearth import outside
from fireside.hearth.outside import Answer, Forbidden, Unreachable
from tests.receiver import Receiver

HERE = [ipaddress.ip_network("127.0.0.0/8")]
INSIDE = (
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "192.88.99.1",
    "::1", "::", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "fe80::1", "fe80::1%1",
    "fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "fec0::1",
)  # fmt: skip


@pytest.fixture
def receiver(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    settings.WEBHOOKS_TO = HERE
    monkeypatch.setattr(outside, "PATIENCE", 0.25)
    with Receiver() as found:
        yield found


def resolver(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """A resolver that gives these answers one after the other, and the last for ever; what it was asked."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        told = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in told]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def connections(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Where connections would have gone to; none is made."""
    gone: list[Any] = []

    def connect(_: socket.socket, address: Any) -> None:
        gone.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    return gone


@pytest.mark.parametrize("address", INSIDE)
def test_nothing_inside_is_called_however_it_is_written(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    gone = connections(monkeypatch)
    resolver(monkeypatch, [address])
    literal = f"[{address}]" if ":" in address else address
    for host in ("hooks.example.org", literal.replace("%1", "%251")):
        with pytest.raises(Unreachable):
            outside.post(f"https://{host}/", b"", {})
    assert gone == []


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_what_is_open_to_all_may_be_called(address: str) -> None:
    assert outside.may_reach(address)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "017700000001", "localhost"])
def test_other_spellings_of_this_machine_lead_nowhere(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    gone = connections(monkeypatch)
    with pytest.raises(Forbidden, match="leads inside"):
        outside.post(f"https://{host}/", b"", {})
    assert gone == []


def test_a_name_that_changes_between_look_and_call_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = connections(monkeypatch)
    asked = resolver(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    with pytest.raises(Unreachable, match="Nobody listens"):
        outside.post("https://rebinding.example.org/", b"", {})
    assert asked == ["rebinding.example.org"], "it is resolved once"
    assert gone == [("8.8.8.8", 443)], "and called where it was looked at"


def test_of_several_addresses_only_those_outside_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = connections(monkeypatch)
    resolver(monkeypatch, ["10.0.0.1", "8.8.8.8", "127.0.0.1"])
    with pytest.raises(Unreachable):
        outside.post("https://both.example.org/", b"", {})
    assert gone == [("8.8.8.8", 443)]


def test_what_the_operator_allows_is_called_but_never_the_metadata_service(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.WEBHOOKS_TO = [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]
    assert outside.may_reach("10.1.2.3")
    assert outside.may_reach("::ffff:10.1.2.3")
    for address in ("169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0"):
        assert not outside.may_reach(address)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://example.org/", "whole address"), ("example.org/hooks", "whole address"),
        ("https://", "whole address"), ("https://a:b@example.org/", "no name, no password"),
        ("https://example.org/#x", "no #"), ("https://example.org:70000/", "no address"),
        ("https://exam ple.org/", "no spaces"), ("https://example.org/\r\nX: y", "plain characters"),
        ("https://ex\u0430mple.org/", "plain characters"), (f"https://example.org/{'x' * 500}", "500"),
        ("http://example.org/", "Use https"), ("https://[::1/", "no address"),
        ("https://10.0.0.1/", "inside"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_meant_is_refused_in_words(url: str, said: str) -> None:
    with pytest.raises(Forbidden, match=said):
        outside.look(url)


def test_without_tls_only_what_the_operator_allows(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.WEBHOOKS_TO = HERE
    gone = connections(monkeypatch)
    resolver(monkeypatch, ["8.8.8.8"])
    with pytest.raises(Forbidden, match="Use https"):
        outside.post("http://example.org/", b"", {})
    assert gone == []


def test_a_call_arrives_whole_with_the_name_it_was_made_to(receiver: Receiver) -> None:
    assert outside.post(receiver.url, b"hello", {"x-a": "b"}) == Answer(200, b"ok", True)
    [(headers, body)] = receiver.came
    assert (body, headers["x-a"]) == (b"hello", "b")
    assert headers["host"] == receiver.url.split("/")[2]


def test_a_redirect_to_the_inside_is_an_answer_and_not_a_way(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 302, {"location": "http://169.254.169.254/latest/meta-data/"}
    assert outside.post(receiver.url, b"", {}).status == 302
    assert len(receiver.came) == 1


def test_proxies_of_the_environment_are_not_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert outside.post(receiver.url, b"", {}).status == 200


def hangs(_: BaseHTTPRequestHandler) -> None:
    time.sleep(0.4)


def drips(handler: BaseHTTPRequestHandler) -> None:
    for letter in b"HTTP/1.1 200 OK\r\nx: " + b"y" * 1000:
        handler.wfile.write(bytes([letter]))
        handler.wfile.flush()
        time.sleep(0.05)


def breaks(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 2")


def babbles(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"\0" * 100 + b"\r\n\r\n")


@pytest.mark.parametrize(
    ("badly", "said"),
    [(hangs, "within"), (drips, "within"), (breaks, "not HTTP"), (babbles, "not HTTP")],
)
def test_who_answers_badly_holds_nobody_up(receiver: Receiver, badly: Any, said: str) -> None:
    receiver.badly = badly
    began = time.monotonic()
    with pytest.raises(Unreachable, match=said):
        outside.post(receiver.url, b"", {})
    assert time.monotonic() - began < 1.5


def test_an_endless_answer_is_read_to_the_limit_and_no_further(receiver: Receiver) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            handler.wfile.write(b"x" * 65536)

    receiver.badly = endless
    answer = outside.post(receiver.url, b"", {})
    assert (answer.status, len(answer.body), answer.whole) == (200, outside.MOST, False)


def test_who_dies_in_the_middle_of_the_answer_has_answered(receiver: Receiver) -> None:
    receiver.badly = lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
    assert outside.post(receiver.url, b"", {}) == Answer(200, b"abc", False)


def test_nobody_there_is_said_in_words(settings: Any) -> None:
    settings.WEBHOOKS_TO = HERE
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable, match="Nobody listens there"):
        outside.post(f"http://127.0.0.1:{port}/", b"", {})


def test_certificates_are_checked_for_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    context = outside._trusted()
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_a_receiver_without_tls_is_not_taken_for_one_with_it(receiver: Receiver) -> None:
    with pytest.raises(Unreachable, match="no TLS"):
        outside.post(receiver.url.replace("http:", "https:"), b"", {})
    assert receiver.came == []
