"""users.*, usergroups.* and team.info: who is there."""

from __future__ import annotations

from typing import Any

from tests.slack_server.methods.book import Asking, method
from tests.slack_server.refusal import Refused

Json = dict[str, Any]


@method("users.info", "user* include_locale", scope="users:read", tier=4, json=False)
def info(asking: Asking) -> Json:
    return {"user": asking.person().json(asking.installation.scopes)}


@method("users.list", "cursor limit include_locale team_id", scope="users:read", tier=2, json=False)
def list_(asking: Asking) -> Json:
    everyone = [user.json(asking.installation.scopes) for user in asking.workspace.users.values()]
    page, meta = asking.page(everyone, 1000, 1000)
    return {"members": page, "cache_ts": int(asking.server.now()), "response_metadata": meta}


@method("users.lookupByEmail", "email*", scope="users:read.email", tier=3, json=False)
def lookup(asking: Asking) -> Json:
    wanted = asking.text("email").lower()
    for house in asking.places:
        for user in house.users.values():
            if user.email.lower() == wanted and not user.deleted and not user.stranger:
                return {"user": user.json(asking.installation.scopes)}
    raise Refused("users_not_found")


@method("usergroups.list", "include_count include_disabled include_users team_id", scope="usergroups:read",
        tier=2, json=False)  # fmt: skip
def groups(asking: Asking) -> Json:
    house = asking.workspace
    if not house.paid:
        raise Refused("plan_upgrade_required")
    hidden = () if asking.flag("include_users") else ("users",)
    return {"usergroups": [{k: v for k, v in g.items() if k not in hidden} for g in house.groups]}


@method("team.info", "team domain", scope="team:read", tier=3, json=False)
def team(asking: Asking) -> Json:
    ident = asking.text("team")
    house = next((w for w in asking.places if ident in ("", w.id)), None)
    if house is None:
        raise Refused("team_not_found")
    shown: Json = {"id": house.id, "name": house.name, "domain": house.domain, "email_domain": "", "icon": {}}
    if house.enterprise:
        shown |= {"enterprise_id": house.enterprise, "enterprise_name": f"{house.name} Org"}
    return {"team": shown}


@method("team.integrationLogs", "app_id change_type count page service_id team_id user", scope="admin",
        tier=2, json=False, token="user")  # fmt: skip
def integration_logs(asking: Asking) -> Json:
    """What was connected and taken out, page by page; for admins of paid workspaces."""
    assert asking.token
    assert asking.token.house
    house, user = asking.token.house, asking.token.user
    if user is None or not user.admin:
        raise Refused("access_denied")
    if not house.paid:
        raise Refused("paid_only")
    wanted = [
        ("app_id", "app_id"),
        ("service_id", "service_id"),
        ("change_type", "change_type"),
        ("user", "user_id"),
    ]
    logs = [
        log for log in house.logs
        if all(asking.text(given) in ("", str(log.get(name, ""))) for given, name in wanted)
    ]  # fmt: skip
    count, page = asking.number("count", 100), asking.number("page", 1)
    if not 1 <= count <= 1000 or page < 1:
        raise Refused("invalid_arguments")
    paging = {"count": count, "total": len(logs), "page": page, "pages": max(1, -(-len(logs) // count))}
    return {"logs": logs[(page - 1) * count : page * count], "paging": paging}
