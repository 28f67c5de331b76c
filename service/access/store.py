"""How keys and kept answers are found."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, delete, select, text, update

from service.access.models import ApiKey, IdempotentAnswer
from service.kit.database import Session
from service.kit.errors import NotFound

_LOCK_NOT_AVAILABLE = "55P03"


async def key_by_digest(session: Session, digest: str) -> ApiKey | None:
    """The key with this digest, whatever its standing."""
    return (await session.exec(select(ApiKey).where(col(ApiKey.digest) == digest))).one_or_none()


async def get_key(session: Session, key_id: str, *, jurisdiction: str | None) -> ApiKey:
    """One key by its id, revoked or not; of one jurisdiction, or of any. Raises NotFound."""
    key = await session.get(ApiKey, key_id)
    if key is None or jurisdiction not in (None, key.jurisdiction):
        raise NotFound(f"There is no key '{key_id}'.")
    return key


async def any_key(session: Session) -> bool:
    """Whether there is, or ever was, any key."""
    return (await session.exec(select(ApiKey.id).limit(1))).first() is not None


async def keys_named(session: Session, name: str) -> Sequence[ApiKey]:
    """The keys with this name that are not revoked."""
    query = select(ApiKey).where(col(ApiKey.name) == name, col(ApiKey.revoked_at).is_(None))
    return (await session.exec(query)).all()


async def list_keys(
    session: Session, *, jurisdiction: str | None, after: tuple[datetime, str] | None, limit: int
) -> Sequence[ApiKey]:
    """Keys in order of creation, those after `after` first; of one jurisdiction, or all of them."""
    query = select(ApiKey).order_by(col(ApiKey.created_at), col(ApiKey.id)).limit(limit)
    if jurisdiction is not None:
        query = query.where(col(ApiKey.jurisdiction) == jurisdiction)
    if after is not None:
        at, key_id = after
        later = col(ApiKey.created_at) > at
        query = query.where(later | ((col(ApiKey.created_at) == at) & (col(ApiKey.id) > key_id)))
    return (await session.exec(query)).all()


async def note_use(session: Session, *, key_id: str, now: datetime, unless_after: datetime) -> None:
    """Write the time of last use, unless another process has just done so."""
    stale = col(ApiKey.last_used_at).is_(None) | (col(ApiKey.last_used_at) <= unless_after)
    await session.exec(update(ApiKey).where(col(ApiKey.id) == key_id, stale).values(last_used_at=now))


async def claim_answer(
    session: Session, *, actor: str, key: str, fingerprint: str, now: datetime, wait_ms: int
) -> bool:
    """Take an idempotency key for this transaction. False: somebody had it before; their answer is there to be read.

    Whoever comes second waits for the first to commit or to roll back: on SQLite at BEGIN IMMEDIATE, on PostgreSQL at
    the unique key, and there for `wait_ms` at most. Raises TimeoutError when the first is still at work then.
    """
    connection = await session.connection()
    on_postgresql = connection.dialect.name == "postgresql"
    insert = postgresql.insert(IdempotentAnswer) if on_postgresql else sqlite.insert(IdempotentAnswer)
    row = insert.values(actor=actor, key=key, fingerprint=fingerprint, created_at=now)
    claim = row.on_conflict_do_nothing().returning(col(IdempotentAnswer.key))
    if not on_postgresql:
        return (await connection.execute(claim)).first() is not None
    # SET LOCAL takes no parameters; the number is ours.
    await connection.execute(text(f"SET LOCAL lock_timeout = {int(wait_ms)}"))
    try:
        taken = (await connection.execute(claim)).first() is not None
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise TimeoutError from error
        raise
    await connection.execute(text("SET LOCAL lock_timeout = DEFAULT"))
    return taken


async def get_answer(session: Session, *, actor: str, key: str) -> IdempotentAnswer | None:
    """The answer kept under an idempotency key."""
    return await session.get(IdempotentAnswer, (actor, key), populate_existing=True)


async def drop_answers(session: Session, *, before: datetime) -> None:
    """Forget the answers that nobody will ask for again."""
    await session.exec(delete(IdempotentAnswer).where(col(IdempotentAnswer.created_at) < before))
