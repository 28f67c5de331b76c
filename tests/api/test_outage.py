"""The whole service without its database: what was sent goes on being sent, through a restart too."""

import asyncio
import shutil
import threading
from pathlib import Path

import httpx
import pytest

from service import app as application
from service.app import create_app
from service.kit.clock import fixed
from service.kit.database import Database
from service.kit.errors import Unavailable
from service.settings import Settings
from tests.conftest import ADMIN_KEY, SECRET, client
from tests.feeds.world import PUBLIC_URL, Watch, desk_on, settle
from tests.fixtures.life import living

PUBLIC = "/calendars/demo/justice.ics"


def _settings(path: Path) -> Settings:
    return Settings(
        database_url=f"sqlite:///{path}", secret=SECRET, admin_key=ADMIN_KEY, public_url=PUBLIC_URL, public_read=True
    )


@pytest.fixture
async def path(sqlite_template: Path, tmp_path: Path) -> Path:
    """A database with a few units, in a folder of its own."""
    found = tmp_path / "var" / "milepost.db"
    found.parent.mkdir()
    shutil.copy(sqlite_template, found)
    database, clock = Database(f"sqlite:///{found}"), Watch()
    world = await settle(database, clock, desk_on(database, clock))
    await world.milestone("梳理清单", {"value": "2024-12"})
    await database.close()
    return found


def _take_away(path: Path) -> None:
    path.rename(path.with_suffix(".away"))
    for more in ("-wal", "-shm"):
        path.with_name(path.name + more).unlink(missing_ok=True)
    path.mkdir()  # nothing can be opened there, nor made anew


def _bring_back(path: Path) -> None:
    path.rmdir()
    path.with_suffix(".away").rename(path)


async def _poll(app: application.Milepost, **headers: str) -> httpx.Response:
    async with client(app) as robot:
        return await robot.get(PUBLIC, headers=headers)


async def test_a_service_that_starts_without_its_database_sends_feeds_and_recovers(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "TRIES_EVERY", 0.01)
    clock = fixed(Watch().now())
    app = create_app(_settings(path), clock=clock)
    async with living(app):
        good = await _poll(app)
        assert good.status_code == 200
    _take_away(path)
    app = create_app(_settings(path), clock=clock)
    async with living(app):
        answer = await _poll(app)
        assert (answer.status_code, answer.headers["etag"]) == (200, good.headers["etag"])
        assert (await _poll(app, **{"If-None-Match": good.headers["etag"]})).status_code == 304
        async with client(app, ADMIN_KEY) as api:
            assert (await api.get("/api/v1/units")).status_code == 503
            _bring_back(path)
            async with asyncio.timeout(20):
                while (await api.get("/readyz")).status_code != 200:
                    continue
            assert (await api.get("/api/v1/units")).status_code == 200
        assert (await _poll(app)).headers["etag"] == good.headers["etag"]


async def test_a_service_that_has_nothing_to_send_does_not_start_without_its_database(path: Path) -> None:
    _take_away(path)
    app = create_app(_settings(path), clock=fixed(Watch().now()))
    with pytest.raises(Unavailable):
        await app.router.lifespan_context(app).__aenter__()
    await app.state.gate.database.close()
    for thread in threading.enumerate():  # of a connection that failed; it has a word left for the loop
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 5.0)
