"""`/occurrences`: what falls due, when, for whom."""

from datetime import date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query, Request

from service.api.fields import CodeQuery, Day, PathId, Search
from service.api.shapes import ANY_LIMIT, Cursor, Limit, Page, Shape
from service.gate.conditional import etag
from service.gate.guard import Reader
from service.gate.routing import resource
from service.gate.state import gate_of
from service.gate.transaction import Now, Reading
from service.kit.database import Session
from service.kit.paging import cut, decode_texts, wrong_cursor
from service.milestones import store
from service.milestones.models import Milestone, Occurrence, OccurrenceUnit
from service.milestones.rules import Light, MilestoneKind, MilestoneStatus, Role
from service.plans import store as plan_store
from service.plans.models import Plan
from service.progress import store as progress_store
from service.progress.rules import ProgressStatus, light

router = resource("/occurrences", tag="occurrences")


class AnsweringShape(Shape):
    """A unit that answers for an occurrence. `via`: the group that it is a member of on the due date; null: itself."""

    code: str
    role: Role
    via: str | None
    status: ProgressStatus
    light: Light


class OccurrenceShape(Shape):
    """One concrete due date of a milestone. Dates are civil dates in the plan's time zone."""

    id: str
    milestone: str
    title: str
    kind: MilestoneKind
    plan: str
    jurisdiction: str
    period: str
    window_start: date | None
    nominal_due_on: date | None
    due_on: date | None
    due_time: time | None
    time_zone: str
    days_left: int | None
    provisional: bool
    dataset: str
    status: MilestoneStatus
    moved_from: date | None
    moved_at: datetime | None
    cancelled_at: datetime | None
    units: list[AnsweringShape]
    etag: str


async def shapes(session: Session, rows: list[Occurrence], *, now: datetime, zone: str) -> list[OccurrenceShape]:
    """Occurrences as they are answered, in a few queries whatever their number."""
    units = await store.units_answering(session, [row.id for row in rows])
    milestones = await store.milestones_by_id(session, {row.milestone for row in rows})
    plans = await plan_store.by_slug(session, {row.plan for row in rows})
    said = await progress_store.statuses(session, [row.id for row in rows])
    return [
        _told(row, milestones[row.milestone], plans[row.plan], units[row.id], said=said, now=now, zone=zone)
        for row in rows
    ]


def _told(
    row: Occurrence,
    milestone: Milestone,
    plan: Plan,
    units: list[OccurrenceUnit],
    *,
    said: dict[tuple[str, str], ProgressStatus],
    now: datetime,
    zone: str,
) -> OccurrenceShape:
    here = plan.time_zone or zone
    today = now.astimezone(ZoneInfo(here)).date()
    fields = {name: getattr(row, name) for name in OccurrenceShape.model_fields if hasattr(row, name)}
    return OccurrenceShape(
        **fields
        | {
            "title": milestone.title,
            "kind": milestone.kind,
            "time_zone": here,
            "days_left": (row.due_on - today).days if row.due_on else None,
            "units": [_answering(row, one, said.get((row.id, one.unit)), today=today) for one in units],
            "etag": etag(row.revision),
        }
    )


def _answering(row: Occurrence, one: OccurrenceUnit, said: ProgressStatus | None, *, today: date) -> AnsweringShape:
    status = said or ProgressStatus.PENDING
    shown = light(status, due_on=row.due_on, cancelled=row.status != "active", today=today)
    return AnsweringShape(code=one.unit, role=Role(one.role), via=one.via, status=status, light=shown)


@router.get("")
async def list_occurrences(
    request: Request,
    actor: Reader,
    session: Reading,
    now: Now,
    plan: CodeQuery = None,
    unit: CodeQuery = None,
    role: Annotated[Role | None, Query()] = None,
    kind: Annotated[MilestoneKind | None, Query()] = None,
    jurisdiction: CodeQuery = None,
    due_from: Annotated[Day | None, Query()] = None,
    due_to: Annotated[Day | None, Query()] = None,
    status: Annotated[MilestoneStatus | None, Query()] = None,
    q: Search = None,
    limit: Limit = ANY_LIMIT,
    cursor: Cursor = None,
) -> Page[OccurrenceShape]:
    """Occurrences by due date, those without one last. A unit finds what its groups answer for as well."""
    where = store.TaskFilter(
        plan, unit, role, kind, jurisdiction, due_from, due_to, status, q, public_only=actor.kind == "public"
    )
    rows = await store.list_occurrences(session, where=where, after=_after(cursor), limit=limit + 1)
    page = cut(rows, limit, lambda row: (row.sort_on.isoformat(), row.id))
    zone = gate_of(request).settings.timezone
    return Page(items=await shapes(session, list(page.items), now=now, zone=zone), next=page.next)


def _after(cursor: str | None) -> tuple[date, str] | None:
    found = decode_texts(cursor, parts=2)
    if found is None:
        return None
    try:
        return date.fromisoformat(found[0]), found[1]
    except ValueError:
        raise wrong_cursor() from None


@router.get("/{id}")
async def get_occurrence(request: Request, id: PathId, actor: Reader, session: Reading, now: Now) -> OccurrenceShape:
    """One occurrence, cancelled or not."""
    row = await store.get_occurrence(session, id, public_only=actor.kind == "public")
    zone = gate_of(request).settings.timezone
    return (await shapes(session, [row], now=now, zone=zone))[0]
