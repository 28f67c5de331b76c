"""The filters of a calendar query (RFC 4791, 9.7): read from XML, and asked of an entry."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from service.caldav.properties import COLLATIONS
from service.caldav.refusals import Refused, precondition
from service.caldav.xml import CAL, Element
from service.feeds.polled.synced import Resource
from service.feeds.render.spoken import Spoken, spoken
from service.feeds.rules.forms import Component
from service.feeds.rules.spans import ALWAYS, Span


@dataclass(frozen=True, slots=True)
class TextMatch:
    """Text that a property holds somewhere, or (`negated`) does not."""

    text: str
    collation: str
    negated: bool

    def meets(self, values: Sequence[str]) -> bool:
        """Whether one of the values holds it."""
        wanted = _collated(self.text, self.collation)
        return any(wanted in _collated(value, self.collation) for value in values) is not self.negated


@dataclass(frozen=True, slots=True)
class PropertyFilter:
    """A property that is there, is not (`absent`), or holds a text."""

    name: str
    absent: bool
    text: TextMatch | None

    def meets(self, component: Spoken) -> bool:
        """Whether a component fulfils it."""
        values = component.properties.get(self.name)
        if values is None or self.absent:
            return values is None and self.absent
        return self.text is None or self.text.meets(values)


@dataclass(frozen=True, slots=True)
class ComponentFilter:
    """A component that is there, or is not (`absent`); with a span of time, properties and components inside."""

    name: str
    absent: bool = False
    span: Span | None = None
    properties: tuple[PropertyFilter, ...] = ()
    inside: tuple["ComponentFilter", ...] = ()

    @property
    def spans(self) -> Span:
        """The span that an entry must fall into whatever else is asked: so that not all have to be looked at."""
        return next((each.span for each in self.inside if each.span and not each.absent), ALWAYS)

    def meets(self, resource: Resource) -> bool:
        """Whether an entry fulfils the filter of its calendar, this being the outermost one."""
        return all(_meets(each, resource) for each in self.inside) if not self.absent else False


def read_filter(query: Element) -> ComponentFilter:
    """The filter of a calendar query. Raises Refused."""
    outer = query.find(f"{CAL}filter")
    inner = list(outer) if outer is not None else []
    if len(inner) != 1 or inner[0].tag != f"{CAL}comp-filter" or inner[0].get("name") != "VCALENDAR":
        raise _invalid("A filter holds one comp-filter for VCALENDAR.")
    found = _component(inner[0])
    if found.properties or found.span:
        raise _unsupported("Only components can be asked for directly inside VCALENDAR.")
    return found


def _component(asked: Element) -> ComponentFilter:
    name = asked.get("name", "").upper()
    span, properties, inside, absent = None, list[PropertyFilter](), list[ComponentFilter](), False
    for each in asked:
        match each.tag.removeprefix(CAL):
            case "is-not-defined":
                absent = True
            case "time-range":
                span = read_span(each)
            case "prop-filter":
                properties.append(_property(each))
            case "comp-filter":
                inside.append(_component(each))
            case other:
                raise _unsupported(f"Nothing is known of '{other}' in a comp-filter.")
    if span and name not in ("VCALENDAR", "VEVENT", "VTODO"):
        if name in ("VJOURNAL", "VFREEBUSY"):  # of which there are none here, in any span
            span = None
        else:
            raise _unsupported(f"A time-range cannot be asked of {name}.")
    return ComponentFilter(name, absent, span, tuple(properties), tuple(inside))


def _property(asked: Element) -> PropertyFilter:
    absent, text = False, None
    for each in asked:
        match each.tag.removeprefix(CAL):
            case "is-not-defined":
                absent = True
            case "text-match":
                text = _text(each)
            case other:
                raise _unsupported(f"'{other}' cannot be asked of a property here.")
    return PropertyFilter(asked.get("name", "").upper(), absent, text)


def _text(asked: Element) -> TextMatch:
    collation = asked.get("collation", "i;ascii-casemap")
    collation = "i;ascii-casemap" if collation == "default" else collation
    if collation not in COLLATIONS:
        raise precondition(f"{CAL}supported-collation", f"Text is compared by {', '.join(COLLATIONS)}.")
    return TextMatch(asked.text or "", collation, negated=asked.get("negate-condition") == "yes")


def read_span(asked: Element) -> Span:
    """A time-range (RFC 4791, 9.9): instants in UTC, one of them at least. Raises Refused."""
    start, end = (_instant(asked.get(name)) for name in ("start", "end"))
    if (start is None and end is None) or (start and end and start >= end):
        raise _invalid("A time-range has a start before its end, or one of both.")
    return Span(start, end)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise _invalid("Times of a time-range are in UTC: 20241001T000000Z.") from None


def _meets(asked: ComponentFilter, resource: Resource) -> bool:
    """Whether an entry's calendar has such a component: it has the entry itself, and the time zone that this names."""
    if asked.name != resource.member.component.upper():
        is_there = asked.name == "VTIMEZONE" and b"\r\nBEGIN:VTIMEZONE\r\n" in resource.body
        return is_there is not asked.absent
    if asked.absent or (asked.span and not _falls_into(asked.span, resource)):
        return False
    if not asked.properties and not asked.inside:
        return True
    return _says(asked, spoken(resource.lines))


def _falls_into(span: Span, resource: Resource) -> bool:
    if resource.member.component is Component.VTODO:
        return span.meets_todo(resource.ends, resource.member.created_at)
    return (
        resource.begins is not None and resource.ends is not None and span.meets_event(resource.begins, resource.ends)
    )


def _says(asked: ComponentFilter, component: Spoken) -> bool:
    return all(each.meets(component) for each in asked.properties) and all(
        _has(each, component.inside) for each in asked.inside
    )


def _has(asked: ComponentFilter, components: Iterable[Spoken]) -> bool:
    named = [each for each in components if each.name == asked.name]
    if asked.absent:
        return not named
    return any(_says(asked, each) for each in named)


def _collated(text: str, collation: str) -> str:
    match collation:
        case "i;octet":
            return text
        case "i;unicode-casemap":
            return text.casefold()
        case _:
            return "".join(each.lower() if each.isascii() else each for each in text)


def _invalid(sentence: str) -> Refused:
    return precondition(f"{CAL}valid-filter", sentence)


def _unsupported(sentence: str) -> Refused:
    return precondition(f"{CAL}supported-filter", sentence)
