"""`/preview`: what would go out between two instants, as a list or a calendar. Nothing is sent."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import Query, Request, Response

from service.api.fields import CodeQuery, DayOrAt, bound_of
from service.api.shapes import ANY_LIMIT, Cursor, Limit, Page, Shape
from service.feeds.rules.subjects import Language
from service.gate.guard import Holder
from service.gate.routing import resource
from service.gate.state import gate_of
from service.gate.transaction import Now, Reading
from service.kit.errors import invalid
from service.kit.paging import cut, decode_texts, wrong_cursor
from service.milestones.rules import Role
from service.preview.actions.calendar import as_calendar
from service.preview.actions.foreseeing import Foreseen, Place, Told, Wanted, preview
from service.preview.rules.foresight import Span
from service.progress.rules import ProgressStatus
from service.reminders.rules.offsets import NoticeKind
from service.reminders.rules.planning import FiringStatus
from service.reminders.rules.timing import LocalTime
from service.webhooks.rules.acknowledgement import Ack
from service.webhooks.rules.words import Rhythm

router = resource("/preview", tag="preview")

AHEAD = timedelta(days=30)
MOST_IN_CALENDAR = 2_000
CALENDAR = "text/calendar"


class TellingShape(Shape):
    """A unit that answers for it, and how it stands."""

    code: str
    name: str
    role: Role
    status: ProgressStatus


class HearingShape(Shape):
    """An endpoint that would be told: at once or with its digest (`rhythm`).

    `silenced`: its receiver answered to an earlier notice that it wants no more.
    """

    id: str
    host: str
    label: str
    rhythm: Rhythm
    paused: bool
    silenced: Ack | None


class ForeseenShape(Shape):
    """A notice. `status` is `pending` when it would go out; otherwise it, `cause` and `reason` say why not, as in
    `/firings`.

    `firing` is its id in the ledger, once it is planned. `endpoints`: null for those who are no administrators.
    """

    fire_at: datetime
    civil_on: date
    civil_at: str
    time_zone: str
    local_time: LocalTime
    kind: NoticeKind
    offset: str
    goes_out: bool
    status: FiringStatus
    cause: str | None
    reason: str | None
    firing: str | None
    occurrence: str
    period: str
    due_on: date
    milestone: str
    key: str
    title: str
    plan: str
    plan_title: str
    jurisdiction: str
    units: list[TellingShape]
    endpoints: list[HearingShape] | None


def _shape(one: Foreseen) -> ForeseenShape:
    subject, planned, end = one.subject, one.expected.planned, one.expected.end
    goes_out = one.expected.goes_out
    return ForeseenShape(
        fire_at=planned.fire_at,
        civil_on=planned.on,
        civil_at=f"{planned.at:%H:%M}",
        time_zone=planned.zone,
        local_time=planned.local_time,
        kind=planned.kind,
        offset=str(planned.offset),
        goes_out=goes_out,
        status=end.status,
        cause=None if goes_out else end.cause.value,
        reason=None if goes_out else end.reason,
        firing=one.expected.firing,
        occurrence=subject.id,
        units=[
            TellingShape(code=each.unit, name=one.names.get(each.unit, each.unit), role=each.role, status=each.status)
            for each in one.standings
        ],
        endpoints=None if one.told is None else [_hearing(each) for each in one.told],
        **{name: getattr(subject, name) for name in _OF_SUBJECT},
    )


_OF_SUBJECT = ("period", "due_on", "milestone", "key", "title", "plan", "plan_title", "jurisdiction")


def _hearing(told: Told) -> HearingShape:
    fields = {name: getattr(told.endpoint, name) for name in ("id", "host", "label", "rhythm", "paused")}
    return HearingShape(**fields, silenced=told.silenced)


Format = Annotated[
    Literal["json", "ics"] | None, Query(description="`ics`: a calendar, as with `Accept: text/calendar`.")
]
_CALENDAR: dict[int | str, dict[str, Any]] = {200: {"content": {CALENDAR: {"schema": {"type": "string"}}}}}


@router.get("", response_model=Page[ForeseenShape], responses=_CALENDAR)
async def show_preview(
    request: Request,
    actor: Holder,
    session: Reading,
    now: Now,
    begins: Annotated[DayOrAt, Query(alias="from", description="A day, or an instant; included. Default: now.")] = None,
    ends: Annotated[
        DayOrAt,
        Query(alias="to", description="A day, included; or an instant, not included. Default: 30 days after `from`."),
    ] = None,
    plan: CodeQuery = None,
    unit: CodeQuery = None,
    endpoint: CodeQuery = None,
    form: Annotated[Format, Query(alias="format")] = None,
    lang: Annotated[Language, Query(description="The calendar's language.")] = Language.ZH,
    limit: Limit = ANY_LIMIT,
    cursor: Cursor = None,
) -> Page[ForeseenShape] | Response:
    """What would go out between two instants, to whom, and why not. Nothing is sent.

    It is computed from policies and due dates, so the ledger's horizon is no bound; with `plan`, for a draft as well.
    """
    settings = gate_of(request).settings
    zone = ZoneInfo(settings.timezone)
    start = bound_of(begins, zone, days=0) or now
    span = Span(start, bound_of(ends, zone, days=1) or start + AHEAD)
    wanted = Wanted(span=span, plan=plan, unit=unit, endpoint=endpoint)
    if form == "ics" or (form is None and _asks_for_calendar(request)):
        found = await preview(session, actor, wanted=wanted, limit=MOST_IN_CALENDAR + 1, zone=zone, now=now)
        if len(found) > MOST_IN_CALENDAR:
            raise invalid("to", f"these are more than {MOST_IN_CALENDAR} notices: a calendar takes a shorter span")
        text = await asyncio.to_thread(
            as_calendar, found, lang=lang, public_url=settings.public_url, zone=settings.timezone
        )
        return Response(text, media_type=f"{CALENDAR}; charset=utf-8", headers={"Vary": "Accept"})
    rows = await preview(session, actor, wanted=wanted, after=_after(cursor), limit=limit + 1, zone=zone, now=now)
    page = cut(rows, limit, lambda one: (one.place[0].isoformat(), *one.place[1:]))
    return Page(items=[_shape(one) for one in page.items], next=page.next)


def _asks_for_calendar(request: Request) -> bool:
    accepted = request.headers.get("accept", "").lower()
    return CALENDAR in accepted and "json" not in accepted


def _after(cursor: str | None) -> Place | None:
    found = decode_texts(cursor, parts=3)
    if found is None:
        return None
    try:
        at = datetime.fromisoformat(found[0])
    except ValueError:
        raise wrong_cursor() from None
    if at.tzinfo is None:
        raise wrong_cursor()
    return at, found[1], found[2]
