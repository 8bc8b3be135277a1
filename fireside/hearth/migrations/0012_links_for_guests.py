"""The links by which guests come, into the rooms these name.

By itself: a step that holds the people and waits for the rooms stands in the way of whoever speaks, and they in its.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hearth", "0011_guests")]
    operations = [
        migrations.AddField("invitation", "guest_until", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "invitation", "rooms", models.ManyToManyField(blank=True, related_name="+", to="hearth.room")
        ),
    ]
