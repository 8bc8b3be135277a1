"""The previous release must be able to run on what this one makes of its database."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from fireside import RUNS_FROM, __version__
from fireside.hearth.releases import number
from tests import previous
from tests.expanding import made, troubles

ROOT = Path(__file__).resolve().parent.parent
OURS = {app.label for app in apps.get_app_configs() if app.name.startswith("fireside.")}
THREE = r"\d+\.\d+\.\d+"


def test_a_version_is_three_numbers_and_the_previous_release_can_run_on_this_one() -> None:
    for version in (__version__, RUNS_FROM, previous.VERSION):
        assert re.fullmatch(THREE, version)
    assert number(RUNS_FROM) <= number(previous.VERSION) < number(__version__)


def test_what_changed_is_told_for_the_release_to_come_and_for_the_one_before() -> None:
    told = (ROOT / "CHANGELOG.md").read_text()
    heads = re.findall(r"^## (.*)$", told, re.MULTILINE)
    assert heads[0] == f"Unreleased ({__version__})"
    assert all(re.fullmatch(rf"{THREE} - \d{{4}}-\d\d-\d\d", head) for head in heads[1:])
    assert heads[1].startswith(f"{previous.VERSION} - ")
    for part in re.split(r"^## .*$", told, flags=re.MULTILINE)[1:]:
        notes = part.partition("**Operators.**")[2]
        for word in ("Before:", "Meanwhile:", "Afterwards:", "Going back:"):
            assert f"- {word} " in notes, "each release tells operators the same four things"


def test_what_was_released_is_as_it_was() -> None:
    for (app, name), then in previous.migrations().items():
        now = (ROOT / "fireside" / app / "migrations" / f"{name}.py").read_bytes()
        assert now == then, f"{app}.{name} was released; what it should do differently is a new migration"


def test_old_code_does_not_trip_over_a_new_migration() -> None:
    loader = MigrationLoader(None)
    keys = [key for key in loader.graph.nodes if key[0] in OURS and key not in previous.migrations()]
    new = made([loader.graph.nodes[key] for key in keys])
    found = [
        sentence
        for key in sorted(keys)
        for sentence in troubles(
            loader.graph.nodes[key], loader.project_state(key, at_end=False), new, previous.VERSION
        )
    ]
    assert found == []


# -- the rules themselves ----------------------------------------------------------------------------------


class Before(migrations.Migration):
    """A house in which there is a message with some columns."""

    operations = [  # noqa: RUF012 -- as Django writes it
        migrations.CreateModel(
            "Message",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("text", models.TextField()),
                ("key", models.CharField(max_length=40, null=True)),
                ("voice", models.CharField(max_length=40)),
                ("lamp", models.ForeignKey("hearth.Lamp", models.CASCADE)),
            ],
        ),
        migrations.CreateModel("Lamp", [("id", models.BigAutoField(primary_key=True))]),
    ]


def judged(*operations: Any, **words: str) -> list[str]:
    before = Before("before", "hearth").mutate_state(ProjectState())
    migration = type("Migration", (migrations.Migration,), {"operations": list(operations), **words})
    made_here = migration("0002_new", "hearth")
    return troubles(made_here, before, made([made_here]), "0.5.0")


TEXT = models.TextField
INDEX = models.Index("voice", name="message_voice")
CHECK = models.CheckConstraint(condition=models.Q(voice="x"), name="voice_x")
FINE = {
    "a new table": [migrations.CreateModel("Chair", [("id", models.BigAutoField(primary_key=True))])],
    "a nullable column": [migrations.AddField("message", "mood", TEXT(null=True))],
    "a column with a default that the database knows": [
        migrations.AddField("message", "mood", TEXT(db_default=""))
    ],
    "a table beside": [migrations.AddField("message", "lamps", models.ManyToManyField("hearth.Lamp"))],
    "an index on a small table": [migrations.AddIndex("lamp", models.Index("id", name="lamp_id"))],
    "what the database does not know": [
        migrations.AlterField("message", "text", TEXT(blank=True, default="", help_text="x"))
    ],
    "more room": [migrations.AlterField("message", "voice", models.CharField(max_length=80))],
    "nothing is allowed": [migrations.AlterField("message", "text", TEXT(null=True))],
    "one index less": [
        migrations.AlterField(
            "message", "lamp", models.ForeignKey("hearth.Lamp", models.CASCADE, db_index=False)
        )
    ],
    "a default in the database": [migrations.AlterField("message", "text", TEXT(db_default=""))],
    "all of it on a new table": [
        migrations.CreateModel("Chair", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddField("chair", "legs", models.IntegerField(default=4)),
        migrations.AddConstraint("chair", models.CheckConstraint(condition=models.Q(legs=4), name="four")),
    ],
    "what only the code forgets": [
        migrations.SeparateDatabaseAndState([], [migrations.RemoveField("message", "key")])
    ],
}
GOING = {
    "a column": [migrations.RemoveField("message", "key")],
    "a table": [migrations.DeleteModel("Lamp")],
    "nothing is refused": [migrations.AlterField("message", "key", models.CharField(max_length=40))],
    "less room": [migrations.AlterField("message", "voice", models.CharField(max_length=20))],
    "less room than for all": [migrations.AlterField("message", "text", models.CharField(max_length=20))],
    "another type": [migrations.AlterField("message", "voice", models.IntegerField())],
    "only once": [migrations.AlterField("message", "voice", models.CharField(max_length=40, unique=True))],
    "inside": [migrations.SeparateDatabaseAndState([migrations.RemoveField("message", "key")], [])],
}
UNSEEN = {
    "code": [migrations.RunPython(migrations.RunPython.noop)],
    "statements": [migrations.RunSQL("SELECT 1")],
    "code for a new table": [
        migrations.CreateModel("Chair", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddIndex("chair", models.Index("id", name="chair_id")),
        migrations.RunPython(migrations.RunPython.noop),
    ],
    "a constraint": [migrations.AddConstraint("message", CHECK)],
    "an index on a large table": [migrations.AddIndex("message", INDEX)],
    "a column with an index on a large table": [
        migrations.AddField("message", "mood", models.CharField(max_length=9, null=True, db_index=True))
    ],
    "an index through a column": [
        migrations.AlterField("message", "voice", models.CharField(max_length=40, db_index=True))
    ],
    "uniqueness": [migrations.AlterUniqueTogether("message", {("voice", "key")})],
}
NEVER = {
    "a column old code does not fill": [migrations.AddField("message", "mood", TEXT(default=""))],
    "another name": [migrations.RenameField("message", "text", "words")],
    "another name for a table": [migrations.RenameModel("Lamp", "Candle")],
    "two things in one": [
        migrations.AddField("message", "mood", TEXT(null=True)),
        migrations.RunPython(migrations.RunPython.noop),
    ],
}


def cases(given: dict[str, list[Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("given", given.values(), ids=given.keys())


@cases(FINE)
def test_expanding_is_free(given: list[Any]) -> None:
    assert judged(*given) == []


@cases(GOING)
def test_what_goes_away_has_been_unused_for_a_whole_release(given: list[Any]) -> None:
    [refused] = judged(*given)
    assert refused.startswith("hearth.0002_new: ")
    assert judged(*given, unused_since="0.5.0") == judged(*given, safe="Nobody minds.") == [refused]
    assert judged(*given, unused_since="0.4.0") == []


@cases(UNSEEN)
def test_what_no_rule_can_judge_says_why_it_is_safe(given: list[Any]) -> None:
    assert len(judged(*given)) == len(judged(*given, safe="yes")) == 1
    assert judged(*given, safe="The table holds a handful of rows.") == []


@cases(NEVER)
def test_some_things_old_code_cannot_live_with(given: list[Any]) -> None:
    assert judged(*given, unused_since="0.1.0", safe="It is fine.") != []
