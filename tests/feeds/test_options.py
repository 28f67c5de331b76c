"""What a link can be asked for: alarms, levels of content, roll-ups, changes of the week, windows, archive years."""

from datetime import date, timedelta
from typing import Any

import pytest

from service.feeds.rules.forms import Content, Form, options_of, read_form, read_query
from service.holidays.actions import supply_year
from service.holidays.rules import StatutoryYear
from service.kit.actor import COMMAND
from tests.feeds.world import World, plain, tag

JUSTICE = "unit:demo.justice"


async def _alarms(world: World, **options: str) -> dict[str, str]:
    """Title → when its alarm goes off."""
    return {
        str(entry["SUMMARY"]): f"{alarm['TRIGGER'].dt:%Y-%m-%dT%H:%M%z}"
        for entry in await world.entries(JUSTICE, alarms="on", **options)
        for alarm in entry.walk("VALARM")
    }


async def test_alarms_ring_at_nine_on_the_last_workday_before(quick_world: World) -> None:
    world = quick_world
    await world.milestone("周一", {"value": "2024-11-11"})
    await world.milestone("长假后第一天", {"value": "2024-10-08"})
    await world.milestone("补班日之后", {"value": "2024-10-13"})  # Saturday the 12th was worked
    assert await _alarms(world) == {
        "【牵头】长假后第一天": "2024-09-30T01:00+0000",
        "【牵头】补班日之后": "2024-10-12T01:00+0000",
        "【牵头】周一": "2024-11-08T01:00+0000",
    }
    assert "VALARM" not in await world.text(JUSTICE)
    assert len(await _alarms(world, component="vtodo")) == 3


async def test_what_is_done_or_called_off_rings_no_more(quick_world: World) -> None:
    world = quick_world
    done = await world.milestone("办完的事", {"value": "2024-11-11"})
    cancelled = await world.milestone("取消的事", {"value": "2024-11-12"})
    assert len(await _alarms(world)) == 2
    await world.report(done, "demo.justice", "submitted")
    await world.edit(cancelled, status="cancelled")
    assert await _alarms(world) == {}


async def test_an_alarm_has_what_programs_ask_for(quick_world: World) -> None:
    await quick_world.milestone("周一", {"value": "2024-11-11"})
    (entry,) = await quick_world.entries(JUSTICE, alarms="on")
    (alarm,) = entry.walk("VALARM")
    assert (alarm["ACTION"], alarm["DESCRIPTION"]) == ("DISPLAY", entry["SUMMARY"])
    assert str(alarm["UID"]).endswith("@milepost")
    assert str(alarm["UID"]) != str(entry["UID"])
    assert alarm["TRIGGER"].params["VALUE"] == "DATE-TIME"


async def test_a_link_lets_out_no_more_than_its_level(quick_world: World) -> None:
    await quick_world.milestone(
        "梳理清单",
        {"phrase": "年底前", "value": "2024-12"},
        hand_in="清单",
        roles={"demo.justice": "lead", "demo.water": "support"},
    )
    full, units, title = [
        (await quick_world.text(JUSTICE, content=level)).replace("\r\n ", "") for level in ("full", "units", "title")
    ]
    for told, levels in (
        ("梳理清单", (full, units, title)),
        ("配合：区水务局", (full, units)),
        ("提交：清单", (full,)),
    ):
        assert [told in text for text in (full, units, title)] == [text in levels for text in (full, units, title)], (
            told
        )
    assert "年底前" not in units + title
    assert "二〇二四年法治计划" not in units + title
    assert "DESCRIPTION" not in str(await quick_world.entry(JUSTICE, content="title"))


@pytest.mark.parametrize(("bound", "asked", "given"), (("title", "full", None), ("units", "title", "title")))
def test_an_address_can_ask_for_less_and_never_for_more(bound: str, asked: str, given: str | None) -> None:
    found = read_query(f"content={asked}".encode(), default=Form(content=Content(bound)))
    assert (found.content if found else None) == given


