"""Browsers get pages, programs get problem documents."""

import dataclasses
from datetime import datetime

import httpx
import pytest

from service.app import create_app
from service.kit.clock import fixed
from service.kit.database import Database
from service.settings import Settings
from tests.conftest import client
from tests.fixtures.life import living
from tests.web.conftest import ACCEPT

PROBLEM = "application/problem+json"


@pytest.mark.parametrize("path", ("/nothing", "/units/a.nobody", "/plans/none", "/occurrences/none", "/static/x.y.css"))
async def test_what_is_not_there_is_a_page_for_a_browser(path: str, browser: httpx.AsyncClient) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "没有这一页" in answer.text
    assert answer.headers["X-Request-ID"] in answer.text


@pytest.mark.parametrize("accept", ("*/*", "application/json", PROBLEM, "text/html;q=0, */*", ""))
async def test_what_is_not_there_is_a_problem_for_a_program(accept: str, browser: httpx.AsyncClient) -> None:
    for path in ("/nothing", "/units/a.nobody"):
        answer = await browser.get(path, headers={"Accept": accept})
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == PROBLEM


async def test_below_api_everything_is_a_problem_even_in_a_browser(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/v1/units/a.nobody")
    assert answer.headers["Content-Type"] == PROBLEM


async def test_a_wrong_method_is_told_the_right_ones(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, PROPFIND"  # calendar programs begin at the bare address
    assert answer.headers["Content-Type"].startswith("text/html")


async def test_where_public_reading_is_off_a_page_explains_it(
    settings: Settings, database: Database, now: datetime
) -> None:
    app = create_app(dataclasses.replace(settings, public_read=False), database=database, clock=fixed(now))
    async with living(app), client(app) as talking:
        page = await talking.get("/", headers={"Accept": ACCEPT})
        assert page.status_code == 401
        assert page.headers["WWW-Authenticate"].startswith("Bearer")
        assert "这里没有开放公开阅读" in page.text
        assert (await talking.get("/")).headers["Content-Type"] == PROBLEM
        assert (await talking.get("/robots.txt")).status_code == 200


async def test_where_public_reading_is_off_a_key_sees_pages_without_a_public_feed(
    settings: Settings, database: Database, now: datetime, town: None
) -> None:
    assert settings.admin_key
    app = create_app(dataclasses.replace(settings, public_read=False), database=database, clock=fixed(now))
    async with living(app), client(app, settings.admin_key) as talking:
        page = await talking.get("/units/a.justice", headers={"Accept": ACCEPT})
        assert page.status_code == 200
        assert "/calendars/a/justice.ics" not in page.text
        assert "专用订阅地址" in page.text
