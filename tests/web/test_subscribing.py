"""The page that says how to subscribe, and the one that checks an address."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.web.conftest import read

pytestmark = pytest.mark.usefixtures("town")


async def _link(insider: httpx.AsyncClient, **wanted: str) -> dict[str, str]:
    answer = await insider.post("/api/v1/feeds", json={"unit": "a.justice"} | wanted)
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


def _path(url: str) -> str:
    return urlsplit(url).path


async def test_whoever_has_a_link_is_told_how_to_subscribe(
    browser: httpx.AsyncClient, insider: httpx.AsyncClient
) -> None:
    made = await _link(insider, alarms="on")
    answer = await browser.get(_path(made["subscribe_url"]))
    assert answer.status_code == 200
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["referrer-policy"] == "no-referrer"
    page = html.unescape(answer.text)
    assert f'value="{made["url"]}"' in page
    assert f'href="{made["webcal_url"]}"' in page
    (google,) = re.findall(r'href="(https://calendar\.google\.com/[^"]+)"', page)
    assert parse_qs(urlsplit(google).query)["cid"] == [made["webcal_url"]]
    (outlook,) = re.findall(r'href="(https://outlook\.live\.com/[^"]+)"', page)
    assert parse_qs(urlsplit(outlook).query)["url"] == [made["url"]]
    assert page.count("<svg") == 2
    assert "style=" not in page
    for told in ("8 至 24 小时", "约 3 小时", "Thunderbird", "data-copies", "/calendars/holidays/CN.ics", "9:00"):
        assert told in page
    assert "every 8 to 24 hours" in await read(browser, f"{_path(made['subscribe_url'])}?lang=en")


async def test_a_closed_link_says_so(browser: httpx.AsyncClient, insider: httpx.AsyncClient) -> None:
    made = await _link(insider)
    await insider.delete(f"/api/v1/feeds/{made['id']}")
    answer = await browser.get(_path(made["subscribe_url"]))
    assert answer.status_code == 410
    assert "已经停用" in answer.text
    assert (await browser.get("/subscribe/mpf_" + "x" * 43)).status_code == 404
    assert (await browser.get("/subscribe/something")).status_code == 404


async def test_a_public_unit_has_such_a_page_too(browser: httpx.AsyncClient) -> None:
    page = await read(browser, "/subscribe/a/justice")
    assert "/calendars/a/justice.ics" in page
    assert 'href="/subscribe/a/justice"' in await read(browser, "/units/a.justice")
    assert (await browser.get("/subscribe/a/nobody")).status_code == 404


async def test_an_address_is_checked_by_the_rules_of_the_tests(
    browser: httpx.AsyncClient, insider: httpx.AsyncClient
) -> None:
    made = await _link(insider)
    for address in (made["url"], made["webcal_url"], _path(made["url"]), f"{made['url']}?lang=en"):
        page = (await browser.get("/check", params={"address": address})).text
        assert "可以订阅" in page, address
    assert "没有这个日历" in (await browser.get("/check", params={"address": f"{made['url']}?lang=de"})).text
    assert "没有这个日历" in (await browser.get("/check", params={"address": "https://example.org/a.ics"})).text
    await insider.delete(f"/api/v1/feeds/{made['id']}")
    assert "已经停用" in (await browser.get("/check", params={"address": made["url"]})).text
    assert "检查" in await read(browser, "/check")
    assert "<script>alert" not in (await browser.get("/check", params={"address": "<script>alert(1)</script>"})).text


async def test_the_owner_can_check_a_link_through_the_api(insider: httpx.AsyncClient) -> None:
    made = await _link(insider)
    found = (await insider.get(f"/api/v1/feeds/{made['id']}/check")).json()
    assert (found["status"], found["findings"]) == (200, [])
    assert found["entries"] > 0
