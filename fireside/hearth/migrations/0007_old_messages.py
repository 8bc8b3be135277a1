"""Messages that are old enough to go are found without looking at all of a room."""

from django.db import migrations, models

INDEX = models.Index("room", "at", name="message_old", condition=models.Q(thread=None))


def make(apps, schema_editor):
    message = apps.get_model("hearth", "Message")
    beside = {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
    half_made = "DROP INDEX CONCURRENTLY IF EXISTS message_old" if beside else "DROP INDEX IF EXISTS message_old"
    schema_editor.execute(half_made)  # when it was cut short
    schema_editor.add_index(message, INDEX, **beside)


class Migration(migrations.Migration):
    atomic = False
    safe = "PostgreSQL makes it concurrently; on SQLite one process is down anyway."
    dependencies = [("hearth", "0006_keeping_and_leaving")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [migrations.RunPython(make, migrations.RunPython.noop)], [migrations.AddIndex("message", INDEX)]
        ),
    ]
