"""Django's settings, made from the environment variables that config/env.py declares."""

from __future__ import annotations

import ipaddress
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import dj_database_url
import dj_email_url

from fireside import __version__
from fireside.config.env import Nonsense, value
from fireside.config.sign_in import oidc_settings, second_factor, sign_in_settings
from fireside.config.slack import slack_settings

BASE = Path(__file__).resolve().parent.parent
DATA = Path(value("FIRESIDE_DATA")).expanduser().resolve()
DATA.mkdir(parents=True, exist_ok=True)
PATIENCE = 5  # seconds a page waits for the database; jobs wait longer
KEPT = 300  # seconds a thread keeps its connection


DURABILITY = value("DURABILITY").lower()
if DURABILITY not in ("full", "relaxed"):
    raise Nonsense(f"DURABILITY is {DURABILITY!r}; it can be full or relaxed.")
SYNCHRONOUS = "FULL" if DURABILITY == "full" else "NORMAL"  # of SQLite


def _secret_key() -> str:
    """The key from the environment, else one made at first start and kept beside the database."""
    if given := value("SECRET_KEY"):
        return given
    path, fresh = DATA / "secret_key", DATA / f"secret_key.{os.getpid()}"
    if not path.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # whoever was first has made it
            os.link(fresh, path)  # whole or not at all, also when we die here
        fresh.unlink()
        _flush_names(DATA)
    return path.read_text().strip()


def _flush_names(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def _database() -> dict[str, Any]:
    url = value("DATABASE_URL")
    if not url:
        return {
            "ENGINE": "fireside.hearth.sqlite",
            "NAME": DATA / "fireside.sqlite3",
            "CONN_MAX_AGE": KEPT,  # to open the file and read its layout takes longer than most questions
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": PATIENCE,
                "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={SYNCHRONOUS}; "
                "PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON;",  # what is deleted is overwritten
            },
        }
    try:
        found: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=KEPT, conn_health_checks=True))
    except (dj_database_url.ParseError, ValueError) as error:
        raise Nonsense(
            "DATABASE_URL is not an address of a database: postgres://user:password@host:5432/name"
        ) from error
    if found["ENGINE"] != "django.db.backends.postgresql":
        raise Nonsense(
            "DATABASE_URL names a database Fireside does not speak; use postgres:// or leave it empty."
        )
    given: Any = found.get("OPTIONS", {})
    found["OPTIONS"] = _kept_short(given)
    return found


def _kept_short(given: dict[str, Any]) -> dict[str, Any]:
    """Both ends of a connection notice within ten seconds that the other's machine is gone.

    Otherwise the locks of a machine that lost its power would stand for two hours, as TCP has it.
    """
    alive = {"keepalives_idle": 3, "keepalives_interval": 2, "keepalives_count": 3}
    there: dict[str, object] = {f"tcp_{name}": number for name, number in alive.items()}
    there |= {"tcp_user_timeout": 9000, "client_connection_check_interval": 3000}  # milliseconds
    there |= {"synchronous_commit": "off"} if DURABILITY == "relaxed" else {}
    ours = {"connect_timeout": PATIENCE, "tcp_user_timeout": 9000, **alive}
    return ours | {"options": " ".join(f"-c {name}={number}" for name, number in there.items())} | given


def _post_office(url: str) -> dict[str, Any]:
    """Django's e-mail settings from an address."""
    try:
        found: dict[str, Any] = dj_email_url.parse(url)
    except ValueError:
        found = {}
    if not found.get("EMAIL_BACKEND"):
        raise Nonsense("EMAIL_URL is not an address of a mail server: submission://user:password@host:587")
    return found


def _address(url: str) -> SplitResult:
    try:
        found = urlsplit(url)
        fine = found.scheme in ("http", "https") and found.hostname and found.port != 0
    except ValueError:
        fine = False
    if not fine:
        raise Nonsense(f"PUBLIC_URL is {url!r}; write it like https://fireside.example.org")
    return found


PUBLIC_URL = value("PUBLIC_URL").rstrip("/")
_public = _address(PUBLIC_URL)

LOG_LEVEL = value("LOG_LEVEL").upper()
if LOG_LEVEL not in ("DEBUG", "INFO", "WARNING", "ERROR"):
    raise Nonsense(f"LOG_LEVEL is {LOG_LEVEL!r}; it can be DEBUG, INFO, WARNING or ERROR.")

