"""The application with one world behind it, and somebody who speaks WebDAV to it."""

import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as ET

import httpx
import pytest

from service.app import Milepost, create_app
from service.feeds.actions import links
from service.feeds.polled.desk import Desk
from service.feeds.rules.forms import Form
from service.feeds.rules.subjects import read_subject
from service.kit.actor import COMMAND
from service.kit.database import Database
from service.settings import Settings
from tests.conftest import SECRET, client
from tests.feeds.world import PUBLIC_URL, Watch, World, settle
from tests.fixtures.life import living

DAV = "{DAV:}"
CAL = "{urn:ietf:params:xml:ns:caldav}"


@dataclass
class Told:
    """One response of a multistatus: what is there, the names of what is not, or a status for the whole."""

    has: dict[str, ET.Element]
    lacks: set[str]
    status: int

    def text(self, name: str) -> str:
        return self.has[name].text or ""

    def hrefs(self, name: str) -> list[str]:
        return [each.text or "" for each in self.has[name].iter(f"{DAV}href")]


@dataclass
class Reader:
    """A program that reads one link: its token is the password."""

    http: httpx.AsyncClient
    feed: str
    token: str
    name: str = "justice"

    @property
    def home(self) -> str:
        return f"/dav/calendars/{self.feed}/"

    @property
    def calendar(self) -> str:
        return f"{self.home}{self.name}/"

    async def ask(
        self, method: str, path: str, body: str = "", *, depth: str | None = None, **headers: str
    ) -> httpx.Response:
        """A request with the password."""
        said = {"Authorization": basic(self.token)} | {name.replace("_", "-"): text for name, text in headers.items()}
        if depth is not None:
            said["Depth"] = depth
        return await self.http.request(method, path, content=body.encode(), headers=said)

    async def find(self, path: str, *names: str, depth: str = "0", **headers: str) -> dict[str, Told]:
        """PROPFIND for these properties (Clark's notation)."""
        answer = await self.ask("PROPFIND", path, propfind(*names), depth=depth, **headers)
        assert answer.status_code == 207, answer.text
        return statuses(answer)

    async def sync(self, token: str = "", *, limit: int | None = None) -> tuple[dict[str, Told], str]:
        """sync-collection: what changed, and the next token."""
        answer = await self.ask("REPORT", self.calendar, sync_collection(token, limit=limit), depth="0")
        assert answer.status_code == 207, answer.text
        return statuses(answer), ET.fromstring(answer.content).findtext(f"{DAV}sync-token", "")

    async def tags(self) -> dict[str, str]:
        """Every entry with its ETag, as a program without sync-collection asks for them."""
        found = await self.find(self.calendar, f"{DAV}getetag", f"{DAV}resourcetype", depth="1")
        return {path: told.text(f"{DAV}getetag") for path, told in found.items() if path.endswith(".ics")}


def basic(token: str, user: str = "anybody") -> str:
    """The header of HTTP Basic."""
    return "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()


def propfind(*names: str) -> str:
    """The body of a PROPFIND."""
    return f'<propfind xmlns="DAV:"><prop>{_spelled(names)}</prop></propfind>'


def sync_collection(token: str, *, limit: int | None = None, props: str = "<getetag/>") -> str:
    """The body of a sync-collection report."""
    most = f"<limit><nresults>{limit}</nresults></limit>" if limit is not None else ""
    return (
        f'<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token><sync-level>1</sync-level>'
        f"{most}<prop>{props}</prop></sync-collection>"
    )


def query(filters: str, *, props: str = "<D:getetag/><C:calendar-data/>") -> str:
    """The body of a calendar-query with these filters inside VCALENDAR."""
    return (
        '<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f'<D:prop>{props}</D:prop><C:filter><C:comp-filter name="VCALENDAR">{filters}</C:comp-filter></C:filter>'
        "</C:calendar-query>"
    )


def multiget(*hrefs: str, props: str = "<D:getetag/><C:calendar-data/>") -> str:
    """The body of a calendar-multiget."""
    named = "".join(f"<D:href>{href}</D:href>" for href in hrefs)
    return (
        '<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f"<D:prop>{props}</D:prop>{named}</C:calendar-multiget>"
    )


