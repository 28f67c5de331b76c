"""`/firings`: every planned notice, and how it ended."""

from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query, Request

from service.api.fields import CodeQuery, DayOrAt, bound_of
from service.api.shapes import ANY_LIMIT, Cursor, Limit, Page, Shape
from service.gate.guard import Holder
from service.gate.routing import resource
from service.gate.state import gate_of
from service.gate.transaction import Reading
from service.kit.paging import cut, decode_instant_cursor
from service.reminders.models import Firing
from service.reminders.rules.offsets import NoticeKind
from service.reminders.rules.planning import FiringStatus
from service.reminders.rules.timing import LocalTime
from service.reminders.store.ledger import FiringFilter, list_firings

router = resource("/firings", tag="firings")


class FiringShape(Shape):
    """One planned notice.

    `fire_at` is the instant for which it is planned, `civil_on` and `civil_at` what that means in `time_zone`;
    `local_time` says whether clocks are changed just then. `cause` and `reason` say why it ended, `fact` is the audit's
    number of what went out.
    """

    id: str
    occurrence: str
    milestone: str
    plan: str
    jurisdiction: str
    kind: NoticeKind
    offset: str
    due_on: date
    due_version: int
    fire_at: datetime
    civil_on: date
    civil_at: str
    time_zone: str
    local_time: LocalTime
    status: FiringStatus
    cause: str | None
    reason: str | None
    fact: int | None
    created_at: datetime
    ended_at: datetime | None


def _shape(row: Firing) -> FiringShape:
    fields = {name: getattr(row, name) for name in FiringShape.model_fields}
    return FiringShape(
        **fields | {"civil_at": f"{row.civil_at:%H:%M}", "cause": row.cause or None, "reason": row.reason or None}
    )


@router.get("")
async def show_firings(
    request: Request,
    _actor: Holder,
    session: Reading,
    occurrence: CodeQuery = None,
    milestone: CodeQuery = None,
    plan: CodeQuery = None,
    jurisdiction: CodeQuery = None,
    unit: CodeQuery = None,
    kind: Annotated[NoticeKind | None, Query()] = None,
    status: Annotated[FiringStatus | None, Query()] = None,
    fire_from: Annotated[DayOrAt, Query(alias="from", description="A day, or an instant; included.")] = None,
    fire_to: Annotated[DayOrAt, Query(alias="to", description="A day, included; or an instant, not included.")] = None,
    limit: Limit = ANY_LIMIT,
    cursor: Cursor = None,
) -> Page[FiringShape]:
    """Planned notices by the instant for which they are planned, ended ones too. Days are the service's time zone's."""
    zone = ZoneInfo(gate_of(request).settings.timezone)
    where = FiringFilter(
        occurrence=occurrence,
        milestone=milestone,
        plan=plan,
        jurisdiction=jurisdiction,
        unit=unit,
        kind=kind,
        status=status,
        fire_from=bound_of(fire_from, zone, days=0),
        fire_before=bound_of(fire_to, zone, days=1),
    )
    rows = await list_firings(session, where=where, after=decode_instant_cursor(cursor), limit=limit + 1)
    page = cut(rows, limit, lambda row: (row.fire_at.isoformat(), row.id))
    return Page(items=[_shape(row) for row in page.items], next=page.next)
