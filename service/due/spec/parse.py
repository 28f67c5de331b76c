"""From a mapping that anybody may have written to a due specification, or to everything that is wrong with it."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from service.due.faults import Fault, InvalidDue, clipped, nearest, shown
from service.due.periods import FIRST_YEAR, LAST_YEAR, Precision, Span, parse_day, parse_value
from service.due.rule import parse_rule
from service.due.spec.consistency import Parts, contradictions
from service.due.values import LONGEST_TERM, Bound, Boundary, DueSpec, Quota, Term, TermKind
from service.due.workdays import Roll

_Read = TypeVar("_Read")
_Word = TypeVar("_Word", bound=StrEnum)

FIELDS = (
    "phrase", "precision", "value", "boundary", "time", "rrule", "within_term", "open", "on_event", "quota", "roll",
)  # fmt: skip
LONGEST_TEXT = 500  # characters of a phrase or an event
LONGEST_NAME = 100  # characters of a unit of measure or of "per whom"
LARGEST = 999_999_999  # with six decimals still exact as a JSON number
MOST_UNKNOWN = 20  # unknown fields that are reported


def parse(source: object) -> DueSpec:
    """A due specification from a mapping in the shape of `to_mapping` or `to_full_mapping`; None is as good as absent.

    Takes what YAML and JSON readers give: a bare year may be an int, a day a `date`. Raises InvalidDue with every
    fault, whatever the input is.
    """
    read = _Reader(source, FIELDS, example="{value: 2025-10}")
    parts = Parts(
        precision=read.field("precision", _word(Precision)),
        boundary=read.field("boundary", _word(Boundary)),
        time=read.field("time", _time),
        value=read.field("value", _value),
        rule=read.field("rrule", lambda raw: parse_rule(_text(raw))),
        term=read.field("within_term", _term),
        open=read.field("open", _open) or False,
        event=read.field("on_event", _event),
        quota=read.field("quota", _quota),
        roll=read.field("roll", _word(Roll)) or Roll.NONE,
        given=frozenset(
            name for name, raw in read.fields.items() if raw is not None and not (name == "open" and raw is False)
        ),
    )
    phrase = read.field("phrase", _text) or ""
    read.faults += contradictions(parts)
    if read.faults:
        raise InvalidDue(sorted(read.faults, key=_place))
    return DueSpec(
        phrase=phrase,
        value=parts.value.text if parts.value else None,
        boundary=parts.boundary,
        time=parts.time,
        rrule=parts.rule.text if parts.rule else None,
        within_term=parts.term,
        open=parts.open,
        on_event=parts.event,
        quota=parts.quota,
        roll=parts.roll,
    )


def _place(fault: Fault) -> int:
    """Faults are told in the order of the fields."""
    return FIELDS.index(fault.path[0]) if fault.path and fault.path[0] in FIELDS else -1


class _Reader:
    """The known fields of a mapping, read one by one; goes on after a fault, so that all are told at once."""

    def __init__(self, source: object, known: tuple[str, ...], *, example: str) -> None:
        if not isinstance(source, Mapping):
            raise InvalidDue([Fault((), f"This must be a mapping of fields such as {example}, not {shown(source)}.")])
        self.faults: list[Fault] = []
        self.fields = {name: source[name] for name in known if name in source}
        unknown = [name for name in source if not (isinstance(name, str) and name in known)]
        for name in unknown[:MOST_UNKNOWN]:
            word = clipped(name) if isinstance(name, str) else shown(name)
            self.faults.append(Fault((word,), f"There is no field '{word}'{nearest(word, known)}"))

    def field(self, name: str, read: Callable[[object], _Read]) -> _Read | None:
        """What stands in a field; None where nothing does, or nothing that can be read."""
        raw = self.fields.get(name)
        if raw is None:
            return None
        try:
            return read(raw)
        except InvalidDue as invalid:
            self.faults += [fault.under(name) for fault in invalid.faults]
        except ValueError as fault:
            self.faults.append(Fault((name,), str(fault)))
        return None


def _word(words: type[_Word]) -> Callable[[object], _Word]:
    """Reads one word of a fixed list."""

    def read(raw: object) -> _Word:
        if isinstance(raw, str) and raw in set(words):
            return words(raw)
        raise ValueError(f"{shown(raw)} is unknown here; write one of {', '.join(words)}.")

    return read


def _text(raw: object, longest: int = LONGEST_TEXT) -> str:
    """A line of text, stripped. Refuses what no database or calendar can hold: control characters, lone surrogates."""
    if not isinstance(raw, str):
        raise ValueError(f"This must be text, not {shown(raw)}.")
    text = raw.strip()
    if len(text) > longest:
        raise ValueError(f"This is too long: {longest} characters at most.")
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", text):
        raise ValueError("This holds a control character or a line break; it must be one line of plain text.")
    return text


def _value(raw: object) -> Span:
    """A date, a period or an interval; YAML reads a bare year as a number and a bare day as a date."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        if not FIRST_YEAR <= raw <= LAST_YEAR:
            raise ValueError(f"The year {shown(raw)} is out of range: years run from {FIRST_YEAR} to {LAST_YEAR}.")
        return parse_value(f"{raw}")
    if isinstance(raw, dt.date) and not isinstance(raw, dt.datetime):
        return parse_value(raw.isoformat())
    return parse_value(_text(raw, LONGEST_NAME))


