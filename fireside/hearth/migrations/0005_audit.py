"""The audit trail, and what makes the database itself refuse to change it.

A line may be added. None may be changed. Lines may go only from the old end, and only after a line
"audit.forgotten" says up to which number: so letting go is itself in the trail. Whoever owns the database can
drop these triggers; `fireside audit check` then shows what they changed.
"""

from django.db import migrations, models

SQLITE = [
    """CREATE TRIGGER hearth_audit_unchanged BEFORE UPDATE ON hearth_audit BEGIN
        SELECT RAISE(ABORT, 'the audit trail is never changed'); END""",
    """CREATE TRIGGER hearth_audit_stays BEFORE DELETE ON hearth_audit
        WHEN NOT EXISTS (SELECT 1 FROM hearth_audit WHERE verb = 'audit.forgotten'
                         AND json_extract(data, '$.upto') >= old.number)
        BEGIN SELECT RAISE(ABORT, 'the audit trail says first what it lets go'); END""",
    # without this, INSERT OR REPLACE would put a line in the place of another
    """CREATE TRIGGER hearth_audit_added BEFORE INSERT ON hearth_audit
        WHEN EXISTS (SELECT 1 FROM hearth_audit WHERE number = new.number)
        BEGIN SELECT RAISE(ABORT, 'the audit trail is never changed'); END""",
]
POSTGRES = [
    """CREATE FUNCTION hearth_audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF EXISTS (SELECT 1 FROM hearth_audit WHERE verb = 'audit.forgotten'
                       AND (data->>'upto')::bigint >= old.number) THEN
                RETURN old;
            END IF;
            RAISE EXCEPTION 'the audit trail says first what it lets go' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RAISE EXCEPTION 'the audit trail is never changed' USING ERRCODE = 'integrity_constraint_violation';
    END $$""",
    """CREATE TRIGGER hearth_audit_guarded BEFORE UPDATE OR DELETE ON hearth_audit
        FOR EACH ROW EXECUTE FUNCTION hearth_audit_guard()""",
    """CREATE TRIGGER hearth_audit_whole BEFORE TRUNCATE ON hearth_audit
        FOR EACH STATEMENT EXECUTE FUNCTION hearth_audit_guard()""",
]


def forwards(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRES:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for trigger in ("unchanged", "stays", "added"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS hearth_audit_{trigger}")
    else:
        schema_editor.execute("DROP FUNCTION IF EXISTS hearth_audit_guard CASCADE")


class Migration(migrations.Migration):
    safe = "The table is new: no old row is in it, and no old code knows of it or of its triggers."
    dependencies = [("hearth", "0004_releases")]
    operations = [
        migrations.CreateModel(
            name="Audit",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("verb", models.CharField(max_length=60)),
                ("by", models.BigIntegerField(null=True)),
                ("about", models.CharField(blank=True, default="", max_length=60)),
                ("door", models.CharField(blank=True, default="", max_length=8)),
                ("address", models.CharField(blank=True, default="", max_length=45)),
                ("data", models.JSONField(blank=True, default=dict)),
                ("before", models.CharField(blank=True, default="", max_length=64)),
                ("hash", models.CharField(max_length=64, unique=True)),
            ],
            options={"ordering": ["-number"]},
        ),
        migrations.AddIndex("audit", models.Index(models.F("verb"), models.F("number"), name="audit_verb")),
        migrations.AddIndex("audit", models.Index(models.F("by"), models.F("number"), name="audit_by")),
        migrations.AddIndex("audit", models.Index(models.F("at"), name="audit_at")),
        migrations.RunPython(forwards, backwards),
    ]
