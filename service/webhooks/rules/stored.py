"""A stored event: the text that is kept of it becomes the body of a delivery, or an event again.

What is kept is `payload.event_body` without a position, with addresses of pages as paths: neither the number that one
endpoint gets nor the service's own address is part of what happened.
"""

import json
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from service.webhooks.rules.events import ABOUT, About, Event, EventType, Position
from service.webhooks.rules.parts import Cause
from service.webhooks.rules.payload import event_body

_NO_POSITION = ',"sequence":null,"previous_sequence":null}}'
# A quotation mark inside a string is escaped, so these bytes are always a member `url` whose value is a path.
_PATH = '"url":"/'


def text_of(event: Event) -> str:
    """What is kept of an event."""
    return event_body(event).decode("utf-8")


def body_of(message: str, position: Position | None = None, *, source: str = "") -> bytes:
    """The body of a delivery: byte for byte that of `payload.event_body`, without reading and writing it anew.

    `source` is the service's public address. Raises ValueError where the text is none that `text_of` made.
    """
    text = _at(message, source)
    if not text.endswith(_NO_POSITION):
        raise ValueError("this is no stored event")
    if position is not None:
        previous = "null" if position.previous is None else position.previous
        text = f'{text[: -len(_NO_POSITION)]},"sequence":{position.number},"previous_sequence":{previous}}}}}'
    return text.encode("utf-8")


def event_of(id: str, message: str, *, source: str = "") -> Event:
    """The event again. Raises ValueError where the text is none that `text_of` made."""
    told: dict[str, Any] = json.loads(_at(message, source))
    said = told["data"]
    event_type = EventType(told["type"])
    kind: Any = ABOUT[event_type]  # mypy does not believe that a type can be hashed
    about: About = _reader(kind).validate_python(said)
    cause: Cause = _reader(Cause).validate_python(said["cause"])
    scheduled_for = said["scheduled_for"]
    return Event(
        id=id,
        type=event_type,
        timestamp=datetime.fromisoformat(told["timestamp"]),
        about=about,
        cause=cause,
        fired_at=datetime.fromisoformat(said["fired_at"]),
        scheduled_for=datetime.fromisoformat(scheduled_for) if scheduled_for else None,
    )


def _at(message: str, source: str) -> str:
    return message.replace(_PATH, f'"url":{json.dumps(source, ensure_ascii=False)[:-1]}/') if source else message


@cache
def _reader(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
