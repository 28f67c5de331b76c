"""An entry from its first day to its last: UID, SEQUENCE, and what people see."""

from datetime import date
from typing import Any

from service.units.models import Jurisdiction, Unit, UnitGroup
from tests.feeds.world import World

MONTH = {"phrase": "2024年12月底前", "value": "2024-12", "boundary": "by_end"}
LATER = {"phrase": "2025年1月底前", "value": "2025-01", "boundary": "by_end"}


def _seen(entry: Any) -> tuple[str, int, str]:
    return str(entry["UID"]), int(entry["SEQUENCE"]), str(entry["SUMMARY"])


async def test_a_new_entry_says_everything_that_the_contract_asks_for(world: World) -> None:
    await world.milestone("梳理问题清单", MONTH, ref="二(三)1", hand_in="问题清单", roles={"demo.justice": "lead"})
    entry = await world.entry("unit:demo.justice")
    assert str(entry["SUMMARY"]) == "【牵头】【12月内】梳理问题清单"
    assert entry.decoded("DTSTART") == date(2024, 12, 31)
    assert entry.decoded("DTEND") == date(2025, 1, 1)
    assert entry["SEQUENCE"] == 0
    assert entry["DTSTAMP"].dt == entry["LAST-MODIFIED"].dt == entry["CREATED"].dt == world.clock.now()
    assert (entry["STATUS"], entry["TRANSP"], entry["X-MICROSOFT-CDO-BUSYSTATUS"]) == (
        "CONFIRMED",
        "TRANSPARENT",
        "FREE",
    )
    assert entry["COLOR"] == "seagreen"
    assert entry["X-MILEPOST-PRECISION"] == "MONTH"
    assert [str(each) for each in entry["CATEGORIES"].cats] == ["任务", "牵头"]
    lines = str(entry["DESCRIPTION"]).split("\n")
    assert lines[0] == str(entry["URL"])
    assert lines[0].startswith("https://milepost.test/occurrences/oc_")
    told = "\n".join(lines)
    for words in ("2024年12月底前", "二〇二四年法治计划 二(三)1", "牵头：区司法局", "提交：问题清单"):
        assert words in told
    assert "ATTENDEE" not in entry
    assert "ORGANIZER" not in entry


async def test_an_edit_keeps_the_uid_and_raises_the_sequence(world: World) -> None:
    milestone = await world.milestone("梳理问题清单", MONTH)
    uid, _, _ = _seen(await world.entry("unit:demo.justice"))
    world.clock.set("2024-10-02T09:30")
    await world.edit(milestone, title="梳理并公布问题清单")
    entry = await world.entry("unit:demo.justice")
    assert _seen(entry) == (uid, 1, "【牵头】【12月内】梳理并公布问题清单")
    assert entry["LAST-MODIFIED"].dt == world.clock.now()
    assert entry["CREATED"].dt < entry["DTSTAMP"].dt


async def test_an_edit_that_nobody_can_see_changes_nothing(world: World) -> None:
    milestone = await world.milestone("梳理问题清单", MONTH)
    before = await world.all_bytes()
    await world.edit(milestone, note="只给编辑看的备注")
    assert await world.all_bytes() == before


async def test_a_moved_entry_says_so_for_fourteen_days(world: World) -> None:
    milestone = await world.milestone("梳理问题清单", MONTH)
    uid, _, _ = _seen(await world.entry("unit:demo.justice"))
    await world.edit(milestone, due=LATER)
    entry = await world.entry("unit:demo.justice")
    assert _seen(entry) == (uid, 1, "【改期 2024年12月31日→2025年1月31日】【牵头】【1月内】梳理问题清单")
    assert entry.decoded("DTSTART") == date(2025, 1, 31)
    world.clock.set("2024-10-14T23:59")
    assert "改期" in await world.text("unit:demo.justice")
    world.clock.set("2024-10-15T00:00")
    assert _seen(await world.entry("unit:demo.justice")) == (uid, 2, "【牵头】【1月内】梳理问题清单")


