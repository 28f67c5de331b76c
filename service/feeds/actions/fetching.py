"""What follows from who fetches links: telling of those that may not know, and closing those that nobody uses."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from service.feeds.actions.links import close_unused
from service.feeds.models import Feed, FeedMove
from service.feeds.rules.links import MOVES_REMEMBERED
from service.feeds.store import fetches as store
from service.feeds.store.fetches import Fetch, Fetched
from service.journal.actions import record
from service.journal.kinds import Kind
from service.kit.actor import SERVICE
from service.kit.database import Session

BATCH = 500


async def note_fetches(session: Session, fetches: Sequence[Fetch]) -> None:
    """Write down who fetched what."""
    await store.keep_fetches(session, fetches)


async def stale_links(session: Session, *, now: datetime) -> list[str]:
    """Feeds whose links have not fetched a due date that moved, of which nobody was told. Those whose time is not over
    are among them."""
    return list(await store.feeds_behind(session, now=now, since=now - MOVES_REMEMBERED, limit=BATCH))


async def tell_stale(session: Session, *, feeds: Collection[str], now: datetime) -> int:
    """Record for each of these feeds, where a moved due date was not fetched in time, that its unit may not know.

    Once for all moves that are overdue. Answers for how many that was. Moves that are too old to matter are dropped.
    """
    oldest = now - MOVES_REMEMBERED
    await store.forget_moves(session, before=oldest)
    rows = await store.feeds_locked(session, feeds, now=now)
    moves = await store.moves_of(session, {feed.subject for feed in rows}, since=oldest)
    fetched = await store.fetches_of(session, [feed.id for feed in rows])
    told = 0
    for feed in rows:
        known = fetched.get(feed.id, [])
        late = _missed(feed, [move for move in moves if move.subject == feed.subject], known, now=now)
        if late:
            feed.stale_revision = late[-1].revision
            _record(session, feed, late, known, now=now)
            told += 1
    return told


def _missed(feed: Feed, moves: Sequence[FeedMove], known: Sequence[Fetched], *, now: datetime) -> list[FeedMove]:
    """The moves that a link has not fetched in time, by revision, of which nobody was told."""
    end = now - timedelta(hours=feed.stale_after_hours)
    after = max([feed.stale_revision, *(each.revision for each in known)])
    return [each for each in moves if each.revision > after and feed.created_at < each.moved_at <= end]


def _record(
    session: Session, feed: Feed, moves: Sequence[FeedMove], known: Sequence[Fetched], *, now: datetime
) -> None:
    last = known[0] if known else None  # the latest comes first
    kind, _, code = feed.subject.partition(":")
    record(
        session,
        SERVICE,
        kind=Kind.FEED_STALE,
        subject=feed.id,
        jurisdiction=feed.jurisdiction,
        before=None,
        after={
            "feed": feed.id,
            "subject": feed.subject,
            "jurisdiction": feed.jurisdiction,
            "label": feed.label,
            "last_fetched_at": last.fetched_at.isoformat() if last else None,
            "idle_days": (now - (last.fetched_at if last else feed.created_at)).days,
            "unit": code if kind == "unit" else None,
            "program": last.program if last else None,
            "moved_at": moves[0].moved_at.isoformat(),
            "moved": sum(each.count for each in moves),
            "occurrences": list(dict.fromkeys(one for each in moves for one in each.occurrences))[:20],
        },
        now=now,
    )


async def close_those_unused(session: Session, *, after: str, now: datetime) -> tuple[int, str | None]:
    """Close links that nobody has used for as long as each of them says, of the next feeds behind an id.

    Answers how many, and the last id that was looked at (None: that was all).
    """
    rows = await store.unused_feeds(session, now=now, limit=BATCH, after=after)
    closed = 0
    for feed, used_at in rows:
        if now - used_at >= timedelta(days=feed.unused_days):
            await close_unused(session, feed, now=now)
            closed += 1
    return closed, rows[-1][0].id if len(rows) == BATCH else None
