"""Polls answered where their bytes arrive: with the same answers, and no harm to what else is on the connection."""

import asyncio
import re
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.api.wire import CALENDARS, PolledFirst
from service.app import Milepost, create_app
from service.cli.serve import how
from service.feeds.actions import links
from service.feeds.rules.forms import Form
from service.feeds.rules.subjects import address, read_subject
from service.feeds.store.fetches import fetches_of
from service.kit.actor import COMMAND
from service.kit.database import Database
from service.settings import Settings
from tests.conftest import SECRET
from tests.feeds.world import PUBLIC_URL, Watch, World, settle
from tests.fixtures.life import living

PUBLIC = "/calendars/demo/justice.ics"
PATIENCE = 20.0


@dataclass
class Served:
    """A server before the application; `passed` counts the requests that came through to it."""

    port: int = 0
    passed: int = 0

    async def ask(self, *requests: bytes) -> bytes:
        """Send requests over one connection, all at once; what comes back, without dates. The last one closes it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"".join(requests))
        async with asyncio.timeout(PATIENCE):
            told = await reader.read()
        writer.close()
        return re.sub(rb"date: [^\r]+", b"date: then", told)


@asynccontextmanager
async def _serving(app: Milepost, protocol: type[HttpToolsProtocol]) -> AsyncIterator[Served]:
    served = Served()

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        served.passed += 1
        await app(scope, receive, send)

    config = uvicorn.Config(counted, port=0, http=protocol, lifespan="off", log_config=None, access_log=False)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    server.lifespan.state = {CALENDARS: app.calendars}
    await server.startup()
    served.port = server.servers[0].sockets[0].getsockname()[1]
    ticking = asyncio.create_task(server.main_loop())
    try:
        yield served
    finally:
        server.should_exit = True
        await ticking
        async with asyncio.timeout(PATIENCE):
            await server.shutdown()


@pytest.fixture
async def app(database_url: str, database: Database) -> AsyncIterator[Milepost]:
    settings = Settings(database_url=database_url, secret=SECRET, public_url=PUBLIC_URL, public_read=True, role="api")
    app = create_app(settings, database=database, clock=Watch())
    async with living(app):
        yield app


@pytest.fixture
async def town(app: Milepost, database: Database) -> World:
    """The world behind the application, with one task for two units."""
    world = await settle(database, app.state.gate.clock, app.state.desk)
    await world.milestone("梳理问题清单", {"value": "2024-12"}, roles={"demo.all": "responsible"})
    return world


@pytest.fixture
async def wire(app: Milepost, town: World) -> AsyncIterator[Served]:
    async with _serving(app, PolledFirst) as served:
        await served.ask(_get())
        await served.ask(_get(accept_encoding="gzip"))
        served.passed = 0
        yield served


def _get(target: str = PUBLIC, *, method: str = "GET", body: bytes = b"", closes: bool = True, **headers: str) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "host: milepost.test"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode() + body
    return request + LAST if closes else request


# Not a poll: it goes through to the application, which answers and closes the connection.
LAST = b"GET /calendars/nothing HTTP/1.1\r\nhost: milepost.test\r\nconnection: close\r\n\r\n"


async def test_what_goes_out_is_what_the_application_answers(app: Milepost, wire: Served) -> None:
    whole = await wire.ask(_get(accept_encoding="gzip"))
    tag, changed_at = (re.search(pattern, whole) for pattern in (rb"etag: (\S+)", rb"last-modified: ([^\r]+)"))
    assert tag
    assert changed_at
    asked = [
        _get(),
        _get(accept_encoding="gzip"),
        _get(accept_encoding="br;q=0.5, gzip"),
        _get(accept_encoding="gzip", if_none_match=tag[1].decode()),
        _get(accept_encoding="gzip", if_none_match=f'"other", W/{tag[1].decode()}'),
        _get(if_none_match=tag[1].decode()),
        _get(if_modified_since=changed_at[1].decode()),
        _get(accept="application/calendar+json"),
        _get(f"{PUBLIC}?"),
        _get(f"{PUBLIC}?lang=en"),
        _get(f"{PUBLIC}?lang=fr"),
        _get(f"{PUBLIC}#there"),
        _get("/calendars/demo/%6austice.ics"),
        _get("/calendars/demo/nobody.ics"),
        _get(PUBLIC.replace(".ics", ".json")),
        _get(f"http://milepost.test{PUBLIC}"),
        _get(method="HEAD"),
        _get(method="POST", body=b"x", content_length="1"),
        _get(body=b"means nothing", content_length="13"),
        _get(expect="100-continue"),
        _get().replace(b"HTTP/1.1", b"HTTP/1.0", 1),
        _get(connection="close"),
    ]
    async with _serving(app, HttpToolsProtocol) as usual:
        for request in [*asked, *asked]:
            assert await wire.ask(request) == await usual.ask(request), request


async def test_a_poll_whose_answer_lies_ready_never_becomes_a_request(wire: Served) -> None:
    told = await wire.ask(_get(closes=False), _get(accept_encoding="gzip", body=b"x" * 13, content_length="13"))
    assert told.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert wire.passed == 1  # the one that closes the connection


def test_it_is_what_milepost_serves_with() -> None:
    assert how(Settings(), Namespace(host="127.0.0.1", port=8000))["http"] is PolledFirst


async def test_answers_keep_the_order_of_their_requests(wire: Served) -> None:
    quick, slow = _get(closes=False), _get("/healthz", closes=False)
    told = await wire.ask(quick, slow, quick, quick, slow, _get())
    kinds = re.findall(rb"content-type: (\S+?);?(?: charset=utf-8)?\r\n", told)
    assert [kind.partition(b"/")[2] for kind in kinds] == [
        b"calendar",
        b"json",
        b"calendar",
        b"calendar",
        b"json",
        b"calendar",
        b"plain",
    ]


async def test_a_client_that_is_slow_to_read_gets_everything(wire: Served) -> None:
    asked = 8_000
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port, limit=1_024)
    writer.write(_get(closes=False) * asked + LAST)
    async with asyncio.timeout(PATIENCE):
        await writer.drain()
        told = await reader.read()
    writer.close()
    assert told.count(b"BEGIN:VCALENDAR") == asked
    assert wire.passed > 1, "it never had to wait, so this tried nothing"


async def test_a_change_is_in_the_next_answer(town: World, wire: Served) -> None:
    before = town.desk.counts.statuses[200]
    await town.milestone("另一件事", {"value": "2024-11"})
    assert "另一件事".encode() in await wire.ask(_get())
    assert town.desk.counts.statuses[200] == before + 1


async def test_who_fetched_a_link_is_noted(town: World, wire: Served) -> None:
    async with town.change() as session:
        feed = await links.create_feed(
            session,
            COMMAND,
            subject=read_subject("unit:demo.justice"),
            form=Form(),
            label="",
            expires_at=None,
            secret=SECRET,
            now=town.clock.now(),
        )
        path = address("", token=links.current_token(feed, secret=SECRET), subject=read_subject(feed.subject))
    await wire.ask(_get(path))
    await wire.ask(_get(path, user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.0"))
    await town.desk.write_ledger()
    async with town.database.read() as session:
        noted = (await fetches_of(session, [feed.id]))[feed.id]
    assert {each.program for each in noted} == {"other", "thunderbird"}


async def test_a_connection_that_waits_does_not_hold_the_stop_up(app: Milepost, town: World) -> None:
    async with _serving(app, PolledFirst) as served:
        await served.ask(_get())
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(_get(closes=False))
        await reader.readuntil(b"END:VCALENDAR\r\n")
    assert await reader.read() == b""
    writer.close()
