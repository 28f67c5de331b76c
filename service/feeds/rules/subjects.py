"""What a feed is about, and at which address. Pure."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from enum import StrEnum

from service.feeds.rules.forms import Component, Form, Language, options_of, read_form, read_query

# Forms of subjects, for whoever looks for them here.
__all__ = ["Component", "Form", "Language", "options_of", "read_form", "read_query"]

PREFIX = "mpf_"
TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}\Z")


class SubjectKind(StrEnum):
    """What a feed can be about. `public` is a unit as anybody may see it: entries of public plans only; `holidays` are
    the statutory days of a region, to be laid over other calendars."""

    UNIT = "unit"
    PUBLIC = "public"
    PLAN = "plan"
    GROUP = "group"
    JURISDICTION = "jurisdiction"
    HOLIDAYS = "holidays"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a feed is about: a unit, plan, group, jurisdiction, region. `str()` is its key: `unit:chongming.justice`."""

    kind: SubjectKind
    code: str

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.code}"

    @property
    def short_name(self) -> str:
        """The last part of the code: programs name a calendar after the last part of its address."""
        return self.code.rpartition(".")[2]


def read_subject(key: str) -> Subject:
    """A subject from its key. Raises ValueError."""
    kind, _, code = key.partition(":")
    return Subject(SubjectKind(kind), code)


@dataclass(frozen=True, slots=True)
class Address:
    """What the path of a feed says: a token, (with public reading) the code of a unit, or a region's holidays.

    `year` is that of an archive, 0 where the feed is about the days around today.
    """

    token: str = ""
    unit: str = ""
    holidays: str = ""
    year: int = 0


_NAME = re.compile(r"[^/]{1,200}\.ics\Z")
_ARCHIVE = re.compile(r"archive-(?P<year>(?:19|20)[0-9]{2})\.ics\Z")
_PUBLIC = re.compile(r"(?P<jurisdiction>[a-z][a-z0-9-]{0,63})/(?P<name>[a-z][a-z0-9-]{0,99})(?P<more>/[^/]+|\.ics)\Z")
_HOLIDAYS = re.compile(r"holidays/(?P<region>[A-Z]{2})\.ics\Z")
ROOT = "/calendars/"


def read_address(path: str) -> Address | None:
    """What an address below `/calendars/` names; None: nothing that could be a feed.

    The name after a token is free, but for `archive-2024.ics`.
    """
    rest = path.removeprefix(ROOT)
    token, _, name = rest.partition("/")
    if TOKEN.match(token):
        return Address(token=token, year=_year_in(name)) if _NAME.match(name) else None
    if found := _HOLIDAYS.match(rest):
        return Address(holidays=found["region"])
    if found := _PUBLIC.match(rest):
        more, unit = found["more"], f"{found['jurisdiction']}.{found['name']}"
        year = 0 if more == ".ics" else _year_in(more.removeprefix("/"))
        return Address(unit=unit, year=year) if year or more == ".ics" else None
    return None


def _year_in(name: str) -> int:
    found = _ARCHIVE.match(name)
    return int(found["year"]) if found else 0


def make_token(secret: str, *, feed: str, generation: int) -> str:
    """A feed's token: 256 bits that follow from the secret, so that its owner can be shown it again."""
    raw = hmac.digest(secret.encode(), f"feed token\x1f{feed}\x1f{generation}".encode(), hashlib.sha256)
    return PREFIX + urlsafe_b64encode(raw).decode().rstrip("=")


def token_digest(secret: str, token: str) -> str:
    """What is kept of a token, in hex. Keyed: under another secret every address is unknown, and a copy of the database
    does not show which token belongs to which feed."""
    return hmac.digest(secret.encode(), f"feed digest\x1f{token}".encode(), hashlib.sha256).hex()


def address(public_url: str, *, token: str, subject: Subject) -> str:
    """The https address to subscribe to."""
    return f"{public_url}{ROOT}{token}/{subject.short_name}.ics"


def subscribe_path(*, token: str = "", unit: str = "") -> str:
    """The page that says how to subscribe, for a link or for a unit's public feed."""
    return f"/subscribe/{token or unit.replace('.', '/', 1)}"


def page_of(subject: Subject) -> str:
    """The path under which the same things stand in more detail (RFC 7986, 5.6); never the secret address itself."""
    match subject.kind:
        case SubjectKind.UNIT | SubjectKind.PUBLIC:
            return f"/units/{subject.code}"
        case SubjectKind.PLAN:
            return f"/plans/{subject.code}"
        case SubjectKind.GROUP:
            return f"/api/v1/groups/{subject.code}"
        case SubjectKind.JURISDICTION:
            return f"/api/v1/jurisdictions/{subject.code}"
        case SubjectKind.HOLIDAYS:
            return f"/api/v1/holidays/{subject.code}"


def webcal(url: str) -> str:
    """The same address for programs that open webcal links. (There is no webcals: programs try https by themselves.)"""
    return "webcal" + url[url.index(":") :]
