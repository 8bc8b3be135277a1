"""The doctor looks at how people come in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fireside.config.doctor import sign_in
from fireside.config.env import Nonsense
from fireside.config.sign_in import oidc_settings, second_factor, sign_in_settings
from tests.openid_provider import provider


def said(found: Any) -> str:
    return " ".join(map(str, found))


def test_a_list_of_stolen_passwords_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "list"
    assert "most common" in said(sign_in.stolen(""))
    assert said(sign_in.stolen(str(path))).startswith("broken")
    path.write_text("hello\n")
    assert "not a SHA-1" in said(sign_in.stolen(str(path)))
    path.write_text(f"{'A' * 40}:3\n{'B' * 40}:1\n")
    assert said(sign_in.stolen(str(path))).startswith("fine")


def test_the_provider_is_asked_who_it_is(settings: Any) -> None:
    with provider() as house:
        settings.OIDC = {"ISSUER": house.url, "NAME": "Rentals ID"}
        assert said(sign_in.provider()) == "fine    Rentals ID answers at OIDC_ISSUER."
        house.config = {"issuer": "https://elsewhere.example"}
        assert "calls itself https://elsewhere.example" in said(sign_in.provider())
    assert "does not answer" in said(sign_in.provider())
    settings.OIDC = {"ISSUER": "", "NAME": ""}
    assert said(sign_in.provider()).startswith("fine")


@pytest.mark.parametrize(("given", "words"), [
    ({"ISSUER": "https://id.example.org"}, "go together"),
    ({"ISSUER": "http://id.example.org", "CLIENT_ID": "a", "CLIENT_SECRET": "b"}, "https://"),
    ({"ISSUER": "https://id.example.org/.well-known/openid-configuration", "CLIENT_ID": "a",
      "CLIENT_SECRET": "b"}, "before /.well-known/"),
    ({"LETS_IN": "everybody"}, "domains"),
    ({"REQUIRE_SECOND_FACTOR": "me"}, "nobody, keepers or everybody"),
    ({"LETS_IN": "group:riders"}, "OIDC_GROUPS"),
])  # fmt: skip
def test_nonsense_about_the_provider_is_said(given: dict[str, str], words: str) -> None:
    read = second_factor if "REQUIRE_SECOND_FACTOR" in given else oidc_settings
    with pytest.raises(Nonsense, match=words):
        read(lambda name: given.get(name.removeprefix("OIDC_"), ""))


def test_who_is_let_in_is_read_as_it_is_written() -> None:
    given = {"OIDC_LETS_IN": "Example.org, group:Riders", "OIDC_GROUPS": "groups"}
    assert oidc_settings(lambda name: given.get(name, ""))["LETS_IN"] == {"example.org", "group:riders"}
    made = sign_in_settings(lambda name: "", "https://x.org", alone=False)
    assert made["CACHES"]["default"]["BACKEND"].endswith("DatabaseCache")
