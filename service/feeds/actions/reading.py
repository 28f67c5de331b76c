"""Reading what a feed shows. Nothing here writes: a feed is polled, and a poll must never wait for a lock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from service.feeds.models import FeedEntry
from service.feeds.rules.phase import midnight
from service.feeds.rules.subjects import Component, Form, Subject
from service.feeds.rules.window import Window, last_crossing, next_crossing
from service.feeds.store import entries as entry_store
from service.feeds.store import links as link_store
from service.feeds.store import subjects as subject_store
from service.feeds.store.entries import Rendering
from service.feeds.store.links import Link
from service.kit.database import Session


@dataclass(frozen=True, slots=True)
class Contents:
    """What a feed shows on a day: its entries in order, UID → revision.

    `changed_at` becomes Last-Modified; `holds_until` is the day on which the window lets something in or out (None:
    never), before which nothing but a new revision changes the feed.
    """

    subject: Subject
    name: str
    created_at: datetime
    revision: int
    changed_at: datetime
    places: Mapping[str, int]
    holds_until: date | None


async def read_contents(
    session: Session, *, subject: Subject, form: Form, window: Window, today: date, zone: tzinfo
) -> Contents | None:
    """What a feed shows today; None where there is no such unit, plan, group or jurisdiction.

    The revision is read first: entries that change meanwhile then belong to a later one, and are read again.
    """
    first, last, undated = window.first(today), window.last(today), form.component is Component.VTODO
    edges = entry_store.edges_of(subject, first=first, last=last)
    standing = await subject_store.standing_of(session, subject, *edges)
    if standing is None:
        return None
    places = await entry_store.places_of(session, subject, first=first, last=last, undated=undated)
    crossed_on = last_crossing(window, standing.edges)
    changed_at = standing.changed_at
    if crossed_on is not None and crossed_on <= today:
        changed_at = max(changed_at, midnight(crossed_on, zone))
    return Contents(
        subject=subject,
        name=standing.name,
        created_at=standing.created_at,
        revision=standing.revision,
        changed_at=changed_at,
        places=places,
        holds_until=_soonest(next_crossing(window, standing.edges), today),
    )


def _soonest(day: date | None, today: date) -> date | None:
    return max(day, today + timedelta(days=1)) if day is not None else None


async def read_entries(session: Session, *, uids: Sequence[str]) -> list[FeedEntry]:
    """Entries whose bytes nobody has rendered yet."""
    return await entry_store.entries_by_uid(session, uids)


async def read_renderings(session: Session, *, uids: Sequence[str], form: str, setting: str) -> list[Rendering]:
    """The bytes that some process has rendered of these entries."""
    return await entry_store.renderings_of(session, uids, form=form, setting=setting)


async def keep_renderings(session: Session, *, renderings: Sequence[Rendering]) -> None:
    """Keep bytes for other processes, and for after a restart."""
    await entry_store.keep_renderings(session, renderings)


async def read_link(session: Session, *, digest: str) -> Link | None:
    """What the token with this digest opens; None: nothing ever."""
    return await link_store.link_of(session, digest)


@dataclass(frozen=True, slots=True)
class Moved:
    """What has changed since somebody looked: subjects with their revisions, feeds; or nobody knows
    what (`everything`). `known` is how far the ledgers have come, for the next look.
    """

    known: dict[str, int]
    subjects: dict[str, int] = field(default_factory=dict)
    feeds: tuple[str, ...] = ()
    everything: bool = False


async def read_moved(session: Session, *, known: Mapping[str, int] | None) -> Moved:
    """What has changed since the ledgers stood at `known` (None: nobody has looked yet).

    Numbers that went back or away are those of another database: a backup was restored, and anything may differ.
    """
    reached = await subject_store.ledgers(session)
    if known is None or any(reached.get(jurisdiction, -1) < number for jurisdiction, number in known.items()):
        return Moved(known=reached, everything=True)
    subjects: dict[str, int] = {}
    feeds: list[str] = []
    for jurisdiction, number in reached.items():
        before = known.get(jurisdiction, 0)
        if number != before:
            for key, revision in await subject_store.changed_since(session, jurisdiction, before):
                if revision is None:
                    feeds.append(key)
                else:
                    subjects[key] = revision
    return Moved(known=reached, subjects=subjects, feeds=tuple(feeds))
