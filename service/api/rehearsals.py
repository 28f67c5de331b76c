"""`/endpoints/{id}:rehearse`: a plan's year, played to an endpoint with real signatures."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Request
from pydantic import Field

from service.api.endpoints import setting
from service.api.fields import Day, PathId, Slug, bound_of
from service.api.shapes import Sent, Shape
from service.gate.guard import Admin
from service.gate.idempotency import Creating
from service.gate.routing import resource
from service.gate.state import gate_of
from service.gate.transaction import Now, Writing
from service.kit.errors import invalid
from service.plans import store as plan_store
from service.plans.models import Plan
from service.preview.actions.rehearsing import rehearse
from service.preview.rules.foresight import Span
from service.webhooks.actions.bounds import within
from service.webhooks.actions.rehearsing import stop_rehearsal
from service.webhooks.store import endpoints as store

router = resource("/endpoints", tag="endpoints")

SPEED = 36_000.0  # ten hours a second: a year in a quarter of an hour


class RehearsalRequest(Sent):
    """What is to be played. Without days: the plan's period."""

    plan: Slug
    begins: Annotated[Day | None, Field(alias="from", description="The first day.")] = None
    ends: Annotated[Day | None, Field(alias="to", description="The last day.")] = None
    speed: Annotated[float, Field(ge=1, le=10_000_000, description="How many times as fast as it will be.")] = SPEED


class RehearsalShape(Shape):
    """How many notices are played, between which real instants."""

    notices: int
    begins_at: datetime
    ends_at: datetime


class StoppedShape(Shape):
    """How many notices are not played any more."""

    stopped: int


@router.post("/{endpoint_id:name}:rehearse", status_code=HTTPStatus.ACCEPTED)
async def rehearse_plan(
    endpoint_id: PathId, wanted: RehearsalRequest, actor: Admin, session: Creating, now: Now, request: Request
) -> RehearsalShape:
    """Play what a plan's time will bring this endpoint, a draft's too: really signed and sent, marked `sandbox`."""
    row = await store.get_locked(session, endpoint_id, within=await within(session, actor))
    plan = await plan_store.get(session, wanted.plan)
    span = _span(wanted, plan, ZoneInfo(plan.time_zone or gate_of(request).settings.timezone))
    made = await rehearse(
        session, actor, row, plan=plan.slug, span=span, speed=wanted.speed, setting=setting(request), now=now
    )
    return RehearsalShape.model_validate(made)


def _span(wanted: RehearsalRequest, plan: Plan, zone: ZoneInfo) -> Span:
    first, last = wanted.begins or plan.period_start, wanted.ends or plan.period_end
    if first is None or last is None:
        raise invalid("from", "this plan has no period: say from which day to which it is played")
    start, end = bound_of(first, zone, days=0), bound_of(last, zone, days=1)
    assert start is not None
    assert end is not None
    return Span(start, end)


@router.post("/{endpoint_id:name}:stop-rehearsal")
async def stop_playing(endpoint_id: PathId, actor: Admin, session: Writing, now: Now, request: Request) -> StoppedShape:
    """Play no more of what is being played to this endpoint. What is on its way at this moment arrives."""
    row = await store.get_locked(session, endpoint_id, within=await within(session, actor))
    return StoppedShape(stopped=await stop_rehearsal(session, actor, row, setting=setting(request), now=now))
