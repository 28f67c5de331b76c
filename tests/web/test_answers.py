"""What every page has: headers, HEAD, a policy that holds, files that are cached, a heading in the documentation."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute

from service.app import PAGES
from service.web.pages import POLICY
from tests.web.conftest import read

ROOT = Path(__file__).parents[2]
PATHS = ("/", "/units/a.justice", "/plans/open")
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("path", PATHS)
async def test_a_page_carries_a_strict_policy_and_keeps_it(path: str, browser: httpx.AsyncClient) -> None:
    answer = await browser.get(path)
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert "unsafe" not in POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Vary"] == "Accept, Accept-Language"
    assert INLINE.findall(answer.text) == []
    assert re.findall(r'(?:src|href)="(?:https?:)?//(?!milepost\.test)', answer.text) == []


async def test_an_empty_service_says_that_there_is_nothing_yet(browser: httpx.AsyncClient) -> None:
    assert "这里还没有方案" in await read(browser, "/")


@pytest.mark.usefixtures("town")
async def test_a_page_for_a_key_is_kept_by_nobody(insider: httpx.AsyncClient) -> None:
    assert (await insider.get("/")).headers["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("path", (*PATHS, "/robots.txt"))
async def test_head_is_get_without_its_body(path: str, browser: httpx.AsyncClient) -> None:
    whole, head = await browser.get(path), await browser.head(path)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Length"] == str(len(whole.content))


async def test_files_are_named_after_their_content_and_kept_for_ever(browser: httpx.AsyncClient) -> None:
    page = await read(browser, "/")
    addresses = set(re.findall(r'"(/static/[^"]+)"', page))
    assert {re.sub(r"\.[0-9a-f]{12}\.", ".", each) for each in addresses} == {
        "/static/style.css",
        "/static/copy.js",
        "/static/icon.svg",
    }
    for each in addresses:
        answer = await browser.get(each)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        other = await browser.get(re.sub(r"\.[0-9a-f]{12}\.", ".000000000000.", each))
        assert other.content == answer.content
        assert other.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ("..%2Fpages.py", "style.css", "../pages.py", "style.x.y.css"))
async def test_no_other_file_can_be_asked_for(name: str, browser: httpx.AsyncClient) -> None:
    assert (await browser.get(f"/static/{name}")).status_code == 404


async def test_robots_may_read_feeds(browser: httpx.AsyncClient) -> None:
    assert "Allow: /calendars/" in await read(browser, "/robots.txt")


def _routes() -> Iterator[str]:
    for router in PAGES:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            assert not route.include_in_schema
            yield f"{', '.join(sorted(route.methods or ()))} {route.path}"


def test_every_page_has_a_heading_and_every_heading_a_page() -> None:
    text = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^## `(.+)`$", text, re.MULTILINE)) == sorted(_routes())
