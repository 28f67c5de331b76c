"""What webhooks do when something changes: they pull it from the journal, in the same transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from service.journal.kinds import NOTICES
from service.journal.models import Recorded
from service.kit.database import Session
from service.kit.failpoints import failpoint
from service.kit.ids import new_ids
from service.webhooks.actions.fanning import hand_on
from service.webhooks.actions.news import pairs_text, tell, to_the_millisecond
from service.webhooks.actions.superseding import supersede
from service.webhooks.actions.wording import middles_of, write_middles
from service.webhooks.rules.notices import notice_text
from service.webhooks.store.events import EventRow

_NOTICES = frozenset(NOTICES)


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
    middles = await _middles(session, facts)
    at, instants, rows = to_the_millisecond(now), dict[str | None, datetime | None]({None: None}), list[EventRow]()
    ids, pairs = new_ids("evt"), dict[int, str]()
    for fact, one in zip(facts, told, strict=True):
        notice = one["notice"]
        planned_for, next_at = notice["scheduled_for"], notice.get("next_at")
        for each in (planned_for, next_at):
            if each not in instants:  # thousands have the same
                instants[each] = datetime.fromisoformat(each)
        units, firing = one["units"], notice["firing"]
        if id(units) not in pairs:  # many have the very same list
            pairs[id(units)] = pairs_text(tuple((unit["code"], unit["role"]) for unit in units))
        rows.append(
            EventRow(
                next(ids),
                fact.kind,
                instants[planned_for],
                instants[next_at],
                fact.id,
                firing,
                fact.jurisdiction,
                one["plan"],
                one["milestone"],
                one["id"],
                one["kind"],
                pairs[id(units)],
                notice_text(fact.kind, one, middles[firing], at=at),
            )
        )
    return rows


async def _middles(session: Session, facts: Sequence[Recorded]) -> dict[str, str]:
    """Firing → what can be said of it before it goes out: made before, or now."""
    ready = middles_of(session)
    found, unknown = dict[str, str](), list[tuple[Mapping[str, Any], str | None]]()
    for fact in facts:
        told = fact.after or {}
        firing = told["notice"]["firing"]
        middle = ready(firing)
        if middle is None:
            unknown.append((told, fact.jurisdiction))
        else:
            found[firing] = middle
    return found | await write_middles(session, unknown)
