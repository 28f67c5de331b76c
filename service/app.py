"""The application: the only place that knows every door of the web process."""

import asyncio
import contextlib
import functools
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

import service
from service.access.actions import ensure_admin_key
from service.api import (
    audit,
    deliveries,
    endpoints,
    events,
    feeds,
    firings,
    groups,
    holidays,
    jurisdictions,
    keys,
    milestones,
    occurrences,
    operations,
    plans,
    preview,
    progress,
    reading,
    reference,
    rehearsals,
    reminders,
    units,
    webhook_keys,
)
from service.api.calendar import Calendars, Polled
from service.api.secure import SecureCalendars
from service.api.shapes import Problem
from service.api.wire import CALENDARS
from service.caldav.addresses import HOST
from service.caldav.addresses import ROOT as DAV_ROOT
from service.caldav.door import ASKED_OF_HOST, Dav, WellKnown
from service.feeds.polled.desk import Desk
from service.feeds.polled.resources import Resources
from service.feeds.rules.subjects import ROOT
from service.gate import problems
from service.gate.https import ToHttps, sends_on
from service.gate.middleware import Bounded, Observed, RequestId, SafeHeaders
from service.gate.routing import API
from service.gate.state import Gate
from service.gate.stopping import at_stop
from service.gate.transaction import change
from service.kit import log, schema
from service.kit.clock import Clock, asking, counting, parse_clock
from service.kit.database import Database, sqlite_path
from service.kit.errors import MilepostError, Unavailable
from service.kit.failpoints import arm
from service.kit.memory import keep_what_is_loaded
from service.runner.life import keeping_time
from service.settings import Settings, strangers
from service.web import errors, home, static, subscribing
from service.web import plans as plan_pages
from service.web import units as unit_pages
from service.webhooks.rules.schemas import openapi_webhooks

_log = structlog.stdlib.get_logger("milepost")

DOCUMENT_LIMIT = 10 * 1024 * 1024

# Every resource of the JSON door.
RESOURCES: tuple[APIRouter, ...] = (
    jurisdictions.router,
    units.router,
    groups.router,
    reading.router,
    plans.router,
    milestones.router,
    occurrences.router,
    progress.router,
    reminders.router,
    firings.router,
    preview.router,
    holidays.router,
    feeds.router,
    endpoints.router,
    rehearsals.router,
    events.router,
    deliveries.router,
    webhook_keys.router,
    keys.router,
    audit.router,
)

# The HTML door.
PAGES: tuple[APIRouter, ...] = (home.router, plan_pages.router, unit_pages.router, subscribing.router, static.router)

FOR_OPERATORS: tuple[APIRouter, ...] = (operations.router, reference.router)

TRIES_EVERY = 2.0  # seconds
STOP_SECONDS = 5.0  # for a look that is under way

# Paths that take documents.
LARGER = {f"{API}/plans:read": DOCUMENT_LIMIT}


class SchemaBehind(MilepostError):
    """The database's schema is not that of this version: run 'milepost migrate' first."""


class Milepost(FastAPI):
    """The web process. What is polled most stands before the framework: its routing costs more than the answer."""

    calendars: Calendars | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live through one life (`lifespan`)."""
        if scope["type"] == "http" and self.calendars is not None and scope["path"].startswith(ROOT):
            method, path, query, headers = scope["method"], scope["path"], scope["query_string"], scope["headers"]
            answer = self.calendars.ready(method, path, query, headers)
            if answer is None:
                answer = await self.calendars.find(method, path, query, headers)
            await send(answer.start)
            await send(answer.body)
            return
        await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, with the one schema that no route names itself."""
        if not self.openapi_schema:
            document = get_openapi(
                title=self.title,
                version=self.version,
                summary=self.summary,
                description=self.description,
                routes=self.routes,
            )
            shapes = document.setdefault("components", {}).setdefault("schemas", {})
            told = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            shapes |= told.pop("$defs", {}) | {"Problem": told}
            document["webhooks"] = openapi_webhooks()
            self.openapi_schema = document
        return self.openapi_schema


def create_app(settings: Settings, *, database: Database | None = None, clock: Clock | None = None) -> Milepost:
    """The application for these settings; it opens its database when it starts. A database that is given stays open."""
    gate = Gate(
        settings=settings,
        database=database or Database(settings.database_url),
        clock=clock or parse_clock(settings.clock, zone=settings.timezone),
    )
    desk = Desk(
        gate.database,
        now=asking(gate.clock),
        seconds=counting(gate.clock),
        zone=ZoneInfo(settings.timezone),
        public_url=settings.public_url,
        secret=lambda: gate.secret,
        public_read=settings.public_read,
        kept_in=_reserve_of(gate, database),
    )
    gate.hearers.append(desk.hear)
    gate.metrics.registry.register(Polled(desk))
    app = Milepost(
        title="Milepost",
        summary="Keeps the deadlines of government work plans",
        version=service.__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lambda app: _life(app, gate, desk, closes_database=database is None),
        middleware=[
            Middleware(RequestId),
            Middleware(SafeHeaders, https=settings.public_url.startswith("https:")),
            Middleware(Observed, metrics=gate.metrics),
            *([Middleware(ToHttps, public_url=settings.public_url)] if sends_on(settings) else []),
            Middleware(Bounded, larger=LARGER),
        ],
    )
    app.state.gate, app.state.desk = gate, desk
    problems.install(app)
    errors.install(app)
    serves = settings.role != "worker"  # a worker answers to operators only
    app.router.routes.extend(_routes(to_everybody=serves))
    if serves:
        secure = sends_on(settings)
        app.calendars = SecureCalendars(desk, public_url=settings.public_url) if secure else Calendars(desk)
        app.router.routes.extend(_synchronising(desk, gate))
    return app


