"""`milepost why OCCURRENCE`: every planned notice of it, and how it ended."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from service.cli.columns import aligned
from service.cli.opening import opened
from service.kit.database import Session
from service.kit.errors import NotFound
from service.milestones import store as milestone_store
from service.milestones.models import Milestone, Occurrence
from service.plans import store as plan_store
from service.progress import store as progress_store
from service.reminders.actions.policies import policy_in_force
from service.reminders.models import Firing
from service.reminders.rules.policy import print_text
from service.reminders.store import ledger

_HEADER = ("planned for", "offset", "what", "plan no.", "how it ended", "when", "why")
_SPECIAL = {
    "ambiguous": " (that time comes twice: the first)",
    "missing": " (that time is left out: the first after it)",
}


def declare(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("why", help="every planned notice of an occurrence, and how it ended")
    parser.add_argument("occurrence", help="its id, or PLAN/KEY, or PLAN/KEY@PERIOD")
    parser.set_defaults(run=lambda options: asyncio.run(_explain(options.occurrence)))


async def _explain(name: str) -> None:
    async with opened() as house, house.database.read() as session:
        found = await ledger.occurrences_named(session, name)
        if not found:
            raise NotFound(f"There is no occurrence '{name}': give its id, or PLAN/KEY, or PLAN/KEY@PERIOD.")
        pages = [await _page(session, one, zone=house.settings.timezone) for one in found]
    print("\n\n".join(pages))


async def _page(session: Session, one: Occurrence, *, zone: str) -> str:
    milestone = await milestone_store.get(session, one.milestone)
    plan = await plan_store.get(session, one.plan)
    here = plan.time_zone or zone
    held = await policy_in_force(session, thing=milestone)
    firings = await ledger.firings_of(session, one.id)
    lines = [
        f"{milestone.title}",
        f"{one.id}  {one.plan}/{milestone.key}@{one.period}",
        f"due        {_due(one)}",
        f"plan       {plan.status}",
        f"units      {await _units(session, one)}",
        f"reminders  {print_text(held.policy)} ({here}), set for the {held.origin}",
        "",
    ]
    return "\n".join([*lines, *(_table(firings, here) if firings else [_why_none(one, milestone)])])


def _due(one: Occurrence) -> str:
    if one.status != "active":
        return f"{one.due_on or 'no date'}, cancelled"
    return f"{one.due_on}" if one.due_on else "no date"


async def _units(session: Session, one: Occurrence) -> str:
    standings = (await progress_store.standings(session, [one.id]))[one.id]
    return ", ".join(f"{each.unit} ({each.role}) {each.status}" for each in standings) or "none"


def _why_none(one: Occurrence, milestone: Milestone) -> str:
    if one.due_on is None:
        return "No notice is planned: there is no due date."
    if one.status != "active" or milestone.status != "active":
        return "No notice was ever planned: it was called off before."
    return "No notice is planned: the policy asks for none, the plan is not published, all is done, or it is far off."


def _table(firings: Sequence[Firing], zone: str) -> list[str]:
    return aligned([_HEADER, *(_row(each, zone) for each in firings)])


def _row(one: Firing, zone: str) -> tuple[str, ...]:
    planned = f"{one.civil_on} {one.civil_at:%H:%M}" + ("" if one.time_zone == zone else f" {one.time_zone}")
    fact = f", fact {one.fact}" if one.fact is not None else ""
    return (
        planned + _SPECIAL.get(one.local_time, ""),
        one.offset,
        one.kind,
        f"{one.due_version}",
        one.status,
        _local(one.ended_at, zone),
        (one.reason or "it waits") + fact,
    )


def _local(at: datetime | None, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" if at else "-"
