"""The polled door, byte for byte: what robots ask and what they must never be answered."""

import gzip
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import brotli
import httpx
import pytest

from service.app import Milepost, create_app
from service.feeds.actions import links
from service.feeds.polled.desk import Desk
from service.feeds.rules.subjects import Form, Subject, SubjectKind, address, read_subject
from service.kit.actor import COMMAND
from service.kit.database import Database
from service.settings import Settings
from tests.conftest import SECRET, client
from tests.feeds.world import PUBLIC_URL, Watch, World, settle
from tests.fixtures.life import living

PUBLIC = "/calendars/demo/justice.ics"
HEADERS_OF_A_FEED = {
    "content-type": "text/calendar; charset=utf-8",
    "cache-control": "private, max-age=0, must-revalidate",
    "vary": "Accept, Accept-Encoding",
    "x-robots-tag": "noindex",
    "referrer-policy": "no-referrer",
}


@pytest.fixture
def clock() -> Watch:
    return Watch()


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, secret=SECRET, public_url=PUBLIC_URL, public_read=True)


@pytest.fixture
async def app(settings: Settings, database: Database, clock: Watch) -> AsyncIterator[Milepost]:
    app = create_app(settings, database=database, clock=clock)
    async with living(app):
        yield app


@pytest.fixture
async def town(app: Milepost, database: Database, clock: Watch) -> World:
    """The world behind the application, with one task for two units."""
    desk = app.state.gate.hearers[0].__self__
    assert isinstance(desk, Desk)
    world = await settle(database, clock, desk)
    await world.milestone("梳理问题清单", {"value": "2024-12"}, roles={"demo.all": "responsible"})
    return world


@pytest.fixture
async def robot(app: Milepost, town: World) -> AsyncIterator[httpx.AsyncClient]:
    """A calendar program that says nothing about encodings."""
    async with client(app) as talking:
        del talking.headers["accept-encoding"]
        yield talking


async def _link(town: World, subject: str = "unit:demo.justice", **more: Any) -> tuple[str, str]:
    """A new link: its feed's id, and its path."""
    async with town.change() as session:
        feed = await links.create_feed(
            session,
            COMMAND,
            subject=read_subject(subject),
            form=more.get("form", Form()),
            label="",
            expires_at=more.get("expires_at"),
            secret=SECRET,
            now=town.clock.now(),
        )
        return feed.id, _path(links.current_token(feed, secret=SECRET), feed.subject)


def _path(token: str, subject: str) -> str:
    return address("", token=token, subject=read_subject(subject))


async def test_a_feed_is_answered_with_the_headers_of_the_contract(robot: httpx.AsyncClient) -> None:
    answer = await robot.get(PUBLIC)
    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in HEADERS_OF_A_FEED} == HEADERS_OF_A_FEED
    assert answer.headers["last-modified"] == "Tue, 01 Oct 2024 00:00:01 GMT"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["etag"].startswith('"')
    assert "content-disposition" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert answer.text.startswith("BEGIN:VCALENDAR\r\n")
    assert answer.text.endswith("END:VCALENDAR\r\n")