async def test_google_can_be_shown_what_was_cancelled(quick_world: World) -> None:
    milestone = await quick_world.milestone("取消的事", {"value": "2024-11-12"})
    await quick_world.edit(milestone, status="cancelled")
    entry = await quick_world.entry(JUSTICE, cancel="confirmed")
    assert (entry["STATUS"], str(entry["SUMMARY"])) == ("CONFIRMED", "【已取消】【牵头】取消的事")


async def _pile(world: World, count: int, day: str = "2024-12-31") -> list[str]:
    return [await world.milestone(f"第{n}件事", {"value": day}) for n in range(count)]


async def test_very_many_on_one_day_become_one_entry_that_lists_them(world: World) -> None:
    milestones = await _pile(world, 8)
    other = await world.milestone("另一天的事", {"value": "2024-12-30"})
    assert len(await world.entries(JUSTICE)) == 9
    milestones += await _pile(world, 1)
    single, rolled = await world.entries(JUSTICE)
    assert str(single["SUMMARY"]) == "【牵头】另一天的事"
    assert str(rolled["SUMMARY"]) == "【汇总】当日到期9项"
    assert rolled.decoded("DTSTART") == date(2024, 12, 31)
    assert str(rolled["URL"]) == "https://milepost.test/units/demo.justice"
    assert str(rolled["DESCRIPTION"]).startswith("https://milepost.test/units/demo.justice\n")
    assert all(f"第{n}件事" in str(rolled["DESCRIPTION"]) for n in range(8))
    assert len(await world.entries(JUSTICE, expand="all")) == 10
    assert len(await world.entries(JUSTICE, rollup="9")) == 10
    assert len(await world.entries(JUSTICE, component="vtodo")) == 10
    assert len(await world.entries("plan:demo-2024")) == 10
    uid, before = str(rolled["UID"]), int(rolled["SEQUENCE"])
    await world.edit(other, title="另外的事")
    await world.edit(milestones[0], title="改过的事")
    assert "改过的事" in (await world.text(JUSTICE)).replace("\r\n ", "")
    await world.edit(milestones[1], status="cancelled")  # of nine, eight are left: each stands there again
    assert "【已取消】【牵头】第1件事" in await world.text(JUSTICE)
    assert "汇总" not in await world.text(JUSTICE)
    await _pile(world, 1)
    (rolled,) = [each for each in await world.entries(JUSTICE) if str(each["UID"]) == uid]
    assert int(rolled["SEQUENCE"]) > before
    assert plain(await world.page(JUSTICE, desk=world.another_desk())) == plain(await world.page(JUSTICE))


async def test_a_roll_up_counts_what_is_done_and_takes_the_most_urgent_light(quick_world: World) -> None:
    world = quick_world
    milestones = await _pile(world, 9, "2024-10-20")
    await world.report(milestones[0], "demo.justice", "submitted")
    (rolled,) = await world.entries(JUSTICE, alarms="on", lang="en")
    assert str(rolled["SUMMARY"]) == "[Roll-up] 9 due on this day (1 done)"
    assert rolled["COLOR"] == "gold"
    (alarm,) = rolled.walk("VALARM")
    assert f"{alarm['TRIGGER'].dt:%Y-%m-%d}" == "2024-10-18"


async def test_what_has_an_hour_stands_alone_on_the_fullest_day(quick_world: World) -> None:
    await _pile(quick_world, 9)
    await quick_world.milestone("下午五点", {"value": "2024-12-31", "time": "17:00"})
    assert len(await quick_world.entries(JUSTICE)) == 2


async def _changes(world: World) -> Any:
    found = [each for each in await world.entries(JUSTICE, changes="on") if "本周变更" in str(each["SUMMARY"])]
    return found[0] if found else None


