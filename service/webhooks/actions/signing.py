"""The service's own signing keys (`v1a`, Ed25519): made on first need, published a day before they sign, replaced.

Their instants are the host's real ones, also under a simulated clock: receivers compare them with theirs.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from service.kit.database import Session, alone
from service.kit.seal import Unreadable
from service.webhooks.actions.sealing import Seals
from service.webhooks.models import SigningKey
from service.webhooks.rules.published_keys import PublishedKey
from service.webhooks.rules.signature import public_half, spell_private
from service.webhooks.store import keys as store

REPLACED_EVERY = timedelta(days=90)
PUBLISHED_BEFORE = timedelta(days=1)  # so that receivers that keep the document for an hour know it in time
OVERLAP = timedelta(days=1)  # while both sign, for receivers that hold one public key and no document

_PURPOSE = "webhook signing keys"


async def ensure_key(session: Session, *, seals: Seals, now: datetime) -> None:
    """See to it that there is a key that signs: the first one does at once."""
    await alone(session, _PURPOSE)  # two endpoints that are the first ones at the same moment get one key
    if not _signing(await store.held_keys(session, now=now), seals=seals, now=now):
        await _make(session, seals=seals, from_at=now, now=now)


async def rotate_keys(
    session: Session, *, seals: Seals, now: datetime, every: timedelta = REPLACED_EVERY
) -> SigningKey | None:
    """A chore: publish the next key a day before the newest has signed for `every`. None: nothing was to be done.

    Where nobody ever needed a key there is none. Keys that were sealed with another secret of the service sign nothing
    any more: the next one then signs at once.
    """
    await alone(session, _PURPOSE)
    held = await store.held_keys(session, now=now)
    if not held:
        return None
    readable = [key for key in held if _read(key, seals) is not None]
    if not readable:
        return await _make(session, seals=seals, from_at=now, now=now)
    newest = readable[0]
    if now < newest.from_at + every - PUBLISHED_BEFORE:
        return None
    made = await _make(session, seals=seals, from_at=now + PUBLISHED_BEFORE, now=now)
    for key in held:
        key.until_at = min(key.until_at or datetime.max.replace(tzinfo=now.tzinfo), made.from_at + OVERLAP)
    await session.flush()
    return made


async def signing_keys(session: Session, *, seals: Seals, now: datetime) -> tuple[str, ...]:
    """The keys (`whsk_…`) with which messages are signed now, the newest first."""
    return _signing(await store.held_keys(session, now=now), seals=seals, now=now)


async def published_keys(session: Session, *, now: datetime) -> list[PublishedKey]:
    """The public halves of all keys that sign, will sign, or signed a while ago."""
    return [PublishedKey(key.public, key.from_at, key.until_at) for key in await store.held_keys(session, now=now)]


def _signing(held: Sequence[SigningKey], *, seals: Seals, now: datetime) -> tuple[str, ...]:
    return tuple(text for key in held if key.from_at <= now and (text := _read(key, seals)) is not None)


def _read(key: SigningKey, seals: Seals) -> str | None:
    try:
        return seals.signing_key.open(key.secret).decode()
    except Unreadable:
        return None  # the service's secret is another one now; this key signs nothing any more


async def _make(session: Session, *, seals: Seals, from_at: datetime, now: datetime) -> SigningKey:
    private = spell_private(secrets.token_bytes(32))
    key = SigningKey(
        public=public_half(private), secret=seals.signing_key.close(private.encode()), created_at=now, from_at=from_at
    )
    session.add(key)
    await session.flush()
    return key
