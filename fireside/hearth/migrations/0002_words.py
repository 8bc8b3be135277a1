"""The full-text index beside hearth_doc, as each database has it."""

from django.db import migrations

SQLITE = [
    """CREATE VIRTUAL TABLE hearth_docwords USING fts5(
        title, body, kind, content='hearth_doc', content_rowid='id', tokenize="unicode61 remove_diacritics 2")""",
    """CREATE TRIGGER hearth_docwords_new AFTER INSERT ON hearth_doc BEGIN
        INSERT INTO hearth_docwords(rowid, title, body, kind) VALUES (new.id, new.title, new.body, new.kind); END""",
    """CREATE TRIGGER hearth_docwords_gone AFTER DELETE ON hearth_doc BEGIN
        INSERT INTO hearth_docwords(hearth_docwords, rowid, title, body, kind)
        VALUES ('delete', old.id, old.title, old.body, old.kind); END""",
    """CREATE TRIGGER hearth_docwords_changed AFTER UPDATE OF title, body, kind ON hearth_doc BEGIN
        INSERT INTO hearth_docwords(hearth_docwords, rowid, title, body, kind)
        VALUES ('delete', old.id, old.title, old.body, old.kind);
        INSERT INTO hearth_docwords(rowid, title, body, kind) VALUES (new.id, new.title, new.body, new.kind); END""",
]
# PostgreSQL keeps accents, and takes an address or "INC-12" for one word; SQLite does neither. So the marks
# and the punctuation go first, with functions that need no extension.
FOLDED = r"""regexp_replace(regexp_replace(
    normalize({column}, NFKD), '[\u0300-\u036f]', '', 'g'), '[!-/:-@\[-`{{-~]+', ' ', 'g')"""
TITLE, BODY = FOLDED.format(column="title"), FOLDED.format(column="left(body, 300000)")
POSTGRES = [
    f"""ALTER TABLE hearth_doc ADD COLUMN words tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('simple', {TITLE}), 'A') || setweight(to_tsvector('simple', {BODY}), 'B')) STORED""",
    "CREATE INDEX hearth_doc_words ON hearth_doc USING gin (words)",
]


def forwards(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRES:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE hearth_docwords")
        for trigger in ("new", "gone", "changed"):
            schema_editor.execute(f"DROP TRIGGER hearth_docwords_{trigger}")
    else:
        schema_editor.execute("ALTER TABLE hearth_doc DROP COLUMN words")


class Migration(migrations.Migration):
    dependencies = [("hearth", "0001_first")]
    operations = [migrations.RunPython(forwards, backwards)]
