"""Which events an endpoint wants."""

import fnmatch
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.kit.errors import Fault
from service.milestones.rules import MilestoneKind, Role
from service.webhooks.rules.events import (
    About,
    Digest,
    EndpointDisabled,
    EndpointFailing,
    Event,
    EventType,
    FeedStale,
    MilestoneNews,
    OccurrenceNotice,
    PlanPublished,
    ProgressNews,
    Rescheduled,
)

ANY = "*"
_PATTERN = re.compile(r"(?:\*|[a-z_]+\.(?:\*|[a-z_]+))\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What an endpoint asked for; an empty set asks for everything.

    `types` are event types, `occurrence.*` or `*`. `jurisdictions` are codes with everything below them already
    resolved: whoever keeps the tree gives the whole subtree. `units` and `roles` are asked of one and the same unit:
    units {A} and roles {lead} want what A leads.
    """

    types: frozenset[str] = frozenset({ANY})
    jurisdictions: frozenset[str] = frozenset()
    plans: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()
    kinds: frozenset[MilestoneKind] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What of an event filters look at, so that they can be asked before the event is written out.

    None: the event is not about any such thing. `units`: pairs of code and role; an empty role is any.
    """

    type: EventType
    jurisdiction: str | None = None
    plan: str | None = None
    kind: MilestoneKind | None = None
    units: frozenset[tuple[str, Role | None]] = frozenset()


def matches(wanted: Filter, facets: Facets) -> bool:
    """Whether an endpoint with this filter hears of an event.

    An event that is not about what the filter names (an endpoint's failure, say, where a plan is asked for) is not for
    it, except that `endpoint.*` is judged by type and jurisdiction alone: it concerns the channel, not the work. Of
    one that belongs to no jurisdiction nobody hears who asks for some.
    """
    if not (wants_type(wanted.types, facets.type) and _within(facets.jurisdiction, wanted.jurisdictions)):
        return False
    if facets.type.startswith("endpoint."):
        return True
    return _within(facets.plan, wanted.plans) and _within(facets.kind, wanted.kinds) and _concerns(facets.units, wanted)


def wants_type(patterns: Iterable[str], event_type: EventType) -> bool:
    """Whether one of the patterns covers a type; none at all cover every type."""
    given = tuple(patterns)
    return not given or any(fnmatch.fnmatchcase(event_type.value, pattern) for pattern in given)


def _within(value: str | None, wanted: Iterable[str]) -> bool:
    allowed = frozenset(wanted)
    return not allowed or (value is not None and value in allowed)


def _concerns(units: frozenset[tuple[str, Role | None]], wanted: Filter) -> bool:
    if not wanted.units and not wanted.roles:
        return True
    return any(
        (not wanted.units or code in wanted.units) and (not wanted.roles or role is None or role in wanted.roles)
        for code, role in units
    )


def check_types(patterns: Iterable[str]) -> tuple[Fault, ...]:
    """Every pattern that no event type could ever match, as faults of the field `types`."""
    return tuple(_type_faults(tuple(patterns)))


def _type_faults(patterns: tuple[str, ...]) -> Iterator[Fault]:
    for place, pattern in enumerate(patterns):
        if not _PATTERN.match(pattern) or not any(fnmatch.fnmatchcase(each, pattern) for each in EventType):
            known = ", ".join(EventType)
            yield Fault(f"types.{place}", f"no event is called '{pattern[:80]}'; there are {known}, 'plan.*' and '*'")


def facets_of(event: Event) -> Facets:
    """What filters look at in an event."""
    about: About = event.about
    match about:
        case MilestoneNews() | OccurrenceNotice() | Rescheduled() | ProgressNews():
            return Facets(
                type=event.type,
                jurisdiction=about.plan.jurisdiction,
                plan=about.plan.slug,
                kind=about.milestone.kind,
                units=frozenset((unit.code, unit.role) for unit in about.units),
            )
        case PlanPublished():
            return Facets(type=event.type, jurisdiction=about.plan.jurisdiction, plan=about.plan.slug)
        case FeedStale():
            return _feed_facets(event.type, about)
        case EndpointFailing() | EndpointDisabled():
            return Facets(type=event.type, jurisdiction=about.jurisdiction)
        case _:
            return Facets(type=event.type)


def _feed_facets(event_type: EventType, about: FeedStale) -> Facets:
    subject, _, code = about.subject.partition(":")
    return Facets(
        type=event_type,
        jurisdiction=about.jurisdiction,
        plan=code if subject == "plan" else None,
        units=frozenset({(code, None)}) if subject == "unit" else frozenset(),
    )


def goes_into_digests(event: Event) -> bool:
    """Whether an event waits for the digest of an endpoint that wants one; news of the channel itself never waits."""
    return not isinstance(event.about, Digest) and not event.type.startswith(("endpoint.", "feed."))
