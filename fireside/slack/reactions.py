"""Claps and reactions: which sign is which, and what our bot shows for those who clapped in Fireside."""

from __future__ import annotations

from fireside.hearth.people import Person
from fireside.slack.account import Account
from fireside.slack.post import Post

SIGNS = {
    "clap": "👏", "heart": "❤️", "eyes": "👀", "pray": "🙏", "tada": "🎉", "bulb": "💡",
    "+1": "👏", "thumbsup": "👏", "raised_hands": "👏", "red_heart": "❤️", "party_popper": "🎉",
}  # fmt: skip
NAMES = {"👏": "clap", "❤️": "heart", "👀": "eyes", "🙏": "pray", "🎉": "tada", "💡": "bulb"}
CAPTURES = ("pushpin", "star", "round_pushpin")  # put words on the timeline
CAPTURED = "pushpin"


def standing(post: Post, name: str) -> set[str]:
    """The users whose reaction of this name stands in Slack."""
    return {user for user, since in post.reacted.get(name, {}).items() if not since.startswith("-")}


def heard(post: Post, name: str, user: str, since: str, *, on: bool) -> bool:
    """Remember a reaction given or taken back; False when we know of something newer."""
    known = post.reacted.get(name, {})
    if known.get(user, "").lstrip("-") >= since:
        return False
    post.keep(reacted={**post.reacted, name: {**known, user: since if on else f"-{since}"}})
    return True


def wished(post: Post) -> set[str]:
    """The reactions our bot gives: one for each sign that somebody gave in Fireside and not in Slack."""
    message = post.message
    if message is None:
        return set()
    theirs = _people(post)
    claps = message.claps.values_list("sign", "person")
    wish = {NAMES[sign] for sign, person in claps if sign in NAMES and person not in theirs.get(sign, set())}
    starred = message.entries.filter(verb="message.starred", withdrawn_at=None).exists()
    if starred and not any(standing(post, name) for name in CAPTURES):
        wish.add(CAPTURED)
    return wish


def _people(post: Post) -> dict[str, set[int]]:
    """For each sign the people who gave it in Slack."""
    users = {name: standing(post, name) for name in post.reacted}
    everyone = {user for some in users.values() for user in some}
    accounts = Account.objects.filter(installation=post.channel.installation, user_id__in=everyone)
    people: dict[str, int] = dict(accounts.values_list("user_id", "person"))
    found: dict[str, set[int]] = {}
    for name, some in users.items():
        if sign := SIGNS.get(name):
            found.setdefault(sign, set()).update(people[user] for user in some if user in people)
    return found


def clap(post: Post, name: str, person: Person, *, on: bool) -> None:
    """A reaction from Slack as a clap here, or the clap taken back when no other reaction means the same."""
    sign, message = SIGNS[name], post.message
    if message is None or message.deleted_at is not None:
        return
    others = person.pk in _people(post).get(sign, set())
    message.clap(sign, by=person, on=on or others)
