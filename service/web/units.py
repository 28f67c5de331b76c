"""`/units/{code}`: what a unit owes, and the calendar that it can subscribe to."""

from datetime import date

from starlette.responses import Response

from service.gate.state import gate_of
from service.kit.paging import decode_texts, wrong_cursor
from service.reports.actions.board import unit_board
from service.reports.rules.board import by_day
from service.units import store
from service.units.models import Jurisdiction, Unit
from service.web.pages import Visiting, feed_link, pages

router = pages()


@router.api_route("/units/{code}", methods=["GET", "HEAD"])
async def unit_page(visit: Visiting, code: str, cursor: str | None = None) -> Response:
    """One unit. With a cursor: more of what is still to come."""
    unit = await store.get(visit.session, Unit, code)
    home = await store.get(visit.session, Jurisdiction, unit.jurisdiction)
    after = _after(cursor)
    board = await unit_board(visit.session, visit.viewer, unit=code, after=after)
    feed = feed_link(gate_of(visit.request), code) if visit.public_read else None
    told = {"unit": unit, "home": home, "board": board, "feed": feed, "by_day": by_day}
    return visit.page("unit.html", told | {"continued": after is not None})


def _after(cursor: str | None) -> tuple[date, str] | None:
    found = decode_texts(cursor, parts=2)
    if found is None:
        return None
    try:
        return date.fromisoformat(found[0]), found[1]
    except ValueError:
        raise wrong_cursor() from None
