"""What webhooks do when something changes: they pull it from the journal, in the same transaction."""

from collections.abc import Sequence
from datetime import datetime

from service.journal.kinds import Kind
from service.journal.models import Recorded
from service.kit.database import Session
from service.kit.failpoints import failpoint
from service.kit.ids import new_ids
from service.webhooks.actions.fanning import hand_on
from service.webhooks.actions.news import pairs_text, tell, to_the_millisecond
from service.webhooks.actions.superseding import supersede
from service.webhooks.rules.notices import Around, notice_text
from service.webhooks.store import subjects as store
from service.webhooks.store.events import EventRow

_NOTICES = frozenset({Kind.OCCURRENCE_DUE_SOON, Kind.OCCURRENCE_DUE, Kind.OCCURRENCE_OVERDUE})


async def follow(session: Session, facts: Sequence[Recorded], *, now: datetime) -> None:
    """Write an event for each fact that others may hear of, so that a change and its event commit together.

    1. what was announced and is no longer true is superseded  2. planned notices become events  3. so do changes of
    published plans. `now` comes in the service's time zone. Events are numbered and fanned out by the next tick.
    """
    await session.flush()  # a fact's number is known when it is written
    await supersede(session, facts)
    rows = await _notices(session, [fact for fact in facts if fact.kind in _NOTICES], now=now)
    rows += await tell(session, facts, now=now)
    rows.sort(key=lambda row: row.fact or 0)
    await hand_on(session, rows, at=now)
    if rows:
        failpoint("follow.written")


async def _notices(session: Session, facts: Sequence[Recorded], *, now: datetime) -> list[EventRow]:
    """The events of planned notices. Each expires when the next notice of its occurrence says it better."""
    if not facts:
        return []
    told = [fact.after or {} for fact in facts]
    plans = await store.plans_of(session, {one["plan"] for one in told})
    around = Around(
        milestones=await store.words_of(session, {one["milestone"] for one in told}),
        numbers={slug: plan.number for slug, plan in plans.items()},
        names=await store.names_of(session, {unit["code"] for one in told for unit in one["units"]}),
    )
    later = await store.next_firings(session, {fact.subject for fact in facts})
    at, scheduled, rows = to_the_millisecond(now), dict[str, datetime](), list[EventRow]()
    ids = new_ids("evt")
    for fact, one in zip(facts, told, strict=True):
        notice = one["notice"]
        planned_for = notice["scheduled_for"]
        if planned_for not in scheduled:
            scheduled[planned_for] = datetime.fromisoformat(planned_for)
        rows.append(
            EventRow(
                id=next(ids),
                type=fact.kind,
                scheduled_for=scheduled[planned_for],
                not_after=later.get(fact.subject),
                fact=fact.id,
                firing=notice["firing"],
                jurisdiction=fact.jurisdiction,
                plan=one["plan"],
                milestone=one["milestone"],
                occurrence=one["id"],
                kind=one["kind"],
                units=pairs_text(tuple((unit["code"], unit["role"]) for unit in one["units"])),
                message=notice_text(fact.kind, one, around, jurisdiction=fact.jurisdiction, at=at),
            )
        )
    return rows