def _reserve_of(gate: Gate, given: Database | None) -> Path | None:
    """Where the last good bytes of feeds are kept: beside an embedded database, else in `var`. Whoever gives a database
    on a server is no service, and keeps nothing."""
    path = sqlite_path(gate.database.url)
    if path is not None:
        return path.parent / "feeds"
    return Path("var") / "feeds" if given is None else None


def _synchronising(desk: Desk, gate: Gate) -> tuple[BaseRoute, ...]:
    dav = Dav(desk, Resources(gate.database, desk, zone=ZoneInfo(gate.settings.timezone)))
    root = DAV_ROOT.rstrip("/")
    bare = Route(HOST, dav, methods=ASKED_OF_HOST)
    return Route("/.well-known/caldav", WellKnown()), bare, Route(root, dav), Mount(root, dav)


@functools.cache
def _routes(*, to_everybody: bool) -> tuple[BaseRoute, ...]:
    # What the framework works out about a route when it is first asked for is the same for every application.
    every = APIRouter()
    for router in (*FOR_OPERATORS, *RESOURCES, *PAGES) if to_everybody else FOR_OPERATORS:
        every.include_router(router)
    return tuple(every.routes)


@contextlib.asynccontextmanager
async def _life(app: Milepost, gate: Gate, desk: Desk, *, closes_database: bool) -> AsyncIterator[dict[str, Any]]:
    is_ready = await _is_prepared(gate, desk)
    _log.info("started", version=service.__version__, role=gate.settings.role)
    watching = asyncio.create_task(desk.watch(), name="feeds watch")
    try:
        async with keeping_time(gate) if is_ready else _keeping_time_later(gate):
            with at_stop(gate.news.let_go):
                yield {CALENDARS: app.calendars}
    finally:
        desk.stopping.set()
        await asyncio.wait({watching}, timeout=STOP_SECONDS)
        watching.cancel()
        await desk.close()
        await gate.afterwards.finish()
        await gate.close()
        if closes_database:
            await gate.database.close()
        _log.info("stopped")


async def _is_prepared(gate: Gate, desk: Desk) -> bool:
    """Prepare, if the database can be reached. Where it cannot, feeds that went out before go out all the same: a
    service that is restarted in an outage must not take the calendars away. Raises what `prepare` raises otherwise."""
    try:
        await prepare(gate)
    except Unavailable:
        if not desk.reserve.is_there:
            raise
        _log.warning("the database is away: feeds go out as they were, and nothing else works until it is back")
        return False
    return True


@contextlib.asynccontextmanager
async def _keeping_time_later(gate: Gate) -> AsyncIterator[None]:
    """Prepare and keep the time as soon as the database is back."""
    async with contextlib.AsyncExitStack() as stack:

        async def wait() -> None:
            while True:
                await asyncio.sleep(TRIES_EVERY)
                try:
                    await prepare(gate)
                except Unavailable:
                    continue
                except SchemaBehind as error:
                    _log.error("the database is back", reason=error.message)
                    continue
                await stack.enter_async_context(keeping_time(gate))
                _log.info("the database is back")
                return

        waiting = asyncio.create_task(wait(), name="wait for the database")
        try:
            yield
        finally:
            waiting.cancel()
            await asyncio.wait({waiting})


async def prepare(gate: Gate) -> None:
    """See to it that requests can be served.

    1. The secret is there.
    2. An embedded database is brought to the newest schema. On PostgreSQL others may be at work with the older one, so
       that is an operator's decision.
    3. The administrator's key from the environment holds.

    Raises SchemaBehind, Conflict, Unavailable, OSError.
    """
    assert gate.secret
    if gate.database.is_sqlite:
        await schema.upgrade(gate.database)
    elif not await schema.is_current(gate.database):
        raise SchemaBehind
    if gate.settings.admin_key is not None:
        now = gate.clock.now()
        async with change(gate.database, now=now, zone=gate.settings.timezone) as session:
            await ensure_admin_key(session, configured=gate.settings.admin_key, now=now)


def from_environ() -> Milepost:
    """The application for this process's environment: what each of several web processes starts from."""
    settings = Settings.from_environ(os.environ)
    log.configure(level=settings.log_level, style=settings.log_format)
    for sentence in strangers(os.environ):
        _log.warning(sentence)
    if settings.failpoints:
        _log.warning("this process is going to be killed: MILEPOST_FAILPOINTS", points=sorted(settings.failpoints))
        arm(settings.failpoints)
    app = create_app(settings)
    keep_what_is_loaded()
    return app