async def test_304_repeats_the_headers_and_has_no_body(robot: httpx.AsyncClient) -> None:
    first = await robot.get(PUBLIC)
    for condition in (
        {"If-None-Match": first.headers["etag"]},
        {"If-None-Match": f'"other", W/{first.headers["etag"]}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": first.headers["last-modified"]},
    ):
        answer = await robot.get(PUBLIC, headers=condition)
        assert answer.status_code == 304, condition
        assert answer.content == b""
        for name in (*HEADERS_OF_A_FEED, "etag", "last-modified"):
            assert answer.headers[name] == first.headers[name]
    for condition in (
        {"If-None-Match": '"other"', "If-Modified-Since": first.headers["last-modified"]},
        {"If-Modified-Since": "yesterday"},
        {"If-Modified-Since": "Mon, 30 Sep 2024 00:00:00 GMT"},
    ):
        assert (await robot.get(PUBLIC, headers=condition)).status_code == 200, condition


async def test_several_lines_of_one_header_are_one_list(robot: httpx.AsyncClient) -> None:
    tag = (await robot.get(PUBLIC)).headers["etag"]
    headers = [("If-None-Match", '"a"'), ("If-None-Match", tag), ("If-None-Match", '"b"')]
    assert (await robot.get(PUBLIC, headers=headers)).status_code == 304


async def test_head_is_get_without_its_body(robot: httpx.AsyncClient) -> None:
    got, head = await robot.get(PUBLIC), await robot.head(PUBLIC)
    assert head.status_code == 200
    assert head.content == b""
    assert dict(head.headers) == dict(got.headers)
    assert (await robot.head(PUBLIC, headers={"If-None-Match": got.headers["etag"]})).status_code == 304


async def test_every_encoding_has_its_own_etag_and_the_same_text(app: Milepost, robot: httpx.AsyncClient) -> None:
    plain = await robot.get(PUBLIC)
    told = {}
    for coding, unpack in (("gzip", gzip.decompress), ("br", brotli.decompress)):
        async with robot.stream("GET", PUBLIC, headers={"Accept-Encoding": coding}) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
        assert answer.headers["content-encoding"] == coding
        assert answer.headers["content-length"] == str(len(raw))
        assert unpack(raw) == plain.content
        told[coding] = answer.headers["etag"]
    assert len({plain.headers["etag"], *told.values()}) == 3
    again = await robot.get(PUBLIC, headers={"Accept-Encoding": "gzip", "If-None-Match": told["gzip"]})
    assert again.status_code == 304
    other = await robot.get(PUBLIC, headers={"Accept-Encoding": "br", "If-None-Match": told["gzip"]})
    assert other.status_code == 200


async def test_other_methods_are_told_what_is_allowed(robot: httpx.AsyncClient) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT"):
        answer = await robot.request(method, PUBLIC)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path",
    (
        "/calendars/",
        "/calendars/demo",
        "/calendars/demo/nobody.ics",
        "/calendars/nowhere/justice.ics",
        "/calendars/demo/justice.ics?colour=red",
        "/calendars/demo/justice.ics?component=vjournal",
        "/calendars/demo/justice.ics?lang=zh&lang=en",
        f"/calendars/mpf_{'A' * 43}/justice.ics",
        "/calendars/mpf_short/justice.ics",
        "/calendars/%00/x.ics",
        "/calendars/demo/justice.ics/",
    ),
)
async def test_what_nobody_knows_is_404_in_plain_text(robot: httpx.AsyncClient, path: str) -> None:
    for _ in range(2):
        answer = await robot.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert "set-cookie" not in answer.headers


async def test_options_are_part_of_the_address(robot: httpx.AsyncClient) -> None:
    assert "BEGIN:VTODO" in (await robot.get(f"{PUBLIC}?component=vtodo")).text
    assert "BEGIN:VEVENT" not in (await robot.get(f"{PUBLIC}?component=vtodo")).text
    assert "[Responsible] [in Dec" in (await robot.get(f"{PUBLIC}?lang=en")).text


async def test_a_new_unit_has_a_feed_at_once(app: Milepost, town: World, robot: httpx.AsyncClient) -> None:
    assert (await robot.get("/calendars/demo/new.ics")).status_code == 404
    async with town.change() as session:
        from service.units.actions import create_unit

        await create_unit(
            session, COMMAND, code="demo.new", jurisdiction="demo", values={"name": "新单位"}, now=town.clock.now()
        )
    answer = await robot.get("/calendars/demo/new.ics")
    assert answer.status_code == 200
    assert "订阅成功" in answer.text


async def test_a_link_opens_one_feed_under_any_name(town: World, robot: httpx.AsyncClient) -> None:
    _, path = await _link(town)
    whole = await robot.get(path)
    assert whole.status_code == 200
    assert "梳理问题清单" in whole.text
    renamed = await robot.get(path.rpartition("/")[0] + "/我的日历.ics")
    assert renamed.headers["etag"] == whole.headers["etag"]


async def test_a_revoked_link_is_gone_at_once_and_others_stay(town: World, robot: httpx.AsyncClient) -> None:
    feed, path = await _link(town)
    _, other = await _link(town)
    assert (await robot.get(path)).status_code == 200
    async with town.change() as session:
        await links.revoke_feed(session, COMMAND, await _feed(session, feed), now=town.clock.now())
    for method in ("GET", "HEAD"):
        answer = await robot.request(method, path, headers={"If-None-Match": "*"})
        assert answer.status_code == 410
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert (await robot.get(other)).status_code == 200


async def _feed(session: Any, feed: str) -> Any:
    from service.feeds.store.links import get_feed_locked

    return await get_feed_locked(session, feed)


async def test_after_a_rotation_both_addresses_work_for_thirty_days(town: World, robot: httpx.AsyncClient) -> None:
    feed, old = await _link(town)
    assert (await robot.get(old)).status_code == 200
    async with town.change() as session:
        row = await _feed(session, feed)
        await links.rotate_feed(session, COMMAND, row, secret=SECRET, now=town.clock.now())
        new = _path(links.current_token(row, secret=SECRET), row.subject)
    assert new != old
    assert (await robot.get(new)).status_code == 200
    town.clock.moment += timedelta(days=30) - timedelta(seconds=1)
    assert (await robot.get(old)).status_code == 200
    town.clock.moment += timedelta(seconds=1)
    assert (await robot.get(old)).status_code == 410
    assert (await robot.get(new)).status_code == 200


