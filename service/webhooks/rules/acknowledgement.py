"""What a receiver may say in its response: that a task is handled, that it wants no reminders, or not until a day.

    {"ack": "handled"}               no further reminders of this occurrence to this endpoint
    {"ack": "stop"}                  no further reminders of this milestone to this endpoint, this occurrence or later
    {"snooze_until": "2024-10-20"}   none of this milestone before that day

Responses come from strangers: whatever is not exactly this says nothing, and nothing raises.
"""

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from service.webhooks.rules.outcome import MOST_BODY

LONGEST_SNOOZE = timedelta(days=400)  # as far as firings are planned
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


class Ack(StrEnum):
    """What is acknowledged."""

    HANDLED = "handled"
    STOP = "stop"
    SNOOZE = "snooze"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One wish; `until` (the first day on which reminders come again) belongs to SNOOZE alone."""

    ack: Ack
    until: date | None = None


def read_acknowledgement(body: bytes, *, today: date) -> Acknowledgement | None:
    """The wish in a response's body, None where there is none. `today` is the civil date in the plan's time zone.

    `ack` outweighs `snooze_until`. A day that is not after today, or further off than `LONGEST_SNOOZE`, is no wish: a
    slip of the pen must not silence a deadline for a century.
    """
    found = _object(body)
    ack = found.get("ack")
    if isinstance(ack, str) and ack in {Ack.HANDLED, Ack.STOP}:
        return Acknowledgement(Ack(ack))
    until = _day(found.get("snooze_until"))
    if until is None or not today < until <= today + LONGEST_SNOOZE:
        return None
    return Acknowledgement(Ack.SNOOZE, until)


def _object(body: bytes) -> dict[str, object]:
    if not body or len(body) > MOST_BODY:
        return {}
    try:
        found = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # not UTF-8, not JSON, numbers without end, nested without end
        return {}
    return found if isinstance(found, dict) else {}


def _day(value: object) -> date | None:
    if not isinstance(value, str) or not _DATE.match(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
