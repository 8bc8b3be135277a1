"""How a Django form becomes one of ours: its fields look like ours and say what browsers may fill in."""

from __future__ import annotations

from typing import Any

from django import forms


class Fielded:
    """A form whose fields look like ours and say what browsers may fill in."""

    fields: dict[str, forms.Field]
    labels: dict[str, Any] = {}  # noqa: RUF012 -- each form gives its own
    helps: dict[str, Any] = {}  # noqa: RUF012
    autocomplete: dict[str, str] = {}  # noqa: RUF012
    unplaced = ("placeholder", "autofocus")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            attrs = field.widget.attrs
            for extra in self.unplaced:
                attrs.pop(extra, None)
            if not isinstance(field.widget, forms.CheckboxInput | forms.RadioSelect):
                attrs["class"] = "field"
            if name in self.autocomplete:
                attrs["autocomplete"] = self.autocomplete[name]
            field.label = self.labels.get(name, field.label)
            field.help_text = self.helps.get(name, field.help_text)
