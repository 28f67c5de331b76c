"""`/occurrences/{id}/progress`: how far each unit has come with what it owes."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from service.api.fields import Note, PathCode, PathId, formed
from service.api.shapes import Page, Sent, Shape
from service.gate.conditional import Replacing, etag
from service.gate.guard import Holder
from service.gate.routing import resource
from service.gate.transaction import Now, Reading, Writing
from service.milestones import store as milestone_store
from service.milestones.rules import Role
from service.progress import actions, store
from service.progress.models import Progress
from service.progress.rules import ProgressStatus, is_finished

router = resource("/occurrences", tag="progress")

_web, _WEB = formed(
    r"^(https?://[^\s\x00-\x20\x7f-\x9f]+)?$", "this must be a web address, such as https://oa.example.gov.cn/doc/12"
)
WebAddress = Annotated[str, Field(max_length=500, json_schema_extra=_WEB), _web]


class Report(Sent):
    """How it stands. What is left out is empty: a PUT replaces all that was said."""

    status: ProgressStatus
    note: Note = ""
    evidence: Annotated[WebAddress, Field(description="Where a document shows it.")] = ""


class ProgressShape(Shape):
    """How it stands with one unit. `role`: null where the unit no longer answers; `said_by`: null until it is said."""

    unit: str
    role: Role | None
    status: ProgressStatus
    finished: bool
    note: str
    evidence: str
    said_by: str | None
    said_at: datetime | None
    etag: str


def _shape(unit: str, role: str | None, row: Progress | None) -> ProgressShape:
    status = ProgressStatus(row.status) if row else ProgressStatus.PENDING
    return ProgressShape(
        unit=unit,
        role=Role(role) if role else None,
        status=status,
        finished=is_finished(status),
        note=row.note if row else "",
        evidence=row.evidence if row else "",
        said_by=row.said_by if row else None,
        said_at=row.said_at if row else None,
        etag=etag(row.revision if row else 0),
    )


@router.get("/{id}/progress")
async def list_progress(id: PathId, _actor: Holder, session: Reading) -> Page[ProgressShape]:
    """Every unit that answers, in the document's order; then those that have said something and no longer answer."""
    occurrence = await milestone_store.get_occurrence(session, id)
    answering = (await milestone_store.units_answering(session, [occurrence.id]))[occurrence.id]
    said = await store.said_of(session, occurrence.id)
    items = [_shape(one.unit, one.role, said.pop(one.unit, None)) for one in answering]
    return Page(items=[*items, *(_shape(unit, None, row) for unit, row in said.items())], next=None)


@router.put("/{id}/progress/{unit}")
async def report_progress(
    id: PathId, unit: PathCode, actor: Holder, session: Writing, now: Now, version: Replacing, wanted: Report
) -> ProgressShape:
    """Say how it stands with a unit: its own key (`report:{unit}`) or an editor. The first time needs no `If-Match`."""
    held = await store.get_locked(session, occurrence=id, unit=unit)
    version.expects(held.revision if held else 0)
    row = await actions.report(
        session,
        actor,
        occurrence_id=id,
        unit_code=unit,
        status=wanted.status,
        note=wanted.note,
        evidence=wanted.evidence,
        now=now,
    )
    version.shows(row.revision)
    answering = (await milestone_store.units_answering(session, [id]))[id]
    return _shape(unit, next(one.role for one in answering if one.unit == unit), row)