def _day(raw: object) -> dt.date:
    if isinstance(raw, dt.date) and not isinstance(raw, dt.datetime):
        return parse_day(raw.isoformat())
    return parse_day(_text(raw, LONGEST_NAME))


def _time(raw: object) -> dt.time:
    """A time of day. 24:00 is not one: the end of the day is what a date without a time means already."""
    if isinstance(raw, dt.time) and raw.tzinfo is None and not (raw.second or raw.microsecond):
        return raw
    found = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", raw) if isinstance(raw, str) else None
    if found is None:
        raise ValueError(f'{shown(raw)} is not a time of day; write it in quotes as "17:00", from "00:00" to "23:59".')
    return dt.time(int(found[1]), int(found[2]))


def _open(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise ValueError(f"This is either true or left out, not {shown(raw)}.")
    return raw


def _event(raw: object) -> str:
    if not (text := _text(raw)):
        raise ValueError("Say in a few words what the duty waits for.")
    return text


def _term(raw: object) -> Term:
    if isinstance(raw, str):
        if raw in {TermKind.PLAN, TermKind.OFFICE}:
            return Term(TermKind(raw))
        raise ValueError(f"{shown(raw)} is not a term; write plan, office, or {{years: 3, from: 2023-01-01}}.")
    read = _Reader(raw, ("years", "from"), example="{years: 3, from: 2023-01-01}")
    for name in ("years", "from"):
        if read.fields.get(name) is None:
            read.faults.append(Fault((), f"A term of years needs '{name}'."))
    years = read.field("years", lambda number: _whole(number, LONGEST_TERM))
    start = read.field("from", _day)
    if read.faults or years is None or start is None:
        raise InvalidDue(read.faults)
    return Term(TermKind.YEARS, years, start)


def _quota(raw: object) -> Quota:
    read = _Reader(raw, ("count", "amount", "ratio", "unit", "per", "bound"), example="{count: 2, unit: 期}")
    given = [name for name in ("count", "amount", "ratio") if read.fields.get(name) is not None]
    if len(given) != 1:
        which = f"this one has {' and '.join(given)}" if given else "this one has none of them"
        read.faults.append(Fault((), f"A quota has exactly one of count, amount and ratio; {which}."))
    count = read.field("count", lambda number: _whole(number, LARGEST))
    amount = read.field("amount", lambda number: _decimal(number, LARGEST))
    ratio = read.field("ratio", lambda number: _decimal(number, 100))
    unit = read.field("unit", lambda text: _text(text, LONGEST_NAME)) or ""
    per = read.field("per", lambda text: _text(text, LONGEST_NAME)) or ""
    bound = read.field("bound", _word(Bound)) or Bound.AT_LEAST
    if read.faults:
        raise InvalidDue(read.faults)
    return Quota(count=count, amount=amount, ratio=ratio, unit=unit, per=per, bound=bound)


def _whole(raw: object, most: int) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not 1 <= raw <= most:
        raise ValueError(f"{shown(raw)} will not do here: write a whole number from 1 to {most}.")
    return raw


def _decimal(raw: object, most: int) -> Decimal:
    """A positive number with at most six decimals; a float counts as the digits that it prints."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        raise ValueError(f"{shown(raw)} will not do here: write a number above 0, at most {most}.")
    if (isinstance(raw, Decimal) and raw.is_nan()) or not 0 < raw <= most:
        raise ValueError(f"{shown(raw)} is out of range: write a number above 0, at most {most}.")
    number = Decimal(str(raw))
    if number != round(number, 6):
        raise ValueError(f"{shown(raw)} is too exact: six decimals at most.")
    return number
