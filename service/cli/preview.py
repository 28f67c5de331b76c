"""`milepost preview`: what would go out between two days, to whom; nothing is sent."""

import argparse
import asyncio
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from service.cli.columns import aligned, cut
from service.cli.opening import opened
from service.kit.actor import COMMAND
from service.kit.errors import invalid
from service.preview.actions.foreseeing import Foreseen, Wanted, preview
from service.preview.rules.foresight import Span

MOST = 5_000
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def declare(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("preview", help="what would go out between two days, to whom; nothing is sent")
    parser.add_argument("--from", dest="begins", required=True, metavar="D", help="the first day, or an instant")
    parser.add_argument(
        "--to", dest="ends", required=True, metavar="D", help="the last day, or an instant before which"
    )
    parser.add_argument("--plan", help="of this plan, a draft too; without: of all that are published")
    parser.add_argument("--unit", help="what this unit answers for")
    parser.set_defaults(run=lambda options: asyncio.run(_preview(options)))


async def _preview(options: argparse.Namespace) -> None:
    async with opened() as house, house.database.read() as session:
        zone, now = ZoneInfo(house.settings.timezone), house.clock.now()
        span = Span(_bound("from", options.begins, zone, days=0), _bound("to", options.ends, zone, days=1))
        wanted = Wanted(span=span, plan=options.plan, unit=options.unit)
        found = await preview(session, COMMAND, wanted=wanted, limit=MOST + 1, zone=zone, now=now)
    shown = sorted(found[:MOST], key=_place)
    for day, notices in groupby(shown, key=lambda one: one.expected.planned.on):
        print(f"{day} {_WEEKDAYS[day.weekday()]}")
        print("\n".join(f"  {line}" for line in aligned(map(_row, notices))), end="\n\n")
    if len(found) > MOST:
        print(f"Only the first {MOST:,} are shown: ask for a shorter span.")
    print(f"{len(shown)} notices, {sum(one.expected.goes_out for one in shown)} would go out")


def _place(one: Foreseen) -> tuple[date, datetime, date, str, str]:
    """By day and time where it is read; of one moment as people look for it: by due date, plan, key."""
    subject, planned = one.subject, one.expected.planned
    return planned.on, planned.fire_at, subject.due_on, subject.plan, subject.key


def _bound(name: str, text: str, zone: ZoneInfo, *, days: int) -> datetime:
    """The beginning of a day, or of the one after it; or an instant, local where it names no offset. Raises Invalid."""
    try:
        if len(text) == len("2024-10-01"):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time(), tzinfo=zone)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise invalid(f"--{name}", f"'{text}' is no day; write 2024-10-01, or 2024-10-01T08:00") from None
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _row(one: Foreseen) -> tuple[str, ...]:
    subject, planned = one.subject, one.expected.planned
    return (
        f"{planned.at:%H:%M}",
        str(planned.offset),
        f"due {subject.due_on}",
        cut(subject.title, 40),
        cut(subject.plan, 32),
        _units(one),
        _endpoints(one),
        "" if one.expected.goes_out else f"stays: {one.expected.end.reason}",
    )


def _units(one: Foreseen) -> str:
    named = [f"{one.names.get(each.unit, each.unit)}{_mark(each.status)}" for each in one.standings]
    return _some(named) or "nobody"


def _mark(status: str) -> str:
    return "" if status == "pending" else f" ({status})"


def _endpoints(one: Foreseen) -> str:
    named = [
        each.endpoint.label or each.endpoint.host
        for each in one.told or ()
        if not each.endpoint.paused and each.silenced is None
    ]
    return f"→ {_some(named)}" if named else "→ no endpoint"


def _some(named: Sequence[str]) -> str:
    shown = ", ".join(cut(each, 30) for each in named[:2])
    return shown + (f" +{len(named) - 2}" if len(named) > 2 else "")
