"""A unit's page: what it owes, and its calendar."""

from datetime import datetime

import httpx
import pytest

from service.gate.transaction import change
from service.kit.actor import Actor
from service.kit.database import Database
from service.milestones.store import TaskFilter, list_occurrences
from service.progress.actions import report
from service.progress.rules import ProgressStatus
from tests.flows.desk import apply, seed
from tests.web.conftest import read


def _section(page: str, name: str) -> str:
    return page.split(f'aria-labelledby="{name}"')[1].split("</section>", maxsplit=1)[0]


async def test_the_justice_bureau_of_chongming_sees_what_the_plan_asks_of_it(
    browser: httpx.AsyncClient, database: Database, actor: Actor, now: datetime
) -> None:
    async with change(database, now=now) as session:
        await apply(session, actor, seed("shanghai"), seed("chongming"), now=now)
    page = await read(browser, "/units/chongming.justice")
    soon, past, later = (_section(page, name) for name in ("soon", "past", "later"))
    assert "三年行动计划中期评估" in soon
    assert "自查自纠并开展专项整治" in soon
    assert "每年10月前，每个单位不少于1篇。" in soon
    assert "三(四)" in soon
    assert "作为“各区级部门”的成员" in soon
    assert "10月31日" in soon
    assert "还有 30 天" in soon
    assert "梳理执法突出问题清单" in past
    assert "2023年12月31日" in past
    assert "三年行动计划终期评估" in later
    assert page.index('id="soon"') < page.index('id="past"') < page.index('id="later"')
    assert "没有报送的都在其中" in past


@pytest.mark.usefixtures("town")
async def test_roles_and_dates_that_nobody_knows_are_shown(browser: httpx.AsyncClient) -> None:
    page = await read(browser, "/units/a.justice")
    assert "牵头" in _section(page, "soon")
    undated = _section(page, "undated")
    assert "长期坚持" in undated
    assert "未写时间" in undated  # its group is named, and no date
    assert "文件没有写明时间。" in undated
    assert "配合" in _section(await read(browser, "/units/a.finance"), "soon")


@pytest.mark.usefixtures("town")
async def test_without_a_key_only_public_tasks_are_shown(
    browser: httpx.AsyncClient, insider: httpx.AsyncClient
) -> None:
    public, inside = await read(browser, "/units/a.justice"), await read(insider, "/units/a.justice")
    for title in ("内部任务", "内部无期限任务", "起草中的任务"):
        assert title not in public
        assert title in inside
    assert "草稿" in inside


@pytest.mark.usefixtures("town")
async def test_the_feed_is_offered_by_its_public_address_with_a_word_about_delay(browser: httpx.AsyncClient) -> None:
    page = await read(browser, "/units/a.justice")
    assert 'value="https://milepost.test/calendars/a/justice.ics"' in page
    assert 'href="webcal://milepost.test/calendars/a/justice.ics"' in page
    assert "Google 日历 8 到 24 小时" in page
    answer = await browser.get("/calendars/a/justice.ics")
    assert answer.status_code == 200


@pytest.mark.usefixtures("town")
async def test_titles_and_phrases_are_escaped(browser: httpx.AsyncClient) -> None:
    page = await read(browser, "/units/a.justice")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "<b>年底" not in page


@pytest.mark.usefixtures("town")
async def test_a_unit_without_tasks_says_so(browser: httpx.AsyncClient) -> None:
    assert "目前没有这个单位的任务" in await read(browser, "/units/a.idle")


@pytest.mark.usefixtures("town")
@pytest.mark.both
async def test_a_weekly_duty_comes_in_pages(
    browser: httpx.AsyncClient, database: Database, actor: Actor, now: datetime
) -> None:
    weekly = (
        "milepost: 1\nplan: {slug: weekly, title: 周报, jurisdiction: a, period: 2020-01-01/2029-12-31}\n"
        "milestones:\n  - {key: w, title: 报送周报, kind: duty, due: {rrule: FREQ=WEEKLY}, lead: [a.idle]}\n"
    )
    async with change(database, now=now) as session:
        await apply(session, actor, weekly, now=now)
    page = await read(browser, "/units/a.idle")
    assert "只列出最近 100 项" in page
    assert page.count("报送周报") == 300
    following = page.split('<p class="more"><a href="')[1].split('"')[0]
    assert (await read(browser, following)).count("报送周报") > 50


async def _say(database: Database, actor: Actor, unit: str, title: str, status: ProgressStatus, now: datetime) -> str:
    """Somebody reports; the id of the due date."""
    async with change(database, now=now) as session:
        where = TaskFilter(unit=unit, q=title)
        (row,) = await list_occurrences(session, where=where, after=None, limit=2)
        await report(session, actor, occurrence_id=row.id, unit_code=unit, status=status, now=now)
    return row.id


@pytest.mark.usefixtures("town")
async def test_what_a_unit_has_handed_in_is_finished_and_no_longer_late(
    browser: httpx.AsyncClient, database: Database, actor: Actor, now: datetime
) -> None:
    id = await _say(database, actor, "a.justice", "中期评估", ProgressStatus.SUBMITTED, now)
    page = await read(browser, "/units/a.justice")
    assert "中期评估" in _section(page, "done")
    assert 'aria-labelledby="past"' not in page
    other = await read(browser, "/units/a.finance")
    assert "中期评估" in _section(other, "past")  # each unit reports for itself
    card = await read(browser, f"/occurrences/{id}")
    assert card.index("区司法局</a> <small>已报送") < card.index("区财政局</a> <small>未反馈")
    assert "已过 93 天" in card  # not everybody has finished
    await _say(database, actor, "a.finance", "中期评估", ProgressStatus.WAIVED, now)
    assert "已完成" in (await read(browser, f"/occurrences/{id}")).split("</section>", maxsplit=1)[0]
    assert 'aria-label="已完成"' in (await read(browser, "/plans/open"))


@pytest.mark.usefixtures("town")
@pytest.mark.both
async def test_the_home_page_counts_what_a_unit_has_not_finished(
    browser: httpx.AsyncClient, database: Database, actor: Actor, now: datetime
) -> None:
    await _say(database, actor, "a.justice", "梳理清单", ProgressStatus.ACCEPTED, now)
    page = await read(browser, "/")
    line = page.split("/units/a.justice", maxsplit=1)[1].split("</li>", maxsplit=1)[0]
    assert "12月31日" in line  # its next date, now that October's is done
