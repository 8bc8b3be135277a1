"""Messages that are old enough to go are found without looking at all of a room."""

from django.db import migrations, models

INDEX = models.Index("room", "at", name="message_old", condition=models.Q(thread=None))


def make(apps, schema_editor):
    message = apps.get_model("hearth", "Message")
    if schema_editor.connection.vendor != "postgresql":
        return schema_editor.add_index(message, INDEX)
    schema_editor.execute("DROP INDEX CONCURRENTLY IF EXISTS message_old")  # half made, when it was cut short
    schema_editor.add_index(message, INDEX, concurrently=True)


class Migration(migrations.Migration):
    atomic = False
    safe = "PostgreSQL makes it concurrently; on SQLite one process is down anyway."
    dependencies = [("hearth", "0006_keeping_and_leaving")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [migrations.RunPython(make, migrations.RunPython.noop)], [migrations.AddIndex("message", INDEX)]
        ),
    ]
