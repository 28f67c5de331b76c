"""What was read as bare places in the text, for comparing with what people marked by hand."""

import re
from collections.abc import Sequence
from typing import Any

from service.due.values import Term, TermKind
from service.phrases.values import Found, Kind, Sense
from service.reading.rules.items import Item

_FREQUENCIES = {"YEARLY": "yearly", "WEEKLY": "weekly", "DAILY": "daily"}
_BROKEN = re.compile(r"\s*\n\s*")  # a name that the end of a line broke
_MONTHS = {"1": "monthly", "3": "quarterly", "6": "half_yearly"}


def to_spans(text: str, items: Sequence[Item], *, default: Found | None = None) -> dict[str, Any]:
    """Every item with its span (characters), its units as they are written, its deadline's phrase and meaning.

    A task without a deadline has the `default` that the document sets for such tasks, where it sets one.
    """
    return {"items": [_item(text, item, item.due or default) for item in items]}


def _item(text: str, item: Item, due: Found | None) -> dict[str, Any]:
    return {
        "span": [item.start, item.end],
        "units": [
            {"name": _BROKEN.sub("", text[unit.start : unit.end]), "role": unit.role.value} for unit in item.units
        ],
        "due_phrase": due.text if due else None,
        "due": _due(due),
    }


def _due(found: Found | None) -> dict[str, Any]:
    shape: dict[str, Any] = {"kind": "none", "value": None, "boundary": None, "recurrence": None, "month": None}
    if found is None or found.reading.due.within_term == Term(TermKind.OFFICE):
        return shape  # once in a term of office is how much, not when
    reading, due = found.reading, found.reading.due
    undated = reading.sense is not Sense.NONE or reading.kind is Kind.TERM
    shape["kind"] = "open" if undated else reading.kind.value
    if due.value is not None:
        last = due.value.rpartition("/")[2]
        shape["value"] = last[:7] if reading.kind is Kind.MONTH else last
    shape["boundary"] = due.boundary.value if due.boundary else None
    if due.rrule is not None:
        shape |= _recurrence(due.rrule)
    return shape


def _recurrence(rule: str) -> dict[str, Any]:
    parts = dict(part.split("=", 1) for part in rule.split(";"))
    frequency, interval = parts["FREQ"], parts.get("INTERVAL", "1")
    named = _MONTHS.get(interval, "monthly") if frequency == "MONTHLY" else _FREQUENCIES.get(frequency, "")
    found: dict[str, Any] = {"recurrence": named}
    for name, field in (("month", "BYMONTH"), ("day", "BYMONTHDAY")):
        if field in parts:
            found[name] = int(parts[field].split(",", maxsplit=1)[0])
    return found