async def test_the_changes_of_the_week_stand_in_an_entry_for_whoever_wants_it(world: World) -> None:
    moved, renamed, gone, done = [await world.milestone(f"第{n}件事", {"value": "2024-11-15"}) for n in range(4)]
    assert str((await _changes(world))["SUMMARY"]) == "【本周变更】新增 4"
    world.clock.set("2024-10-08T08:00")  # a Tuesday, the week after
    assert await _changes(world) is None
    await world.edit(moved, due={"value": "2024-11-20"})
    await world.edit(renamed, title="换了名字")
    await world.edit(gone, status="cancelled")
    await world.report(done, "demo.justice", "submitted")
    entry = await _changes(world)
    assert str(entry["SUMMARY"]) == "【本周变更】改期 1、取消 1、修改 1、完成 1"
    assert (entry.decoded("DTSTART"), entry.decoded("DTEND")) == (date(2024, 10, 7), date(2024, 10, 14))
    for told in ("改期 【改期 11月15日→11月20日】【牵头】第0件事", "修改 【牵头】换了名字", "完成 ✓ 【牵头】第3件事"):
        assert told in str(entry["DESCRIPTION"])
    assert "本周变更" not in await world.text(JUSTICE)
    before = tag(await world.page(JUSTICE, changes="on"))
    world.clock.set("2024-10-13T23:59")
    assert tag(await world.page(JUSTICE, changes="on")) == before
    world.clock.set("2024-10-21T00:00")  # the light has turned: that is no change which anybody made
    assert await _changes(world) is None


async def test_the_window_can_be_set_and_says_so(quick_world: World) -> None:
    for day in ("2024-08-01", "2024-10-05", "2026-03-01"):
        await quick_world.milestone(day, {"value": day})
    text = await quick_world.text(JUSTICE, back="30", ahead="7")
    assert "2024-10-05" in text
    assert "2024-08-01" not in text
    assert "过去30天至今后7天" in text.replace("\r\n ", "")
    assert len(await quick_world.entries(JUSTICE, ahead="700")) == 3


async def test_an_archive_shows_one_year_wherever_today_is(world: World) -> None:
    await world.milestone("今年的事", {"value": "2024-03-10"})
    await world.milestone("明年的事", {"value": "2025-03-10"})
    for today in ("2024-10-01T08:00", "2025-12-01T08:00"):
        world.clock.set(today)
        assert [str(each["SUMMARY"]) for each in await world.entries(JUSTICE, year=2024)] == ["【牵头】今年的事"]
    assert "NAME:区司法局（2024年归档）" in await world.text(JUSTICE, year=2024)


@pytest.mark.parametrize(
    "option", ("back=-1", "back=01", "ahead=99999", "rollup=1", "rollup=x", "year=2024", "alarms=yes")
)
def test_an_option_that_cannot_be_meant_is_no_address(option: str) -> None:
    assert read_query(option.encode(), default=Form()) is None


def test_options_come_back_from_what_a_link_keeps() -> None:
    form = read_form({"content": "title", "alarms": "on", "back": "7", "lang": "en", "expand": "all"})
    assert form is not None
    assert read_form(options_of(form)) == form
    assert options_of(Form()) == {"component": "vevent", "lang": "zh"}


async def test_statutory_days_are_a_calendar_of_their_own(world: World) -> None:
    text = await world.text("holidays:CN")
    seen = {
        str(each["SUMMARY"]): (each.decoded("DTSTART"), each.decoded("DTEND") - timedelta(days=1))
        for each in await world.entries("holidays:CN")
        if each.decoded("DTSTART").year == 2024
    }
    assert seen["【休】国庆节"] == (date(2024, 10, 1), date(2024, 10, 7))
    assert seen["【班】国庆节调休"] == (date(2024, 10, 12), date(2024, 10, 12))
    assert "暂定" not in text
    world.clock.set("2026-12-01T08:00")
    (unknown,) = [each for each in await world.entries("holidays:CN") if "暂定" in str(each["SUMMARY"])]
    assert (unknown["STATUS"], unknown.decoded("DTSTART")) == ("TENTATIVE", date(2027, 1, 1))
    days = frozenset({date(2027, 1, 1), *(date(2027, 10, n) for n in range(1, 8))})
    year = StatutoryYear("CN", 2027, "国办发明电〔2026〕9号", days, frozenset({date(2027, 10, 9)}))
    async with world.change() as session:
        await supply_year(session, COMMAND, year, now=world.clock.now())
    assert "暂定" not in await world.text("holidays:CN")
    assert "国办发明电〔2026〕9号" in (await world.text("holidays:CN")).replace("\r\n ", "")
    assert await world.text("holidays:CN", desk=world.another_desk()) == await world.text("holidays:CN")
