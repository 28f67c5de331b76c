"""From facts to events: what others hear of a change, in their words. Reads in bulk, never for one fact."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from service.journal.kinds import Kind
from service.journal.models import Recorded
from service.kit.database import Session
from service.kit.ids import new_id
from service.milestones import store as milestone_store
from service.milestones.models import Milestone, Occurrence
from service.milestones.rules import MilestoneKind, MilestoneStatus, Role
from service.progress import store as progress_store
from service.progress.rules import ProgressStatus, Standing
from service.webhooks.rules.changes import changes
from service.webhooks.rules.events import (
    About,
    EndpointDisabled,
    EndpointFailing,
    Event,
    EventType,
    FeedStale,
    MilestoneNews,
    PlanPublished,
    ProgressNews,
    Rescheduled,
)
from service.webhooks.rules.filters import Facets, facets_of
from service.webhooks.rules.parts import Cause, CauseKind, MilestonePart, OccurrencePart, PlanPart, UnitPart
from service.webhooks.rules.payload import to_bytes
from service.webhooks.rules.stored import text_of
from service.webhooks.store import subjects as store
from service.webhooks.store.events import EventRow
from service.webhooks.store.subjects import PlanDates

_HEALTH = {Kind.ENDPOINT_FAILING: EndpointFailing, Kind.ENDPOINT_DISABLED: EndpointDisabled}
MADE_OF = frozenset(
    {
        Kind.MILESTONE_CREATED,
        Kind.MILESTONE_UPDATED,
        Kind.MILESTONE_CANCELLED,
        Kind.OCCURRENCE_RESCHEDULED,
        Kind.PROGRESS_UPDATED,
        Kind.PLAN_PUBLISHED,
        Kind.FEED_STALE,
        *_HEALTH,
    }
)
"""The kinds of fact, beside planned notices, that others may hear of."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What has to be known of the things that facts are about."""

    milestones: Mapping[str, Milestone]
    occurrences: Mapping[str, Occurrence]
    next_of: Mapping[str, Occurrence]
    standings: Mapping[str, Sequence[Standing]]
    plans: Mapping[str, Any]
    words: Mapping[str, Any]
    names: Mapping[str, str]
    dates: Mapping[str, PlanDates]
    zone: ZoneInfo
    now: datetime

    def today(self, plan: str) -> date:
        """The civil date where the plan is."""
        return self.now.astimezone(self.zone_of(plan)).date()

    def zone_of(self, plan: str) -> ZoneInfo:
        """Where its dates are meant."""
        named = self.plans[plan].time_zone
        return ZoneInfo(named) if named else self.zone


async def tell(session: Session, facts: Sequence[Recorded], *, now: datetime) -> list[EventRow]:
    """The events of these facts, of kinds in `MADE_OF`: none of a plan that is not published or over already.

    `now` comes in the service's time zone. What comes with a plan's publication is told by that alone.
    """
    heard = [fact for fact in facts if fact.kind in MADE_OF]
    if not heard:
        return []
    scene = await _scene(session, heard, now=now)
    published = {fact.subject for fact in heard if fact.kind == Kind.PLAN_PUBLISHED}
    rows = []
    for fact in heard:
        if fact.subject_kind not in ("endpoint", "feed") and not _is_heard(fact, scene, published):
            continue
        about = _about(fact, scene)
        if about is not None:
            rows.append(row_of(_event(fact, about, now=now), fact=fact.id, jurisdiction=fact.jurisdiction))
    return rows


def _is_heard(fact: Recorded, scene: Scene, published: set[str]) -> bool:
    slug = _plan_of(fact)
    plan = scene.plans.get(slug)
    if plan is None or plan.status != "published":
        return False
    if fact.kind != Kind.PLAN_PUBLISHED:
        return slug not in published
    return plan.period_end is None or plan.period_end >= scene.today(slug)


def _plan_of(fact: Recorded) -> str:
    return fact.subject if fact.subject_kind == "plan" else str((fact.after or {}).get("plan", ""))