def _spelled(names: tuple[str, ...]) -> str:
    return "".join(f'<{name.rpartition("}")[2]} xmlns="{name[1:].partition("}")[0]}"/>' for name in names)


def statuses(answer: httpx.Response) -> dict[str, Told]:
    """The responses of a multistatus by address."""
    root = ET.fromstring(answer.content)
    assert root.tag == f"{DAV}multistatus"
    return {each.findtext(f"{DAV}href", ""): _told(each) for each in root.findall(f"{DAV}response")}


def _told(response: ET.Element) -> Told:
    has: dict[str, ET.Element] = {}
    lacks: set[str] = set()
    for part in response.findall(f"{DAV}propstat"):
        inside = {each.tag: each for each in part.findall(f"{DAV}prop/*")}
        if " 200 " in part.findtext(f"{DAV}status", ""):
            has |= inside
        else:
            assert " 404 " in part.findtext(f"{DAV}status", "")
            lacks |= set(inside)
    status = response.findtext(f"{DAV}status")
    return Told(has, lacks, int(status.split()[1]) if status else 0)


def condition(answer: httpx.Response) -> set[str]:
    """The conditions that a refusal names, without its sentence."""
    root = ET.fromstring(answer.content)
    assert root.tag == f"{DAV}error"
    sentence = root.findtext("{urn:x-milepost}sentence", "")
    assert sentence.endswith("."), sentence
    return {each.tag for each in root} - {"{urn:x-milepost}sentence"}


@pytest.fixture
def clock() -> Watch:
    return Watch()


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, secret=SECRET, public_url=PUBLIC_URL, role="api")


@pytest.fixture
async def app(settings: Settings, database: Database, clock: Watch) -> AsyncIterator[Milepost]:
    app = create_app(settings, database=database, clock=clock)
    async with living(app):
        yield app


@pytest.fixture
async def quick_app(sqlite_url: str, clock: Watch) -> AsyncIterator[Milepost]:
    """The application on SQLite alone, for what does not depend on the database."""
    settings = Settings(database_url=sqlite_url, secret=SECRET, public_url=PUBLIC_URL, role="api")
    database = Database(sqlite_url)
    app = create_app(settings, database=database, clock=clock)
    async with living(app):
        yield app
    await database.close()


async def town_of(app: Milepost, clock: Watch) -> World:
    """The world behind an application."""
    gate = app.state.gate
    desk = gate.hearers[0].__self__
    assert isinstance(desk, Desk)
    return await settle(gate.database, clock, desk)


async def link_to(
    world: World, subject: str = "unit:demo.justice", *, form: Form | None = None, expires_at: datetime | None = None
) -> tuple[str, str]:
    """A new link: the id of its feed, and its token."""
    async with world.change() as session:
        feed = await links.create_feed(
            session,
            COMMAND,
            subject=read_subject(subject),
            form=form or Form(),
            label="",
            expires_at=expires_at,
            secret=SECRET,
            now=world.clock.now(),
        )
        return feed.id, links.current_token(feed, secret=SECRET)


@pytest.fixture
async def town(app: Milepost, clock: Watch) -> World:
    return await town_of(app, clock)


@pytest.fixture
async def quick_town(quick_app: Milepost, clock: Watch) -> World:
    return await town_of(quick_app, clock)


@pytest.fixture
async def reader(app: Milepost, town: World) -> AsyncIterator[Reader]:
    """A program that reads the feed of `demo.justice`: once on SQLite, once on PostgreSQL."""
    feed, token = await link_to(town)
    async with client(app) as talking:
        yield Reader(talking, feed, token)


@pytest.fixture
async def quick_reader(quick_app: Milepost, quick_town: World) -> AsyncIterator[Reader]:
    """The same on SQLite alone."""
    feed, token = await link_to(quick_town)
    async with client(quick_app) as talking:
        yield Reader(talking, feed, token)


def header_of(headers: Mapping[str, str], name: str) -> set[str]:
    """The words of a list in a header."""
    return {each.strip() for each in headers.get(name, "").split(",")}
