"""Everything on the writing page can be done by a browser without JavaScript."""

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from django.test import Client

from fireside.hearth.models import Person
from fireside.incidents.models import Incident
from fireside.postmortems.models import Affected, Factor, Mitigation, Postmortem, Telling
from fireside.postmortems.tests.conftest import TUESDAY

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]


class Forms(HTMLParser):
    """The forms of a page: where they go, and what they would send."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.found.append((given.get("action") or "", {}))
        elif tag in ("input", "textarea", "select") and given.get("name") and self.found:
            self.found[-1][1][given["name"] or ""] = given.get("value") or ""

    def of(self, action: str) -> dict[str, str]:
        return next(fields for where, fields in self.found if where == action)


def send(client: Client, page: str, action: str, **words: str) -> None:
    fields = Forms(client.get(page).content.decode()).of(action)
    assert set(words) <= set(fields), f"{action} has no field {set(words) - set(fields)}"
    answer = client.post(action, {**fields, **words})
    assert answer.status_code in (302, 303), answer.content.decode()


def test_a_post_mortem_is_written_told_and_shared_by_forms_alone(
    postmortem: Postmortem, incident: Incident, bo: Person, web: Web
) -> None:
    client, page = web(bo), postmortem.writing_url
    send(client, page, "/do/title/", title="The Tuesday the queue filled up")
    send(client, page, f"{page}summary/", words="Rentals were refused.")
    send(
        client,
        page,
        "/do/factor/",
        what="The queue holds 64.",
        since="2022",
        in_short="Queue of 64",
        kinds="capacity",
    )
    send(client, page, "/do/factor/", what="Refusals are not errors.", since="", in_short="", kinds="")
    send(client, page, "/do/affected/", who="people renting", happened="refused", needs="words", offers="@bo")
    send(client, page, "/do/mitigation/", what="hears it", owner="@bo", by="in 3 weeks", adds_a_step="no")
    send(client, postmortem.telling_url, postmortem.telling_url, saw="The queue was at 64.")
    send(client, postmortem.telling_url, "/do/share-telling/")
    send(client, page, "/do/take-out/")
    assert not Affected.objects.exists(), "the first one on the page"
    assert Factor.objects.count() == 2
    assert Mitigation.objects.get().adds_step == "no"
    assert Telling.shared(postmortem).count() == 1
    send(client, page, "/do/publish/")
    send(client, postmortem.get_absolute_url(), "/do/applaud/")
    send(client, "/learn/changes/", "/do/mitigation-done/")
    send(client, postmortem.get_absolute_url(), "/do/take-back/")
    postmortem.refresh_from_db()
    assert postmortem.is_draft
    assert postmortem.title == "The Tuesday the queue filled up"


def test_a_moment_is_changed_and_let_go_on_ones_own_page(
    postmortem: Postmortem, bo: Person, web: Web
) -> None:
    telling = Telling.mine(postmortem, bo)
    telling.add(TUESDAY, saw="green")
    send(web(bo), postmortem.telling_url, postmortem.telling_url, saw="amber")
    assert telling.moments.get().saw == "amber"
    assert telling.moments.get().at == TUESDAY, "the minute survives the form, in Bo's zone"
    send(web(bo), postmortem.telling_url, postmortem.telling_url, saw="", knew="", thought="")
    assert not telling.moments.exists()


def test_the_incident_room_leads_to_what_is_learned_from_it(
    postmortem: Postmortem, incident: Incident, bo: Person, web: Web
) -> None:
    page = web(bo).get(incident.room.get_absolute_url()).content.decode()
    assert "What we learn from it" in page
    assert postmortem.writing_url in page
