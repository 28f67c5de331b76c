"""What can be done with keys. Making and revoking is recorded; using is not."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.access import rules, store
from service.access.models import ApiKey
from service.journal.actions import record
from service.journal.kinds import Kind
from service.kit.actor import SERVICE, Actor
from service.kit.database import Session, alone
from service.kit.errors import Conflict, Unknown
from service.kit.ids import new_id

ENVIRONMENT_KEY = "MILEPOST_ADMIN_KEY"
FIRST_KEY = "first administrator"
ANSWERS_KEPT = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. `secret` exists here and nowhere else."""

    key: ApiKey
    secret: str

    def __repr__(self) -> str:
        return f"NewKey({self.key.id})"


async def create_key(
    session: Session,
    actor: Actor,
    *,
    name: str,
    scopes: Sequence[str],
    jurisdiction: str | None = None,
    expires_at: datetime | None = None,
    now: datetime,
) -> NewKey:
    """A new key; its secret is in the answer and is not kept. Raises Invalid, Conflict, Denied."""
    rules.check_grant(actor, jurisdiction=jurisdiction)
    rules.check_wanted(name=name, scopes=scopes)
    rules.check_possible(name=name, expires_at=expires_at, now=now)
    secret = make_secret()
    key = ApiKey(
        id=new_id("key"),
        name=name.strip(),
        prefix=rules.shown(secret),
        digest=rules.digest(secret),
        scopes=sorted(set(scopes)),
        jurisdiction=jurisdiction,
        created_at=now,
        expires_at=expires_at,
    )
    await _add(session, actor, key, now=now)
    return NewKey(key, secret)


async def revoke_key(session: Session, actor: Actor, key: ApiKey, *, now: datetime) -> None:
    """Make a key useless from now on; revoking it again changes nothing. Raises Denied."""
    rules.check_grant(actor, jurisdiction=key.jurisdiction)
    if key.revoked_at is not None:
        return
    before = snapshot(key)
    key.revoked_at = now
    record(
        session,
        actor,
        kind=Kind.KEY_REVOKED,
        subject=key.id,
        jurisdiction=key.jurisdiction,
        before=before,
        after=snapshot(key),
        now=now,
    )


async def authenticate(session: Session, *, secret: str, request_id: str = "", now: datetime) -> tuple[Actor, ApiKey]:
    """Who holds this secret. Raises Unknown, with the same words whatever is wrong with it."""
    if not rules.is_well_formed(secret):
        raise Unknown
    wanted = rules.digest(secret)
    key = await store.key_by_digest(session, wanted)
    if key is None or not rules.same_digest(key.digest, wanted):
        raise Unknown
    if not rules.holds(rules.Standing(key.expires_at, key.revoked_at), now=now):
        raise Unknown
    actor = Actor(
        kind="key",
        name=key.name,
        scopes=rules.granted(key.scopes),
        jurisdiction=key.jurisdiction,
        key_id=key.id,
        request_id=request_id,
    )
    return actor, key


async def note_use(session: Session, *, key_id: str, now: datetime) -> None:
    """Write down that a key was used; at most once a minute."""
    await store.note_use(session, key_id=key_id, now=now, unless_after=now - rules.USE_NOTED_EVERY)


async def ensure_admin_key(session: Session, *, configured: str | None, now: datetime) -> str | None:
    """See to it that an administrator can come in.

    1. With a key from the environment: it holds, and an earlier one from the environment does not any more.
    2. Without one, and where there never was any key: one is made, and its secret is the answer. Show it once.

    Raises Conflict when the key from the environment was revoked.
    """
    await alone(session, "administrator's key")  # replicas that start together make one key, not one each
    if configured is not None:
        await _take_from_environment(session, configured, now=now)
        return None
    if await store.any_key(session):
        return None
    secret = make_secret()
    await _add(session, SERVICE, _admin(FIRST_KEY, secret, now=now), now=now)
    return secret


async def _take_from_environment(session: Session, secret: str, *, now: datetime) -> None:
    known = await store.key_by_digest(session, rules.digest(secret))
    for earlier in await store.keys_named(session, ENVIRONMENT_KEY):
        if known is None or earlier.id != known.id:
            await revoke_key(session, SERVICE, earlier, now=now)
    if known is None:
        await _add(session, SERVICE, _admin(ENVIRONMENT_KEY, secret, now=now), now=now)
    elif known.revoked_at is not None:
        raise Conflict(f"{ENVIRONMENT_KEY}: this key was revoked; set another one, or none.")


def _admin(name: str, secret: str, *, now: datetime) -> ApiKey:
    return ApiKey(
        id=new_id("key"),
        name=name,
        prefix=rules.shown(secret),
        digest=rules.digest(secret),
        scopes=["admin"],
        created_at=now,
    )


async def _add(session: Session, actor: Actor, key: ApiKey, *, now: datetime) -> None:
    session.add(key)
    await session.flush()
    record(
        session,
        actor,
        kind=Kind.KEY_CREATED,
        subject=key.id,
        jurisdiction=key.jurisdiction,
        before=None,
        after=snapshot(key),
        now=now,
    )


def make_secret() -> str:
    """`mpk_` and 256 random bits in base64url."""
    return "mpk_" + secrets.token_urlsafe(32)


def snapshot(key: ApiKey) -> dict[str, object]:
    """A key as the journal keeps it: nothing from which it could be guessed."""
    return {
        "name": key.name,
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "jurisdiction": key.jurisdiction,
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }


async def forget_answers(session: Session, *, now: datetime) -> None:
    """Drop kept answers once nobody will repeat their request any more."""
    await store.drop_answers(session, before=now - ANSWERS_KEPT)
