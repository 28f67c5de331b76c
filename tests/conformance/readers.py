"""Readers of calendars in three languages. Each is given files and says what it sees in them."""

import ctypes
import datetime as dt
import functools
import importlib.util
import json
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.conformance.seen import Seen, basic, spelled

ROOT = Path(__file__).parents[2]
NODE = ROOT / "var" / "node"
Files = Sequence[bytes]


@dataclass(frozen=True)
class Reader:
    """A reader: what it is called, in which language it is written, why it cannot be asked here (empty: it can).

    `reads_jcal`: it is given files as jCal, not as iCalendar.
    """

    name: str
    language: str
    read: Callable[[Files], list[set[Seen]]]
    missing: Callable[[], str]
    version: Callable[[], str]
    reads_jcal: bool = False
    reads_todos: bool = True


# ── Python ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _by_icalendar(text: str) -> set[Seen]:
    import icalendar

    calendar: Any = icalendar.Calendar.from_ical(text)
    found = set()
    for entry in calendar.walk():
        assert not entry.errors, entry.errors
        if entry.name in ("VEVENT", "VTODO"):
            times = [spelled(entry[name].dt) if name in entry else "" for name in ("DTSTART", "DTEND", "DUE")]
            ends = times[1] or times[2]
            found.add(Seen(str(entry["UID"]), times[0], ends, str(entry["SUMMARY"]), str(entry["STATUS"])))
    return found


def _by_ical(text: str) -> set[Seen]:
    from ical.calendar_stream import IcsCalendarStream

    calendar = IcsCalendarStream.calendar_from_ics(text)
    entries: list[tuple[Any, Any, Any]] = [(each, each.dtstart, each.dtend) for each in calendar.events]
    entries += [(each, None, each.due) for each in calendar.todos]
    return {
        Seen(each.uid, spelled(begins), spelled(ends), each.summary or "", each.status.value)
        for each, begins, ends in entries
    }


def _by_ics(text: str) -> set[Seen]:
    import ics

    calendar: Any = ics.Calendar(text)
    found = set()
    for each in calendar.events:
        begins, ends = each.begin.datetime, each.end.datetime
        if each.all_day:
            begins, ends = begins.date(), ends.date()
        found.add(Seen(each.uid, spelled(begins), spelled(ends), each.name, each.status))
    return found


def _by_vobject(text: str) -> set[Seen]:
    import vobject

    calendar: Any = vobject.readOne(text)
    found = set()
    for each in [*calendar.contents.get("vevent", ()), *calendar.contents.get("vtodo", ())]:
        begins = spelled(each.dtstart.value) if "dtstart" in each.contents else ""
        last = each.contents.get("dtend") or each.contents.get("due")
        ends = spelled(last[0].value) if last else ""
        found.add(Seen(each.uid.value, begins, ends, each.summary.value, each.status.value))
    return found


def _by_recurring_ical_events(text: str) -> set[Seen]:
    import icalendar
    import recurring_ical_events

    calendar = icalendar.Calendar.from_ical(text)
    found = recurring_ical_events.of(calendar).between(dt.date(2000, 1, 1), dt.date(2050, 1, 1))
    return {
        Seen(str(e["UID"]), spelled(e["DTSTART"].dt), spelled(e["DTEND"].dt), str(e["SUMMARY"]), str(e["STATUS"]))
        for e in found
    }


def _python(name: str, read: Callable[[str], set[Seen]], *, module: str = "", reads_todos: bool = True) -> Reader:
    def read_all(files: Files) -> list[set[Seen]]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what those libraries think of newer Pythons is their affair
            return [read(each.decode()) for each in files]

    def missing() -> str:
        return "" if importlib.util.find_spec(module or name) else f"{name} is not installed"

    return Reader(name, "Python", read_all, missing, lambda: version(name), reads_todos=reads_todos)


# ── JavaScript ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_node(library: str, files: Files) -> list[set[Seen]]:
    """One process for all files: starting it takes longer than reading."""
    asked = json.dumps([each.decode() for each in files])
    script = Path(__file__).with_name("read.mjs")
    done = subprocess.run(
        ["node", script, library, NODE], input=asked, capture_output=True, text=True, check=False, env=_PLAIN
    )
    assert done.returncode == 0, done.stderr
    return [{Seen(*each) for each in feed} for feed in json.loads(done.stdout)]


_PLAIN = {"PATH": "/usr/local/bin:/usr/bin:/bin", "TZ": "America/New_York"}  # a zone in which days would slip


@functools.cache
def _node_major() -> int:
    """The version of Node; -1 where there is none."""
    if shutil.which("node", path=_PLAIN["PATH"]) is None:
        return -1
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True, env=_PLAIN).stdout
    return int(said.removeprefix("v").partition(".")[0])


