"""The forms with which people come in and say how they want to be met."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from fireside.hearth.keys import Key
from fireside.hearth.people import HANDLE, Organisation, Person, Team, zones
from fireside.web.fielded import Fielded

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


class NewKey(Fielded, forms.ModelForm):  # type: ignore[type-arg]
    """What a key will be for."""

    class Meta:
        model = Key
        fields = ("name",)
        labels = {"name": "What it is for"}  # noqa: RUF012
        help_texts = {"name": "For example: deploy script."}  # noqa: RUF012


class NewInvitation(Fielded, forms.Form):
    """For how long a link lets people in, and into which team."""

    team = forms.ModelChoiceField(
        Team.objects.all(), label="Into a team", required=False, empty_label="No team yet"
    )
    days = forms.TypedChoiceField(
        label="Open for", coerce=int, choices=[(1, "A day"), (7, "A week"), (30, "A month")], initial=7
    )
