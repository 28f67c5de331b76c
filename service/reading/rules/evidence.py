"""What a value of a draft was taken from."""

from dataclasses import dataclass

from service.phrases.values import Confidence, Found
from service.reading.rules.head import Told
from service.reading.rules.quotas import Counted


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a value comes from: from `start` to `end` (characters of the text), how sure it is, and why (Chinese)."""

    value: str
    start: int
    end: int
    text: str
    confidence: Confidence
    why: str


def of_phrase(text: str, found: Found) -> Evidence:
    """A deadline's phrase."""
    due = found.reading.due
    value = due.value or due.rrule or due.on_event or ("within_term" if due.within_term else "open")
    words = text[found.start : found.end]
    return Evidence(value, found.start, found.end, words, found.reading.confidence, found.reading.why)


def of_quota(text: str, one: Counted) -> Evidence:
    """A quota's words."""
    value = f"{one.quota.number}{one.quota.unit or '%'}"
    return Evidence(value, one.start, one.end, text[one.start : one.end], one.confidence, one.why)


def of_head(text: str, told: dict[str, Told | None]) -> dict[str, tuple[Evidence, ...]]:
    """What the head says, field by field."""
    return {
        name: (Evidence(one.value, one.start, one.end, text[one.start : one.end], one.confidence, one.why),)
        for name, one in told.items()
        if one
    }


# ── values that are compared ─────────────────────────────────────────────────────────────────────────────────────────


def last_of(value: str) -> str:
    """The last part of a value, comparable: a year ends with its December."""
    last = value.rpartition("/")[2]
    return f"{last}-12" if len(last) == 4 else last


def month_of(found: Found) -> str:
    """The month in which a phrase's date falls."""
    return last_of(found.reading.due.value or "")[:7]
