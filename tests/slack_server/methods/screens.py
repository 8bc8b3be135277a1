"""views.*: modals and home tabs."""

from __future__ import annotations

from typing import Any

from tests.slack_server.methods.book import Asking, method
from tests.slack_server.refusal import Refused, invalid
from tests.slack_server.strict import checked_view
from tests.slack_server.views import Trigger, View

Json = dict[str, Any]


@method("views.open", "trigger_id* view* interactivity_pointer", tier=4)
def open_(asking: Asking) -> Json:
    given = _given(asking, "modal")
    trigger = _trigger(asking)
    view = _new(asking, given, trigger)
    trigger.user.opens(view)
    return {"view": view.json()}


@method("views.push", "trigger_id* view* interactivity_pointer", tier=4)
def push(asking: Asking) -> Json:
    given = _given(asking, "modal")
    trigger = _trigger(asking)
    if trigger.view is None or trigger.view not in trigger.user.stack:
        raise Refused("not_found")
    view = _new(asking, given, trigger)
    trigger.user.opens(view, trigger.view)
    return {"view": view.json()}


@method("views.update", "view* view_id external_id hash", tier=4)
def update(asking: Asking) -> Json:
    given = _given(asking, "modal")
    view = _existing(asking)
    if asking.text("hash") and asking.text("hash") != view.hash:
        raise Refused("hash_conflict")
    view.show(given)
    return {"view": view.json()}


@method("views.publish", "user_id* view* hash", tier=4)
def publish(asking: Asking) -> Json:
    if not asking.app.home.get("home_tab_enabled"):
        raise Refused("not_enabled")
    user = asking.person("user_id")
    given = _given(asking, "home")
    shown = user.homes.get(asking.app.id)
    if shown and asking.text("hash") and asking.text("hash") != shown.hash:
        raise Refused("hash_conflict")
    if shown:
        shown.show(given)
    else:
        shown = user.homes[asking.app.id] = View(asking.server, asking.app, user, given)
    return {"view": shown.json()}


def _given(asking: Asking, kind: str) -> Json:
    view = checked_view(asking.server, asking.method.name, asking.data("view"))
    if view["type"] != kind:
        raise invalid("invalid_arguments", [f"must be a {kind} [json-pointer:/view/type]"])
    return view


def _new(asking: Asking, given: Json, trigger: Trigger) -> View:
    """A modal; its external_id must be the only one of its kind in the workspace."""
    external, house = given.get("external_id"), trigger.user.workspace
    others = [view for user in house.users.values() for view in user.stack]
    if external and any(view.given.get("external_id") == external for view in others):
        raise Refused("duplicate_external_id")
    return View(asking.server, asking.app, trigger.user, given)


def _trigger(asking: Asking) -> Trigger:
    trigger = asking.server.triggers.get(asking.text("trigger_id"))
    if trigger is None or trigger.app is not asking.app:
        raise Refused("invalid_trigger_id")
    if trigger.used:
        raise Refused("exchanged_trigger_id")
    if asking.server.now() > trigger.expires:
        raise Refused("expired_trigger_id")
    trigger.used = True
    return trigger


def _existing(asking: Asking) -> View:
    """A modal that is still open, by its id or by the app's own name for it."""
    ident, external = asking.text("view_id"), asking.text("external_id")
    for view in asking.server.views.values():
        if view.app is not asking.app or view not in view.user.stack:
            continue
        if view.id == ident or (external and view.given.get("external_id") == external):
            return view
    raise Refused("not_found")
