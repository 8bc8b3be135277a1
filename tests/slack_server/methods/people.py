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
