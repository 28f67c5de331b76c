"""Rehearsing: what a plan's time would bring an endpoint is foreseen, and played to it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from service.kit.actor import Actor
from service.kit.database import Session
from service.preview.actions.foreseeing import TYPES, Foreseen, View, Wanted, preview
from service.preview.rules.foresight import Span
from service.webhooks.actions import rehearsing
from service.webhooks.actions.enrolling import Setting
from service.webhooks.actions.rehearsing import Played, Rehearsal, Score
from service.webhooks.models import Endpoint
from service.webhooks.rules.playing import MOST_NOTICES


async def rehearse(
    session: Session,
    actor: Actor,
    row: Endpoint,
    *,
    plan: str,
    span: Span,
    speed: float,
    setting: Setting,
    now: datetime,
) -> Rehearsal:
    """Play a plan's notices between two instants to an endpoint that wants them, its filters as they are.

    As if the plan were published and nobody had reported yet, so that a draft can be played, and a time that is past.
    Raises Denied, NotFound, Conflict, Invalid.
    """
    wanted = Wanted(span=span, plan=plan, endpoint=row.id, view=View.FRESH)
    zone = ZoneInfo(setting.zone)
    # Twice as many: some of them stay, those that a later one overtakes.
    found = await preview(session, actor, wanted=wanted, limit=2 * MOST_NOTICES, zone=zone, now=now)
    notices = [_played(one) for one in found if one.expected.goes_out]
    score = Score(plan=plan, notices=notices, start=span.start, end=span.end, speed=speed)
    return await rehearsing.rehearse(session, actor, row, score=score, setting=setting, now=now)


def _played(one: Foreseen) -> Played:
    planned = one.expected.planned
    return Played(
        occurrence=one.subject.id,
        type=TYPES[planned.kind],
        offset=str(planned.offset),
        at=planned.fire_at,
        on=planned.on,
        zone=planned.zone,
        standings=one.standings,
    )
