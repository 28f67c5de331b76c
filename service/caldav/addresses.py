"""Which address is what: the host, the root, a principal, its home, the one calendar in it, the entries in that."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, unquote, urlsplit

HOST = "/"
ROOT = "/dav/"
_PRINCIPALS = f"{ROOT}principals/"
_HOMES = f"{ROOT}calendars/"
_PART = r"[^/]{1,200}"
_BELOW = re.compile(rf"(?P<feed>{_PART})(?:/(?:(?P<calendar>{_PART})(?:/(?P<entry>{_PART})?)?)?)?\Z")
SUFFIX = ".ics"


class Kind(StrEnum):
    """What an address is the address of."""

    HOST = "host"
    ROOT = "root"
    PRINCIPALS = "principals"
    PRINCIPAL = "principal"
    HOMES = "homes"
    HOME = "home"
    CALENDAR = "calendar"
    ENTRY = "entry"


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about. `feed` is the id of a link, `calendar` its short name, `entry` a name without ending."""

    kind: Kind
    feed: str = ""
    calendar: str = ""
    entry: str = ""

    @property
    def path(self) -> str:
        """The address as it stands in answers: a path, so that no name of a host enters them."""
        match self.kind:
            case Kind.HOST:
                return HOST
            case Kind.ROOT:
                return ROOT
            case Kind.PRINCIPALS:
                return _PRINCIPALS
            case Kind.HOMES:
                return _HOMES
            case Kind.PRINCIPAL:
                return f"{_PRINCIPALS}{quote(self.feed)}/"
            case Kind.HOME:
                return f"{_HOMES}{quote(self.feed)}/"
            case Kind.CALENDAR:
                return f"{_HOMES}{quote(self.feed)}/{quote(self.calendar)}/"
            case Kind.ENTRY:
                return f"{_HOMES}{quote(self.feed)}/{quote(self.calendar)}/{quote(self.entry)}{SUFFIX}"


def read_path(path: str) -> Target | None:
    """What a path (percent signs read already) names. A collection may be named without its last slash."""
    whole = path if path.endswith("/") else f"{path}/"
    for kind, root in ((Kind.HOST, HOST), (Kind.ROOT, ROOT), (Kind.PRINCIPALS, _PRINCIPALS), (Kind.HOMES, _HOMES)):
        if whole == root:
            return Target(kind)
    if path.startswith(_PRINCIPALS):
        found = _BELOW.match(path.removeprefix(_PRINCIPALS))
        return Target(Kind.PRINCIPAL, found["feed"]) if found and not found["calendar"] else None
    found = _BELOW.match(path.removeprefix(_HOMES)) if path.startswith(_HOMES) else None
    if found is None:
        return None
    feed, calendar, entry = found["feed"], found["calendar"], found["entry"]
    if entry:
        name = entry.removesuffix(SUFFIX)
        return Target(Kind.ENTRY, feed, calendar, name) if name and name != entry else None
    return Target(Kind.CALENDAR, feed, calendar) if calendar else Target(Kind.HOME, feed)


def read_href(href: str) -> Target | None:
    """What an address in a request's body names: a path or a whole address (RFC 4918, 8.3). Whose host it is, is not
    asked: behind a proxy this process may not know its own."""
    try:
        return read_path(unquote(urlsplit(href.strip()).path, errors="strict"))
    except ValueError:
        return None
