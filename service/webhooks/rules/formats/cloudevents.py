"""CloudEvents 1.0.2, structured mode in JSON, signed as Standard Webhooks signs; and the handshake of its web hooks.

Attributes (CloudEvents, "Context Attributes"): `id` is the webhook-id, `source` the service's public address, `type` a
reverse-DNS name, `subject` the occurrence, milestone, plan, feed or endpoint, `time` when it happened. The extension
attribute `sequence` (CloudEvents, "Sequence" extension: a string whose order is lexical) carries the number, padded.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from service.webhooks.rules.events import (
    About,
    FeedStale,
    MilestoneNews,
    OccurrenceNotice,
    PlanPublished,
    ProgressNews,
    Rescheduled,
)
from service.webhooks.rules.formats.request import Format, FormatName, Limits, Message, Request
from service.webhooks.rules.outcome import Answer, Judgement, judge_answer
from service.webhooks.rules.payload import facts, instant, to_bytes
from service.webhooks.rules.signature import signed_headers

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
PREFIX = "org.milepost."


def write(message: Message) -> Request:
    """The request for one attempt. `Origin` is what the handshake has shown (web hooks, section 4.1). Raises BadKey."""
    body = to_bytes(envelope(message))
    headers = {"content-type": CONTENT_TYPE, "origin": origin(message.source)}
    signed = signed_headers(message.keys, id=message.event.id, at=message.sent_at, body=body)
    return Request("POST", message.url, headers | signed, body)


def envelope(message: Message) -> dict[str, Any]:
    """The event with its attributes."""
    event = message.event
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        "source": message.source,
        "type": PREFIX + event.type.value,
        "subject": subject(event.about),
        "time": instant(event.timestamp),
        "datacontenttype": "application/json",
    }
    if message.position is not None:
        attributes["sequence"] = f"{message.position.number:020d}"
    return attributes | {"data": facts(event, message.position)}


def subject(about: About) -> str:
    """What the event is about, as an id or slug."""
    match about:
        case OccurrenceNotice() | Rescheduled() | ProgressNews():
            return about.occurrence.id
        case MilestoneNews():
            return about.milestone.id
        case PlanPublished():
            return about.plan.slug
        case FeedStale():
            return about.feed
        case _:
            return about.endpoint


def judge(answer: Answer, now: datetime) -> Judgement:
    """By status and headers alone, as the standard format does; CloudEvents' web hooks agree with it."""
    return judge_answer(answer, now=now)


# ── the handshake ("HTTP 1.1 Web Hooks for Event Delivery", section 4) ───────────────────────────────────────────────


def origin(source: str) -> str:
    """The name under which this sender asks for permission: the host of its public address."""
    return urlsplit(source).hostname or "milepost.invalid"


def handshake(*, url: str, source: str, per_minute: int | None) -> Request:
    """The request that asks an address whether it wants messages from us."""
    headers = {"webhook-request-origin": origin(source)}
    if per_minute is not None:
        headers["webhook-request-rate"] = str(per_minute)
    return Request("OPTIONS", url, headers, b"")


def is_allowed(headers: Mapping[str, str], *, source: str) -> bool:
    """Whether the answer's headers (names in lower case) let us send; the status alone says nothing (section 4.2)."""
    return headers.get("webhook-allowed-origin", "").strip().lower() in {"*", origin(source)}


def allowed_rate(headers: Mapping[str, str]) -> int | None:
    """Messages a minute that the receiver allows; None: any number, or it does not say."""
    text = headers.get("webhook-allowed-rate", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 and int(text) > 0 else None


FORMAT = Format(name=FormatName.CLOUDEVENTS, limits=Limits(), signed=True, write=write, judge=judge)
