"""Who and what is meant by a name: people, rooms and groups, in Fireside's words and in Slack's."""

from __future__ import annotations

from functools import lru_cache

from django.db.models import Q

from fireside.hearth.people import Person
from fireside.hearth.rooms import Room
from fireside.slack.account import Account
from fireside.slack.calls import Later, Refused, Unsure, call
from fireside.slack.channel import Channel
from fireside.slack.installation import Installation, Lost

FEW = 3  # rooms that are asked for one by one; a list of rooms names more, and asks for all of them at once


class Known:
    """The names known in one workspace; it asks for each of them once."""

    def __init__(self, installation: Installation, *, room: Room | None = None) -> None:
        self.installation = installation
        self.room = room  # where it will be read: what is private elsewhere is not named there
        self._users: dict[str, str] = {}
        self._channels: dict[str, str] = {}
        self._all = False

    def user(self, handle: str) -> str:
        """Slack's id of a person, or "" when they are not there."""
        if handle not in self._users:
            people = Person.objects.filter(handle=handle)
            self._users[handle] = next(iter(Account.ids_of(self.installation, people).values()), "")
        return self._users[handle]

    def channel(self, slug: str) -> str:
        """Slack's id of the channel of a room, or "" when it has none that may be named here."""
        if slug not in self._channels and not self._all:
            here = Q(room__private=False) | Q(room=self.room)
            found = Channel.objects.filter(here, installation=self.installation)
            self._all = len(self._channels) >= FEW
            found = found if self._all else found.filter(room__slug=slug)
            self._channels |= {slug: ""} | dict(found.values_list("room__slug", "channel_id"))
        return self._channels.get(slug, "")

    def handle(self, user_id: str, label: str) -> str:
        """How a user of Slack is written here: "@ana"."""
        account = Account.named(self.installation, user_id)
        return f"@{account.person.handle}" if account else f"@{label or 'somebody'}"

    def slug(self, channel_id: str, label: str) -> str:
        """How a channel is written here: "#payments", by its room when it has one."""
        found = Channel.heard(self.installation, channel_id)
        if found is not None and (not found.room.private or found.room == self.room):
            return f"#{found.room.slug}"
        return f"#{label}" if label else "#a-channel"

    def group(self, group_id: str, label: str) -> str:
        """How a user group is written here: "@payments-team"."""
        if label:
            return f"@{label.lstrip('@')}"
        handles = _groups(self.installation.pk) if self.installation.may("usergroups:read") else {}
        return f"@{handles.get(group_id, 'a group')}"


@lru_cache(maxsize=64)
def _groups(installation: int) -> dict[str, str]:
    """The handles of all user groups; known until this process ends."""
    try:
        found = call(Installation.objects.get(pk=installation), "usergroups_list")["usergroups"]
    except (Later, Unsure, Refused, Lost):
        return {}
    return {str(group["id"]): str(group["handle"]) for group in found}