LOG_FORMAT = value("LOG_FORMAT").lower()
if LOG_FORMAT not in ("line", "json"):
    raise Nonsense(f"LOG_FORMAT is {LOG_FORMAT!r}; it can be line or json.")

if not value("LEAVE_AFTER").isdecimal() or len(value("LEAVE_AFTER")) > 3:
    raise Nonsense(f"LEAVE_AFTER is {value('LEAVE_AFTER')!r}; it is a number of seconds, like 5.")
LEAVE_AFTER = int(value("LEAVE_AFTER"))

SECRET_KEY = _secret_key()
DEBUG = False
ALLOWED_HOSTS = (  # config/gate.py has looked at the name before this does
    ["*"] if _public.hostname in ("127.0.0.1", "localhost") else [_public.hostname, "127.0.0.1", "localhost"]
)
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "hearth.Person"
ROOT_URLCONF = "fireside.config.urls"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]  # those we have words in

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "fireside.hearth",
    "fireside.web",
    "fireside.slack",
    "fireside.systems",
    "fireside.alerts",
    "fireside.incidents",
    "fireside.postmortems",
    "fireside.sharing",
    "fireside.keys",
    "fireside.config",
    "allauth",  # after ours, whose templates stand in for its own
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
]

MIDDLEWARE = [
    "fireside.config.watch.RouteMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "fireside.web.guard.PolicyMiddleware",
    "fireside.web.guard.SignsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "fireside.web.accounts.FirstVisitMiddleware",
    "fireside.web.guard.DoorMiddleware",
    "fireside.web.second.SecondFactorMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "fireside.web.places.shell",
            ],
            "builtins": ["fireside.web.templatetags.fireside", "fireside.web.templatetags.words"],
        },
    }
]

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static" / __version__  # two releases that share a folder leave each other's alone
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA / "files"},
    },
    "staticfiles": {"BACKEND": "fireside.web.shelf.Shelf"},
}
WHITENOISE_MAX_AGE = 3600
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # words and fields; files are counted by themselves
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if _public.scheme == "https" else 0  # who asks, for the limits on tries
OIDC = oidc_settings(value)
REQUIRE_SECOND_FACTOR = second_factor(value)
_alone = DATABASES["default"]["ENGINE"].endswith("sqlite")
vars().update(sign_in_settings(value, PUBLIC_URL, alone=_alone))
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _public.scheme == "https"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True  # our scripts read the page's own token
if SESSION_COOKIE_SECURE:  # a browser takes these names from this host alone, and only locked
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _public.scheme == "https" else None

DEFAULT_FROM_EMAIL = f"Fireside <fireside@{_public.hostname}>"
CAN_MAIL = bool(_email := value("EMAIL_URL"))
if CAN_MAIL:
    vars().update(_post_office(_email))
else:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"


def _networks(words: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        return [ipaddress.ip_network(word) for word in words.replace(",", " ").split()]
    except ValueError as error:
        raise Nonsense(f"WEBHOOKS_TO holds no networks like 10.0.0.0/8: {error}.") from error


WEBHOOKS_TO = _networks(value("WEBHOOKS_TO"))

SLACK = slack_settings(value)

TRACES = value("OTEL_EXPORTER_OTLP_ENDPOINT")

_console = {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["routes"]}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "fireside.config.logs.Line"}, "json": {"()": "fireside.config.logs.Json"}},
    "filters": {"routes": {"()": "fireside.config.logs.Routes"}},
    "handlers": {"console": _console, "engine": {**_console, "level": "ERROR"}},
    # what others say at DEBUG and INFO may quote anything
    "root": {"handlers": ["console"], "level": "ERROR" if LOG_LEVEL == "ERROR" else "WARNING"},
    "loggers": {
        "fireside": {"level": LOG_LEVEL},
        "dbos": {"handlers": ["engine"], "propagate": False},
        "fireside.slack.wire": {"level": "CRITICAL"},  # a dropped line is told of once, by ourselves
        "fireside.slack.bolt": {"level": "ERROR"},
        "slack_sdk": {"level": "CRITICAL"},
    },
}
