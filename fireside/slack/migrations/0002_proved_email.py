"""The e-mail that Slack has proved to be somebody's, so that they are one person when they sign in here."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("slack", "0001_first")]
    operations = [
        migrations.AddField(
            "account", "email", models.CharField(blank=True, db_default="", default="", max_length=254)
        ),
        migrations.AddIndex("account", models.Index(fields=["email"], name="slack_account_email")),
    ]
