"""Whether a calendar is one that real programs read: what tests and the page for subscribers ask alike. Pure.

Strict where some program is (RFC 5545, 7986, 9074): Xiaomi's refuses a whole file for `P1H`, several fail at a bare
line feed, and a METHOD makes a mail of it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from service.feeds.rules.links import MANY_BYTES, MANY_ENTRIES

Severity = Literal["error", "warning"]

LONGEST_LINE = 75  # octets, without the line's end (3.1)
_LINE = re.compile(
    r"(?P<name>[A-Za-z0-9-]+)(?P<parameters>(?:;[A-Za-z0-9-]+=(?:\"[^\"]*\"|[^\";:,]*)(?:,(?:\"[^\"]*\"|[^\";:,]*))*)*)"
    r":(?P<value>.*)\Z",
    re.DOTALL,
)
_DURATION = re.compile(
    r"[+-]?P(?:\d+W|\d+D(?:T(?:\d+H(?:\d+M)?(?:\d+S)?|\d+M(?:\d+S)?|\d+S))?|T(?:\d+H(?:\d+M)?(?:\d+S)?|\d+M(?:\d+S)?|\d+S))\Z"
)
_TEXT = re.compile(r"(?:[^\\;,]|\\[\\;,nN])*\Z", re.DOTALL)  # 3.3.11
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_TEXTS = frozenset({"SUMMARY", "DESCRIPTION", "NAME", "X-WR-CALNAME", "X-WR-CALDESC", "COMMENT", "LOCATION"})
_ENTRIES = ("VEVENT", "VTODO")
_STATUSES = {
    "VEVENT": {"TENTATIVE", "CONFIRMED", "CANCELLED"},
    "VTODO": {"NEEDS-ACTION", "COMPLETED", "IN-PROCESS", "CANCELLED"},
}
_ONCE = frozenset({"UID", "DTSTAMP", "DTSTART", "DTEND", "DUE", "SUMMARY", "SEQUENCE", "STATUS", "CREATED", "URL"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong. `line`: of the file as it is sent, from 1; 0: of the file as a whole."""

    severity: Severity
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Property:
    """One content line, unfolded."""

    line: int
    name: str
    parameters: str
    value: str

    def parameter(self, name: str) -> str:
        """A parameter's value; empty where it has none."""
        found = re.search(rf";{name}=\"?([^\";:,]*)", self.parameters, re.IGNORECASE)
        return found[1] if found else ""


@dataclass(slots=True)
class Part:
    """A component with its properties and what it contains."""

    kind: str
    line: int
    properties: list[Property] = field(default_factory=list)
    parts: list["Part"] = field(default_factory=list)

    def first(self, name: str) -> Property | None:
        """The first property of a name."""
        return next((each for each in self.properties if each.name == name), None)

    def value(self, name: str) -> str:
        """Its value; empty where there is none."""
        found = self.first(name)
        return found.value if found else ""


def lint(body: bytes) -> tuple[Finding, ...]:
    """Everything that is wrong with a calendar's plain bytes, in the order of its lines."""
    return tuple(sorted(_findings(body), key=lambda each: (each.line, each.message)))


def count_entries(body: bytes) -> int:
    """How many entries a calendar has."""
    return body.count(b"BEGIN:VEVENT") + body.count(b"BEGIN:VTODO")


def _findings(body: bytes) -> Iterator[Finding]:
    yield from _bytes(body)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        yield _error(0, "This is not UTF-8.")
        return
    if control := _CONTROL.search(text):
        yield _error(text.count("\n", 0, control.start()) + 1, "A control character.")
    properties: list[Property] = []
    for number, line in _unfolded(text):
        found = _LINE.match(line)
        if found is None:
            yield _error(number, "This is no property: NAME;PARAMETER=…:VALUE.")
            continue
        properties.append(Property(number, found["name"].upper(), found["parameters"], found["value"]))
    calendar, faults = _tree(properties)
    yield from faults
    if calendar is not None:
        yield from _calendar(calendar)
        yield from _size(calendar, len(body))


