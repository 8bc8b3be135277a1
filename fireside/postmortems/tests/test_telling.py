"""A telling belongs to one person until they share it: no page, search, stream, API or number tells of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from conftest import Do
from fireside.hearth.models import Doc, Entry, Key, Message, Person
from fireside.hearth.workflows import settle
from fireside.incidents.models import Incident
from fireside.postmortems.export import markdown
from fireside.postmortems.models import Moment, Postmortem, Telling
from fireside.postmortems.tests.conftest import SECRET

pytestmark = pytest.mark.django_db
Web = Callable[[Person], Client]
TOLD = {"at": "2026-11-24T09:14", "saw": SECRET, "knew": "nothing yet", "thought": "it would pass"}


def everywhere(incident: Incident, person: Person) -> list[str]:
    """Every address the house has, filled with what exists here."""
    fill = {
        "number": incident.number, "slug": incident.room.slug, "handle": person.handle, "kind": "summary",
        "pk": 1, "verb": "tell", "name": "x", "key": "x", "secret": "x", "uidb36": "x",
    }  # fmt: skip
    found: list[str] = []

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> None:
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, route)
            else:
                found.append(route)

    walk(get_resolver().url_patterns, "/")
    return [_filled(route, fill) for route in found if "(" not in route and "events" not in route]


def _filled(route: str, fill: dict[str, object]) -> str:
    for name, value in fill.items():
        for kind in ("int", "slug", "str", "path", "uuid"):
            route = route.replace(f"<{kind}:{name}>", str(value))
        route = route.replace(f"<{name}>", str(value))
    return route


def test_nobody_else_meets_an_unshared_word_on_any_page(
    bos_secret: Telling, incident: Incident, ana: Person, bo: Person, cy: Person, web: Web
) -> None:
    for person in (ana, cy):
        client = web(person)
        for address in [*everywhere(incident, bo), "/search/?q=heffalump", "/learn/?q=heffalump"]:
            page = client.get(address, follow=True).content.decode(errors="replace")
            assert SECRET not in page, address
            assert "it would pass" not in page, address


def test_no_program_reads_it_not_even_with_the_key_of_a_keeper(
    bos_secret: Telling, incident: Incident, ana: Person, client: Client
) -> None:
    _key, secret = Key.make(ana, "crawler")
    kinds = ["postmortems", "mitigations", "telling", "tellings", "moments", "entries", "search?q=heffalump"]
    for kind in [
        *kinds,
        "postmortems/1",
        "telling/1",
        "tellings/1",
        "moments/1",
        f"rooms/{incident.room.slug}/messages",
    ]:
        answer = client.get(f"/api/{kind}", headers={"Authorization": f"Bearer {secret}"})
        assert SECRET not in answer.content.decode(), kind
        assert "moment" not in answer.content.decode().lower() or answer.status_code == 404, kind


def test_the_author_reads_it_on_the_one_page_that_shows_it(
    bos_secret: Telling, postmortem: Postmortem, bo: Person, web: Web
) -> None:
    answer = web(bo).get(postmortem.telling_url)
    assert SECRET in answer.content.decode()
    assert "Only you can open this page" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_the_same_page_shows_a_keeper_an_empty_one_of_their_own(
    bos_secret: Telling, postmortem: Postmortem, ana: Person, web: Web
) -> None:
    page = web(ana).get(postmortem.telling_url).content.decode()
    assert SECRET not in page
    assert "A moment you remember" in page


def test_beginning_leaves_no_entry_no_message_no_draft_and_no_hit(
    postmortem: Postmortem, bo: Person, web: Web
) -> None:
    before = (Entry.objects.count(), Message.objects.count(), Doc.objects.count())
    web(bo).post(postmortem.telling_url, TOLD)
    web(bo).post(postmortem.telling_url, {**TOLD, "at": "2026-11-24T09:40"})
    settle()
    assert Moment.objects.count() == 2
    assert (Entry.objects.count(), Message.objects.count(), Doc.objects.count()) == before


def test_no_other_table_holds_the_words(bos_secret: Telling) -> None:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table == "postmortems_moment" or table.startswith("hearth_docwords"):
                continue
            cursor.execute(f'SELECT * FROM "{table}"')
            assert SECRET not in repr(cursor.fetchall()), table


def test_pages_are_the_same_to_others_whether_somebody_has_begun_or_not(
    postmortem: Postmortem, ana: Person, bo: Person, web: Web
) -> None:
    client = web(ana)

    def seen() -> list[str]:
        pages = (postmortem.get_absolute_url(), postmortem.writing_url)
        return [_still(client.get(page).content.decode()) for page in pages]

    before = seen()
    Telling.mine(postmortem, bo).add(postmortem.incident.noticed_at, saw=SECRET)
    assert seen() == before
    Telling.mine(postmortem, bo).let_be()
    assert seen() == before


def _still(page: str) -> str:
    """A page without what is new on each drawing: one-time keys and tokens."""
    return "\n".join(
        line for line in page.splitlines() if "csrf" not in line.lower() and 'name="key"' not in line
    )


def test_only_the_author_can_change_a_moment(
    bos_secret: Telling, postmortem: Postmortem, ana: Person, web: Web
) -> None:
    moment = bos_secret.moments.get()
    answer = web(ana).post(postmortem.telling_url, {**TOLD, "moment": moment.pk, "saw": "something else"})
    assert answer.status_code == 422
    assert bos_secret.moments.get().saw == SECRET


def test_words_are_kept_when_the_time_makes_no_sense(postmortem: Postmortem, bo: Person, web: Web) -> None:
    answer = web(bo).post(postmortem.telling_url, {**TOLD, "at": "yesterdayish"})
    assert answer.status_code == 422
    assert "When was it?" in answer.content.decode()
    assert SECRET in answer.content.decode()


def test_sharing_weaves_it_into_the_timeline_and_says_who_told(
    bos_secret: Telling, postmortem: Postmortem, incident: Incident, ana: Person, bo: Person, do: Do, web: Web
) -> None:
    do(bo, "/share-telling", incident.room)
    page = web(ana).get(postmortem.get_absolute_url()).content.decode()
    assert SECRET in page
    assert "Told by one person." in page
    assert page.index("8:59" if ana.zone == "UTC" else SECRET) < page.index("The queue is at 64 of 64")
    [said] = Message.objects.filter(room=incident.room, card__kind="telling")
    assert str(said.drawn) == "Bo Lund told their part of it"


def test_taking_it_back_makes_it_private_again(
    bos_secret: Telling, postmortem: Postmortem, incident: Incident, ana: Person, bo: Person, do: Do, web: Web
) -> None:
    do(bo, "/share-telling", incident.room)
    do(bo, "/take-back-telling", incident.room)
    assert SECRET not in web(ana).get(postmortem.get_absolute_url()).content.decode()
    assert not Message.objects.filter(card__kind="telling", deleted_at=None).exists()
    assert SECRET in web(bo).get(postmortem.telling_url).content.decode()


def test_it_cannot_be_taken_back_when_people_have_read_it(
    bos_secret: Telling, written: Postmortem, incident: Incident, bo: Person, do: Do
) -> None:
    do(bo, "/share-telling", incident.room)
    do(bo, "/publish", incident.room)
    with pytest.raises(Exception, match="published"):
        do(bo, "/take-back-telling", incident.room)


def test_an_unshared_telling_is_not_published_with_the_rest(
    bos_secret: Telling, written: Postmortem, incident: Incident, ana: Person, do: Do
) -> None:
    do(ana, "/publish", incident.room)
    settle()
    assert SECRET not in markdown(Postmortem.objects.get())
    assert SECRET not in " ".join(Doc.objects.values_list("body", flat=True))
    assert SECRET not in " ".join(str(m.drawn) for m in Message.objects.all() if m.card)


def test_not_this_time_ends_the_asking_and_tells_nobody(
    postmortem: Postmortem, incident: Incident, bo: Person, do: Do, web: Web
) -> None:
    before = Entry.objects.count()
    do(bo, "/let-me-be", incident.room)
    assert "Yours, when you like" not in web(bo).get("/").content.decode()
    assert Entry.objects.count() == before


def test_only_one_module_reads_tellings_that_are_not_shared() -> None:
    """Every other reader goes through `Telling.shared`, or filters by the asker."""
    here = Path(__file__).resolve().parent.parent
    readers = {p.name for p in here.glob("*.py") if "Telling.objects" in p.read_text()}
    assert readers <= {"tellings.py", "places.py"}


def test_nothing_to_share_is_said_kindly(
    postmortem: Postmortem, incident: Incident, bo: Person, do: Do
) -> None:
    with pytest.raises(Exception, match="no moment in it yet"):
        do(bo, "/share-telling", incident.room)
