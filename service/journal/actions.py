"""Recording facts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from service.journal.kinds import Kind
from service.journal.models import JournalEntry
from service.kit.actor import Actor
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

    `subject` is the thing's code, slug or id; its kind is the first word of `kind`. `before` and `after` are JSON values.
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


def recorded(session: Session) -> list[JournalEntry]:
    """The facts recorded in this session so far: rooms downstream pull from them before the door commits."""
    found: list[JournalEntry] = session.info.setdefault(_RECORDED, [])
    return found
