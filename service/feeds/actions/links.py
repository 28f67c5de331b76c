"""Making, rotating and revoking links. Facts about them never carry a token."""

from datetime import datetime, timedelta

from service.feeds.actions.advancing import lock
from service.feeds.models import Feed, FeedToken
from service.feeds.rules.forms import Form, options_of
from service.feeds.rules.links import OVERLAP_DAYS, STALE_HOURS, UNUSED_DAYS
from service.feeds.rules.subjects import Subject, SubjectKind, make_token, token_digest
from service.feeds.store import links as store
from service.feeds.store import subjects as subject_store
from service.journal.actions import record
from service.journal.kinds import Kind
from service.kit.actor import SERVICE, Actor
from service.kit.database import Session
from service.kit.errors import Conflict, unmet
from service.kit.ids import new_id
from service.units.actions import require_edit


async def create_feed(
    session: Session,
    actor: Actor,
    *,
    subject: Subject,
    form: Form,
    label: str,
    expires_at: datetime | None,
    secret: str,
    now: datetime,
    unused_days: int = UNUSED_DAYS,
    stale_after_hours: int = STALE_HOURS,
) -> Feed:
    """A new subscription address. Raises Invalid, Denied. `current_token` has its token.

    `unused_days`: it is closed when nobody fetches it for so long; `stale_after_hours`: others are told when a due date
    moved and nobody has fetched it since then. 0: never.
    """
    linkable = subject.kind not in (SubjectKind.PUBLIC, SubjectKind.HOLIDAYS)  # those are open to everybody
    standing = await subject_store.standing_of(session, subject) if linkable else None
    if standing is None:
        raise unmet(subject.kind.value, f"there is no {subject.kind.value} '{subject.code}'")
    await require_edit(session, actor, standing.jurisdiction)
    if expires_at is not None and expires_at <= now:
        raise Conflict("expires_at: this has passed already; the address would never work.")
    feed = Feed(
        id=new_id("fd"),
        subject=str(subject),
        jurisdiction=standing.jurisdiction,
        options=options_of(form),
        label=label.strip(),
        created_at=now,
        created_by=str(actor),
        expires_at=expires_at,
        unused_days=unused_days,
        stale_after_hours=stale_after_hours,
    )
    await _number(session, feed)
    session.add(feed)
    await session.flush()
    await _add_token(session, feed, secret=secret, now=now)
    _record(session, actor, feed, kind=Kind.FEED_CREATED, before=None, now=now)
    return feed


async def rotate_feed(
    session: Session, actor: Actor, feed: Feed, *, secret: str, now: datetime, overlap_days: int = OVERLAP_DAYS
) -> None:
    """Give a feed a new token; the ones before work on for `overlap_days`, and say so. Raises Conflict, Denied.

    A second rotation within that time never makes a token work longer than the first one said.
    """
    await require_edit(session, actor, feed.jurisdiction)
    if feed.revoked_at is not None:
        raise Conflict("This feed is revoked: make a new one.")
    if feed.expires_at is not None and feed.expires_at <= now:
        raise Conflict("This feed has expired: make a new one.")
    before, end = snapshot(feed), now + timedelta(days=overlap_days)
    for token in await store.tokens_of(session, feed.id):
        token.expires_at = min(token.expires_at or end, end)
    feed.generation += 1
    feed.revision += 1
    await _number(session, feed)
    await _add_token(session, feed, secret=secret, now=now)
    _record(session, actor, feed, kind=Kind.FEED_ROTATED, before=before, now=now)


async def revoke_feed(session: Session, actor: Actor, feed: Feed, *, now: datetime) -> None:
    """Close all addresses of a feed: they answer 410 from now on. Revoking again changes nothing. Raises Denied."""
    await require_edit(session, actor, feed.jurisdiction)
    if feed.revoked_at is not None:
        return
    before = snapshot(feed)
    feed.revoked_at = now
    feed.revision += 1
    await _number(session, feed)
    _record(session, actor, feed, kind=Kind.FEED_REVOKED, before=before, now=now)


async def close_unused(session: Session, feed: Feed, *, now: datetime) -> None:
    """Let a feed that nobody fetches end now: its addresses answer 410, as they do after any end."""
    before, feed.expires_at = snapshot(feed), now
    feed.revision += 1
    await _number(session, feed)
    _record(session, SERVICE, feed, kind=Kind.FEED_EXPIRED, before=before, now=now)


def current_token(feed: Feed, *, secret: str) -> str:
    """The token of a feed: it follows from the secret, so its owner can be shown it again."""
    return make_token(secret, feed=feed.id, generation=feed.generation)


async def _number(session: Session, feed: Feed) -> None:
    """Write the feed into its jurisdiction's ledger, so that every process hears of the change."""
    feed.ledger = (await lock(session, jurisdictions=[feed.jurisdiction]))[feed.jurisdiction]


async def _add_token(session: Session, feed: Feed, *, secret: str, now: datetime) -> None:
    token = current_token(feed, secret=secret)
    row = FeedToken(
        digest=token_digest(secret, token),
        feed=feed.id,
        jurisdiction=feed.jurisdiction,
        generation=feed.generation,
        created_at=now,
    )
    session.add(row)
    await session.flush()


def snapshot(feed: Feed) -> dict[str, object]:
    """A feed as the journal keeps it."""
    return {
        "subject": feed.subject,
        "options": dict(feed.options),
        "label": feed.label,
        "generation": feed.generation,
        "expires_at": feed.expires_at.isoformat() if feed.expires_at else None,
        "revoked_at": feed.revoked_at.isoformat() if feed.revoked_at else None,
    }


def _record(
    session: Session, actor: Actor, feed: Feed, *, kind: Kind, before: dict[str, object] | None, now: datetime
) -> None:
    record(
        session,
        actor,
        kind=kind,
        subject=feed.id,
        jurisdiction=feed.jurisdiction,
        before=before,
        after=snapshot(feed),
        now=now,
    )
