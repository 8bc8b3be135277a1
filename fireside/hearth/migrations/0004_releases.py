"""Which releases have been here, so that the one before knows whether it can still run."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hearth", "0003_newest_of_a_kind")]
    operations = [
        migrations.CreateModel(
            name="Release",
            fields=[
                ("version", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("runs_from", models.CharField(max_length=20)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
    ]
