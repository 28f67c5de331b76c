"""Making, rotating and revoking links. Facts about them never carry a token."""

from datetime import datetime, timedelta

from service.feeds.actions.advancing import lock
from service.feeds.models import Feed, FeedToken
from service.feeds.rules.subjects import Form, Subject, SubjectKind, make_token, options_of, token_digest
from service.feeds.store import links as store
from service.feeds.store import subjects as subject_store
from service.journal.actions import record
from service.journal.kinds import Kind
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Conflict, unmet
from service.kit.ids import new_id
from service.units.actions import require_edit

OVERLAP = timedelta(days=30)


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
) -> Feed:
    """A new subscription address. Raises Invalid, Denied. `current_token` has its token."""
    standing = await subject_store.standing_of(session, subject)
    if standing is None or subject.kind is SubjectKind.PUBLIC:
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
    )
    await _number(session, feed)
    session.add(feed)
    await session.flush()
    await _add_token(session, feed, secret=secret, now=now)
    _record(session, actor, feed, kind=Kind.FEED_CREATED, before=None, now=now)
    return feed


async def rotate_feed(session: Session, actor: Actor, feed: Feed, *, secret: str, now: datetime) -> None:
    """Give a feed a new token; the one before works on for 30 days. Raises Conflict, Denied."""
    await require_edit(session, actor, feed.jurisdiction)
    if feed.revoked_at is not None:
        raise Conflict("This feed is revoked: make a new one.")
    before = snapshot(feed)
    for token in await store.tokens_of(session, feed.id):
        if token.expires_at is None:
            token.expires_at = now + OVERLAP
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
