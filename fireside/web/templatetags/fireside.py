"""The small pieces every page draws: icons, faces, and moments in the reader's own time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from django import template
from django.contrib.messages import get_messages
from django.contrib.messages.storage.base import Message
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateformat import format as written
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from fireside.hearth.commands import book
from fireside.hearth.people import Person

register = template.Library()

CLOCK = "G:i"
DAY = "l j F"


class Someone(Protocol):
    """Anybody with a face: a person, or a record that stands for one."""

    name: str
    hue: int

    @property
    def initials(self) -> str: ...


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, more: str = "") -> SafeString:
    """One symbol of the sprite; always decoration, the words beside it carry the meaning."""
    classes = f"icon {more}".strip()
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        classes,
        static("web/icons.svg"),
        name,
    )


@register.simple_tag
def avatar(person: Someone, more: str = "", *, label: bool = False) -> SafeString:
    """A face: silent beside the written name, or with `label` saying the name itself."""
    spoken = (
        format_html('role="img" aria-label="{}"', person.name)
        if label
        else format_html('aria-hidden="{}"', "true")
    )
    return format_html(
        '<span class="{}" data-h="{}" {}>{}</span>',
        f"avatar {more}".strip(),
        person.hue,
        spoken,
        person.initials,
    )


@register.simple_tag
def machine(symbol: str = "flame", more: str = "") -> SafeString:
    """The square face of something that speaks without being a person."""
    return format_html(
        '<span class="{}" data-h="bot" aria-hidden="true">{}</span>', f"avatar {more}".strip(), icon(symbol)
    )


@register.simple_tag
def who(person: Someone) -> SafeString:
    return format_html('<span class="who">{} {}</span>', avatar(person, "avatar-s"), person.name)


@register.simple_tag
def clock(moment: datetime | None) -> SafeString:
    """`9:14`, with the whole date in the reader's zone and in UTC on asking."""
    return _time(moment, written(timezone.localtime(moment), CLOCK)) if moment else SafeString("")


@register.simple_tag
def day(moment: datetime | None) -> SafeString:
    """`Tuesday 24 November`; the year is said when it is not this one."""
    if moment is None:
        return SafeString("")
    local = timezone.localtime(moment)
    this_year = local.year == timezone.localtime().year
    return _time(moment, written(local, DAY if this_year else f"{DAY} Y"))


@register.simple_tag
def since(moment: datetime | None, until: datetime | None = None) -> SafeString:
    """`47 minutes`: how long from `moment` to `until`, or to now."""
    if moment is None:
        return SafeString("")
    until = until or timezone.now()
    short = (until - moment).total_seconds() < 60
    return _time(moment, pgettext("open for", "a moment") if short else timesince(moment, until, depth=1))


@register.simple_tag(takes_context=True)
def notices(context: template.Context) -> list[Message]:
    """What was just done, told once; under a name that no page uses for its own words."""
    request = context.get("request")
    return list(get_messages(request)) if request else []


@register.filter
def of(values: Mapping[str, object], key: str) -> object:
    """`values|of:key`: the value under a key that is itself a variable; empty when there is none."""
    return values.get(key, "") if values else ""


@register.filter
def may(person: Person, verb: str) -> bool:
    """`me|may:"call"`: is this command for them?"""
    return book.find(verb).role <= person.role


def _time(moment: datetime, words: str) -> SafeString:
    utc = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', utc.strftime("%Y-%m-%dT%H:%M:%SZ"), _whole(moment), words
    )


def _whole(moment: datetime) -> str:
    local, utc = timezone.localtime(moment), moment.astimezone(UTC)
    return _("%(date)s, %(zone)s · %(utc)s UTC") % {
        "date": written(local, f"{DAY} Y, {CLOCK}"),
        "zone": timezone.get_current_timezone_name(),
        "utc": written(utc, "j F, G:i"),
    }
