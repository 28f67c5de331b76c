"""Which fields of a due specification go together."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from service.due.faults import Fault
from service.due.periods import Precision, Span
from service.due.rule import Rule
from service.due.values import Boundary, Quota, Term, TermKind
from service.due.workdays import Roll

FORMS = ("value", "rrule", "within_term", "open", "on_event")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The fields as far as they could be read; `given` names those that somebody filled in, readable or not."""

    precision: Precision | None
    boundary: Boundary | None
    time: dt.time | None
    value: Span | None
    rule: Rule | None
    term: Term | None
    open: bool
    event: str | None
    quota: Quota | None
    roll: Roll
    given: frozenset[str]

    @property
    def has_dates(self) -> bool:
        """Whether this form ever falls due on a day that is known."""
        in_office = self.term is not None and self.term.kind is TermKind.OFFICE
        return not in_office and not self.given & {"open", "on_event"}


def contradictions(parts: Parts) -> Iterator[Fault]:
    """Every fault that lies between fields. Says nothing about fields that could not be read."""
    forms = [name for name in FORMS if name in parts.given]
    if not forms:
        yield Fault((), "Something must say when: one of value, rrule, within_term, open and on_event is needed.")
    if len(forms) > 1:
        yield Fault(
            (forms[-1],), f"Only one of value, rrule, within_term, open and on_event; here are {', '.join(forms)}."
        )
    if len(forms) == 1:
        yield from _precision(parts)
        yield from _boundary(parts)
        yield from _dateless(parts, forms[0])


def _precision(parts: Parts) -> Iterator[Fault]:
    named = parts.value or parts.rule
    if parts.precision is None:
        return
    if named and named.precision is not parts.precision:
        field = "value" if parts.value else "rrule"
        yield Fault(
            ("precision",), f"The {field} names a {named.precision}, not a {parts.precision}: leave precision out."
        )
    elif not parts.given & {"value", "rrule"}:
        yield Fault(("precision",), "A precision belongs to a value or an rrule; there is none here.")


def _boundary(parts: Parts) -> Iterator[Fault]:
    if parts.boundary is None:
        return
    if parts.given & {"open", "on_event"}:
        yield Fault(("boundary",), "A boundary needs a date to bound; this has none.")
    elif parts.term and parts.boundary in {Boundary.BEFORE, Boundary.ON}:
        yield Fault(("boundary",), f"A term is not bounded by '{parts.boundary}'; leave the boundary out.")
    elif parts.boundary is Boundary.ON and (named := parts.value or parts.rule):
        if isinstance(named, Span) and named.is_interval:
            yield Fault(("boundary",), "'on' needs one exact day; an interval takes during, by_end or before.")
        elif named.precision is not Precision.DAY:
            yield Fault(("boundary",), f"'on' needs an exact day; a {named.precision} takes during, by_end or before.")


def _dateless(parts: Parts, form: str) -> Iterator[Fault]:
    if parts.has_dates:
        return
    what = "a term of office" if form == "within_term" else f"'{form}'"
    if parts.time is not None:
        yield Fault(("time",), f"A time needs a due date, and {what} has none.")
    if parts.roll is not Roll.NONE:
        yield Fault(("roll",), f"There is no date to roll: {what} has no due date.")
