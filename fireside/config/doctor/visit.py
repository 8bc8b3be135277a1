"""`fireside doctor`: looks at everything that could be wrong, changes nothing, and says what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial

from fireside.config import env
from fireside.config.doctor.findings import Check, Finding, examine
from fireside.config.doctor.variables import Patient


def visit() -> list[Finding]:
    """All that was found, the settings first."""
    patient = Patient()
    return [*patient.found, *examine(_checks(patient))]


def _checks(patient: Patient) -> Iterator[tuple[str, Check]]:
    from fireside.config.cli import begin

    begin()
    from django.conf import settings

    from fireside.config.doctor import database, machine, others, sign_in, variables

    yield "folder", partial(machine.folder, patient.folder)
    yield "clock", machine.clock
    yield "limits", machine.limits
    yield "backups", partial(machine.backups, patient.folder)
    if "PUBLIC_URL" not in patient.wrong:
        yield "address", partial(variables.address, settings.PUBLIC_URL)
    if patient.is_there:
        yield "static files", machine.static
    if "DATABASE_URL" not in patient.wrong and (patient.is_there or env.value("DATABASE_URL")):
        yield "database", database.database
        yield "worker", others.worker
    yield "Slack", others.slack
    yield "e-mail", others.mail
    yield "stolen passwords", partial(sign_in.stolen, env.value("BREACHED_PASSWORDS"))
    yield "provider", sign_in.provider


def as_text(found: list[Finding]) -> str:
    count = {mark: sum(finding.mark == mark for finding in found) for mark in ("fine", "look", "broken")}
    return "\n".join(
        [*map(str, found), f"{count['fine']} fine, {count['look']} to look at, {count['broken']} broken"]
    )


def as_json(found: list[Finding]) -> str:
    return json.dumps([asdict(finding) for finding in found], ensure_ascii=False, indent=2)
