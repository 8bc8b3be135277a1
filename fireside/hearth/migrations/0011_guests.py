"""People from outside, who are here until a day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hearth", "0010_sign_ins")]
    operations = [
        migrations.AddField("person", "guest_since", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("person", "guest_until", models.DateTimeField(blank=True, null=True)),
    ]
