"""Reminder policies: when notices go out, as a value with a canonical mapping and a canonical line of text.

    text   = "never" | offset {offset} "at" HH:MM ["roll" "none"]

`-30d -7d -1d 0d +1d +7d at 09:00` is the service's own.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from service.due.faults import Fault, clipped, nearest, shown
from service.due.workdays import Roll
from service.reminders.rules.offsets import Measure, Offset, parse_offset

FIELDS = ("offsets", "at", "roll")
MOST_OFFSETS = 24
MOST_UNKNOWN = 20  # unknown fields that are reported
LONGEST_LINE = 500
NINE = dt.time(9)
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


class InvalidPolicy(ValueError):
    """A policy that cannot be accepted; `faults` says everything that is wrong with it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True, slots=True)
class Policy:
    """When notices about a due date go out: on which days, at which time of day in the plan's time zone.

    Offsets are in order, each once; none at all: no notices, and then the rest says nothing. `roll` is `preceding`
    (notices before the due date go to the workday before a day off, those after it to the workday after) or `none`.
    """

    offsets: tuple[Offset, ...] = ()
    at: dt.time = NINE
    roll: Roll = Roll.PRECEDING

    def __post_init__(self) -> None:
        if self.roll is Roll.FOLLOWING:
            raise ValueError("A notice before the due date never moves towards it: roll is preceding or none.")
        object.__setattr__(self, "offsets", tuple(sorted(set(self.offsets))))
        if not self.offsets:
            object.__setattr__(self, "at", NINE)
            object.__setattr__(self, "roll", Roll.PRECEDING)

    @property
    def asks_calendar(self) -> bool:
        """Whether any notice depends on which days are worked."""
        return any(
            each.measure is Measure.WORKDAYS or (each.count and self.roll is not Roll.NONE) for each in self.offsets
        )


# 30, 7 and 1 days before, the day itself, 1 and 7 days after.
DEFAULT = Policy(tuple(Offset(count) for count in (-30, -7, -1, 0, 1, 7)))


def to_mapping(policy: Policy) -> dict[str, Any]:
    """The canonical mapping (JSON and YAML values): defaults are left out, `parse` gives the same policy back."""
    told = to_full_mapping(policy)
    if policy.at == NINE:
        del told["at"]
    if policy.roll is Roll.PRECEDING:
        del told["roll"]
    return told


def to_full_mapping(policy: Policy) -> dict[str, Any]:
    """The API's shape: every field; `parse` takes it too."""
    return {"offsets": [str(each) for each in policy.offsets], "at": f"{policy.at:%H:%M}", "roll": policy.roll.value}


def print_text(policy: Policy) -> str:
    """The line: `-7d -1d 0d at 09:00`, `never`."""
    if not policy.offsets:
        return "never"
    words = [*map(str, policy.offsets), "at", f"{policy.at:%H:%M}"]
    return " ".join([*words, "roll", "none"] if policy.roll is Roll.NONE else words)


def parse_text(text: str) -> Policy:
    """A policy from such a line. Raises InvalidPolicy with every fault."""
    if len(text) > LONGEST_LINE:
        raise InvalidPolicy([Fault((), f"The line is too long: {LONGEST_LINE} characters at most.")])
    words = text.split()
    if words == ["never"]:
        return Policy()
    fields: dict[str, Any] = {}
    for name in ("roll", "at"):  # from the end of the line
        if name in words:
            place = words.index(name)
            fields[name] = " ".join(words[place + 1 :])
            words = words[:place]
    return parse({"offsets": words or None} | fields)


def parse(source: object) -> Policy:
    """A policy from a mapping that anybody may have written; None is as good as absent.

    Raises InvalidPolicy with every fault, in the order of the fields.
    """
    if not isinstance(source, Mapping):
        message = f"This must be a mapping such as {{offsets: [-7d, 0d], at: '09:00'}}, not {shown(source)}."
        raise InvalidPolicy([Fault((), message)])
    faults = _unknown(source)
    offsets = _offsets(source.get("offsets"), faults)
    at = _at(source.get("at"), faults)
    roll = _roll(source.get("roll"), faults)
    if faults:
        raise InvalidPolicy(faults)
    return Policy(offsets, at, roll)


def _unknown(source: Mapping[object, object]) -> list[Fault]:
    faults = []
    for name in [name for name in source if name not in FIELDS][:MOST_UNKNOWN]:
        word = clipped(name) if isinstance(name, str) else shown(name)
        faults.append(Fault((word,), f"There is no field '{word}'{nearest(word, FIELDS)}"))
    return faults


def _offsets(raw: object, faults: list[Fault]) -> tuple[Offset, ...]:
    if not isinstance(raw, list | tuple):
        said = "say when" if raw is None else f"this must be a list, not {shown(raw)}"
        faults.append(Fault(("offsets",), f"{said.capitalize()}: [-7d, -1d, 0d, +1d]; an empty list means never."))
        return ()
    if len(raw) > MOST_OFFSETS:
        faults.append(Fault(("offsets",), f"There are too many: {MOST_OFFSETS} at most."))
        return ()
    found: list[Offset] = []
    for place, each in enumerate(raw):
        try:
            if not isinstance(each, str):
                raise ValueError(f"{shown(each)} is no offset: write -7d, -3wd (workdays), 0d or +1d.")
            offset = parse_offset(each)
            if offset in found:
                raise ValueError(f"'{offset}' stands twice.")
            found.append(offset)
        except ValueError as fault:
            faults.append(Fault(("offsets", place), str(fault)))
    return tuple(found)


def _at(raw: object, faults: list[Fault]) -> dt.time:
    if raw is None:
        return NINE
    if isinstance(raw, dt.time) and raw.tzinfo is None and not (raw.second or raw.microsecond):
        return raw
    found = _TIME.fullmatch(raw) if isinstance(raw, str) else None
    if found is None:
        message = f'{shown(raw)} is not a time of day; write it in quotes as "09:00", from "00:00" to "23:59".'
        faults.append(Fault(("at",), message))
        return NINE
    return dt.time(int(found[1]), int(found[2]))


def _roll(raw: object, faults: list[Fault]) -> Roll:
    if raw is None:
        return Roll.PRECEDING
    if raw in ("preceding", "none"):
        return Roll(str(raw))
    if raw == "following":
        message = "A notice before the due date never moves towards it; write preceding or none."
    else:
        message = f"{shown(raw)} is unknown here; write preceding or none."
    faults.append(Fault(("roll",), message))
    return Roll.PRECEDING


# ── whose policy holds ───────────────────────────────────────────────────────────────────────────────────────────────

OF_SERVICE = "service"


def of_plan(slug: str) -> str:
    """The subject under which a plan's policy is kept."""
    return f"plan:{slug}"


def of_milestone(id: str) -> str:
    """The subject under which a milestone's policy is kept."""
    return f"milestone:{id}"


def in_force(policies: Mapping[str, Policy], *, plan: str, milestone: str | None) -> tuple[str, Policy]:
    """Whose policy holds for a milestone of a plan (None: for the plan), and what it says: the nearest that is set."""
    nearest_first = [of_milestone(milestone)] if milestone is not None else []
    for subject in (*nearest_first, of_plan(plan), OF_SERVICE):
        if subject in policies:
            return subject, policies[subject]
    return OF_SERVICE, DEFAULT
