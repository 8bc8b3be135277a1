"""Forms that are drawn from what a command takes."""

from __future__ import annotations

import re

from django import forms
from django.forms.utils import ErrorDict

from fireside.hearth.commands import Command, Missing, Param, Sorry
from fireside.hearth.slips import Slipped

FEW = 5  # choices that are shown at once, as buttons to choose from
SAID = {  # what a form says where a command has one short word
    "undo": "The way back", "know": "How we will know", "told": "Who was told", "agreed": "Who agreed",
}  # fmt: skip
ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class AskForm(forms.Form):
    """The fields of one command, with the words given so far; the command itself reads them."""

    use_required_attribute = False  # what is missing is said in a sentence, with every other word kept

    def __init__(self, command: Command, given: dict[str, str], *, wrong: bool = False) -> None:
        words = {param.name: given.get(param.name) or _default(param) for param in command.params}
        super().__init__(words if wrong else None, initial=words)
        self.command = command
        self.slipped = False  # do its words hold what looks like a key?
        for param in command.params:
            self.fields[param.name] = _field(param, given.get(param.name, ""))

    def full_clean(self) -> None:
        """The command has read the words already; what it said about them is all there is."""
        self._errors = ErrorDict()
        self.cleaned_data: dict[str, str] = {}


def ask(command: Command, given: dict[str, str], sorry: Sorry | None = None) -> AskForm:
    """The form of a command; what could be put right stands beside its field."""
    form = AskForm(command, given, wrong=sorry is not None)
    if isinstance(sorry, Missing):
        for name in sorry.names:
            form.add_error(name, "This is still needed.")
    elif sorry is not None:
        shown = sorry.field in form.fields and not form[sorry.field].is_hidden
        form.add_error(sorry.field if shown else None, sorry.words)
        form.slipped = isinstance(sorry, Slipped)
    return form


def _default(param: Param) -> str:
    return str(getattr(param.default, "value", param.default) or "")


def _field(param: Param, given: str) -> forms.Field:
    kind = param.kind
    label = SAID.get(param.name, param.label[:1].upper() + param.label[1:])
    if kind.choices:
        return _choice(param, label)
    if kind.name == "message" and given:
        return forms.CharField(widget=forms.HiddenInput)
    widget: forms.Widget = forms.TextInput(attrs={"class": "field", "autocomplete": "off"})
    if kind.name == "words":
        widget = forms.Textarea(attrs={"class": "field", "rows": 3 if param.required else 1})
    elif kind.name == "day" and (not given or ISO_DAY.fullmatch(given)):
        widget = forms.DateInput(attrs={"class": "field", "type": "date"})
    elif kind.name in ("person", "room", "team"):
        widget.attrs["list"] = f"known-{kind.name}"
    helps = "" if kind.name in ("line", "words", "word") else kind.hint
    return forms.CharField(required=param.required, label=label, help_text=helps, widget=widget)


def _choice(param: Param, label: str) -> forms.Field:
    few = len(param.kind.choices) <= FEW
    widget: forms.Widget = forms.RadioSelect() if few else forms.Select(attrs={"class": "field"})
    choices = list(param.kind.choices)
    if not few and not _default(param):
        choices.insert(0, ("", "—"))
    return forms.ChoiceField(required=param.required, label=label, choices=choices, widget=widget)
