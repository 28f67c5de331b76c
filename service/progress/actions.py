"""What can be done to progress: saying how far a unit has come."""

from datetime import datetime
from typing import Any

from service.access.rules import granted
from service.journal.actions import record
from service.journal.kinds import Kind
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Conflict, Denied, NotFound
from service.milestones import store as milestone_store
from service.milestones.models import Occurrence
from service.progress import rules, store
from service.progress.models import Progress
from service.progress.rules import ProgressStatus
from service.units.actions import require_edit


async def report(
    session: Session,
    actor: Actor,
    *,
    occurrence_id: str,
    unit_code: str,
    status: ProgressStatus,
    note: str = "",
    evidence: str = "",
    now: datetime,
) -> Progress:
    """Say how an occurrence stands with a unit.

    1. does the unit answer for it, and is it still owed  2. may the actor say that  3. write it  4. record it.
    Saying the same again changes nothing: no revision, no record. Raises NotFound, Conflict, Denied.
    """
    row = await store.get_locked(session, occurrence=occurrence_id, unit=unit_code)
    occurrence = await milestone_store.get_occurrence(session, occurrence_id)
    await _check_answers(session, occurrence, unit_code)
    before = ProgressStatus(row.status) if row else ProgressStatus.PENDING
    await _check_may_say(session, actor, occurrence, unit=unit_code, before=before, after=status)
    if row is not None and (row.status, row.note, row.evidence) == (status.value, note, evidence):
        return row
    row = row or _nothing_said(occurrence, unit_code, now=now)
    was = _snapshot(occurrence, row)
    row.status, row.note, row.evidence = status.value, note, evidence
    row.said_by, row.said_at = str(actor), now
    row.revision += 1
    session.add(row)
    await session.flush()
    record(
        session,
        actor,
        kind=Kind.PROGRESS_UPDATED,
        subject=occurrence.id,
        jurisdiction=occurrence.jurisdiction,
        before=was,
        after=_snapshot(occurrence, row),
        now=now,
    )
    return row


async def _check_answers(session: Session, occurrence: Occurrence, unit: str) -> None:
    if occurrence.status != "active":
        raise Conflict("This date was called off: nothing is owed any more.")
    answering = (await milestone_store.units_answering(session, [occurrence.id]))[occurrence.id]
    if unit not in {one.unit for one in answering}:
        raise NotFound(f"'{unit}' does not answer for the occurrence '{occurrence.id}'.")


async def _check_may_say(
    session: Session,
    actor: Actor,
    occurrence: Occurrence,
    *,
    unit: str,
    before: ProgressStatus,
    after: ProgressStatus,
) -> None:
    """Editors of the jurisdiction may say everything; a unit's own key what a unit says. Raises Denied."""
    scopes = granted(actor.scopes)
    if f"report:{unit}" in scopes:
        reason = rules.refusal(before, after)
        if not reason:
            return
        if "edit" not in scopes:
            raise Denied(reason)
    elif "edit" not in scopes:
        raise Denied(f"This needs the scope 'report:{unit}' or 'edit'.")
    await require_edit(session, actor, occurrence.jurisdiction)


def _nothing_said(occurrence: Occurrence, unit: str, *, now: datetime) -> Progress:
    return Progress(
        occurrence=occurrence.id,
        unit=unit,
        jurisdiction=occurrence.jurisdiction,
        status=ProgressStatus.PENDING.value,
        note="",
        evidence="",
        said_by="",
        said_at=now,
        revision=0,
    )


def _snapshot(occurrence: Occurrence, row: Progress) -> dict[str, Any]:
    """Progress as the journal keeps it (JSON values), with what it belongs to."""
    return {
        "occurrence": occurrence.id,
        "milestone": occurrence.milestone,
        "plan": occurrence.plan,
        "unit": row.unit,
        "status": row.status,
        "note": row.note,
        "evidence": row.evidence,
        "said_by": row.said_by or None,
        "said_at": row.said_at.isoformat() if row.revision else None,
    }