def _node(name: str, package: str, *, reads_jcal: bool = False) -> Reader:
    manifest = NODE / "node_modules" / package / "package.json"

    def missing() -> str:
        if not manifest.exists():
            return f"{package} is not in var/node: npm install --prefix var/node {package}"
        wanted = json.loads(manifest.read_text(encoding="utf-8")).get("engines", {}).get("node", ">=0")
        return "" if _node_major() >= int(wanted.removeprefix(">=").partition(".")[0]) else f"it wants Node {wanted}"

    def version_of() -> str:
        return str(json.loads(manifest.read_text(encoding="utf-8"))["version"])

    read = functools.partial(_in_node, name)
    return Reader(name, "JavaScript", read, missing, version_of, reads_jcal=reads_jcal)


# ── C ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Libical:
    """Debian's libical through ctypes: what Evolution, KOrganizer, Cyrus and others read calendars with."""

    _TEXTS = (
        "icalcomponent_get_uid",
        "icalcomponent_get_summary",
        "icalproperty_get_value_as_string",
        "icalproperty_get_parameter_as_string",
        "icalcomponent_as_ical_string",
    )
    _POINTERS = (
        "icalparser_parse_string",
        "icalcomponent_get_first_component",
        "icalcomponent_get_next_component",
        "icalcomponent_get_first_property",
    )

    def __init__(self) -> None:
        self._lib = ctypes.CDLL("libical.so.3")
        for name in self._TEXTS:
            getattr(self._lib, name).restype = ctypes.c_char_p
        for name in self._POINTERS:
            getattr(self._lib, name).restype = ctypes.c_void_p

    def read(self, files: Files) -> list[set[Seen]]:
        """What it sees in files."""
        return [self._read(each) for each in files]

    def check(self, calendar: bytes) -> bool:
        """Whether its restriction check (the tables of RFC 5545 and 5546) has nothing to say."""
        root = self._parse(calendar)
        fine: bool = self._lib.icalrestriction_check(root) == 1 and self._lib.icalcomponent_count_errors(root) == 0
        self._lib.icalcomponent_free(root)
        return fine

    def _parse(self, calendar: bytes) -> ctypes.c_void_p:
        root = self._lib.icalparser_parse_string(calendar)
        assert root, "libical reads nothing at all"
        return ctypes.c_void_p(root)

    def _read(self, calendar: bytes) -> set[Seen]:
        root = self._parse(calendar)
        assert self._lib.icalcomponent_count_errors(root) == 0
        found = {self._seen(each) for kind in (b"VEVENT", b"VTODO") for each in self._components(root, kind)}
        self._lib.icalcomponent_free(root)
        return found

    def _components(self, root: ctypes.c_void_p, kind: bytes) -> Iterable[ctypes.c_void_p]:
        number = self._lib.icalcomponent_string_to_kind(kind)
        each = self._lib.icalcomponent_get_first_component(root, number)
        while each:
            yield ctypes.c_void_p(each)
            each = self._lib.icalcomponent_get_next_component(root, number)

    def _seen(self, entry: ctypes.c_void_p) -> Seen:
        ends = self._time(entry, b"DTEND") or self._time(entry, b"DUE")
        return Seen(
            self._lib.icalcomponent_get_uid(entry).decode(),
            self._time(entry, b"DTSTART"),
            ends,
            self._lib.icalcomponent_get_summary(entry).decode(),
            self._lib.icalproperty_get_value_as_string(self._property(entry, b"STATUS")).decode(),
        )

    def _time(self, entry: ctypes.c_void_p, name: bytes) -> str:
        found = self._property(entry, name)
        if found.value is None:
            return ""
        zone = self._lib.icalproperty_get_parameter_as_string(found, b"TZID")
        return basic(self._lib.icalproperty_get_value_as_string(found).decode(), zone.decode() if zone else "")

    def _property(self, entry: ctypes.c_void_p, name: bytes) -> ctypes.c_void_p:
        kind = self._lib.icalproperty_string_to_kind(name)
        return ctypes.c_void_p(self._lib.icalcomponent_get_first_property(entry, kind))


@functools.cache
def libical_missing() -> str:
    """Why libical cannot be asked here."""
    try:
        ctypes.CDLL("libical.so.3")
    except OSError:
        return "libical is not installed: apt-get install libical3"
    return ""


def _libical_version() -> str:
    said = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", "libical3"], capture_output=True, text=True, check=False
    )
    return said.stdout.partition("-")[0] or "3"


READERS: tuple[Reader, ...] = (
    _python("icalendar", _by_icalendar),
    _python("ical", _by_ical),
    _python("ics", _by_ics, reads_todos=False),
    _python("vobject", _by_vobject),
    _python("recurring-ical-events", _by_recurring_ical_events, module="recurring_ical_events", reads_todos=False),
    _node("ical.js", "ical.js"),
    _node("ical.js (jCal)", "ical.js", reads_jcal=True),
    _node("node-ical", "node-ical"),
    Reader("libical", "C", lambda files: Libical().read(files), libical_missing, _libical_version),
)
