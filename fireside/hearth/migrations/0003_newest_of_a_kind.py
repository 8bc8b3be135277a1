"""The newest records of one kind are found without going through all others."""

from django.db import migrations, models

INDEX = models.Index("kind", "id", name="doc_newest")


def make(apps, schema_editor):
    doc = apps.get_model("hearth", "Doc")
    beside = {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
    half_made = "DROP INDEX CONCURRENTLY IF EXISTS doc_newest" if beside else "DROP INDEX IF EXISTS doc_newest"
    schema_editor.execute(half_made)  # when it was cut short
    schema_editor.add_index(doc, INDEX, **beside)


class Migration(migrations.Migration):
    atomic = False
    safe = "PostgreSQL makes it concurrently; on SQLite one process is down anyway."
    dependencies = [("hearth", "0002_words")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [migrations.RunPython(make, migrations.RunPython.noop)], [migrations.AddIndex("doc", INDEX)]
        ),
    ]
