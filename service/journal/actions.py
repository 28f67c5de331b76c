"""Recording facts."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from service.journal import store
from service.journal.kinds import Kind
from service.journal.models import JournalEntry, Recorded
from service.journal.rules import Fact, Written
from service.kit.actor import Actor, ActorKind
from service.kit.database import Session

_RECORDED = "milepost_recorded"


def record(
    session: Session,
    actor: Actor,
    *,
    kind: Kind,
    subject: str,
    jurisdiction: str | None,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    now: datetime,
) -> JournalEntry:
    """Write one fact into the session's transaction: it commits with the change that it tells of, or not at all.

    `subject` is the thing's code, slug or id; its kind is the first word of `kind`. `before` and `after` are JSON.
    """
    entry = JournalEntry(
        at=now,
        kind=kind.value,
        subject_kind=kind.value.partition(".")[0],
        subject=subject,
        jurisdiction=jurisdiction,
        actor=str(actor),
        request_id=actor.request_id,
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
    )
    session.add(entry)
    recorded(session).append(entry)
    return entry


async def record_all(session: Session, actor: Actor, facts: Sequence[Fact], *, now: datetime) -> Sequence[Written]:
    """Write many facts at once, in their order: what `record` does, in one statement and with their ids at once.

    What the session still holds back is written before: facts are numbered in the order in which they were recorded.
    """
    if not facts:
        return ()
    await session.flush()
    before = recorded(session)
    last = before[-1].id if before else None
    entries = await store.write_facts(session, facts, actor=str(actor), request_id=actor.request_id, at=now, last=last)
    before.extend(entries)
    return entries


def recorded(session: Session) -> list[Recorded]:
    """The facts recorded in this session so far: rooms downstream pull from them before the door commits."""
    found: list[Recorded] = session.info.setdefault(_RECORDED, [])
    return found


def actor_of(fact: Recorded) -> Actor:
    """Whoever caused a fact, for what follows from it: the audit log names the person behind a moved date."""
    kind, _, name = fact.actor.partition(":")
    return Actor(kind=cast(ActorKind, kind), name=name, scopes=frozenset({"admin"}), request_id=fact.request_id)


@contextlib.asynccontextmanager
async def attempt(session: Session) -> AsyncIterator[None]:
    """A part of a transaction that may fail alone: what it wrote and recorded is undone, and the error goes on up."""
    before = len(recorded(session))
    try:
        async with session.begin_nested():
            yield
    except BaseException:
        del recorded(session)[before:]
        raise


async def undo(session: Session) -> None:
    """Take back everything that was written and recorded in this session: the end of a dry run."""
    await session.rollback()
    recorded(session).clear()
