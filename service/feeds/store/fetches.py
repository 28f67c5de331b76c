"""Who fetched which link, and which due dates moved meanwhile."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from service.feeds.models import Feed, FeedEntry, FeedFetch, FeedMove, FeedRendering, FeedSubject, FeedToken
from service.feeds.rules.forms import Form
from service.feeds.rules.subjects import Subject
from service.feeds.store.entries import belongs
from service.kit.database import Session


@dataclass(frozen=True, slots=True)
class Fetch:
    """A fetch of a link: by which program, when, and the revision of its subject that it got."""

    digest: str
    program: str
    feed: str
    at: datetime
    revision: int

    @property
    def key(self) -> tuple[str, str]:
        """What there is one row of."""
        return self.digest, self.program


async def keep_fetches(session: Session, fetches: Sequence[Fetch]) -> None:
    """Write down fetches; of one link and program the latest counts, whichever process saw it. Links that this database
    does not have are passed over: a backup may have been restored."""
    given = {each.feed for each in fetches}
    homes = dict(
        (await session.exec(select(col(Feed.id), col(Feed.jurisdiction)).where(col(Feed.id).in_(given)))).all()
    )
    rows = [
        {
            "digest": each.digest,
            "program": each.program,
            "feed": each.feed,
            "jurisdiction": homes[each.feed],
            "revision": each.revision,
            "first_at": each.at,
            "fetched_at": each.at,
        }
        for each in sorted(fetches, key=lambda each: each.key)  # in one order, as several processes write
        if each.feed in homes
    ]
    if not rows:
        return
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    new = insert(FeedFetch)
    query = new.on_conflict_do_update(
        index_elements=["digest", "program"],
        set_={"revision": new.excluded.revision, "fetched_at": new.excluded.fetched_at},
        where=new.excluded.fetched_at >= col(FeedFetch.fetched_at),
    )
    await session.exec(query, params=rows)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What is known of a link: the token it was fetched with, by which program, since when, when last, what it got."""

    generation: int
    program: str
    first_at: datetime
    fetched_at: datetime
    revision: int


async def fetches_of(session: Session, feeds: Collection[str]) -> dict[str, list[Fetched]]:
    """Feed → its fetches, the latest first."""
    query = (
        select(FeedFetch, FeedToken.generation)
        .join(FeedToken, col(FeedToken.digest) == col(FeedFetch.digest))
        .where(col(FeedFetch.feed).in_(feeds))
        .order_by(col(FeedFetch.fetched_at).desc(), col(FeedFetch.program))
    )
    found: dict[str, list[Fetched]] = defaultdict(list)
    for row, generation in await session.exec(query):
        found[row.feed].append(Fetched(generation, row.program, row.first_at, row.fetched_at, row.revision))
    return found


async def revisions_of(session: Session, subjects: Collection[str]) -> dict[str, int]:
    """Subject → how often it has changed."""
    query = select(col(FeedSubject.subject), col(FeedSubject.revision)).where(col(FeedSubject.subject).in_(subjects))
    return dict((await session.exec(query)).all())


async def feeds_behind(session: Session, *, now: datetime, since: datetime, limit: int) -> Sequence[str]:
    """Open feeds of which nobody has been told since a due date moved that no program has fetched. In order."""
    move, fetched = FeedMove, select(FeedFetch.feed)
    fetched = fetched.where(col(FeedFetch.feed) == col(Feed.id), col(FeedFetch.revision) >= col(move.revision))
    query = (
        select(col(Feed.id))
        .join(move, col(move.subject) == col(Feed.subject))
        .where(
            *_is_open(now),
            col(Feed.stale_after_hours) > 0,
            col(move.moved_at) > since,
            col(move.moved_at) > col(Feed.created_at),
            col(move.revision) > col(Feed.stale_revision),
            ~fetched.correlate(Feed, move).exists(),
        )
        .distinct()
        .order_by(col(Feed.id))
        .limit(limit)
    )
    return (await session.exec(query)).all()


async def feeds_locked(session: Session, ids: Collection[str], *, now: datetime) -> Sequence[Feed]:
    """Those of these feeds that are open, in order; nobody else can change them until the transaction ends."""
    query = select(Feed).where(col(Feed.id).in_(ids), *_is_open(now)).order_by(col(Feed.id)).with_for_update()
    return (await session.exec(query)).all()


async def moves_of(session: Session, subjects: Collection[str], *, since: datetime) -> list[FeedMove]:
    """Moves of due dates of some subjects, by revision."""
    query = select(FeedMove).where(col(FeedMove.subject).in_(subjects), col(FeedMove.moved_at) > since)
    return list(await session.exec(query.order_by(col(FeedMove.revision))))


def _is_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(Feed.revoked_at).is_(None), or_(col(Feed.expires_at).is_(None), col(Feed.expires_at) > now)


async def unused_feeds(session: Session, *, now: datetime, limit: int, after: str) -> Sequence[tuple[Feed, datetime]]:
    """Open feeds that may be closed when nobody uses them, behind an id: each with when it was last fetched, rotated or
    made."""
    latest: Mapping[str, Any] = {
        "fetched": select(func.max(col(FeedFetch.fetched_at))).where(col(FeedFetch.feed) == col(Feed.id)),
        "made": select(func.max(col(FeedToken.created_at))).where(col(FeedToken.feed) == col(Feed.id)),
    }
    query = (
        select(Feed, *(each.correlate(Feed).scalar_subquery().label(name) for name, each in latest.items()))
        .where(
            col(Feed.id) > after,
            col(Feed.unused_days) > 0,
            *_is_open(now),
        )
        .order_by(col(Feed.id))
        .limit(limit)
    )
    rows = (await session.exec(query)).all()
    return [(row[0], max(each for each in (row[1], row[2], row[0].created_at) if each is not None)) for row in rows]


async def size_of(session: Session, subject: Subject, form: Form, *, today: date) -> tuple[int, int]:
    """How many entries a feed has in view, and how many bytes those of them take that were rendered already."""
    due, window = col(FeedEntry.sort_on), form.window
    within = due.between(window.first(today), window.last(today))
    rendered = (col(FeedRendering.uid) == col(FeedEntry.uid)) & (col(FeedRendering.form) == form.key)
    query = (
        select(func.count(), func.coalesce(func.sum(func.length(col(FeedRendering.block))), 0))
        .select_from(FeedEntry)
        .outerjoin(FeedRendering, rendered)
        .where(*belongs(subject), within)
    )
    count, size = (await session.exec(query)).one()
    return count, int(size)


async def forget_moves(session: Session, *, before: datetime) -> None:
    """Drop moves that nobody will ask about any more."""
    await session.exec(delete(FeedMove).where(col(FeedMove.moved_at) <= before))
