"""Foreseeing what would go out: from policies and due dates, however far ahead, and for plans that are still drafts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from service.access.rules import require_scope
from service.due.workdays import WorkCalendar
from service.holidays.actions import work_calendar
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Fault, Invalid, require
from service.milestones.rules import MilestoneKind
from service.plans import store as plan_store
from service.preview import store
from service.preview.rules.foresight import Expected, Recorded, Span, Subject, due_between, foresee
from service.progress import store as progress_store
from service.progress.rules import Standing
from service.reminders.rules.offsets import NoticeKind
from service.reminders.rules.policy import DEFAULT, Policy, in_force
from service.reminders.rules.timing import Planned, planned
from service.reminders.store import policies as policy_store
from service.units import store as unit_store
from service.units.models import Unit
from service.webhooks.actions.bounds import within
from service.webhooks.actions.endpoints import filters
from service.webhooks.models import Endpoint
from service.webhooks.rules.acknowledgement import Ack
from service.webhooks.rules.events import EventType
from service.webhooks.rules.filters import Facets, Filter, matches
from service.webhooks.store import deliveries, endpoints
from service.webhooks.store.deliveries import Wish

LONGEST = timedelta(days=1830)  # five years: as long as plans are
MOST_AT_ONCE = 20_000  # occurrences that are looked at together
_FIRST_STEP, _LAST_STEP = timedelta(days=1), timedelta(days=64)

TYPES = {
    NoticeKind.DUE_SOON: EventType.OCCURRENCE_DUE_SOON,
    NoticeKind.DUE: EventType.OCCURRENCE_DUE,
    NoticeKind.OVERDUE: EventType.OCCURRENCE_OVERDUE,
}


class View(StrEnum):
    """How things are taken: as they are now, or as if every plan were published and nobody had reported yet."""

    NOW = "now"
    FRESH = "fresh"


Place = tuple[datetime, str, str]
"""Where a notice stands in a preview: the instant, the occurrence, the offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which notices: every field that is given must match. Without a plan, those of all published ones."""

    span: Span
    plan: str | None = None
    unit: str | None = None
    endpoint: str | None = None
    view: View = View.NOW


@dataclass(frozen=True, slots=True)
class Told:
    """An endpoint that would be told. `silenced`: what its receiver answered to an earlier notice, and still holds."""

    endpoint: Endpoint
    silenced: Ack | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """A notice that would go out, or would not; for whom, and to which endpoints (None: not this actor's to know)."""

    subject: Subject
    expected: Expected
    standings: Sequence[Standing]
    names: Mapping[str, str]
    told: Sequence[Told] | None = None

    @property
    def place(self) -> Place:
        """Where it stands in a preview."""
        return self.expected.planned.fire_at, self.subject.id, str(self.expected.planned.offset)


async def preview(
    session: Session,
    actor: Actor,
    *,
    wanted: Wanted,
    after: Place | None = None,
    limit: int,
    zone: ZoneInfo,
    now: datetime,
) -> list[Foreseen]:
    """What would go out, in order, `limit` at most; those after a place first. `zone`: that of plans that name none.

    Nothing is sent, written or locked. Endpoints are told to administrators only. The span is walked in steps that
    become longer while little is found. Raises Denied, NotFound, Invalid.
    """
    require_scope(actor, "read")
    await _check(session, wanted)
    ears = await _ears(session, actor, wanted)
    scene = _Scene(zone, now, await work_calendar(session), [DEFAULT, *await store.policies_set(session)])
    found: list[Foreseen] = []
    start, step = max(wanted.span.start, after[0]) if after else wanted.span.start, _FIRST_STEP
    while start < wanted.span.end and len(found) < limit:
        span = Span(start, min(start + step, wanted.span.end))
        some = await _within(session, wanted, span, scene)
        heard = [one for one in await _with_ears(session, some, ears) if wanted.endpoint is None or one.told]
        found += [one for one in sorted(heard, key=lambda one: one.place) if after is None or one.place > after]
        start, step = span.end, min(step * 2, _LAST_STEP)
    return found[:limit]


async def _check(session: Session, wanted: Wanted) -> None:
    span, faults = wanted.span, []
    if span.end <= span.start:
        faults.append(Fault("to", "this must be later than 'from'"))
    elif span.end - span.start > LONGEST:
        faults.append(Fault("to", f"this is more than {LONGEST.days} days after 'from': ask for less at once"))
    require(faults)
    if wanted.plan is not None:
        await plan_store.get(session, wanted.plan)
    if wanted.unit is not None:
        await unit_store.get(session, Unit, wanted.unit)


# ── what is planned ──────────────────────────────────────────────────────────────────────────────────────────────────


class _Scene:
    """What holds for the whole of a preview; dates that many occurrences share are planned once."""

    def __init__(self, zone: ZoneInfo, now: datetime, calendar: WorkCalendar, policies: Sequence[Policy]) -> None:
        self.zone, self.now, self.calendar, self.policies = zone, now, calendar, policies
        self._planned: dict[tuple[Policy, object, str], tuple[Planned, ...]] = {}

    def planned(self, subject: Subject, policy: Policy) -> tuple[Planned, ...]:
        """Every notice that a policy asks for about an occurrence."""
        here = ZoneInfo(subject.time_zone) if subject.time_zone else self.zone
        key = (policy, subject.due_on, here.key)
        if key not in self._planned:
            self._planned[key] = planned(policy, due_on=subject.due_on, zone=here, calendar=self.calendar)
        return self._planned[key]


async def _within(session: Session, wanted: Wanted, span: Span, scene: _Scene) -> list[Foreseen]:
    subjects = await _subjects(session, wanted, span, scene)
    policies = await policy_store.policies_of(
        session, plans={one.plan for one in subjects}, milestones={one.milestone for one in subjects}
    )
    dated = {
        one.id: scene.planned(one, in_force(policies, plan=one.plan, milestone=one.milestone)[1]) for one in subjects
    }
    near = [one for one in subjects if any(each.fire_at in span for each in dated[one.id])]
    state = await _state(session, near, span, scene) if wanted.view is View.NOW else await _fresh(session, near, span)
    rows = await unit_store.units_by_code(session, {each.unit for held in state.standings.values() for each in held})
    names = {code: row.name for code, row in rows.items()}
    found = []
    for one in near:
        subject = one if wanted.view is View.NOW else one._replace(plan_status="published")
        standings, recorded = state.standings[one.id], state.recorded.get(one.id, ())
        several = foresee(subject, dated[one.id], standings=standings, recorded=recorded, span=span, now=state.now)
        found += [Foreseen(subject=one, expected=each, standings=standings, names=names) for each in several]
    return found


async def _subjects(session: Session, wanted: Wanted, span: Span, scene: _Scene) -> list[Subject]:
    """What may have a notice in a span: its dates do, by somebody's policy. Raises Invalid where it is too much."""
    first, last = span.days()
    dates = due_between(scene.policies, first, last, scene.calendar)
    if not dates:
        return []
    found = await store.subjects(session, dates=dates, plan=wanted.plan, unit=wanted.unit, limit=MOST_AT_ONCE + 1)
    if len(found) > MOST_AT_ONCE:
        message = "that is too much to look at together: name a plan or a unit, or a shorter span"
        raise Invalid(message, faults=[Fault("from", message)])
    return found


@dataclass(frozen=True, slots=True)
class _State:
    """What notices are judged by: progress, the ledger, and when."""

    standings: Mapping[str, Sequence[Standing]]
    recorded: Mapping[str, Sequence[Recorded]]
    now: datetime


async def _state(session: Session, subjects: Sequence[Subject], span: Span, scene: _Scene) -> _State:
    ids = [one.id for one in subjects]
    recorded = await store.recorded(session, ids, span)
    return _State(await progress_store.standings(session, ids), recorded, scene.now)


async def _fresh(session: Session, subjects: Sequence[Subject], span: Span) -> _State:
    held = await progress_store.standings(session, [one.id for one in subjects])
    begun = {id: [Standing(each.unit, each.role) for each in several] for id, several in held.items()}
    return _State(begun, {}, span.start)


# ── who would hear of it ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Ear:
    """An endpoint and its filter, subtrees resolved."""

    endpoint: Endpoint
    filter: Filter


async def _ears(session: Session, actor: Actor, wanted: Wanted) -> list[_Ear] | None:
    """The endpoints that the actor may see; None: none of its business. Raises Denied, NotFound."""
    if "admin" not in actor.scopes and wanted.endpoint is None:
        return None
    require_scope(actor, "admin")
    reach = await within(session, actor)
    if wanted.endpoint is not None:
        await endpoints.get(session, wanted.endpoint, within=reach)
    rows = {row.id: row for row in await endpoints.in_use(session) if reach is None or row.jurisdiction in reach}
    return [
        _Ear(rows[each.endpoint], each.filter)
        for each in await filters(session)
        if each.endpoint in rows and wanted.endpoint in (None, each.endpoint)
    ]


async def _with_ears(session: Session, found: Sequence[Foreseen], ears: Sequence[_Ear] | None) -> list[Foreseen]:
    if ears is None:
        return list(found)
    wishes: dict[tuple[str, str], Wish] = {}
    if ears and found:
        about = {f"occurrence:{one.subject.id}" for one in found} | {
            f"milestone:{one.subject.milestone}" for one in found
        }
        wishes = await deliveries.wishes(session, about)
    heard = []
    for one in found:
        facets = _facets(one)
        told = [Told(ear.endpoint, _silenced(one, ear, wishes)) for ear in ears if matches(ear.filter, facets)]
        heard.append(
            Foreseen(
                subject=one.subject, expected=one.expected, standings=one.standings, names=one.names, told=tuple(told)
            )
        )
    return heard


def _facets(one: Foreseen) -> Facets:
    return Facets(
        type=TYPES[one.expected.planned.kind],
        jurisdiction=one.subject.jurisdiction,
        plan=one.subject.plan,
        kind=MilestoneKind(one.subject.kind),
        units=frozenset((each.unit, each.role) for each in one.standings),
    )


def _silenced(one: Foreseen, ear: _Ear, wishes: Mapping[tuple[str, str], Wish]) -> Ack | None:
    for subject in (f"occurrence:{one.subject.id}", f"milestone:{one.subject.milestone}"):
        wish = wishes.get((subject, ear.endpoint.id))
        if wish is not None and (wish.until_on is None or one.expected.planned.on < wish.until_on):
            return Ack(wish.ack)
    return None