async def test_a_cancelled_entry_stays_for_sixty_days_and_then_leaves(world: World) -> None:
    milestone = await world.milestone("梳理问题清单", MONTH)
    uid, _, _ = _seen(await world.entry("unit:demo.justice"))
    await world.edit(milestone, status="cancelled")
    entry = await world.entry("unit:demo.justice")
    assert _seen(entry) == (uid, 1, "【已取消】【牵头】【12月内】梳理问题清单")
    assert entry["STATUS"] == "CANCELLED"
    assert entry["COLOR"] == "gray"
    world.clock.set("2024-11-29T23:59")
    assert "已取消" in await world.text("unit:demo.justice")
    world.clock.set("2024-11-30T00:00")
    assert str((await world.entry("unit:demo.justice"))["SUMMARY"]) == "订阅成功"


async def test_what_comes_back_to_life_is_the_same_entry(world: World) -> None:
    milestone = await world.milestone("梳理问题清单", MONTH)
    uid, _, _ = _seen(await world.entry("unit:demo.justice"))
    await world.edit(milestone, status="cancelled")
    world.clock.set("2025-01-10T08:00")  # it has left the feed
    assert "订阅成功" in await world.text("unit:demo.justice")
    await world.edit(milestone, status="active")
    entry = await world.entry("unit:demo.justice")
    assert (str(entry["UID"]), str(entry["STATUS"])) == (uid, "CONFIRMED")
    assert int(entry["SEQUENCE"]) >= 3


async def test_an_entry_is_the_same_whether_the_unit_is_named_or_a_member(world: World) -> None:
    milestone = await world.milestone("梳理问题清单", MONTH, roles={"demo.all": "responsible"})
    uid, _, _ = _seen(await world.entry("unit:demo.justice"))
    await world.edit(milestone, roles={"demo.justice": "lead", "demo.all": "support"})
    assert _seen(await world.entry("unit:demo.justice")) == (uid, 1, "【牵头】【12月内】梳理问题清单")


async def test_units_have_copies_of_their_own_and_everybody_else_one_together(world: World) -> None:
    await world.milestone("梳理问题清单", MONTH, roles={"demo.all": "responsible"})
    justice = await world.entry("unit:demo.justice")
    finance = await world.entry("unit:demo.finance")
    shared = {
        str((await world.entry(subject))["UID"])
        for subject in ("plan:demo-2024", "group:demo.all", "jurisdiction:demo")
    }
    assert len(shared) == 1
    assert len({str(justice["UID"]), str(finance["UID"]), *shared}) == 3
    assert str((await world.entry("plan:demo-2024"))["SUMMARY"]) == "【12月内】梳理问题清单"


async def test_whoever_leaves_the_group_before_the_due_date_is_told(world: World) -> None:
    await world.milestone("梳理问题清单", MONTH, roles={"demo.all": "responsible"})
    uid, _, _ = _seen(await world.entry("unit:demo.finance"))
    await world.members("demo.justice", until={"demo.finance": "2024-11-30"})
    entry = await world.entry("unit:demo.finance")
    assert _seen(entry) == (uid, 1, "【不再承担】【责任】【12月内】梳理问题清单")
    assert entry["STATUS"] == "CANCELLED"
    await world.members("demo.justice", until={"demo.finance": "2024-12-31"})
    assert _seen(await world.entry("unit:demo.finance")) == (uid, 2, "【责任】【12月内】梳理问题清单")


async def test_whoever_joins_the_group_gets_an_entry(world: World) -> None:
    await world.milestone("梳理问题清单", MONTH, roles={"demo.all": "responsible"})
    assert "订阅成功" in await world.text("unit:demo.water")
    await world.members("demo.justice", "demo.finance", "demo.water")
    assert "梳理问题清单" in await world.text("unit:demo.water")


async def test_what_a_former_unit_had_is_no_longer_edited(world: World) -> None:
    milestone = await world.milestone("梳理问题清单", MONTH, roles={"demo.finance": "lead"})
    await world.edit(milestone, roles={"demo.justice": "lead"})
    before = await world.text("unit:demo.finance")
    assert "不再承担" in before
    await world.edit(milestone, title="别人的事")
    assert await world.text("unit:demo.finance") == before


