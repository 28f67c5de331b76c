"""Every event type's JSON Schema (2020-12), read off the values in `events.py`; nothing is said twice.

Schemas stand alone, without references, so that each can be copied. They allow more fields than they name: fields are
added in time, and a receiver that refuses unknown ones breaks itself.
"""

import dataclasses
import inspect
import types
from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from service.webhooks.rules.events import ABOUT, EventType
from service.webhooks.rules.examples import example
from service.webhooks.rules.parts import Cause
from service.webhooks.rules.payload import event_json

Schema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"

SAYS: dict[EventType, str] = {
    EventType.MILESTONE_CREATED: "A milestone was added to a plan.",
    EventType.MILESTONE_UPDATED: "A milestone's title, due specification, assignments or another field changed.",
    EventType.MILESTONE_CANCELLED: "A milestone is no longer owed.",
    EventType.OCCURRENCE_DUE_SOON: "Something falls due in a while: a reminder.",
    EventType.OCCURRENCE_DUE: "Something is due today.",
    EventType.OCCURRENCE_OVERDUE: "The due date has passed and a responsible unit has not finished.",
    EventType.OCCURRENCE_RESCHEDULED: "The same occurrence has another due date.",
    EventType.PROGRESS_UPDATED: "A unit reported, or its report was judged.",
    EventType.PLAN_PUBLISHED: "A plan became valid.",
    EventType.FEED_STALE: "Nobody has fetched a calendar subscription for long.",
    EventType.ENDPOINT_FAILING: "An endpoint fails again and again.",
    EventType.ENDPOINT_DISABLED: "An endpoint is sent nothing any more.",
    EventType.ENDPOINT_PING: "A test message.",
    EventType.ENDPOINT_CHECKPOINT: "A daily sign of life: the last number sent, and what comes next.",
    EventType.ENDPOINT_DIGEST: "Everything of a day or a week in one message.",
}

_SIMPLE: dict[object, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    time: {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
}


def event_schema(event_type: EventType) -> Schema:
    """The schema of a whole payload of this type."""
    return {
        "$schema": DRAFT,
        "title": event_type.value,
        "description": SAYS[event_type],
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": event_type.value},
            "timestamp": {"description": "When it happened.", "type": "string", "format": "date-time"},
            "data": _facts(ABOUT[event_type]),
        },
    }


def openapi_webhooks() -> Schema:
    """The `webhooks` section of an OpenAPI 3.1 document: every type with its schema and an example."""
    return {each.value: {"post": _operation(each)} for each in EventType}


def _operation(event_type: EventType) -> Schema:
    schema = {name: value for name, value in event_schema(event_type).items() if name != "$schema"}
    return {
        "summary": SAYS[event_type],
        "tags": ["webhooks"],
        "parameters": [_header(name, says) for name, says in _HEADERS.items()],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema, "example": event_json(example(event_type))}},
        },
        "responses": {
            "2XX": {"description": "It has arrived. The body may carry an acknowledgement."},
            "410": {"description": "Nothing more is wanted: the endpoint is disabled."},
            "429": {"description": "Too many; `Retry-After` is honoured."},
        },
    }


_HEADERS = {
    "webhook-id": "The event's id, the same on every repeat.",
    "webhook-timestamp": "Seconds since 1970: when this attempt was made.",
    "webhook-signature": "Signatures joined by spaces: `v1,…` and `v1a,…`.",
}


def _header(name: str, says: str) -> Schema:
    return {"name": name, "in": "header", "required": True, "description": says, "schema": {"type": "string"}}


def _facts(about: type) -> Schema:
    schema = _object(about)
    common: Schema = {
        "scheduled_for": _optional(_SIMPLE[datetime]) | {"description": "When it was meant to be sent."},
        "fired_at": _SIMPLE[datetime] | {"description": "When it became an event."},
        "lateness_s": {"description": "Seconds from `scheduled_for` to `fired_at`.", "type": "integer", "minimum": 0},
        "cause": _object(Cause),
        "sequence": {"description": "Its number among those sent to this endpoint.", "type": ["integer", "null"]},
        "previous_sequence": {"description": "The number before it.", "type": ["integer", "null"]},
    }
    schema["properties"] |= common | {
        "sandbox": {"description": "Only there, and true, where nothing of it is real: a rehearsal.", "const": True}
    }
    schema["required"] += list(common)
    return schema


def _object(shape: type) -> Schema:
    hints = get_type_hints(shape, include_extras=True)
    names = [field.name for field in dataclasses.fields(shape)]
    return {
        "description": " ".join(inspect.cleandoc(shape.__doc__ or "").split()),
        "type": "object",
        "required": list(names),
        "properties": {name: _of(hints[name]) for name in names},
    }


def _of(hint: Any) -> Schema:
    if get_origin(hint) is Annotated:
        plain, says = get_args(hint)
        return {"description": says} | {name: value for name, value in _of(plain).items() if name != "description"}
    if get_origin(hint) in {Union, types.UnionType}:
        return _optional(_of(next(each for each in get_args(hint) if each is not type(None))))
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _of(get_args(hint)[0])}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"type": "string", "enum": [each.value for each in hint]}
    return _SIMPLE[hint] if hint in _SIMPLE else _object(hint)


def _optional(schema: Schema) -> Schema:
    """The same, or null."""
    if "enum" in schema or schema["type"] == "object":
        return {"anyOf": [schema, {"type": "null"}]}
    return schema | {"type": [schema["type"], "null"]}