async def _scene(session: Session, facts: Sequence[Recorded], *, now: datetime) -> Scene:
    zone = now.tzinfo if isinstance(now.tzinfo, ZoneInfo) else ZoneInfo("UTC")
    published = {fact.subject for fact in facts if fact.kind == Kind.PLAN_PUBLISHED}
    facts = [fact for fact in facts if fact.subject_kind == "plan" or _plan_of(fact) not in published]
    told = {fact.subject for fact in facts if fact.subject_kind == "milestone"}
    named = {fact.subject for fact in facts if fact.subject_kind in ("occurrence", "progress")}
    plans = await store.plans_of(session, {_plan_of(fact) for fact in facts})
    occurrences = await milestone_store.occurrences_by_id(session, named)
    milestones = await milestone_store.milestones_by_id(session, told | {row.milestone for row in occurrences.values()})
    held = await milestone_store.occurrences_of(session, told)
    next_of = {id: found for id, rows in held.items() if (found := _next(rows, today=now.date())) is not None}
    standings = await progress_store.standings(session, {*occurrences, *(row.id for row in next_of.values())})
    return Scene(
        milestones=milestones,
        occurrences=occurrences,
        next_of=next_of,
        standings=standings,
        plans=plans,
        words=await store.words_of(session, milestones),
        names=await store.names_of(session, {one.unit for rows in standings.values() for one in rows}),
        dates=await store.dates_of_plans(session, published) if published else {},
        zone=zone,
        now=now,
    )


def _next(rows: Iterable[Occurrence], *, today: date) -> Occurrence | None:
    """The first one that is still to come, or the last one; of those that are owed, where any are."""
    dated = [row for row in rows if row.due_on is not None]
    owed = [row for row in dated if row.status == "active"] or dated
    return next((row for row in owed if row.due_on is not None and row.due_on >= today), owed[-1] if owed else None)


# ── what each is about ───────────────────────────────────────────────────────────────────────────────────────────────


def _about(fact: Recorded, scene: Scene) -> About | None:
    match Kind(fact.kind):
        case Kind.PLAN_PUBLISHED:
            return _plan_published(fact, scene)
        case Kind.OCCURRENCE_RESCHEDULED:
            return _rescheduled(fact, scene)
        case Kind.PROGRESS_UPDATED:
            return _progress(fact, scene)
        case Kind.FEED_STALE:
            return _feed_stale(fact)
        case Kind.ENDPOINT_FAILING:
            told = dict(fact.after or {})
            at = {name: datetime.fromisoformat(told[name]) for name in ("since", "holds_at")}
            return EndpointFailing(**(told | at))
        case Kind.ENDPOINT_DISABLED:
            return EndpointDisabled(**(fact.after or {}))
        case _:
            return _milestone_news(fact, scene)


def _feed_stale(fact: Recorded) -> About:
    told = dict(fact.after or {})
    at = {name: datetime.fromisoformat(told[name]) for name in ("last_fetched_at", "moved_at") if told[name]}
    return FeedStale(**(told | at | {"occurrences": tuple(told["occurrences"])}))


def _plan_published(fact: Recorded, scene: Scene) -> About:
    dates = scene.dates[fact.subject]
    return PlanPublished(
        plan=_plan(fact.subject, scene),
        milestones=dates.milestones,
        first_due_on=dates.first_due_on,
        last_due_on=dates.last_due_on,
        url=f"/plans/{fact.subject}",
    )


def _milestone_news(fact: Recorded, scene: Scene) -> About:
    row = scene.milestones[fact.subject]
    occurrence = scene.next_of.get(row.id)
    due_on = occurrence.due_on if occurrence else None
    return MilestoneNews(
        milestone=_milestone(row, scene),
        plan=_plan(row.plan, scene),
        due_on=due_on,
        days_left=_days_left(due_on, row.plan, scene),
        units=_units(occurrence.id, scene) if occurrence else (),
        changes=changes(fact.before, fact.after or {}) if fact.before is not None else (),
        url=f"/occurrences/{occurrence.id}" if occurrence else f"/plans/{row.plan}",
    )


def _rescheduled(fact: Recorded, scene: Scene) -> About | None:
    before, after = fact.before or {}, fact.after or {}
    if all(before.get(name) == after.get(name) for name in ("due_on", "due_time", "status")):
        return None  # another period or window, the same day: no reminder is wrong
    row = scene.occurrences[fact.subject]
    return Rescheduled(
        occurrence=_occurrence(row, scene),
        milestone=_milestone(scene.milestones[row.milestone], scene),
        plan=_plan(row.plan, scene),
        due_on=row.due_on,
        previous_due_on=date.fromisoformat(before["due_on"]) if before.get("due_on") else None,
        days_left=_days_left(row.due_on, row.plan, scene),
        units=_units(row.id, scene),
    )


