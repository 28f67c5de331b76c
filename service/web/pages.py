"""How a page is made: who looks, in which language, what every page knows, and the answer around it."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from service.feeds.rules.subjects import ROOT, Language, webcal
from service.gate.guard import Reader
from service.gate.state import Gate, gate_of
from service.gate.transaction import Now, Reading
from service.kit.database import Session
from service.reports.actions.board import Viewer
from service.web.language import Speech, asked_for, language_of
from service.web.static import address_of, body_or_head

# Nothing in line, nothing from elsewhere: whatever slips through the escaping would still not run.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def pages() -> APIRouter:
    """A router for pages: they stand in docs/pages.md, not in the OpenAPI document."""
    return APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request for a page: what it may see, and how it is told."""

    request: Request
    session: Session
    viewer: Viewer
    speech: Speech

    @property
    def public_read(self) -> bool:
        """Whether anybody may read, so that feeds of units can be offered without a token."""
        return gate_of(self.request).settings.public_read

    def page(self, template: str, told: Mapping[str, Any]) -> Response:
        """A page."""
        return render(self.request, template, told, speech=self.speech)


async def visit(request: Request, actor: Reader, session: Reading, now: Now) -> Visit:
    """Whoever may read looks at a page. Raises Unknown."""
    viewer = Viewer(now=now, zone=gate_of(request).settings.timezone, public_only=actor.kind == "public")
    return Visit(request, session, viewer, Speech(language_of(request), viewer.today()))


Visiting = Annotated[Visit, Depends(visit, scope="function")]


def render(
    request: Request,
    template: str,
    told: Mapping[str, Any],
    *,
    speech: Speech,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A template filled in, with what every page knows, as an answer."""
    html = _TEMPLATES.get_template(template).render({**_known(request, speech), **told})
    kept = {"Content-Security-Policy": POLICY, "Content-Language": _tongue(speech), "Vary": "Accept, Accept-Language"}
    return body_or_head(
        request, html.encode(), media_type="text/html", headers={**(headers or {}), **kept}, status=status
    )


def _known(request: Request, speech: Speech) -> dict[str, Any]:
    gate = gate_of(request)
    return {
        "t": speech,
        "say": speech.say,
        "tongue": _tongue(speech),
        "static": address_of,
        "link": _linker(request),
        "zone": gate.settings.timezone,
        "turned": _turned(request, speech),
    }


def _tongue(speech: Speech) -> str:
    return speech.say("zh-CN", "en")


def _linker(request: Request) -> "_Link":
    return _Link(asked_for(request))


@dataclass(frozen=True, slots=True)
class _Link:
    """Addresses of other pages, which keep the language that was asked for."""

    lang: Language | None

    def __call__(self, path: str, query: Mapping[str, str] | None = None) -> str:
        asked = {name: value for name, value in (query or {}).items() if value}
        if self.lang is not None:
            asked["lang"] = self.lang.value
        path, _, anchor = path.partition("#")
        return quote(path) + (f"?{urlencode(asked)}" if asked else "") + (f"#{quote(anchor)}" if anchor else "")


def _turned(request: Request, speech: Speech) -> str:
    """This page in the other language."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"?{urlencode([*kept, ('lang', speech.say('en', 'zh'))])}"


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A unit's public feed."""

    path: str
    url: str
    webcal: str


def feed_link(gate: Gate, unit: str) -> FeedLink:
    """Where a unit's public feed is. Request headers never decide about addresses: the setting does."""
    path = f"{ROOT}{unit.replace('.', '/', 1)}.ics"
    url = f"{gate.settings.public_url}{path}"
    return FeedLink(path, url, webcal(url))
