"""The product's settings, with the durability that a scenario asks for."""

import os

from fireside.config.settings import *  # noqa: F403

if os.environ.get("DURABILITY") == "relaxed" and "init_command" in DATABASES["default"]["OPTIONS"]:  # noqa: F405
    asked = DATABASES["default"]["OPTIONS"]["init_command"]  # noqa: F405
    DATABASES["default"]["OPTIONS"]["init_command"] = asked.replace("synchronous=FULL", "synchronous=NORMAL")  # noqa: F405
