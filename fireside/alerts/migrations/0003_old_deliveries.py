"""Deliveries that are old enough to go are found without looking at all of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alerts", "0002_deliveries_in_trouble")]
    operations = [migrations.AddIndex("delivery", models.Index(models.F("at"), name="delivery_old"))]
