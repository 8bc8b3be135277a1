"""Deliveries that are old enough to go are found without looking at all of them."""

from django.db import migrations, models

INDEX = models.Index("at", name="delivery_old")


def make(apps, schema_editor):
    delivery = apps.get_model("alerts", "Delivery")
    beside = {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
    half_made = "DROP INDEX CONCURRENTLY IF EXISTS delivery_old" if beside else "DROP INDEX IF EXISTS delivery_old"
    schema_editor.execute(half_made)  # when it was cut short
    schema_editor.add_index(delivery, INDEX, **beside)


class Migration(migrations.Migration):
    atomic = False
    safe = "PostgreSQL makes it concurrently; on SQLite one process is down anyway."
    dependencies = [("alerts", "0003_fewer_indexes")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [migrations.RunPython(make, migrations.RunPython.noop)], [migrations.AddIndex("delivery", INDEX)]
        ),
    ]
