"""Playing a plan's notices to one endpoint: really signed and sent, marked as a rehearsal, and nothing else touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from service.access.rules import require_scope
from service.journal.kinds import Kind
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Conflict, invalid
from service.kit.ids import new_id
from service.milestones import store as milestone_store
from service.milestones.models import Milestone, Occurrence
from service.milestones.rules import MilestoneKind
from service.progress.rules import Standing
from service.webhooks.actions.enrolling import Setting, require_in_use
from service.webhooks.actions.news import row_of
from service.webhooks.actions.showing import note
from service.webhooks.models import Endpoint
from service.webhooks.rules.events import Event, EventType, OccurrenceNotice
from service.webhooks.rules.formats.known import FORMATS
from service.webhooks.rules.formats.request import FormatName
from service.webhooks.rules.health import State
from service.webhooks.rules.notices import Words
from service.webhooks.rules.parts import Cause, CauseKind, MilestonePart, OccurrencePart, PlanPart, UnitPart
from service.webhooks.rules.playing import LONGEST, MOST_NOTICES, WORTH, timetable
from service.webhooks.store import deliveries, rehearsals, subjects
from service.webhooks.store import endpoints as store
from service.webhooks.store import events as event_store
from service.webhooks.store.deliveries import to_one
from service.webhooks.store.events import EventRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A notice as it will be: of which occurrence, what it says, when, and what that instant is where the plan is."""

    occurrence: str
    type: EventType
    offset: str
    at: datetime
    on: date
    zone: str
    standings: Sequence[Standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What is to be played: a plan's notices in order, from which instant, how many times as fast as they will be."""

    plan: str
    notices: Sequence[Played]
    start: datetime
    end: datetime
    speed: float


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How many notices are played, and between which real instants."""

    notices: int
    begins_at: datetime
    ends_at: datetime


async def rehearse(
    session: Session, actor: Actor, row: Endpoint, *, score: Score, setting: Setting, now: datetime
) -> Rehearsal:
    """Play notices to an endpoint that nobody changes meanwhile.

    Each is an event for this endpoint alone, without a number, and its delivery waits for its time: the sender does
    not know that it is played. They belong to no firing, occurrence or plan in the tables, so that nothing that looks
    for real notices ever finds them. Raises Denied, Conflict, Invalid.
    """
    require_scope(actor, "admin")
    await _require_ready(session, row)
    if not score.notices:
        raise invalid("plan", "this endpoint would be told nothing of this plan in this time: look at its filters")
    if len(score.notices) > MOST_NOTICES:
        raise invalid("to", f"these are more than {MOST_NOTICES} notices: play a shorter time")
    limits = [each for each in (row.per_minute, FORMATS[FormatName(row.format)].limits.per_minute) if each is not None]
    times = timetable(
        [one.at for one in score.notices],
        start=score.start,
        speed=score.speed,
        per_minute=min(limits, default=None),
        real_now=setting.real_now,
    )
    if times[-1] - setting.real_now > LONGEST:
        raise invalid("speed", "this would take more than 24 hours: play it faster, or a shorter time")
    after = {"plan": score.plan, "from": score.start.isoformat(), "to": score.end.isoformat(), "speed": score.speed}
    after["notices"] = len(times)
    fact = note(session, actor, row, kind=Kind.ENDPOINT_REHEARSED, before=None, after=after, now=now)
    await session.flush()
    cause = Cause(kind=CauseKind.REHEARSAL, id=str(fact.id), actor=str(actor))
    events = await _events(session, score, cause)
    await event_store.write_for_one(session, [_kept(one, row) for one in events], endpoint=row.id, at=now)
    waiting = [to_one(row, one, at=at, not_after=at + WORTH) for one, at in zip(events, times, strict=True)]
    await deliveries.write_deliveries(session, waiting, now=setting.real_now)
    return Rehearsal(len(times), times[0], times[-1])


async def stop_rehearsal(session: Session, actor: Actor, row: Endpoint, *, setting: Setting, now: datetime) -> int:
    """End what is still to be played to an endpoint; how many notices. Raises Denied."""
    require_scope(actor, "admin")
    await store.standing_locked(session, row.id)
    stopped = await rehearsals.stop(session, row.id, now=setting.real_now)
    if stopped:
        note(session, actor, row, kind=Kind.ENDPOINT_REHEARSED, before=None, after={"stopped": stopped}, now=now)
    return stopped


async def _require_ready(session: Session, row: Endpoint) -> None:
    require_in_use(row)
    standing = (await store.standings(session, [row.id]))[row.id]
    if row.paused:
        raise Conflict("This endpoint is paused: nothing is sent there.")
    if standing.state != State.HEALTHY:
        raise Conflict("This endpoint does not work at present: what is real comes first.")
    if await rehearsals.to_be_played(session, row.id):
        raise Conflict("A rehearsal is being played to this endpoint: wait for its end, or stop it.")


# ── what is told ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Scene:
    """What has to be known beside the notices themselves."""

    occurrences: Mapping[str, Occurrence]
    milestones: Mapping[str, Milestone]
    words: Mapping[str, Words]
    names: Mapping[str, str]
    plan: Any


async def _events(session: Session, score: Score, cause: Cause) -> list[Event]:
    occurrences = await milestone_store.occurrences_by_id(session, {one.occurrence for one in score.notices})
    milestones = await milestone_store.milestones_by_id(session, {row.milestone for row in occurrences.values()})
    scene = _Scene(
        occurrences,
        milestones,
        await subjects.words_of(session, milestones),
        await subjects.names_of(session, {each.unit for one in score.notices for each in one.standings}),
        (await subjects.plans_of(session, [score.plan]))[score.plan],
    )
    return [
        Event(
            id=new_id("evt"),
            type=one.type,
            timestamp=one.at,
            about=_about(one, scene),
            cause=cause,
            fired_at=one.at,
            scheduled_for=one.at,
        )
        for one in score.notices
    ]


def _about(one: Played, scene: _Scene) -> OccurrenceNotice:
    row = scene.occurrences[one.occurrence]
    milestone, words = scene.milestones[row.milestone], scene.words[row.milestone]
    assert row.due_on is not None, "without a date there is no notice"
    return OccurrenceNotice(
        occurrence=OccurrencePart(
            id=row.id,
            period=row.period,
            window_start=row.window_start,
            nominal_due_on=row.nominal_due_on,
            due_on=row.due_on,
            due_time=row.due_time,
            time_zone=one.zone,
            provisional=row.provisional,
            url=f"/occurrences/{row.id}",
        ),
        milestone=MilestonePart(
            id=milestone.id,
            ref=words.ref,
            title=milestone.title,
            kind=MilestoneKind(milestone.kind),
            phrase=words.phrase,
        ),
        plan=PlanPart(
            slug=scene.plan.slug,
            title=scene.plan.title,
            number=scene.plan.number or None,
            jurisdiction=scene.plan.jurisdiction,
        ),
        due_on=row.due_on,
        days_left=(row.due_on - one.on).days,
        units=tuple(
            UnitPart(code=each.unit, name=scene.names.get(each.unit, each.unit), role=each.role, status=each.status)
            for each in one.standings
        ),
        offset=one.offset,
    )


def _kept(event: Event, row: Endpoint) -> EventRow:
    whole = row_of(event)
    return whole._replace(
        scheduled_for=None,
        jurisdiction=row.jurisdiction,
        plan=None,
        milestone=None,
        occurrence=None,
        kind=None,
        units="[]",
    )
