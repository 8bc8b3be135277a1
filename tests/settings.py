"""The product's settings, with a throw-away data folder and nothing slow that tests do not look at."""

import os
import tempfile

if "FIRESIDE_DATA" not in os.environ or "PYTEST_XDIST_WORKER" in os.environ:  # each worker its own
    os.environ["FIRESIDE_DATA"] = tempfile.mkdtemp(prefix="fireside-test-")

from fireside.config.settings import *  # noqa: F403

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}  # emptied by conftest.py
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True

if DATABASES["default"]["ENGINE"].endswith("sqlite"):  # noqa: F405
    # A file, because in memory threads lock each other out at once instead of waiting; nothing need survive.
    DATABASES["default"]["TEST"] = {"NAME": DATA / "test.sqlite3"}  # noqa: F405
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"  # noqa: F405

DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405 -- threads of tests end, and their sessions with them
