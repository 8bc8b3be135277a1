"""What a browser says it is, in the few words by which somebody knows it again."""

from __future__ import annotations

BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "FxiOS": "Firefox", "CriOS": "Chrome",
            "Chrome/": "Chrome", "Safari/": "Safari"}  # fmt: skip
MACHINES = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows",
            "Mac OS X": "a Mac", "CrOS": "ChromeOS", "Linux": "Linux"}  # fmt: skip


def browser_named(said: str) -> str:
    """ "Firefox on Linux" of a User-Agent header; a few of its own words when it is something else."""
    browser = next((name for sign, name in BROWSERS.items() if sign in said), "")
    machine = next((name for sign, name in MACHINES.items() if sign in said), "")
    if browser and machine:
        return f"{browser} on {machine}"
    return browser or machine or said[:60] or "A browser that says nothing about itself"
