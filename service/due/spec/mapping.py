"""A due specification as a mapping: the short form of plan files, and the full form of the API."""

from decimal import Decimal

from service.due.periods import Precision
from service.due.values import Bound, Boundary, DueSpec, Quota, Term
from service.due.workdays import Roll

Mapping = dict[str, object]


def to_mapping(spec: DueSpec) -> Mapping:
    """The canonical mapping: only what cannot be derived, in one order; `parse` gives the same specification back.

    Keys: phrase, value | rrule | within_term | open | on_event, boundary, time, quota, roll. Values are text, numbers,
    booleans and mappings of them, as YAML and JSON know them.
    """
    full = to_full_mapping(spec)
    if spec.boundary is _default_boundary(spec):
        full["boundary"] = None
    if spec.quota:
        full["quota"] = _quota(spec.quota)
    full["phrase"] = spec.phrase or None
    full["roll"] = None if spec.roll is Roll.NONE else spec.roll.value
    order = ("phrase", "value", "rrule", "within_term", "open", "on_event", "boundary", "time", "quota", "roll")
    return {name: full[name] for name in order if full[name] is not None}


def to_full_mapping(spec: DueSpec) -> Mapping:
    """The API's shape: every field in a fixed order, None where there is nothing; `parse` takes it too."""
    return {
        "phrase": spec.phrase,
        "precision": spec.precision.value if spec.precision else None,
        "value": spec.value,
        "boundary": spec.boundary.value if spec.boundary else None,
        "time": f"{spec.time:%H:%M}" if spec.time else None,
        "rrule": spec.rrule,
        "within_term": _term(spec.within_term) if spec.within_term else None,
        "open": True if spec.open else None,
        "on_event": spec.on_event,
        "quota": _full_quota(spec.quota) if spec.quota else None,
        "roll": spec.roll.value,
    }


def plain_number(number: Decimal) -> int | float:
    """A decimal as YAML and JSON write it: 60, 7.5. Exact for what `parse` admits (15 digits at most)."""
    return int(number) if number == number.to_integral_value() else float(number)


def printed_number(number: Decimal) -> str:
    """A decimal as people write it: `60`, `7.5`, never `6E+1` or `1e-06`."""
    whole, _, decimals = f"{number:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0')}".rstrip(".")


def _default_boundary(spec: DueSpec) -> Boundary | None:
    """What `DueSpec` fills in where no boundary is given."""
    if spec.value is None and spec.rrule is None and spec.within_term is None:
        return None
    single_day = spec.precision is Precision.DAY and not spec.is_interval
    return Boundary.ON if single_day else Boundary.DURING


def _term(term: Term) -> str | Mapping:
    if term.years is None or term.start is None:
        return term.kind.value
    return {"years": term.years, "from": term.start.isoformat()}


def _quota(quota: Quota) -> Mapping:
    shortened = {name: value for name, value in _full_quota(quota).items() if value not in {None, ""}}
    if quota.bound is Bound.AT_LEAST:
        del shortened["bound"]
    return shortened


def _full_quota(quota: Quota) -> Mapping:
    return {
        "count": quota.count,
        "amount": None if quota.amount is None else plain_number(quota.amount),
        "ratio": None if quota.ratio is None else plain_number(quota.ratio),
        "unit": quota.unit,
        "per": quota.per,
        "bound": quota.bound.value,
    }
