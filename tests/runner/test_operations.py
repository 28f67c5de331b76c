"""What an operator sees of a process that fires."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from service.app import Milepost, create_app
from service.gate import measuring, pulse
from service.kit.clock import fixed
from service.kit.database import Database
from service.settings import Role, Settings
from tests.conftest import client
from tests.fixtures.life import living


@pytest.fixture(params=("all", "worker"))
def role(request: pytest.FixtureRequest) -> Role:
    role: Role = request.param
    return role


@pytest.fixture
async def firing(settings: Settings, database: Database, now: datetime, role: Role) -> AsyncIterator[Milepost]:
    """A process that fires, started, on an empty database."""
    app = create_app(dataclasses.replace(settings, role=role), database=database, clock=fixed(now))
    async with living(app):
        yield app


async def test_who_fires_says_how_long_ago_it_looked(firing: Milepost) -> None:
    async with client(firing) as anybody:
        answer = await anybody.get("/readyz")
    assert answer.status_code == 200
    assert 0 <= answer.json()["last_tick_age_s"] < 30


async def test_who_fires_and_has_not_looked_for_long_is_not_ready(
    firing: Milepost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "FAINT_AFTER", -1.0)
    async with client(firing) as anybody:
        answer = await anybody.get("/readyz")
        alive = await anybody.get("/healthz")
    assert (answer.status_code, alive.status_code) == (503, 200)
    assert "looked for what is due" in answer.json()["detail"]


async def test_the_metrics_say_how_time_is_kept(firing: Milepost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "PATIENCE", 30.0)  # of a machine that is busy with other tests
    async with client(firing) as anybody:
        page = (await anybody.get("/metrics")).text
    for line in (
        "milepost_last_tick_age_seconds ",
        "milepost_tick_duration_seconds_count ",
        "milepost_scheduler_revivals_total 0.0",
        "milepost_clock_jumps_total 0.0",
        'milepost_queue_age_seconds{queue="firings"} 0.0',
        'milepost_queue_age_seconds{queue="deliveries"} 0.0',
        'milepost_deliveries_open{status="held"} 0.0',
        'milepost_endpoints{state="healthy"} 0.0',
        "milepost_database_up 1.0",
    ):
        assert line in page


async def test_who_only_answers_has_no_last_tick(app: Milepost) -> None:
    async with client(app) as anybody:
        assert (await anybody.get("/readyz")).json()["last_tick_age_s"] is None
        assert "milepost_last_tick_age_seconds" not in (await anybody.get("/metrics")).text


async def test_metrics_are_there_when_the_database_is_not(settings: Settings, now: datetime) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")
    app = create_app(settings, database=away, clock=fixed(now))
    async with client(app) as anybody:
        answer = await anybody.get("/metrics")
    assert answer.status_code == 200
    assert "milepost_database_up 0.0" in answer.text
    assert "milepost_queue_age_seconds{" not in answer.text
