"""Chinese first, English for those who ask."""

import httpx
import pytest
from starlette.requests import Request

from service.feeds.rules.subjects import Language
from service.web.language import language_of
from tests.web.conftest import read


@pytest.mark.parametrize(
    ("header", "query", "expected"),
    (
        ("", "", Language.ZH),
        ("zh-CN,zh;q=0.9,en;q=0.8", "", Language.ZH),
        ("en-US,en;q=0.9", "", Language.EN),
        ("en;q=0.5, zh-Hant;q=0.7", "", Language.ZH),
        ("fr, en;q=0.3", "", Language.EN),
        ("de", "", Language.ZH),
        ("en;q=nonsense", "", Language.ZH),
        ("zh-CN", "lang=en", Language.EN),
        ("en", "lang=zh", Language.ZH),
        ("en", "lang=xx", Language.EN),
    ),
)
def test_the_address_decides_before_the_browser(header: str, query: str, expected: Language) -> None:
    scope = {
        "type": "http",
        "query_string": query.encode(),
        "headers": [(b"accept-language", header.encode())],
    }
    assert language_of(Request(scope)) is expected


@pytest.mark.usefixtures("town")
async def test_a_page_in_english_says_the_same_and_links_in_english(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/units/a.justice?lang=en")
    assert answer.headers["Content-Language"] == "en"
    page = answer.text
    assert '<html lang="en">' in page
    assert "Due soon" in page
    assert "31 Oct" in page
    assert "30 days left" in page
    assert "Lead" in page
    assert "by the end of October 2024" in page
    assert 'href="/plans/open?lang=en#1"' in page
    assert 'href="?lang=zh"' in page
    for words in ("近期到期", "牵头", "订阅", "还有"):
        assert words not in page


@pytest.mark.usefixtures("town")
async def test_the_other_language_keeps_what_was_asked_for(browser: httpx.AsyncClient) -> None:
    page = await read(browser, "/?q=司法&jurisdiction=a")
    assert 'href="?q=%E5%8F%B8%E6%B3%95&amp;jurisdiction=a&amp;lang=en"' in page


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("path", ("/", "/plans/open", "/units/a.justice", "/units/a.idle", "/nothing", "/?q=zzz"))
async def test_english_pages_hold_no_chinese_but_what_the_plans_say(path: str, browser: httpx.AsyncClient) -> None:
    page = (await browser.get(path, headers={"Accept-Language": "en"})).text
    said = {"节点", "单位", "方案</h2>", "首页", "没有", "已过", "查找", "截至", "待核", "日期</th>"}
    assert {words for words in said if words in page} == set()
