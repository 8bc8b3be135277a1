"""How long things are kept, and people and rooms that are on their way out."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hearth", "0005_audit")]
    operations = [
        migrations.CreateModel(
            name="Keeping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("what", models.CharField(max_length=60, unique=True)),
                ("days", models.PositiveIntegerField(blank=True, null=True)),
                ("gone", models.BigIntegerField(default=0)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={"ordering": ["what"]},
        ),
        migrations.AddField("person", "goes_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("person", "gone_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("person", "words_go", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("room", "goes_at", models.DateTimeField(blank=True, null=True)),
    ]
