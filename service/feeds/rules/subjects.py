"""What a feed is about, how it is shown, and at which address. Pure."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import parse_qsl

PREFIX = "mpf_"
TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}\Z")
LONGEST_QUERY = 500


class SubjectKind(StrEnum):
    """What a feed can be about. `public` is a unit as anybody may see it: entries of public plans only."""

    UNIT = "unit"
    PUBLIC = "public"
    PLAN = "plan"
    GROUP = "group"
    JURISDICTION = "jurisdiction"


@dataclass(frozen=True, slots=True)
class Subject:
    """A unit, plan, group or jurisdiction that a feed is about; `str()` is its key: `unit:chongming.justice`."""

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


class Component(StrEnum):
    """What entries are written as; never mixed, because Google, Outlook and iOS show no to-dos."""

    VEVENT = "vevent"
    VTODO = "vtodo"


class Language(StrEnum):
    """The language of marks and labels; titles stay as the plan has them."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Form:
    """How entries are written: everything that the bytes of an entry depend on beside its facts.

    A new option (alarms, content level) is a field with a default, an entry in `_CHOICES`, and its word in `key`.
    """

    component: Component = Component.VEVENT
    lang: Language = Language.ZH

    @property
    def key(self) -> str:
        """`vevent.zh`: under this the rendered bytes are kept."""
        return f"{self.component.value}.{self.lang.value}"


_CHOICES: Mapping[str, type[StrEnum]] = {"component": Component, "lang": Language}


def read_form(options: Mapping[str, str], *, default: Form = Form()) -> Form | None:
    """The form that options ask for; None where one of them is unknown."""
    chosen: dict[str, StrEnum] = {}
    for name, value in options.items():
        choice = _CHOICES.get(name)
        if choice is None or value not in set(choice):
            return None
        chosen[name] = choice(value)
    return replace(default, **chosen)  # type: ignore[arg-type]  # _CHOICES has the fields' own types


def read_query(query: bytes, *, default: Form) -> Form | None:
    """The form that an address's query asks for; None where it is unknown, unreadable or said twice."""
    if not query:
        return default
    if len(query) > LONGEST_QUERY:
        return None
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=10)
    except ValueError:
        return None
    options = dict(pairs)
    return read_form(options, default=default) if len(options) == len(pairs) else None


def options_of(form: Form) -> dict[str, str]:
    """The options that a feed keeps."""
    return {"component": form.component.value, "lang": form.lang.value}


@dataclass(frozen=True, slots=True)
class Address:
    """What the path of a feed says: a token, or (with public reading) the code of a unit."""

    token: str = ""
    unit: str = ""


_NAME = re.compile(r"(?P<name>[^/]{1,200})\.ics\Z")
_PUBLIC = re.compile(r"(?P<jurisdiction>[a-z][a-z0-9-]{0,63})/(?P<name>[a-z][a-z0-9-]{0,99})\.ics\Z")
ROOT = "/calendars/"


def read_address(path: str) -> Address | None:
    """What an address below `/calendars/` names; None: nothing that could be a feed. The name after a token is free."""
    rest = path.removeprefix(ROOT)
    token, _, name = rest.partition("/")
    if TOKEN.match(token):
        return Address(token=token) if _NAME.match(name) else None
    if found := _PUBLIC.match(rest):
        return Address(unit=f"{found['jurisdiction']}.{found['name']}")
    return None


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


def webcal(url: str) -> str:
    """The same address for programs that open webcal links. (There is no webcals: programs try https by themselves.)"""
    return "webcal" + url[url.index(":") :]
