"""What a receiver's answer means: for the delivery, and for the endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from service.webhooks.rules.retry_after import parse_retry_after

MOST_BODY = 16 * 1024  # bytes of a response that are kept
DISABLE_HEADER = "webhook-delivery"  # `webhook-delivery: disable` ends deliveries, whatever the status


class Effect(StrEnum):
    """What an answer does to its endpoint."""

    NONE = "none"
    THROTTLE = "throttle"  # send it less for a while
    DISABLE = "disable"  # it wants nothing any more


@dataclass(frozen=True, slots=True)
class Answer:
    """A receiver's response: the status, headers (names in lower case), the first `MOST_BODY` bytes of the body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the message arrived; what happens to the endpoint; how long it asks to be left alone.

    `counts`: whether a failure speaks against the endpoint's health. Being told to slow down does not: somebody is
    at home. `reason` is a short sentence for people, without the receiver's own words beyond a code.
    """

    delivered: bool
    reason: str
    effect: Effect = Effect.NONE
    retry_after: timedelta | None = None
    counts: bool = True


# What we make of the failures that have a name of their own; everything else is "answered 404".
_SAYS = {
    410: "answered 410: it wants no more messages",
    429: "answered 429: too many messages",
    502: "answered 502: a gateway without its server",
    503: "answered 503: not available at the moment",
    504: "answered 504: a gateway that waited in vain",
}
_THROTTLING = {429, 502, 504}  # Standard Webhooks, "Delivery success and failure"


def judge_answer(answer: Answer, *, now: datetime) -> Judgement:
    """By status and headers, as Standard Webhooks has it: 2xx has arrived, all else has not.

    Redirects are not followed. 410 and `webhook-delivery: disable` disable the endpoint; 429, 502 and 504 throttle it.
    """
    delivered = 200 <= answer.status <= 299
    unwanted = answer.headers.get(DISABLE_HEADER, "").strip().lower() == "disable"
    effect = Effect.NONE
    if unwanted or answer.status == 410:
        effect = Effect.DISABLE
    elif answer.status in _THROTTLING:
        effect = Effect.THROTTLE
    return Judgement(
        delivered=delivered,
        reason=_reason(answer.status, delivered=delivered, unwanted=unwanted),
        effect=effect,
        retry_after=None if delivered else parse_retry_after(answer.headers.get("retry-after"), now=now),
        counts=not delivered and answer.status != 429,
    )


def _reason(status: int, *, delivered: bool, unwanted: bool) -> str:
    if unwanted:
        return f"answered {status} and asked to be sent nothing more"
    if 300 <= status <= 399:
        return f"answered {status}: redirects are not followed, change the endpoint's address"
    return f"answered {status}" if delivered else _SAYS.get(status, f"answered {status}")


def judge_failure(reason: str) -> Judgement:
    """An attempt that got no answer, and why in a sentence: not delivered, and it counts."""
    return Judgement(delivered=False, reason=reason)
