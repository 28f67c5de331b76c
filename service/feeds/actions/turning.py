"""Turning the page: what the date alone changes in entries becomes a revision, as of the midnight when it changed."""

from datetime import date, datetime, tzinfo

from service.feeds.actions.advancing import Changed, advance, lock
from service.feeds.actions.revising import note, revise_entry
from service.feeds.models import FeedEntry
from service.feeds.rules.facts import from_mapping
from service.feeds.rules.phase import midnight, phase_on
from service.feeds.store import entries as store
from service.kit.database import Session


async def needs_turning(session: Session, *, today: date) -> bool:
    """Whether the date has changed any entry since the page was last turned."""
    return bool(await store.jurisdictions_to_turn(session, today))


async def turn_page(session: Session, *, today: date, zone: tzinfo) -> int:
    """Revise the entries that the date has changed. Answers how many revisions that were.

    Each turn of an entry is made by itself and dated to its own midnight: a service that stood still for a week gives
    the same SEQUENCE as one that ran. Whoever comes second finds nothing left to do.
    """
    turned = 0
    for jurisdiction in await store.jurisdictions_to_turn(session, today):
        ledgers = await lock(session, jurisdictions=[jurisdiction])
        entries = await store.entries_to_turn(session, jurisdiction, today)
        groups = await store.groups_naming(session, {each.milestone for each in entries})
        changed = Changed()
        latest: datetime | None = None
        for entry in entries:
            at, times = _turn(entry, today, zone)
            if at is not None:
                note(entry, changed=changed, groups=groups, public=entry.public)
                latest = max(at, latest or at)
                turned += times
        await session.flush()
        if latest is not None:
            await advance(session, changed=changed, ledgers=ledgers, at=latest)
    return turned


def _turn(entry: FeedEntry, today: date, zone: tzinfo) -> tuple[datetime | None, int]:
    """Take an entry through every turn up to today. Answers the midnight of the last that shows, and how many."""
    facts = from_mapping(entry.facts)
    last, times = None, 0
    while entry.next_change_on is not None and entry.next_change_on <= today:
        day = entry.next_change_on
        at = midnight(day, zone)
        if revise_entry(entry, facts=facts, phase=phase_on(facts, day), on=day, at=at):
            last, times = at, times + 1
    return last, times
