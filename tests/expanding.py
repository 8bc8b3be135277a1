"""What a migration may do while the previous release still runs: the rules that CONTRIBUTING.md tells.

A migration may carry two words of its own. `unused_since = "0.3.0"` names the release that stopped using what
goes away. `safe = "..."` says why old code and people at work do not notice what no rule can judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.migrations import Migration, operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Field, GeneratedField

from fireside.hearth.releases import number

# Those that grow with every day; an index on them takes long, and PostgreSQL lets nobody write meanwhile.
LARGE = {
    "alerts": {"alert", "delivery", "group"},
    "hearth": {"clap", "doc", "entry", "file", "message", "version"},
    "slack": {"arrival", "post"},
}
EXPANDING = (
    operations.CreateModel, operations.AlterModelOptions, operations.AlterModelManagers,
    operations.AlterModelTableComment, operations.RemoveIndex, operations.RenameIndex,
)  # fmt: skip
MOVING = (operations.RunPython, operations.RunSQL)
RENAMING = (operations.RenameField, operations.RenameModel, operations.AlterModelTable)
CONTRACTING = (operations.RemoveField, operations.DeleteModel, operations.RemoveConstraint)
NO_COLUMN = {*Field.non_db_attrs, "default"}  # what the database does not know of

Model = tuple[str, str]
NEVER, UNUSED, SAFE = "never", "unused_since", "safe"
INDEX = (SAFE, "make the index concurrently on PostgreSQL, or let `safe` say why it is quick")
OTHERS = (
    (
        RENAMING,
        NEVER,
        "old code asks for the old name; add another, fill both, let the old one go later",
    ),
    (CONTRACTING, UNUSED, "`unused_since` names a release before the previous one that stopped using it"),
    (Operation, SAFE, "`safe` says why old rows fit and old code does not notice"),
)


def troubles(migration: Migration, before: ProjectState, new: set[Model], previous: str) -> list[str]:
    """A sentence for each thing the migration does that code of the previous release could trip over."""
    since, why = getattr(migration, UNUSED, ""), getattr(migration, SAFE, "")
    found = []
    for step in migration.operations:
        for operation in _flat([step]):
            for way_out, words in _judged(operation, migration.app_label, before, new):
                gone = way_out == UNUSED and since and number(since) < number(previous)
                explained = way_out == SAFE and why.endswith(".")
                if not gone and not explained:
                    found.append(f"{migration}: {operation.describe()}: {words}")
        step.state_forwards(migration.app_label, before)
    if _mixes(migration, new):
        found.append(f"{migration}: moving rows and changing tables are two migrations")
    return found


def made(migrations: list[Migration]) -> set[Model]:
    """The models that these migrations make: no old code knows them, and no old row is in them."""
    return {
        (migration.app_label, operation.name_lower)
        for migration in migrations
        for operation in _flat(migration.operations)
        if isinstance(operation, operations.CreateModel)
    }


def _flat(found: list[Operation]) -> Iterator[Operation]:
    for operation in found:
        if isinstance(operation, operations.SeparateDatabaseAndState):
            yield from _flat(operation.database_operations)
        else:
            yield operation


def _judged(operation: Any, app: str, state: ProjectState, new: set[Model]) -> Iterator[tuple[str, str]]:
    """What speaks against an operation, each with the word that could let it pass."""
    model = _model(operation)
    large = model in LARGE.get(app, ())
    if isinstance(operation, MOVING):
        yield SAFE, "`safe` says that it runs in batches, can run twice, and keeps what old code reads"
    elif isinstance(operation, EXPANDING) or (app, model) in new:
        return
    elif isinstance(operation, operations.AddField):
        yield from _added(operation.field, large=large)
    elif isinstance(operation, operations.AlterField):
        yield from _altered(state.models[app, model].fields[operation.name], operation.field, large=large)
    elif isinstance(operation, operations.AddIndex):
        if large:
            yield INDEX
    else:
        yield next((way_out, words) for kinds, way_out, words in OTHERS if isinstance(operation, kinds))


def _added(field: Any, *, large: bool) -> Iterator[tuple[str, str]]:
    if field.many_to_many:
        return
    if isinstance(field, GeneratedField):
        yield SAFE, "every row is written anew meanwhile; `safe` says why that is quick"
    elif not field.null and not field.has_db_default():
        yield NEVER, "old code writes rows without it: null=True, or a db_default"
    if large and (field.unique or field.db_index):
        yield INDEX


def _altered(old: Any, new: Any, *, large: bool) -> Iterator[tuple[str, str]]:
    if not _wider(old, new):
        yield UNUSED, "it takes less than before; only once no release that may run writes otherwise"
    if large and new.db_index and not old.db_index:
        yield INDEX


def _wider(old: Any, new: Any) -> bool:
    """Does the column take all that it took before, and is it otherwise what it was?"""
    (_, was, _, had), (_, becomes, _, has) = old.deconstruct(), new.deconstruct()
    had, has = ({k: v for k, v in words.items() if k not in NO_COLUMN} for words in (had, has))
    loosened = (
        ("null", not old.null and new.null),
        ("max_length", (new.max_length or 10**9) >= (old.max_length or 10**9)),
        ("db_default", not old.has_db_default()),
        ("db_index", True),
    )
    for name, fine in loosened:
        if fine:
            had.pop(name, None), has.pop(name, None)
    return was == becomes and had == has


def _mixes(migration: Migration, new: set[Model]) -> bool:
    """Does it move rows, and change tables that had rows before?"""
    flat = list(_flat(migration.operations))
    moving = [operation for operation in flat if isinstance(operation, MOVING)]
    changing = [operation for operation in flat if (migration.app_label, _model(operation)) not in new]
    return bool(moving) and len(changing) > len(moving)


def _model(operation: Any) -> str:
    return str(getattr(operation, "model_name", getattr(operation, "name", ""))).lower()
