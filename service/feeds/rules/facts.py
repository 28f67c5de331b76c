"""What an entry is made from, as values, and the fingerprint that tells whether any of it changed. Pure."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from typing import Any, Literal

from service.kit.ids import derived_id
from service.milestones.rules import NO_DATE

# Raised when a release renders the same facts otherwise: every entry then gets a new revision, once.
LAYOUT = 2

DOMAIN = "milepost"
NAMES_SHOWN = 30

Ended = Literal["", "cancelled", "withdrawn"]
Progress = Literal["", "started", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFacts:
    """Everything that an entry's text is made from, and the dates on which the calendar alone changes it.

    `role` is empty in the entry that plans, groups and jurisdictions show; its `progress` is that of everybody who owes
    the work. `ended` says why an entry is called off: the task was cancelled, or this unit no longer answers for it
    (`withdrawn`). Fields at their default are left out of the stored form, so that a release can add fields without
    touching entries that do not use them. `alarm_at` is 09:00 of the last workday before the due date.
    """

    title: str
    kind: str = "task"
    role: str = ""
    ref: str = ""
    path: str = ""
    plan_title: str = ""
    plan_number: str = ""
    mark_zh: str = ""
    mark_en: str = ""
    reading_zh: str = ""
    reading_en: str = ""
    precision: str = ""
    lead: tuple[str, ...] = ()
    responsible: tuple[str, ...] = ()
    support: tuple[str, ...] = ()
    hand_in: str = ""
    window_start: date | None = None
    due_on: date | None = None
    due_time: time | None = None
    time_zone: str = ""
    provisional: bool = False
    moved_from: date | None = None
    moved_on: date | None = None
    progress: Progress = ""
    ended: Ended = ""
    ended_on: date | None = None
    series: str = ""
    parent: str = ""
    alarm_at: datetime | None = None

    @property
    def sort_on(self) -> date:
        """The due date, or 9999-12-31 for what has none."""
        return self.due_on or NO_DATE


_DATES = frozenset({"window_start", "due_on", "moved_from", "moved_on", "ended_on"})
_NAMES = frozenset({"lead", "responsible", "support"})


def to_mapping(facts: EntryFacts) -> dict[str, Any]:
    """The stored form (JSON values); `from_mapping` gives the same facts back."""
    told: dict[str, Any] = {}
    for each in fields(facts):
        value = getattr(facts, each.name)
        if value == each.default:
            continue
        if isinstance(value, date | time):  # an instant is a date too
            value = value.isoformat()
        told[each.name] = list(value) if isinstance(value, tuple) else value
    return told


def from_mapping(told: Mapping[str, Any]) -> EntryFacts:
    """Facts from their stored form; fields that this release no longer knows are passed over."""
    known: dict[str, Any] = {}
    for each in fields(EntryFacts):
        if each.name not in told:
            continue
        value = told[each.name]
        if each.name in _DATES:
            value = date.fromisoformat(value)
        elif each.name == "due_time":
            value = time.fromisoformat(value)
        elif each.name == "alarm_at":
            value = datetime.fromisoformat(value)
        elif each.name in _NAMES:
            value = tuple(value)
        known[each.name] = value
    return EntryFacts(**known)


def fingerprint(told: Mapping[str, Any], *, light: str, state: str, moved: bool) -> str:
    """SHA-256 in hex of the stored facts, of what the date makes of them, and of the layout."""
    whole = [LAYOUT, light, state, moved, told]
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def entry_uid(occurrence: str, unit: str | None) -> str:
    """The UID of an occurrence's entry: a unit's own copy, or (None) the one that everybody else shows.

    It follows from the occurrence and the unit alone, not from how the unit came to answer for it.
    """
    return f"{derived_id('fe', occurrence, unit or '')}@{DOMAIN}"


def series_uid(milestone: str, unit: str | None) -> str:
    """What all occurrences of a recurring duty refer to as their series."""
    return f"{derived_id('fs', milestone, unit or '')}@{DOMAIN}"


def differs(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether people would say that something was changed: another hour of an alarm is none."""
    return any(before.get(name) != after.get(name) for name in {*before, *after} - {"alarm_at"})


def greeting_uid(subject: str) -> str:
    """The UID of the entry that an empty feed shows."""
    return f"{derived_id('fg', subject)}@{DOMAIN}"


def made_uid(what: str, *which: str) -> str:
    """The UID of an entry that stands for several others, or for the feed itself."""
    return f"{derived_id(what, *which)}@{DOMAIN}"


def alarm_uid(entry: str) -> str:
    """The UID of an entry's alarm."""
    return made_uid("fa", entry)


def clean_line(text: str) -> str:
    """Text for one line: no control characters, and every run of blanks and line ends one space."""
    return " ".join(clean_text(text).split())


def clean_text(text: str) -> str:
    """Text without control characters; line ends of any kind become a line feed, tabs become spaces.

    RFC 5545 (3.1) admits no control character but the tab, XML 1.0 (xCal, CalDAV) no half surrogates and U+FFFE/FFFF.
    """
    for ending in ("\r\n", "\r", "\u0085", "\u2028", "\u2029", "\v", "\f"):
        text = text.replace(ending, "\n")
    return "".join(each for each in text.replace("\t", " ") if each == "\n" or _is_clean(each))


def _is_clean(character: str) -> bool:
    # Cc: control characters. Cs: half surrogates. U+FEFF inside text would be taken for a byte order mark.
    return unicodedata.category(character) not in ("Cc", "Cs") and character not in "\ufffe\uffff\ufeff"


def shown_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names for an entry: cleaned, each once, at most `NAMES_SHOWN` and then how many there are in all (`+57`)."""
    unique = tuple(dict.fromkeys(name for each in names if (name := clean_line(each))))
    if len(unique) <= NAMES_SHOWN:
        return unique
    return (*unique[:NAMES_SHOWN], f"+{len(unique) - NAMES_SHOWN}")