async def test_new_names_reach_every_entry_that_mentions_them(world: World) -> None:
    await world.milestone("梳理问题清单", MONTH, roles={"demo.justice": "lead", "demo.all": "support"})
    await world.rename(Unit, "demo.justice", name="区法治局")
    finance = await world.text("unit:demo.finance")
    assert "牵头：区法治局" in finance.replace("\r\n ", "")
    assert "X-WR-CALNAME:区法治局" in await world.text("unit:demo.justice")
    await world.rename(UnitGroup, "demo.all", name="各委办局")
    assert "配合：各委办局" in (await world.text("unit:demo.finance")).replace("\r\n ", "")
    assert "NAME:各委办局" in await world.text("group:demo.all")
    await world.rename(Jurisdiction, "demo", name="新区")
    assert "NAME:新区" in await world.text("jurisdiction:demo")
    await world.change_plan(title="新的计划名")
    assert "计划：新的计划名" in (await world.text("unit:demo.finance")).replace("\r\n ", "")
    assert "NAME:新的计划名" in await world.text("plan:demo-2024")


async def test_a_draft_shows_nowhere_until_it_is_published(world: World) -> None:
    await world.change_plan(status="draft")
    await world.milestone("梳理问题清单", MONTH)
    assert "梳理问题清单" not in "".join(text.decode() for text in (await world.all_bytes()).values())
    await world.change_plan(status="published")
    assert str((await world.entry("unit:demo.justice"))["STATUS"]) == "CONFIRMED"


async def test_an_archived_plan_takes_its_entries_along(world: World) -> None:
    await world.milestone("梳理问题清单", MONTH)
    await world.change_plan(status="archived")
    assert (await world.entry("unit:demo.justice"))["STATUS"] == "CANCELLED"
    world.clock.set("2024-12-01T08:00")
    assert "订阅成功" in await world.text("unit:demo.justice")


async def test_a_private_plan_shows_to_whoever_has_a_link_and_to_nobody_else(world: World) -> None:
    await world.milestone("梳理问题清单", MONTH)
    assert "梳理问题清单" in await world.text("public:demo.justice")
    await world.change_plan(visibility="private")
    assert "订阅成功" in await world.text("public:demo.justice")
    assert "梳理问题清单" in await world.text("unit:demo.justice")


async def test_lights_follow_the_date(world: World) -> None:
    await world.milestone("梳理问题清单", MONTH)
    seen = []
    for day in ("2024-11-30", "2024-12-01", "2024-12-31", "2025-01-01", "2025-06-29"):
        world.clock.set(f"{day}T12:00")
        entry = await world.entry("unit:demo.justice")
        seen.append((str(entry["COLOR"]), int(entry["SEQUENCE"]), f"{entry['LAST-MODIFIED'].dt:%Y-%m-%dT%H:%M}"))
    assert seen == [
        ("seagreen", 0, "2024-10-01T00:00"),
        ("gold", 1, "2024-11-30T16:00"),
        ("gold", 1, "2024-11-30T16:00"),
        ("crimson", 2, "2024-12-31T16:00"),
        ("crimson", 2, "2024-12-31T16:00"),
    ]
    world.clock.set("2025-06-30T00:00")  # 181 days after the due date
    assert "订阅成功" in await world.text("unit:demo.justice")


async def test_a_recurring_duty_names_its_series_and_a_part_its_parent(world: World) -> None:
    parent = await world.milestone("全年工作", {"value": 2024}, key="a")
    await world.milestone("按月报送", {"phrase": "每月", "rrule": "FREQ=MONTHLY"}, key="b", parent=parent)
    entries = await world.entries("unit:demo.justice")
    (whole,) = [each for each in entries if "全年工作" in each["SUMMARY"]]
    parts = [each for each in entries if "按月报送" in each["SUMMARY"]]
    assert len(parts) > 12
    assert len({str(each["UID"]) for each in parts}) == len(parts)
    related = [{each.params["RELTYPE"]: str(each) for each in part["RELATED-TO"]} for part in parts]
    assert len({each["SIBLING"] for each in related}) == 1
    assert {each["PARENT"] for each in related} == {str(whole["UID"])}
