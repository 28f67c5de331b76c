"""The shared fixtures: `now`, `session`, `actor`, `api`, and what they stand on.

Whoever takes `database` (or `session` or `api`) runs twice: on SQLite and on PostgreSQL.
"""

import contextlib
import gc
import io
import logging
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import coverage
import httpx
import hypothesis
import pytest
import structlog

from service.app import Milepost, create_app
from service.gate.transaction import change
from service.kit import log
from service.kit.actor import Actor
from service.kit.clock import fixed
from service.kit.database import Database, Session
from service.settings import Settings
from tests.fixtures.life import living
from tests.fixtures.schema import create_all
from tests.fixtures.servers import SCRATCH, PostgreSQL, postgresql

ADMIN_KEY = "mpk_" + "test" * 10 + "key"
SECRET = "a secret that only the tests know, long enough"


# What these folders test stands in front of the store, whose own tests run on both databases: here one runs on SQLite
# alone, unless it has the mark `both`.
DOORS = ("api", "web", "cli")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--everything`: see `pytest_collection_modifyitems`."""
    parser.addoption("--everything", action="store_true", help="all tests on both databases, and more examples of each")


def pytest_configure(config: pytest.Config) -> None:
    """Log as the service does (the library's own default renders every local variable of a traceback), to nobody.

    Files of tests lie in memory too, where there is room.
    """
    log.configure(level="debug", style="json", stream=io.StringIO())
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(SCRATCH))
    if not config.getoption("--everything"):
        hypothesis.settings.register_profile("quick", max_examples=30)
        hypothesis.settings.load_profile("quick")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Coverage is measured on one of the two databases: a test that is traced takes twice as long."""
    tracing = coverage.Coverage.current()
    if tracing is None or not ("postgresql" in item.nodeid or item.get_closest_marker("slow")):
        return (yield)
    tracing.stop()
    try:
        return (yield)
    finally:
        tracing.start()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that no process is left alone with one at the end.

    A table of cases is gone through on SQLite; its first row alone on PostgreSQL as well. At the doors PostgreSQL has
    its turn where a test says so (`both`). `--everything` leaves nothing out.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    if not config.getoption("--everything"):
        again = set(_again(items))
        config.hook.pytest_deselected(items=sorted(again, key=lambda item: item.nodeid))
        items[:] = [item for item in items if item not in again]


def _again(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    seen: set[str] = set()
    for item in items:
        test, _, case = item.nodeid.partition("[")
        if "postgresql" not in case or item.get_closest_marker("slow"):
            continue
        on_sqlite = item.path.parent.name in DOORS and not item.get_closest_marker("both")
        if on_sqlite or (case != "postgresql]" and test in seen):
            yield item
        seen.add(test)


def pytest_collection_finish() -> None:
    """What was imported stays; the collector of garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def now() -> datetime:
    """The instant at which every test stands: 1 October 2024, 08:00 in Shanghai."""
    return datetime(2024, 10, 1, tzinfo=UTC)


@pytest.fixture
def actor() -> Actor:
    """Somebody who may do everything."""
    return Actor(kind="command", name="test", scopes=frozenset({"admin"}), request_id="req_test")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    create_all(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    """The PostgreSQL server of this run; the first test that takes it starts it."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"{os.getpid()}")
    with postgresql(run) as server:
        yield server


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of an empty SQLite database with all tables."""
    path = tmp_path / "milepost.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgresql_server: PostgreSQL) -> Iterator[str]:
    """The address of an empty PostgreSQL database with all tables."""
    url = postgresql_server.make()
    yield url.render_as_string(hide_password=False)
    postgresql_server.drop(url)


@pytest.fixture(params=("sqlite", "postgresql"))
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database with all tables: once on SQLite, once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An empty database: once SQLite, once PostgreSQL."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def session(database: Database, now: datetime) -> AsyncIterator[Session]:
    """A session in which a test changes things, as at a door; committed at the end."""
    async with change(database, now=now) as session:
        yield session


@pytest.fixture
def settings(database_url: str) -> Settings:
    """The settings of the application under test. It answers and does not fire: tests tick by hand."""
    return Settings(
        database_url=database_url,
        secret=SECRET,
        admin_key=ADMIN_KEY,
        public_url="https://milepost.test",
        clock="",
        role="api",
    )


@pytest.fixture
async def app(settings: Settings, database: Database, now: datetime) -> AsyncIterator[Milepost]:
    """The application, started, on an empty database; its clock stands still."""
    app = create_app(settings, database=database, clock=fixed(now))
    async with living(app):
        yield app


@contextlib.asynccontextmanager
async def client(app: Milepost, key: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who talks to the application, with this key or without any."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://milepost.test", headers=headers) as talking:
        yield talking


@pytest.fixture
async def api(app: Milepost) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator's client."""
    async with client(app, ADMIN_KEY) as talking:
        yield talking


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What is logged during the test, as JSON lines."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    log.configure(level="debug", style="json", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


@pytest.fixture
async def nobody(app: Milepost) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with client(app) as talking:
        yield talking
