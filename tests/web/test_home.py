"""The home page: plans, units, and when the work falls due."""

import re
from datetime import datetime

import httpx
import pytest

from service.gate.transaction import change
from service.kit.actor import Actor
from service.kit.database import Database
from tests.flows.desk import apply
from tests.web.conftest import read

pytestmark = pytest.mark.usefixtures("town")


async def test_it_shows_public_plans_with_counts_and_the_next_date(browser: httpx.AsyncClient) -> None:
    page = await read(browser, "/")
    assert "公开的方案" in page
    assert "6 个节点，5 个期次" in page
    assert "下一个期限 <b>10月31日</b>，30 天内 1 项" in page


async def test_it_shows_units_with_their_light_next_date_and_a_way_to_subscribe(browser: httpx.AsyncClient) -> None:
    page = await read(browser, "/")
    line = page.split('href="/units/a.justice"')[1].split("</li>")[0]
    assert "10月31日" in line
    assert 'href="webcal://milepost.test/calendars/a/justice.ics"' in line
    assert re.search(r'dot yellow"></i>\s*<a class="name" href="/units/a.justice"', page)
    assert re.search(r'dot grey"></i>\s*<a class="name" href="/units/a.idle"', page)


async def test_what_is_private_or_a_draft_counts_for_those_with_a_key_only(
    browser: httpx.AsyncClient, insider: httpx.AsyncClient
) -> None:
    public, inside = await read(browser, "/"), await read(insider, "/")
    for title in ("内部方案", "起草中的方案"):
        assert title not in public
        assert title in inside
    assert "10月31日 · 3 项" in inside
    assert "10月31日 · 3 项" not in public


async def test_a_chart_counts_tasks_by_month_and_names_each(browser: httpx.AsyncClient) -> None:
    page = await read(browser, "/")
    assert "<title>2024-10：1 项</title>" in page
    assert "<title>2024-06：1 项</title>" in page
    assert "<title>2025-10：1 项</title>" in page


@pytest.mark.both
async def test_a_search_finds_units_by_alias_and_plans_by_title(browser: httpx.AsyncClient) -> None:
    found = await read(browser, "/?q=司法行政")
    assert "区司法局" in found
    assert "区财政局" not in found
    assert "公开的方案" in await read(browser, "/?q=公开")


async def test_a_search_for_nothing_that_exists_says_so_without_being_led_astray(browser: httpx.AsyncClient) -> None:
    page = await read(browser, '/?q="><script>alert(1)</script>')
    assert "没有找到" in page
    assert "<script>alert" not in page


async def test_a_jurisdiction_can_be_looked_at_alone(
    browser: httpx.AsyncClient, database: Database, actor: Actor, now: datetime
) -> None:
    other = "milepost: 1\njurisdictions: [{code: b, name: 乙区}]\nunits: [{code: b.justice, name: 乙区司法局}]\n"
    async with change(database, now=now) as session:
        await apply(session, actor, other, now=now)
    assert "乙区司法局" in await read(browser, "/")
    page = await read(browser, "/?jurisdiction=a")
    assert "甲区</h1>" in page
    assert "乙区" not in page
    assert (await browser.get("/?jurisdiction=nowhere")).status_code == 404


@pytest.mark.both
async def test_many_units_come_in_pages_and_each_once(
    browser: httpx.AsyncClient, database: Database, actor: Actor, now: datetime
) -> None:
    units = "\n".join(f"  - {{code: a.u{number:04}, name: 单位{number:04}}}" for number in range(700))
    members = ", ".join(f"a.u{number:04}" for number in range(700))
    crowd = (
        f"milepost: 1\nunits:\n{units}\ngroups:\n  - {{code: a.crowd, name: 众单位, members: [{members}]}}\n"
        "plan: {slug: crowded, title: 人人有份, jurisdiction: a, period: 2024-01-01/2024-12-31}\n"
        "milestones:\n"
        "  - {key: x, title: 人人有份的任务, due: {value: 2024-11}, lead: [a.crowd]}\n"
    )
    async with change(database, now=now) as session:
        await apply(session, actor, crowd, now=now)
    seen: set[str] = set()
    pages = 0
    path: str | None = "/"
    while path:
        page = await read(browser, path)
        found = set(re.findall(r'href="/units/(a\.u\d+)"', page))
        assert not found & seen
        seen |= found
        pages += 1
        more = re.search(r'href="(/\?units=[^"]+)"', page)
        path = more[1].replace("&amp;", "&") if more else None
    assert (len(seen), pages > 1) == (700, True)


@pytest.mark.parametrize("path", ("/?units=nonsense", "/?plans=nonsense", "/units/a.justice?cursor=nonsense"))
async def test_a_cursor_that_is_none_leads_nowhere(path: str, browser: httpx.AsyncClient) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 404
    assert "没有这一页" in answer.text
