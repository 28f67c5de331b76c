"""A plan's page, and the page of one due date."""

import re

import httpx
import pytest

from service.app import Milepost
from tests.conftest import ADMIN_KEY, client
from tests.web.conftest import read

pytestmark = pytest.mark.usefixtures("town")


async def test_milestones_stand_in_the_plans_order_with_units_sentence_and_dates(browser: httpx.AsyncClient) -> None:
    page = await read(browser, "/plans/open")
    titles = ["梳理清单", "中期评估", "终期评估", "长期任务", "未写时间"]
    rows = page.split("<tbody>")[1]
    assert sorted(titles, key=rows.index) == titles
    first = rows.split('<tr id="1"')[1].split("</tr>")[0]
    assert "二(一)" in first
    assert "2024年10月底前。" in first
    assert first.index("牵头") < first.index("区司法局") < first.index("配合") < first.index("区财政局")
    assert "10月31日" in first
    assert "各部门" in rows.split('<tr id="2"')[1].split("</tr>")[0]


async def test_findings_and_the_plan_file_are_at_hand(browser: httpx.AsyncClient) -> None:
    page = await read(browser, "/plans/open")
    assert "没有完成时间，计划也没有统一期限。" in page
    export = "/api/v1/plans/open/export"
    assert f'href="{export}"' in page
    assert (await browser.get(export)).status_code == 200


async def test_cancelled_milestones_stay_and_say_so(browser: httpx.AsyncClient, app: Milepost) -> None:
    async with client(app, ADMIN_KEY) as api:
        items = (await api.get("/api/v1/milestones", params={"plan": "open"})).json()["items"]
        (wanted,) = [each for each in items if each["key"] == "2"]
        answer = await api.delete(f"/api/v1/milestones/{wanted['id']}", headers={"If-Match": "*"})
        assert answer.status_code == 204
    row = (await read(browser, "/plans/open")).split('<tr id="2"')[1].split("</tr>")[0]
    assert "已取消" in row
    assert "中期评估" not in await read(browser, "/units/a.finance")


async def test_only_web_addresses_become_links(browser: httpx.AsyncClient, app: Milepost) -> None:
    async with client(app, ADMIN_KEY) as api:
        for url, shown in (("https://example.gov.cn/plan", True), ("ftp://example.gov.cn/plan", False)):
            changes = {"source": {"url": url}}
            await api.patch("/api/v1/plans/open", json=changes, headers={"If-Match": "*"})
            assert (f'href="{url}"' in await read(browser, "/plans/open")) is shown


@pytest.mark.parametrize("slug", ("closed", "draft"))
async def test_what_is_not_public_is_not_there_without_a_key(
    slug: str, browser: httpx.AsyncClient, insider: httpx.AsyncClient
) -> None:
    assert (await browser.get(f"/plans/{slug}")).status_code == 404
    assert (await insider.get(f"/plans/{slug}")).status_code == 200


async def test_a_due_date_has_a_page_that_names_every_unit(browser: httpx.AsyncClient) -> None:
    page = await read(browser, "/plans/open")
    address = re.search(r'href="(/occurrences/[^"]+)"', page.split('<tr id="2"')[1])
    assert address
    shown = await read(browser, address[1])
    assert "中期评估" in shown
    assert "2024年6月30日 周日 · 已过 93 天" in shown
    assert 'href="/units/a.justice"' in shown
    assert 'href="/units/a.finance"' in shown


async def test_a_private_due_date_is_not_there_without_a_key(
    browser: httpx.AsyncClient, insider: httpx.AsyncClient
) -> None:
    address = re.search(r'href="(/occurrences/[^"]+)"', await read(insider, "/plans/closed"))
    assert address
    assert (await insider.get(address[1])).status_code == 200
    assert (await browser.get(address[1])).status_code == 404


async def test_entries_of_a_feed_lead_to_pages_that_are_there(browser: httpx.AsyncClient) -> None:
    feed = (await browser.get("/calendars/a/justice.ics")).text.replace("\r\n ", "")
    addresses = re.findall(r"^URL:https://milepost\.test(/occurrences/\S+)", feed, re.MULTILINE)
    assert addresses
    for each in addresses:
        assert (await browser.get(each)).status_code == 200
