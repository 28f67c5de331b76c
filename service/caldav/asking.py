"""What a request asks for, from its headers and its body."""

from dataclasses import dataclass
from enum import StrEnum

from starlette.datastructures import Headers

from service.caldav.refusals import bad_request, precondition
from service.caldav.xml import DAV, Element, read_xml

MOST_PROPERTIES = 100  # each is answered for every entry, known or not


class Depth(StrEnum):
    """How far below an address a question reaches (RFC 4918, 10.2)."""

    ZERO = "0"
    ONE = "1"


class Manner(StrEnum):
    """In which of three ways properties are asked for (RFC 4918, 9.1)."""

    NAMED = "prop"
    ALL = "allprop"
    NAMES = "propname"


@dataclass(frozen=True, slots=True)
class Wish:
    """Which properties are asked for. `brief`: what is not there need not be told (RFC 8144)."""

    manner: Manner
    names: tuple[str, ...] = ()
    brief: bool = False


def depth_of(headers: Headers) -> Depth:
    """How deep to look. Raises Refused: everything below everything is refused (RFC 4918, 9.1), and it is what a
    request without this header means."""
    said = headers.get("depth", "infinity").strip().lower()
    if said in ("0", "1"):
        return Depth(said)
    if said == "infinity":
        raise precondition(f"{DAV}propfind-finite-depth", "Ask with a Depth of 0 or 1.")
    raise bad_request("Depth is 0, 1 or infinity.")


def is_brief(headers: Headers) -> bool:
    """Whether the program wants to hear only of what there is (RFC 8144, 2.1; Apple's programs say `Brief`)."""
    preferred = ",".join(headers.getlist("prefer")).replace(" ", "").lower().split(",")
    return "return=minimal" in preferred or headers.get("brief", "").strip().lower() == "t"


def read_propfind(body: bytes, *, brief: bool) -> Wish:
    """What a PROPFIND asks for; without a body everything usual (RFC 4918, 9.1). Raises Refused."""
    if not body.strip():
        return Wish(Manner.ALL, brief=brief)
    root = read_xml(body)
    if root.tag != f"{DAV}propfind":
        raise bad_request("The body of a PROPFIND is a DAV:propfind.")
    if root.find(f"{DAV}propname") is not None:
        return Wish(Manner.NAMES, brief=brief)
    if root.find(f"{DAV}allprop") is not None:
        return Wish(Manner.ALL, _names(root.find(f"{DAV}include")), brief)
    asked = root.find(f"{DAV}prop")
    if asked is None:
        raise bad_request("A DAV:propfind holds DAV:prop, DAV:allprop or DAV:propname.")
    return Wish(Manner.NAMED, _names(asked), brief)


def read_wish(report: Element, *, brief: bool) -> Wish:
    """Which properties a report asks for of each entry. Raises Refused."""
    if report.find(f"{DAV}propname") is not None:
        return Wish(Manner.NAMES, brief=brief)
    if report.find(f"{DAV}allprop") is not None:
        return Wish(Manner.ALL, brief=brief)
    return Wish(Manner.NAMED, _names(report.find(f"{DAV}prop")), brief)


def _names(asked: Element | None) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(each.tag for each in asked)) if asked is not None else ()
    if len(names) > MOST_PROPERTIES:
        raise bad_request(f"At most {MOST_PROPERTIES} properties can be asked for at once.")
    return names
