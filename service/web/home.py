"""`/`: the plans, the units, and when the work falls due."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.responses import Response

from service.gate.state import gate_of
from service.kit.errors import NotFound
from service.kit.paging import Page, cut, decode_texts
from service.milestones.rules import Light
from service.plans import store as plan_store
from service.plans.models import Plan
from service.reports.actions.board import months
from service.reports.rules.board import Tally
from service.reports.store import board
from service.units import store as unit_store
from service.units.models import Unit
from service.web.chart import bars
from service.web.pages import FeedLink, Visit, Visiting, feed_link, pages

router = pages()

PLANS = 30
UNITS = 200
LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class PlanCard:
    """A plan on the home page."""

    plan: Plan
    tally: Tally
    light: Light


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit on the home page."""

    unit: Unit
    tally: Tally
    light: Light
    feed: FeedLink | None


@router.api_route("/", methods=["GET", "HEAD"])
async def home(
    visit: Visiting, q: str = "", jurisdiction: str = "", plans: str | None = None, units: str | None = None
) -> Response:
    """What there is. `q` searches; `plans` and `units` are cursors, and show more of the one alone."""
    q = q.strip()[:LONGEST_SEARCH]
    whole = plans is None and units is None
    told: dict[str, Any] = {"q": q, "jurisdiction": jurisdiction, "whole": whole, "bars": ()}
    if whole and not q:
        told["bars"] = bars(
            await months(visit.session, visit.viewer, jurisdiction=jurisdiction or None), today=visit.speech.today
        )
    plan_page: Page[PlanCard] = Page((), None)
    unit_page: Page[UnitLine] = Page((), None)
    if units is None:
        plan_page = await _plans(visit, q, jurisdiction, plans)
    if plans is None:
        unit_page = await _units(visit, q, jurisdiction, units)
    codes = {card.plan.jurisdiction for card in plan_page.items} | {line.unit.jurisdiction for line in unit_page.items}
    names = await unit_store.jurisdictions_by_code(visit.session, codes | ({jurisdiction} - {""}))
    if jurisdiction and jurisdiction not in names:
        raise NotFound(f"There is no jurisdiction '{jurisdiction}'.")
    return visit.page(
        "home.html",
        told
        | {
            "plans": plan_page,
            "units": _by_jurisdiction(unit_page.items),
            "more_units": unit_page.next,
            "names": {code: row.name for code, row in names.items()},
        },
    )


async def _plans(visit: Visit, q: str, jurisdiction: str, cursor: str | None) -> Page[PlanCard]:
    after = decode_texts(cursor, parts=1)
    where = plan_store.PlanFilter(q=q or None, jurisdiction=jurisdiction or None, public_only=visit.viewer.public_only)
    rows = await plan_store.list_plans(visit.session, where=where, after=after[0] if after else None, limit=PLANS + 1)
    page = cut(rows, PLANS, lambda plan: (plan.slug,))
    today = visit.speech.today
    tallies = await board.tally_plans(visit.session, [plan.slug for plan in page.items], today=today)
    cards = [PlanCard(plan, tallies[plan.slug], tallies[plan.slug].light(today)) for plan in page.items]
    return Page(tuple(sorted(cards, key=lambda card: _urgency(card.tally, card.plan.title))), page.next)


async def _units(visit: Visit, q: str, jurisdiction: str, cursor: str | None) -> Page[UnitLine]:
    after = decode_texts(cursor, parts=1)
    where = unit_store.RegistryFilter(q=q or None, jurisdiction=jurisdiction or None)
    rows = await unit_store.list_rows(
        visit.session, Unit, where=where, after=after[0] if after else None, limit=UNITS + 1
    )
    page = cut(rows, UNITS, lambda unit: (unit.code,))
    today, gate = visit.speech.today, gate_of(visit.request)
    tallies = await board.tally_units(
        visit.session, [unit.code for unit in page.items], today=today, public_only=visit.viewer.public_only
    )
    lines = [
        UnitLine(
            unit,
            tallies[unit.code],
            tallies[unit.code].light(today),
            feed_link(gate, unit.code) if visit.public_read else None,
        )
        for unit in page.items
    ]
    return Page(tuple(lines), page.next)


def _urgency(tally: Tally, name: str) -> tuple[date, int, str]:
    """What comes next stands first; of what has nothing to come, what has the most behind it."""
    return tally.next_on or date.max, -tally.past, name


def _line_urgency(line: UnitLine) -> tuple[date, int, str]:
    return _urgency(line.tally, line.unit.name)


def _by_jurisdiction(lines: Iterable[UnitLine]) -> Mapping[str, Sequence[UnitLine]]:
    grouped: dict[str, list[UnitLine]] = {}
    for line in lines:
        grouped.setdefault(line.unit.jurisdiction, []).append(line)
    lists = {code: sorted(found, key=_line_urgency) for code, found in grouped.items()}
    return dict(sorted(lists.items(), key=lambda item: (_line_urgency(item[1][0])[:1], item[0])))
