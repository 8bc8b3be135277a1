"""Write docs/reference and the README's table of settings from the code; --check only says what is old."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import django

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
BEGIN, END = "<!-- settings -->", "<!-- /settings -->"
NOTE = "<!-- Written by `make docs` from the code; changes made here are lost. -->\n\n"


def main(arguments: list[str]) -> int:
    """Return how many pages are out of date, or 0 after writing them."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fireside.config.settings")
    django.setup()
    old = stale(pages())
    if "--check" in arguments:
        for name in old:
            print(f"{name} is not what the code says; `make docs` writes it anew.")
        return len(old)
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name in old:
        (ROOT / name).write_text(pages()[name])
        print(f"wrote {name}")
    return 0


def stale(wanted: dict[str, str]) -> list[str]:
    found = {name: (ROOT / name).read_text() for name in wanted if (ROOT / name).exists()}
    return [name for name, content in wanted.items() if found.get(name) != content]


def pages() -> dict[str, str]:
    """What each page has to say, by its path in the repository."""
    reference = {
        "commands": commands(),
        "settings": settings(),
        "schedule": schedule(),
        "slack": slack(),
        "metrics": metrics(),
        "roles": roles(),
    }
    return {f"docs/reference/{name}.md": words for name, words in reference.items()} | {"README.md": readme()}


def readme() -> str:
    """The README as it is, with the table of settings put in its place."""
    before, _, rest = (ROOT / "README.md").read_text().partition(BEGIN)
    return before + BEGIN + known_settings() + "\n\n" + END + rest.partition(END)[2]


def commands() -> str:
    from fireside.hearth.commands import Command, book

    def section(command: Command) -> str:
        params = table(
            ("word", "kind", "", "how to write it"),
            [
                (p.label, p.kind.name, "needed" if p.required else "if you like", p.kind.hint)
                for p in command.params
            ],
        )
        said = f"## /{command.verb}\n\n{command.help}\n\n```\n{command.example}\n```\n"
        return said + (params if command.params else "")

    return page(
        "Commands",
        "Each is the same everywhere: typed in a room, as a form, as a button, "
        "through `POST /api/do/<verb>`, and as `fireside do <verb>`.",
        *map(section, book.all()),
    )


def settings() -> str:
    return page(
        "Settings",
        "Environment variables, all of them optional. "
        "Each may also be given as `NAME_FILE`, the path of a file that holds the value.",
        known_settings(),
    )


def known_settings() -> str:
    from fireside.config.env import SETTINGS

    rows = [
        (f"`{s.name}`", f"`{s.default}`" if s.default else "", s.meaning + (" Secret." if s.secret else ""))
        for s in SETTINGS
    ]
    return "\n" + table(("name", "default", "meaning"), rows)


def schedule() -> str:
    from fireside.hearth.workflows import schedule

    rows = [(f"`{name}`", when, " ".join(why.split("\n\n")[0].split())) for name, when, why in schedule()]
    words = "What happens unasked; `fireside schedule` prints the same."
    return page("Schedule", words, table(("what", "when", "why"), rows))


def slack() -> str:
    from fireside.slack.manifest import standalone
    from fireside.slack.scopes import EVENTS, FEATURES, SCOPES, used_by

    scopes = [(f"`{s.name}`", s.feature, s.why, ", ".join(used_by(s.name))) for s in SCOPES]
    features = [
        (f"`{name}`", why, ", ".join(f"`{s.name}`" for s in SCOPES if s.feature == name))
        for name, why in FEATURES.items()
    ]
    events = [(f"`{event}`", f"`{scope}`" if scope else "") for event, scope in EVENTS.items()]
    return page(
        "Slack",
        "What Fireside asks of Slack, and why; [slack.md](../slack.md) says how to connect it.",
        "## Features",
        "`SLACK_WITH` names those you want, `claps` when it is not set. Each asks for a little more.",
        table(("feature", "what it brings", "scopes"), features),
        "## Scopes",
        "Only these are ever asked for, all of them for the bot; those of a feature when it is chosen.",
        table(("scope", "feature", "why", "used by"), scopes),
        "## Events",
        "What Slack tells us of. What is not about a linked channel, somebody we know or the app itself "
        "is dropped before it is written down.",
        table(("event", "needs"), events),
        "## Commands",
        "Every command works as `/fireside verb words`. Slack also knows these by themselves: "
        + ", ".join(f"`/{command.verb}`" for command in standalone())
        + ".",
    )


def metrics() -> str:
    from fireside.config.metrics import known

    rows = [(f"`{name}`", kind, ", ".join(labels), words) for name, kind, labels, words in known()]
    words = (
        "What `/metrics` tells, beside the usual `process_*`; [observing.md](../observing.md) says "
        "how to watch it."
    )
    return page("Metrics", words, table(("name", "kind", "labels", "meaning"), rows))


def roles() -> str:
    from django.urls import URLPattern, get_resolver

    from fireside.hearth.commands import book
    from fireside.hearth.people import Role

    def addresses(found: Any, before: str = "/") -> Iterator[tuple[str, URLPattern]]:
        for one in found.url_patterns:
            if isinstance(one, URLPattern):
                yield before + str(one.pattern).strip("^$"), one
            else:
                yield from addresses(one, before + str(one.pattern))

    def marks(least: Role) -> tuple[str, ...]:
        return tuple("yes" if role >= least else "" for role in Role)

    def least(view: object) -> Role:
        keepers = Role.KEEPER if getattr(view, "keepers", False) else Role.MEMBER
        return Role.GUEST if getattr(view, "guests", False) else keepers

    head = tuple(role.name.lower() for role in Role)
    verbs = [(f"`/{command.verb}`", *marks(command.role)) for command in book.all()]
    paths = [
        (f"`{path}`", *marks(least(pattern.callback)))
        for path, pattern in addresses(get_resolver())
        if not path.startswith("/api/") or path == "/api/"
    ]
    return page(
        "Roles",
        "Who may ask for what; [roles.md](../roles.md) says what it means. "
        "Whatever stands here is tried by the tests as each of them.",
        "## Commands",
        "In the rooms that they may enter, and about what is in them.",
        table(("command", *head), verbs),
        "## Pages",
        "With what they may see on them. Programs hold keys of members and keepers; guests have none.",
        table(("page", *head), paths),
    )


def page(title: str, words: str, *parts: str) -> str:
    return NOTE + "\n\n".join([f"# {title}", words, *(part.strip() for part in parts)]) + "\n"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
