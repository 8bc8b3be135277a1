"""The forms with which people come in and say how they want to be met."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from fireside.hearth.errors import Sorry
from fireside.hearth.keys import ACT, DAYS, READ
from fireside.hearth.people import HANDLE, Organisation, Person, Team, zones
from fireside.hearth.rooms import Room
from fireside.web.fielded import Fielded

NEVER = "never"
THEMES = [("", "As my device"), ("light", "Light"), ("dark", "Dark")]


def zone_field(label: str, *, guess: bool = False) -> forms.ChoiceField:
    """Every IANA zone; with `guess` a small script chooses the browser's own until the person does."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for zone in zones():
        area, _, place = zone.partition("/")
        groups.setdefault(area, []).append((zone, (place or area).replace("_", " ").replace("/", ", ")))
    attrs = {"data-guess-zone": ""} if guess else {}
    widget = forms.Select(attrs=attrs)
    return forms.ChoiceField(label=label, choices=list(groups.items()), widget=widget, initial="UTC")


class Arrival(Fielded, forms.Form):
    """Who somebody is when they come in for the first time."""

    autocomplete = {"name": "name", "email": "username", "password": "new-password"}  # noqa: RUF012
    name = forms.CharField(label="Your name", max_length=80)
    email = forms.EmailField(label="Your e-mail", help_text="To sign in with.", max_length=254)
    password = forms.CharField(
        label="A password",
        help_text="Ten characters or more; a few words together are fine.",
        widget=forms.PasswordInput,
    )
    zone = zone_field("Where your day happens", guess=True)

    def clean(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        if "password" in given:
            likeness = Person(name=given.get("name", ""), email=given.get("email"))
            try:
                validate_password(given["password"], likeness)
            except ValidationError as wrong:
                self.add_error("password", wrong)
        return given


class Beginning(Arrival):
    """The first person also names the organisation."""

    field_order = ("org_name", "name", "email", "password", "zone")
    autocomplete = {**Arrival.autocomplete, "org_name": "organization"}  # noqa: RUF012
    org_name = forms.CharField(label="Your organisation", max_length=80)


class Profile(Fielded, forms.ModelForm):  # type: ignore[type-arg]
    """How a person is called and how they want to see this house."""

    zone = zone_field("Time zone")
    language = forms.ChoiceField(label="Language", choices=settings.LANGUAGES)
    theme = forms.ChoiceField(label="Colours", choices=THEMES, required=False, widget=forms.RadioSelect)

    class Meta:
        model = Person
        fields = ("name", "handle", "about", "zone", "language", "theme")
        labels = {"about": "A few words about you"}  # noqa: RUF012
        help_texts = {"handle": "What people write after @."}  # noqa: RUF012

    def clean_handle(self) -> str:
        handle = str(self.cleaned_data["handle"]).strip().lstrip("@").lower()
        if not HANDLE.fullmatch(handle):
            raise ValidationError("A handle has small letters, digits, dots and dashes, 39 at most.")
        if Person.objects.filter(handle=handle).exclude(pk=self.instance.pk).exists():
            raise ValidationError("Somebody else has this handle.")
        return handle


class House(Fielded, forms.ModelForm):  # type: ignore[type-arg]
    """What the organisation is called and where its day happens."""

    zone = zone_field("Time zone of the house")

    class Meta:
        model = Organisation
        fields = ("name", "zone")
        labels = {"name": "Name"}  # noqa: RUF012


class NewKey(Fielded, forms.Form):
    """What a key will be for, what it may do, where, and for how long."""

    name = forms.CharField(label="What it is for", help_text="For example: deploy script.", max_length=80)
    scopes = forms.ChoiceField(
        label="What it may do", initial=READ, widget=forms.RadioSelect,
        choices=[
            (READ, "Read: see what I could see"),
            (ACT, "Act: do what I could do, and see only what comes of it"),
            (f"{READ} {ACT}", "Both"),
        ],
    )  # fmt: skip
    days = forms.TypedChoiceField(
        label="For how long", initial=DAYS, coerce=lambda days: None if days == NEVER else int(days),
        help_text="You are told a week before it ends, and a new secret takes a minute.",
        choices=[
            (7, "A week"), (30, "30 days"), (90, "90 days"), (365, "A year"),
            (NEVER, "Until I end it, though nobody may look at it again"),
        ],
    )  # fmt: skip
    rooms = forms.CharField(
        label="Only in these rooms", required=False, max_length=400,
        help_text="#deploys #til, say. It then sees and does nothing anywhere else.",
    )  # fmt: skip

    def __init__(self, person: Person, *given: Any) -> None:
        super().__init__(*given)
        self._person = person

    def clean_rooms(self) -> list[Room]:
        try:
            names = self.cleaned_data["rooms"].replace(",", " ").split()
            return [Room.named(name, person=self._person) for name in dict.fromkeys(names)]
        except Sorry as sorry:
            raise ValidationError(sorry.words) from None


class Overlap(forms.Form):
    """For how long the old secret works beside the new one."""

    overlap = forms.TypedChoiceField(
        label="The old one works on for", initial=7, coerce=lambda days: timedelta(days=int(days)),
        choices=[(0, "No time: it is known to others"), (1, "A day"), (7, "A week"), (30, "30 days")],
        widget=forms.Select(attrs={"class": "field field-s"}),
    )  # fmt: skip


class NewInvitation(Fielded, forms.Form):
    """For how long a link lets people in, and into which team."""

    team = forms.ModelChoiceField(
        Team.objects.all(), label="Into a team", required=False, empty_label="No team yet"
    )
    days = forms.TypedChoiceField(
        label="Open for", coerce=int, choices=[(1, "A day"), (7, "A week"), (30, "A month")], initial=7
    )
