"""`/subscribe/…`: how to subscribe, for every program; `/check`: whether an address works.

For people without a key: who has an address may see how to use it.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import segno
from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from service.feeds.polled.checking import Checked, check
from service.feeds.polled.desk import Desk
from service.feeds.polled.pages import OpenLink
from service.feeds.rules.forms import Component, Content, Form, Switch
from service.feeds.rules.programs import OFFERED
from service.feeds.rules.subjects import ROOT, TOKEN, SubjectKind, address, subscribe_path, webcal
from service.feeds.store import subjects as subject_store
from service.gate.state import gate_of
from service.gate.transaction import Reading
from service.kit.errors import NotFound, Unavailable
from service.reports.actions.board import Viewer
from service.units import store as unit_store
from service.units.models import Unit
from service.web.language import Speech, language_of
from service.web.pages import Visiting, pages, render

router = pages()

LONGEST_ADDRESS = 1_000
_PRIVATE: Mapping[str, str] = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


@router.api_route("/subscribe/{token}", methods=["GET", "HEAD"])
async def subscribe_page(request: Request, session: Reading, token: str) -> Response:
    """How to subscribe with a link of one's own. Closed: 410."""
    desk = _desk_of(request)
    link = await desk.open_link(token) if TOKEN.match(token) else None
    if link is None:
        raise NotFound("There is no such calendar.")
    if not isinstance(link, OpenLink):
        return _refused(request, link.status)
    standing = await subject_store.standing_of(session, link.subject)
    if standing is None:
        raise NotFound("There is no such calendar.")
    url = address(gate_of(request).settings.public_url, token=token, subject=link.subject)
    return _page(request, standing.name, url, subscribe_path(token=token), link.form, replaced=link.notice is not None)


@router.api_route("/subscribe/{jurisdiction}/{unit}", methods=["GET", "HEAD"])
async def subscribe_public_page(visit: Visiting, jurisdiction: str, unit: str) -> Response:
    """How to subscribe to what a unit owes by public plans; where anybody may read."""
    if not visit.public_read:
        raise NotFound("Public reading is off here: ask an administrator for an address of your own.")
    row = await unit_store.get(visit.session, Unit, f"{jurisdiction}.{unit}")
    public_url = gate_of(visit.request).settings.public_url
    url = f"{public_url}{ROOT}{row.code.replace('.', '/', 1)}.ics"
    return _page(visit.request, row.name, url, subscribe_path(unit=row.code), Form())


@router.api_route("/check", methods=["GET", "HEAD"])
async def check_page(request: Request, address: str = "") -> Response:
    """Whether an address works, and whether programs can read what it answers."""
    asked = address.strip()[:LONGEST_ADDRESS]
    found: Checked | None = await check(_desk_of(request), asked) if asked else None
    told = {"address": asked, "found": found}
    return render(request, "check.html", told, speech=_speech(request), headers=_PRIVATE)


def _page(request: Request, name: str, url: str, path: str, form: Form, *, replaced: bool = False) -> Response:
    public_url = gate_of(request).settings.public_url
    told: dict[str, Any] = {
        "name": name,
        "url": url,
        "webcal": webcal(url),
        "google": f"https://calendar.google.com/calendar/render?{urlencode({'cid': webcal(url)}, quote_via=quote)}",
        "outlook": {
            "Outlook.com": f"https://outlook.live.com/calendar/0/addfromweb?{_named(url, name)}",
            "Microsoft 365": f"https://outlook.office.com/calendar/0/addfromweb?{_named(url, name)}",
        },
        "page_code": _code(public_url + path),
        "webcal_code": _code(webcal(url)),
        "holidays": f"{public_url}{ROOT}{SubjectKind.HOLIDAYS.value}/CN.ics",
        "programs": OFFERED,
        "form": form,
        "is_todo": form.component is Component.VTODO,
        "has_alarms": form.alarms is Switch.ON,
        "is_short": form.content is not Content.FULL,
        "replaced": replaced,
        "check": f"/check?{urlencode({'address': url}, quote_via=quote)}",
    }
    return render(request, "subscribing.html", told, speech=_speech(request), headers=_PRIVATE)


def _named(url: str, name: str) -> str:
    return urlencode({"url": url, "name": name}, quote_via=quote)


def _code(text: str) -> Markup:
    """A QR code as a drawing within the page: nothing is fetched for it, and it carries no style."""
    drawing = segno.make(text, error="m", micro=False).svg_inline(scale=4, border=4, svgclass="qr", lineclass=None)
    return Markup(drawing)  # noqa: S704  # segno's own drawing of squares: nothing of the text stands in it


def _refused(request: Request, status: int) -> Response:
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        raise Unavailable
    return render(request, "closed.html", {}, speech=_speech(request), status=status, headers=_PRIVATE)


def _speech(request: Request) -> Speech:
    gate = gate_of(request)
    viewer = Viewer(now=gate.clock.now(), zone=gate.settings.timezone, public_only=True)
    return Speech(language_of(request), viewer.today())


def _desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk
