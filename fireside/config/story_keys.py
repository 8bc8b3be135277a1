"""What is connected at Unicorn Rentals, as the demo tells it."""

from __future__ import annotations

from typing import Any

GOOGLE = "https://www.googleapis.com/auth/"

# name, kind, room or "" for the whole house, who keeps it or "", days ago, days since it was used, and what
# else was said of it
KEYS: list[tuple[str, str, str, str, int, int, dict[str, Any]]] = [
    ("Deploys", "app", "magic-sparkles", "mei", 200, 0,
     {"may": "may post and read replies to itself.", "why": "Tells what went live, and the way back."}),
    ("CISA and NVD", "feed", "stable-hands", "dan", 120, 1,
     {"may": "may post. It cannot read.", "why": "Weaknesses in what we use, the day they are known."}),
    ("Poll Pony", "app", "", "josh", 150, 3,
     {"vendor": "Ponyware", "why": "Quick polls about lunch.", "scopes": ["chat:write", "commands"],
      "less": "It asked for more, for polls that close by themselves."}),
    ("Meeting minutes", "token", "", "", 300, 130,
     {"vendor": "Scribbly", "why": "Wrote up our planning for a while.",
      "scopes": [f"{GOOGLE}drive.readonly", f"{GOOGLE}calendar.readonly"],
      "way_out": "In Google's Admin console: Security, API controls, Scribbly, Block."}),
    ("Pull request bell", "app", "saddle-and-tack", "hana", 60, 0,
     {"vendor": "Made here", "why": "Says when a pull request waits for a second pair of eyes.",
      "scopes": ["pull_requests:read", "metadata:read"],
      "way_out": "In GitHub: GitHub Apps, bell, Uninstall."}),
]  # fmt: skip
GREW = ("Poll Pony", ["chat:write", "commands", "channels:history", "channels:join", "pony:feed"])
