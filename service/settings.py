"""What an operator can set: environment variables, read once at the start and handed down from there."""

import difflib
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from service.kit.clock import parse_clock
from service.kit.database import read_url
from service.kit.failpoints import Trap, parse_failpoints

PREFIX = "MILEPOST_"
# Variables that start like ours and are somebody else's: compose's outer port, the test suite's server.
NEIGHBOURS = frozenset({"MILEPOST_PORT", "MILEPOST_TEST_DATABASE_URL"})

Role = Literal["all", "api", "worker"]
LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["json", "text"]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

ADMIN_KEY = re.compile(r"mpk_[A-Za-z0-9_-]{32,128}")
SECRET_LENGTH = 32
TIMEZONE = "Asia/Shanghai"


class WrongSettings(Exception):
    """Some variables have values that cannot be meant; one sentence each, naming the variable."""

    def __init__(self, sentences: list[str]) -> None:
        self.sentences = tuple(sentences)
        super().__init__("\n".join(sentences))


def _database_url(text: str) -> str:
    read_url(text)
    return text


def _secret(text: str) -> str:
    if len(text) < SECRET_LENGTH:
        raise ValueError(f"a secret has {SECRET_LENGTH} characters or more; make one with: openssl rand -hex 32")
    return text


def _admin_key(text: str) -> str:
    if not ADMIN_KEY.fullmatch(text):
        raise ValueError(
            "a key is 'mpk_' and 32 to 128 letters, digits, '-' or '_'; make one with: openssl rand -hex 32"
        )
    return text


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    plain = not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise ValueError(f"'{text}' is no web address; write it like https://milepost.example.gov.cn")
    return text.rstrip("/")


def _clock(text: str) -> str:
    # An instant without offset is read in MILEPOST_TIMEZONE later; whether it can be read does not depend on the zone.
    parse_clock(text, zone="UTC")
    return text


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(_network(part) for part in re.split(r"[,\s]+", text) if part)


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"'{text}' is no network; write networks like 10.20.0.0/16,fd00:20::/32") from None


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{text}' is no time zone; write its IANA name, such as Asia/Shanghai") from None
    return text


def _switch(text: str) -> bool:
    known = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    if text.lower() not in known:
        raise ValueError(f"'{text}' is neither true nor false")
    return known[text.lower()]


def _one_of(choice: Any) -> Callable[[str], str]:
    words: tuple[str, ...] = get_args(choice)

    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"'{text}' is not one of {', '.join(words)}")
        return text.lower()

    return read


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One field a variable: `public_url` is read from `MILEPOST_PUBLIC_URL`. Without arguments: the defaults."""

    database_url: str = field(default="sqlite:///var/milepost.db", metadata={"read": _database_url})
    secret: str | None = field(default=None, metadata={"read": _secret})
    admin_key: str | None = field(default=None, metadata={"read": _admin_key})
    public_url: str = field(default="http://localhost:8000", metadata={"read": _public_url})
    public_read: bool = field(default=False, metadata={"read": _switch})
    clock: str = field(default="", metadata={"read": _clock})
    timezone: str = field(default=TIMEZONE, metadata={"read": _timezone})
    allow_networks: tuple[Network, ...] = field(default=(), metadata={"read": _networks})
    trusted_proxies: tuple[Network, ...] = field(default=(), metadata={"read": _networks})
    role: Role = field(default="all", metadata={"read": _one_of(Role)})
    log_level: LogLevel = field(default="info", metadata={"read": _one_of(LogLevel)})
    log_format: LogFormat = field(default="json", metadata={"read": _one_of(LogFormat)})
    failpoints: Mapping[str, Trap] = field(default_factory=dict, metadata={"read": parse_failpoints})

    def __repr__(self) -> str:
        # Settings end up in messages and in failing tests; secrets and the database's password must not.
        return f"Settings({', '.join(variable_of(each.name) for each in fields(self))})"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings that an environment holds; empty variables count as absent. Raises WrongSettings."""
        values: dict[str, Any] = {}
        wrong: list[str] = []
        for each in fields(cls):
            name = variable_of(each.name)
            text = environ.get(name, "").strip()
            if not text:
                continue
            try:
                values[each.name] = each.metadata["read"](text)
            except ValueError as error:
                wrong.append(f"{name}: {error}.")
        if _needs_secret(values):
            wrong.append(
                "MILEPOST_SECRET: a service on PostgreSQL needs it, and all its processes the same one; "
                "make one with: openssl rand -hex 32."
            )
        if values.get("failpoints") and not _is_local(values.get("public_url", cls().public_url)):
            wrong.append("MILEPOST_FAILPOINTS: it kills the service on purpose; only one on localhost takes it.")
        if wrong:
            raise WrongSettings(wrong)
        return cls(**values)


def _is_local(public_url: str) -> bool:
    return urlsplit(public_url).hostname in ("localhost", "127.0.0.1", "::1")


def _needs_secret(values: Mapping[str, Any]) -> bool:
    # Beside an embedded database a secret can be kept in a file; several machines share only what they are told.
    if "database_url" not in values or values.get("secret"):
        return False
    return read_url(values["database_url"]).get_backend_name() != "sqlite"


def variable_of(name: str) -> str:
    """The environment variable of a field."""
    return PREFIX + name.upper()


def variables() -> tuple[str, ...]:
    """Every variable that is read, in the order of the fields."""
    return tuple(variable_of(each.name) for each in fields(Settings))


def strangers(environ: Mapping[str, str]) -> list[str]:
    """A sentence for every variable that starts like ours and is none: most often a slip of the pen."""
    known = variables()
    sentences = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in known or name in NEIGHBOURS:
            continue
        near = difflib.get_close_matches(name, known, n=1)
        sentences.append(f"{name} is not a setting{f'; did you mean {near[0]}?' if near else '.'}")
    return sentences