async def test_an_expired_link_is_gone(town: World, robot: httpx.AsyncClient) -> None:
    _, path = await _link(town, expires_at=town.clock.now() + timedelta(hours=1))
    assert (await robot.get(path)).status_code == 200
    town.clock.moment += timedelta(hours=1)
    assert (await robot.get(path)).status_code == 410


@pytest.mark.both
async def test_a_revocation_by_another_process_is_seen(
    town: World, robot: httpx.AsyncClient, database: Database
) -> None:
    feed, path = await _link(town)
    assert (await robot.get(path)).status_code == 200
    async with database.write() as session:  # nobody in this process hears of it
        await links.revoke_feed(session, COMMAND, await _feed(session, feed), now=town.clock.now())
    await town.desk._look()
    assert (await robot.get(path)).status_code == 410


@pytest.mark.both
async def test_an_edit_is_in_the_next_poll(town: World, robot: httpx.AsyncClient) -> None:
    first = await robot.get(PUBLIC)
    milestone = await town.milestone("另一件事", {"value": "2024-11"})
    second = await robot.get(PUBLIC, headers={"If-None-Match": first.headers["etag"]})
    assert second.status_code == 200
    assert "另一件事" in second.text
    await town.edit(milestone, title="改了名字的事")
    third = await robot.get(PUBLIC, headers={"If-Modified-Since": second.headers["last-modified"]})
    assert third.status_code == 200
    assert "改了名字的事" in third.text
    assert (await robot.get(PUBLIC, headers={"If-None-Match": third.headers["etag"]})).status_code == 304


async def test_nothing_of_the_request_enters_the_bytes(robot: httpx.AsyncClient) -> None:
    plain = await robot.get(PUBLIC)
    odd = await robot.get(
        PUBLIC,
        headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example", "User-Agent": "x", "Cookie": "a=b"},
    )
    assert odd.content == plain.content
    assert odd.headers["etag"] == plain.headers["etag"]


async def test_public_feeds_are_closed_unless_the_operator_opened_them(
    database: Database, settings: Settings, clock: Watch, town: World
) -> None:
    import dataclasses

    closed = create_app(dataclasses.replace(settings, public_read=False), database=database, clock=clock)
    async with living(closed), client(closed) as talking:
        assert (await talking.get(PUBLIC)).status_code == 404
        _, path = await _link(town)
        assert (await talking.get(path)).status_code == 200


async def test_whatever_breaks_no_robot_is_told_500(town: World, robot: httpx.AsyncClient) -> None:
    first = await robot.get(PUBLIC)
    _, link = await _link(town)
    assert (await robot.get(link)).status_code == 200
    town.desk.hear([])
    whole, broken = town.desk._database, Database("sqlite:////nowhere/that/exists/milepost.db")
    town.desk._database = town.desk.maker._database = town.desk._links._database = broken
    await town.milestone("另一件事", {"value": "2024-11"})
    for path in (PUBLIC, link):
        answer = await robot.get(path)
        assert answer.status_code == 200
        assert answer.content == first.content or path == link
    unknown = await robot.get("/calendars/demo/water.ics")
    assert unknown.status_code == 503
    assert unknown.headers["retry-after"]
    town.desk._database = town.desk.maker._database = town.desk._links._database = whole
    town.desk._pause_until = 0.0
    for pages in town.desk._pages.values():
        for page in pages.values():
            page.try_again_at = 0.0
    assert "另一件事" in (await robot.get(PUBLIC)).text
    assert (await robot.get("/calendars/demo/water.ics")).status_code == 200
    await broken.close()


async def test_polls_are_counted(robot: httpx.AsyncClient) -> None:
    tag = (await robot.get(PUBLIC)).headers["etag"]
    await robot.get(PUBLIC, headers={"If-None-Match": tag})
    page = (await robot.get("/metrics")).text
    assert 'milepost_feed_polls_total{status="200"} 1.0' in page
    assert 'milepost_feed_polls_total{status="304"} 1.0' in page


async def test_plans_groups_and_jurisdictions_have_feeds_by_link(town: World, robot: httpx.AsyncClient) -> None:
    for subject in ("plan:demo-2024", "group:demo.all", "jurisdiction:demo"):
        _, path = await _link(town, subject)
        assert "梳理问题清单" in (await robot.get(path)).text
    assert str(Subject(SubjectKind.PLAN, "demo-2024")) == "plan:demo-2024"