def _bytes(body: bytes) -> Iterator[Finding]:
    if body.startswith(b"\xef\xbb\xbf"):
        yield _error(1, "A byte order mark stands before the calendar.")
    if not body.endswith(b"\r\n"):
        yield _error(0, "The last line has no end.")
    for number, line in enumerate(body.split(b"\r\n"), start=1):
        if b"\n" in line or b"\r" in line:
            yield _error(number, "A line ends without carriage return and line feed.")
        if len(line) > LONGEST_LINE:
            yield _error(number, f"{len(line)} octets: a line has {LONGEST_LINE} at most.")
        try:
            line.decode()
        except UnicodeDecodeError:
            yield _error(number, "A line is folded within a character.")


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first physical one."""
    begun, held = 0, ""
    for number, line in enumerate(text.split("\r\n"), start=1):
        if begun and line[:1] in (" ", "\t"):
            held += line[1:]
            continue
        if begun:
            yield begun, held
        begun, held = (number, line) if line else (0, "")
    if begun:
        yield begun, held


def _tree(properties: Sequence[Property]) -> tuple[Part | None, list[Finding]]:
    root, faults = Part("", 0), list[Finding]()
    open_parts = [root]
    for each in properties:
        if each.name == "BEGIN":
            part = Part(each.value.upper(), each.line)
            open_parts[-1].parts.append(part)
            open_parts.append(part)
        elif each.name != "END":
            open_parts[-1].properties.append(each)
        elif len(open_parts) > 1 and open_parts[-1].kind == each.value.upper():
            open_parts.pop()
        else:
            faults.append(_error(each.line, f"END:{each.value} ends nothing that is open."))
    faults += [_error(part.line, f"BEGIN:{part.kind} has no end.") for part in open_parts[1:]]
    if [part.kind for part in root.parts] != ["VCALENDAR"] or root.properties:
        faults.append(_error(0, "A file holds one calendar, and nothing beside it."))
        return None, faults
    return root.parts[0], faults


def _calendar(calendar: Part) -> Iterator[Finding]:
    if calendar.value("VERSION") != "2.0":
        yield _error(calendar.line, "VERSION:2.0 is missing.")
    if not calendar.value("PRODID"):
        yield _error(calendar.line, "PRODID is missing.")
    if method := calendar.first("METHOD"):
        yield _error(method.line, "METHOD makes a message of the calendar (RFC 5546).")
    for name in ("REFRESH-INTERVAL", "X-PUBLISHED-TTL"):
        found = calendar.first(name)
        if found and not _DURATION.match(found.value):
            yield _error(found.line, f"{name}: {found.value} is no duration, such as PT1H.")
    yield from _texts(calendar)
    kinds = {part.kind for part in calendar.parts if part.kind in _ENTRIES}
    if not kinds:
        yield _error(calendar.line, "There is no entry: programs take that for an error.")
    if len(kinds) > 1:
        yield _error(calendar.line, "Events and to-dos are mixed: Google, Outlook and iOS show no to-dos.")
    entries = [part for part in calendar.parts if part.kind in _ENTRIES]
    for uid, count in Counter(each.value("UID") for each in entries).items():
        if count > 1:
            yield _error(0, f"{count} entries have the UID {uid}.")
    zones = {part.value("TZID") for part in calendar.parts if part.kind == "VTIMEZONE"}
    for entry in entries:
        yield from _entry(entry, zones)


def _entry(entry: Part, zones: set[str]) -> Iterator[Finding]:
    for name in ("UID", "DTSTAMP", "SUMMARY", *(("DTSTART",) if entry.kind == "VEVENT" else ())):
        if not entry.value(name):
            yield _error(entry.line, f"An entry without {name}.")
    for name, count in Counter(each.name for each in entry.properties).items():
        if count > 1 and name in _ONCE:
            yield _error(entry.line, f"An entry has {name} {count} times.")
    if (status := entry.first("STATUS")) and status.value not in _STATUSES[entry.kind]:
        yield _error(status.line, f"STATUS:{status.value} is none of {entry.kind}.")
    for each in entry.properties:
        if each.name in ("ATTENDEE", "ORGANIZER"):
            yield _error(each.line, f"{each.name} makes an invitation of an entry.")
        if (zone := each.parameter("TZID")) and zone not in zones:
            yield _error(each.line, f"The time zone {zone} is not described.")
        if each.name in ("DTSTART", "DTEND", "DUE", "DTSTAMP", "CREATED", "LAST-MODIFIED") and not _moment(each):
            yield _error(each.line, f"{each.name}: {each.value} is no date.")
        if each.name in ("SEQUENCE", "PERCENT-COMPLETE") and not each.value.isdecimal():
            yield _error(each.line, f"{each.name}: {each.value} is no number.")
    begins, ends = (entry.first(name) for name in ("DTSTART", "DTEND"))
    if begins and ends and len(begins.value) == len(ends.value) and ends.value <= begins.value:
        yield _error(ends.line, "An entry ends before it has begun; DTEND is exclusive.")
    yield from _texts(entry)
    for alarm in entry.parts:
        yield from _alarm(alarm)


def _alarm(alarm: Part) -> Iterator[Finding]:
    for name in ("ACTION", "TRIGGER", "DESCRIPTION", "UID"):
        if not alarm.value(name):
            yield _error(alarm.line, f"An alarm without {name}.")
    trigger = alarm.first("TRIGGER")
    if trigger and not (_moment(trigger) if trigger.parameter("VALUE") else _DURATION.match(trigger.value)):
        yield _error(trigger.line, f"TRIGGER: {trigger.value} is neither a duration nor an instant.")


def _texts(part: Part) -> Iterator[Finding]:
    for each in part.properties:
        if each.name in _TEXTS and not _TEXT.match(each.value):
            yield _error(each.line, f"{each.name} is not escaped as text is.")


def _moment(each: Property) -> bool:
    forms = ("%Y%m%d",) if each.parameter("VALUE") == "DATE" else ("%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S")
    return any(_reads(each.value, form) for form in forms)


def _reads(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007  # whether it can be read, not when it is
    except ValueError:
        return False
    return True


def _size(calendar: Part, size: int) -> Iterator[Finding]:
    count = sum(part.kind in _ENTRIES for part in calendar.parts)
    if count >= MANY_ENTRIES:
        yield Finding("warning", 0, f"{count} entries: some programs show no more than a thousand.")
    if size >= MANY_BYTES:
        yield Finding("warning", 0, f"{size // 1_000} kB: some programs read no more than a megabyte.")


def _error(line: int, message: str) -> Finding:
    return Finding("error", line, message)
