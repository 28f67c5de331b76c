"""What each kind of address says of itself."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime

from service.caldav.addresses import Kind, Target
from service.caldav.asking import Manner, Wish
from service.caldav.xml import APPLE, CAL, DAV, SERVER, Element, element
from service.feeds.polled.synced import Collection, Member
from service.feeds.rules.forms import Component

Properties = dict[str, Callable[[], Element]]

REPORTS = (f"{CAL}calendar-query", f"{CAL}calendar-multiget", f"{CAL}free-busy-query", f"{DAV}sync-collection")
COLLATIONS = ("i;ascii-casemap", "i;octet", "i;unicode-casemap")
CALENDAR_DATA = f"{CAL}calendar-data"
_COLOR = "#4682B4FF"  # steelblue, as in feeds; Apple's programs want digits, the last two for opacity

# What a program gets that asks for everything: the properties of RFC 4918, and no others (RFC 4791, 5.2).
_USUAL = frozenset(
    f"{DAV}{name}"
    for name in ("creationdate", "displayname", "getcontenttype", "getetag", "getlastmodified", "resourcetype")
)


def told(properties: Properties, wish: Wish) -> tuple[list[Element], list[str]]:
    """The properties that are asked for and there, and the names of those that are not."""
    match wish.manner:
        case Manner.NAMES:
            return [element(name) for name in properties], []
        case Manner.ALL:
            names = [name for name in properties if name in _USUAL or name in wish.names]
            return [properties[name]() for name in names], []
        case Manner.NAMED:
            has = [properties[name]() for name in wish.names if name in properties]
            return has, [name for name in wish.names if name not in properties]


def of_collection(target: Target, collection: Collection, *, feed: str) -> Properties:
    """What the root, a principal, its home or the calendar says."""
    own: dict[str, Callable[[], Element]] = {
        f"{DAV}resourcetype": lambda: _resource_type(target.kind),
        f"{DAV}displayname": lambda: element(f"{DAV}displayname", _name(target.kind, collection)),
    }
    if target.kind is Kind.PRINCIPAL:
        own |= _of_principal(target, feed)
    if target.kind is Kind.CALENDAR:
        own |= _of_calendar(collection)
    return _of_everything(feed) | own


def _of_everything(feed: str) -> Properties:
    me = Target(Kind.PRINCIPAL, feed).path
    return {
        f"{DAV}current-user-principal": lambda: _href(f"{DAV}current-user-principal", me),
        f"{DAV}owner": lambda: _href(f"{DAV}owner", me),
        f"{DAV}principal-collection-set": lambda: _href(f"{DAV}principal-collection-set", Target(Kind.PRINCIPALS).path),
        # Reading and nothing else: programs then offer no editing (RFC 3744, 5.4).
        f"{DAV}current-user-privilege-set": lambda: element(
            f"{DAV}current-user-privilege-set",
            *(
                element(f"{DAV}privilege", element(f"{DAV}{name}"))
                for name in ("read", "read-current-user-privilege-set")
            ),
        ),
        f"{DAV}supported-report-set": lambda: element(f"{DAV}supported-report-set"),
    }


def _of_principal(target: Target, feed: str) -> Properties:
    return {
        f"{DAV}principal-URL": lambda: _href(f"{DAV}principal-URL", target.path),
        f"{CAL}calendar-home-set": lambda: _href(f"{CAL}calendar-home-set", Target(Kind.HOME, feed).path),
        f"{CAL}calendar-user-address-set": lambda: _href(f"{CAL}calendar-user-address-set", target.path),
    }


def _of_calendar(collection: Collection) -> Properties:
    own: dict[str, Callable[[], Element]] = {
        f"{DAV}sync-token": lambda: element(f"{DAV}sync-token", collection.token),
        f"{SERVER}getctag": lambda: element(f"{SERVER}getctag", collection.token),
        f"{DAV}creationdate": lambda: _created(collection.created_at),
        f"{DAV}getlastmodified": lambda: _changed(collection.changed_at),
        f"{CAL}calendar-description": lambda: element(f"{CAL}calendar-description", collection.description),
        f"{CAL}supported-calendar-component-set": lambda: element(
            f"{CAL}supported-calendar-component-set", _component(collection.component)
        ),
        f"{CAL}supported-calendar-data": lambda: element(f"{CAL}supported-calendar-data", _text_calendar()),
        f"{CAL}supported-collation-set": lambda: element(
            f"{CAL}supported-collation-set", *(element(f"{CAL}supported-collation", name) for name in COLLATIONS)
        ),
        f"{CAL}schedule-calendar-transp": lambda: element(
            f"{CAL}schedule-calendar-transp", element(f"{CAL}transparent")
        ),
        f"{APPLE}calendar-color": lambda: element(f"{APPLE}calendar-color", _COLOR),
        f"{DAV}supported-report-set": lambda: element(f"{DAV}supported-report-set", *map(_report, REPORTS)),
    }
    if collection.zone:
        own[f"{CAL}calendar-timezone"] = lambda: element(f"{CAL}calendar-timezone", collection.zone.decode())
    return own


def of_member(member: Member, *, feed: str, body: bytes | None = None) -> Properties:
    """What an entry says; its bytes too, where a report has them at hand."""
    own: dict[str, Callable[[], Element]] = {
        f"{DAV}resourcetype": lambda: element(f"{DAV}resourcetype"),
        f"{DAV}getetag": lambda: element(f"{DAV}getetag", member.tag),
        f"{DAV}getcontenttype": lambda: element(f"{DAV}getcontenttype", content_type(member)),
        f"{DAV}creationdate": lambda: _created(member.created_at),
        f"{DAV}getlastmodified": lambda: _changed(member.changed_at),
    }
    if body is not None:
        own[CALENDAR_DATA] = lambda: element(CALENDAR_DATA, body.decode())
        own[f"{DAV}getcontentlength"] = lambda: element(f"{DAV}getcontentlength", str(len(body)))
    return _of_everything(feed) | own


def content_type(member: Member) -> str:
    """The type of an entry's bytes, and what is in them (RFC 5545, 8.1)."""
    return f"text/calendar; charset=utf-8; component={member.component.upper()}"


def http_date(at: datetime) -> str:
    """An instant as HTTP writes it."""
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _resource_type(kind: Kind) -> Element:
    what = {Kind.PRINCIPAL: f"{DAV}principal", Kind.CALENDAR: f"{CAL}calendar"}.get(kind)
    inside = [element(f"{DAV}collection")] + ([element(what)] if what else [])
    return element(f"{DAV}resourcetype", *inside)


def _name(kind: Kind, collection: Collection) -> str:
    return collection.name if kind in (Kind.PRINCIPAL, Kind.CALENDAR) else "Milepost"


def _href(name: str, path: str) -> Element:
    return element(name, element(f"{DAV}href", path))


def _report(name: str) -> Element:
    return element(f"{DAV}supported-report", element(f"{DAV}report", element(name)))


def _component(component: Component) -> Element:
    return element(f"{CAL}comp", attributes={"name": component.upper()})


def _text_calendar() -> Element:
    return element(CALENDAR_DATA, attributes={"content-type": "text/calendar", "version": "2.0"})


def _created(at: datetime) -> Element:
    return element(f"{DAV}creationdate", f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")


def _changed(at: datetime) -> Element:
    return element(f"{DAV}getlastmodified", http_date(at))
