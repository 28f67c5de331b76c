"""An event as bytes: the canonical JSON that is signed and sent.

`{"type", "timestamp", "data"}`, UTF-8, no white space, fields in the order in which `events.py` declares them: the same
event gives the same bytes, on every replica and on every repeat.
"""

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from enum import Enum
from functools import cache
from operator import attrgetter
from types import NoneType
from typing import Any

from service.webhooks.rules.events import Event, Position

Json = dict[str, Any]


def event_body(event: Event, position: Position | None = None) -> bytes:
    """The body of a delivery; `position` where the endpoint asked for numbers."""
    return to_bytes(event_json(event, position))


def event_json(event: Event, position: Position | None = None) -> Json:
    """The payload as JSON values."""
    return {"type": event.type.value, "timestamp": instant(event.timestamp), "data": facts(event, position)}


def facts(event: Event, position: Position | None = None) -> Json:
    """The `data` of a payload: what it is about, when it was meant to be sent and was, why, and its number."""
    about: Json = as_json(event.about)
    return about | {
        "scheduled_for": as_json(event.scheduled_for),
        "fired_at": instant(event.fired_at),
        "lateness_s": event.lateness_s,
        "cause": as_json(event.cause),
        **({"sandbox": True} if event.is_rehearsal else {}),
        "sequence": position.number if position else None,
        "previous_sequence": position.previous if position else None,
    }


def to_bytes(value: Json) -> bytes:
    """JSON without white space, Chinese as it is, keys in the order given."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def as_json(value: Any) -> Any:
    """A value of `events.py` as JSON: instants in UTC, dates and times of day in ISO 8601, tuples as lists."""
    kind: Any = type(value)  # mypy does not believe that a type can be hashed
    return _writer(kind)(value)


@cache
def _writer(kind: type) -> Callable[[Any], Any]:
    """How values of a type become JSON: found once, since a payload is written for every attempt. Raises TypeError."""
    if kind in {NoneType, bool, int, str}:
        return lambda value: value
    if issubclass(kind, Enum):
        return attrgetter("value")
    if issubclass(kind, datetime):  # before date, which it is one of
        return instant
    if issubclass(kind, date):
        return date.isoformat
    if issubclass(kind, time):
        return lambda value: value.isoformat("minutes")
    if issubclass(kind, tuple):
        return lambda value: [as_json(each) for each in value]
    if dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind)]
        return lambda value: {name: as_json(getattr(value, name)) for name in names}
    raise TypeError(f"no JSON for {kind.__name__}")


def instant(at: datetime) -> str:
    """An instant as RFC 3339 in UTC, to the millisecond: `2024-10-01T00:00:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
