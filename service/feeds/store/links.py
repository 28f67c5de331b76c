"""Feeds and the tokens that open them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import col, select

from service.feeds.models import Feed, FeedToken
from service.kit.database import Session
from service.kit.errors import NotFound

_NEXT = aliased(FeedToken)
_COLUMNS_OF_A_LINK: tuple[Any, ...] = (
    col(Feed.id),
    col(Feed.subject),
    col(Feed.options),
    col(Feed.expires_at),
    col(Feed.revoked_at),
    col(FeedToken.expires_at).label("token_expires_at"),
    col(FeedToken.generation),
    col(_NEXT.created_at).label("replaced_at"),
)


@dataclass(frozen=True, slots=True)
class FeedFilter:
    """Which feeds: every field that is given must match. `within`: jurisdictions, None for all."""

    subjects: tuple[str, ...] = ()
    within: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """What a token opens, and until when. `replaced_at`: the feed has a newer one since then."""

    feed: str
    subject: str
    options: dict[str, str]
    until: datetime | None
    revoked: bool
    generation: int = 1
    replaced_at: datetime | None = None


async def get_feed(session: Session, feed_id: str) -> Feed:
    """One feed, revoked or not. Raises NotFound."""
    row = await session.get(Feed, feed_id)
    if row is None:
        raise NotFound(f"There is no feed '{feed_id}'.")
    return row


async def get_feed_locked(session: Session, feed_id: str) -> Feed:
    """One feed that nobody else can change until this transaction ends. Raises NotFound."""
    row = await session.get(Feed, feed_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"There is no feed '{feed_id}'.")
    return row


async def list_feeds(
    session: Session, *, where: FeedFilter, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Feed]:
    """Feeds in order of creation, those after (created_at, id) first; revoked ones too."""
    query = select(Feed).order_by(col(Feed.created_at), col(Feed.id)).limit(limit)
    for subject in where.subjects:
        query = query.where(col(Feed.subject) == subject)
    if where.within is not None:
        query = query.where(col(Feed.jurisdiction).in_(where.within))
    if after is not None:
        at, feed_id = after
        later = col(Feed.created_at) > at
        query = query.where(later | ((col(Feed.created_at) == at) & (col(Feed.id) > feed_id)))
    return (await session.exec(query)).all()


async def tokens_of(session: Session, feed_id: str) -> Sequence[FeedToken]:
    """The tokens of a feed, the newest first."""
    query = select(FeedToken).where(col(FeedToken.feed) == feed_id).order_by(col(FeedToken.generation).desc())
    return (await session.exec(query)).all()


async def link_of(session: Session, digest: str) -> Link | None:
    """What the token with this digest opens; None: nothing ever."""
    query: Any = (
        select(*_COLUMNS_OF_A_LINK)
        .join(Feed, col(Feed.id) == col(FeedToken.feed))
        .outerjoin(_NEXT, (col(_NEXT.feed) == col(Feed.id)) & (col(_NEXT.generation) == col(FeedToken.generation) + 1))
        .where(col(FeedToken.digest) == digest)
    )
    row = (await session.exec(query)).first()
    if row is None:
        return None
    until = min((each for each in (row.expires_at, row.token_expires_at) if each is not None), default=None)
    return Link(
        feed=row.id,
        subject=row.subject,
        options=row.options,
        until=until,
        revoked=row.revoked_at is not None,
        generation=row.generation,
        replaced_at=row.replaced_at,
    )


async def subscribed(session: Session, subjects: Collection[str]) -> Sequence[str]:
    """Those of these subjects to which a link leads that is not revoked."""
    query = select(col(Feed.subject)).where(col(Feed.subject).in_(subjects), col(Feed.revoked_at).is_(None)).distinct()
    return sorted(await session.exec(query))