def _progress(fact: Recorded, scene: Scene) -> About:
    row, after = scene.occurrences[fact.subject], fact.after or {}
    units = _units(row.id, scene)
    code, status = str(after["unit"]), ProgressStatus(after["status"])
    role = next((each.role for each in units if each.code == code), Role.SUPPORT)
    return ProgressNews(
        occurrence=_occurrence(row, scene),
        milestone=_milestone(scene.milestones[row.milestone], scene),
        plan=_plan(row.plan, scene),
        due_on=row.due_on,
        days_left=_days_left(row.due_on, row.plan, scene),
        units=units,
        unit=UnitPart(code=code, name=scene.names.get(code, code), role=role, status=status),
        previous_status=ProgressStatus((fact.before or {}).get("status", ProgressStatus.PENDING)),
        note=str(after.get("note") or ""),
        evidence=str(after.get("evidence") or ""),
    )


# ── the parts ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _plan(slug: str, scene: Scene) -> PlanPart:
    plan = scene.plans[slug]
    return PlanPart(slug=slug, title=plan.title, number=plan.number or None, jurisdiction=plan.jurisdiction)


def _milestone(row: Milestone, scene: Scene) -> MilestonePart:
    words = scene.words[row.id]
    return MilestonePart(id=row.id, ref=words.ref, title=row.title, kind=MilestoneKind(row.kind), phrase=words.phrase)


def _occurrence(row: Occurrence, scene: Scene) -> OccurrencePart:
    return OccurrencePart(
        id=row.id,
        period=row.period,
        window_start=row.window_start,
        nominal_due_on=row.nominal_due_on,
        due_on=row.due_on,
        due_time=row.due_time,
        time_zone=scene.zone_of(row.plan).key,
        provisional=row.provisional,
        status=MilestoneStatus(row.status),
        url=f"/occurrences/{row.id}",
    )


def _units(occurrence: str, scene: Scene) -> tuple[UnitPart, ...]:
    return tuple(
        UnitPart(code=one.unit, name=scene.names.get(one.unit, one.unit), role=one.role, status=one.status)
        for one in scene.standings[occurrence]
    )


def _days_left(due_on: date | None, plan: str, scene: Scene) -> int | None:
    return (due_on - scene.today(plan)).days if due_on is not None else None


def _event(fact: Recorded, about: About, *, now: datetime) -> Event:
    at = to_the_millisecond(now)
    cause = Cause(kind=CauseKind.CHANGE, id=str(fact.id), actor=fact.actor)
    if fact.kind in _HEALTH or fact.kind == Kind.FEED_STALE:
        cause = Cause(kind=CauseKind.HEALTH, id=str(fact.id))
    return Event(id=new_id("evt"), type=EventType(fact.kind), timestamp=at, about=about, cause=cause, fired_at=at)


def to_the_millisecond(at: datetime) -> datetime:
    """An instant as it is told: what is computed from it then is the same for whoever reads it."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def row_of(event: Event, *, fact: int | None = None, jurisdiction: str | None = None) -> EventRow:
    """An event as it is kept, with what filters look at beside it."""
    facets: Facets = facets_of(event)
    about = event.about
    occurrence = getattr(about, "occurrence", None)
    milestone = getattr(about, "milestone", None)
    units = sorted((code, role.value if role else "") for code, role in facets.units)
    return EventRow(
        id=event.id,
        type=event.type.value,
        scheduled_for=event.scheduled_for,
        not_after=None,
        fact=fact,
        firing=None,
        jurisdiction=facets.jurisdiction or jurisdiction,
        plan=facets.plan,
        milestone=milestone.id if milestone else None,
        occurrence=occurrence.id if occurrence else None,
        kind=facets.kind.value if facets.kind else None,
        units=pairs_text(tuple(units)),
        message=text_of(event),
    )


@lru_cache(maxsize=1_000)  # thousands of notices are about the same few
def pairs_text(pairs: tuple[tuple[str, str], ...]) -> str:
    """Pairs of unit and role as they are kept."""
    return to_bytes({"": pairs}).decode()[4:-1]
