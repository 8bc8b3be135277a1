"""Every screen with the demo's story, and the looks in which each is looked at."""

from __future__ import annotations

SCREENS = {
    "home": "/",
    "room": "/rooms/magic-sparkles/",
    "rooms": "/rooms/",
    "incident": "/incidents/3/",
    "incidents": "/incidents/",
    "postmortem": "/learn/1/",
    "writing": "/learn/2/write/",
    "morgue": "/learn/",
    "search": "/search/?q=queue",
    "systems": "/systems/",
    "system": "/systems/storefront/",
    "alerts": "/alerts/",
    "people": "/people/",
    "person": "/people/priya/",
    "teams": "/teams/",
    "settings": "/settings/",
    "keys": "/settings/keys/",
    "invitations": "/settings/invitations/",
    "slack": "/settings/slack/",
    "changes": "/learn/changes/",
    "why": "/learn/why/",
    "telling": "/learn/2/telling/",
    "register": "/incidents/3/decisions/",
    "connect": "/alerts/connect/",
    "group": "/alerts/1/",
    "runbook": "/runbooks/payments-are-being-refused/",
    "form": "/do/decide/?room=inc-3",
    "room-about": "/rooms/til/about/",
    "room-files": "/rooms/til/files/",
    "room-pinned": "/rooms/incidents/pinned/",
    "api": "/api/",
    "password": "/account/password/",
}
LOOKS = {
    "light-1280": {"wide": True, "dark": False},
    "dark-1280": {"wide": True, "dark": True},
    "light-390": {"wide": False, "dark": False},
    "dark-390": {"wide": False, "dark": True},
}
