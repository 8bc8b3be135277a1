"""What we ask of Slack and why: each scope with its reason, and the methods and events that need it."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

FEATURES = {
    "claps": "Claps and stars given in Fireside show as reactions in Slack.",
    "emails": "People are recognised by their e-mail, so that nobody is here twice.",
    "files": "Pictures and files shared in a linked channel are kept in its room too.",
    "groups": "A mention of a user group is shown by its name.",
    "join": "Fireside joins a public channel that is linked, without being invited first.",
    "private": "Private rooms and private channels can be one.",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission: why we ask for it, and the feature it belongs to ("" when nothing works without)."""

    name: str
    why: str
    feature: str = ""


SCOPES = (
    Scope("bookmarks:write", "Puts the incident's page on top of its channel."),
    Scope("channels:history", "Hears what is said in public channels that are linked to a room."),
    Scope("channels:manage", "Makes a channel for an incident, names it, brings its people in."),
    Scope("channels:read", "Knows the name of a linked channel, who is in it, and whether it is archived."),
    Scope("chat:write", "Says in Slack what was said in Fireside."),
    Scope("commands", "Takes slash commands, shortcuts and buttons."),
    Scope("files:write", "Brings along charts, and files that people added in Fireside."),
    Scope("pins:read", "Hears what is pinned in a linked channel."),
    Scope("pins:write", "Pins what is pinned in the room."),
    Scope("reactions:read", "Hears claps, and the pushpin that puts words on a timeline."),
    Scope("users:read", "Knows the name and the time zone of who speaks."),
    Scope("channels:join", FEATURES["join"], "join"),
    Scope("files:read", FEATURES["files"], "files"),
    Scope("groups:history", "Hears what is said in private channels that are linked to a room.", "private"),
    Scope("groups:read", "Knows the name of a linked private channel and who is in it.", "private"),
    Scope("groups:write", "Makes a private channel for a private incident.", "private"),
    Scope("reactions:write", FEATURES["claps"], "claps"),
    Scope("usergroups:read", FEATURES["groups"], "groups"),
    Scope("users:read.email", FEATURES["emails"], "emails"),
)  # fmt: skip

# The methods of Slack's Web API, as slack_sdk names them, and the scopes each uses (for public channels, for
# private ones), as its page at docs.slack.dev/reference/methods says.
METHODS: dict[str, tuple[str, ...]] = {
    "auth_test": (),
    "bookmarks_add": ("bookmarks:write",),
    "chat_delete": ("chat:write",),
    "chat_postEphemeral": ("chat:write",),
    "chat_postMessage": ("chat:write",),
    "chat_update": ("chat:write",),
    "conversations_create": ("channels:manage", "groups:write"),
    "conversations_history": ("channels:history", "groups:history"),
    "conversations_info": ("channels:read", "groups:read"),
    "conversations_invite": ("channels:manage", "groups:write"),
    "conversations_join": ("channels:join",),
    "conversations_kick": ("channels:manage", "groups:write"),
    "conversations_list": ("channels:read", "groups:read"),
    "conversations_members": ("channels:read", "groups:read"),
    "conversations_replies": ("channels:history", "groups:history"),
    "conversations_setTopic": ("channels:manage", "groups:write"),
    "files_upload_v2": ("files:write",),
    "oauth_v2_access": (),
    "pins_add": ("pins:write",),
    "pins_remove": ("pins:write",),
    "reactions_add": ("reactions:write",),
    "reactions_remove": ("reactions:write",),
    "team_integrationLogs": (),  # with an admin's own token, which is used once and is not ours
    "usergroups_list": ("usergroups:read",),
    "users_info": ("users:read", "users:read.email"),
    "views_open": (),
    "views_publish": (),
    "views_update": (),
}

# The events we hear, and the scope without which Slack does not tell of them.
EVENTS = {
    "app_home_opened": "",
    "app_uninstalled": "",
    "channel_archive": "channels:read",
    "channel_deleted": "channels:read",
    "channel_left": "channels:read",
    "channel_rename": "channels:read",
    "channel_unarchive": "channels:read",
    "group_archive": "groups:read",
    "group_deleted": "groups:read",
    "group_left": "groups:read",
    "group_rename": "groups:read",
    "group_unarchive": "groups:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "pin_added": "pins:read",
    "pin_removed": "pins:read",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "tokens_revoked": "",
    "user_change": "users:read",
}

# What needs a scope and is neither a method nor an event.
ELSE = {"slash commands, shortcuts and buttons": "commands", "the address of a file": "files:read"}


def features() -> set[str]:
    """The features that SLACK_WITH names."""
    return set(settings.SLACK["WITH"].replace(",", " ").split())


def wanted() -> list[str]:
    """The scopes we ask for: those without which nothing works, and those of the chosen features."""
    return sorted(scope.name for scope in SCOPES if not scope.feature or scope.feature in features())


def events() -> list[str]:
    """The events we subscribe to: those that what we ask for lets us hear."""
    return sorted(event for event, scope in EVENTS.items() if not scope or scope in wanted())


def used_by(name: str) -> list[str]:
    """The methods, events and other things that need this scope, as Slack's pages name them."""
    methods = [method.replace("_", ".") for method, scopes in METHODS.items() if name in scopes]
    heard = [event for event, scope in EVENTS.items() if scope == name]
    return [*methods, *heard, *(thing for thing, scope in ELSE.items() if scope == name)]
