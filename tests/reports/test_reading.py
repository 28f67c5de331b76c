"""Boards read from the database."""

from datetime import UTC, date, datetime

from service.gate.transaction import change
from service.kit.actor import Actor
from service.kit.database import Database
from service.reports.actions.board import Viewer, months, unit_board
from service.reports.store.board import tally_plans, tally_units
from tests.flows.desk import apply

PLAN = """\
milepost: 1
jurisdictions: [{code: a, name: 甲区}]
units: [{code: a.x, name: 单位一}, {code: a.y, name: 单位二}]
groups:
  - {code: a.all, name: 各单位, members: [a.x, {member: a.y, until: 2024-06-30}]}
plan: {slug: p, title: 方案, jurisdiction: a, period: 2024-01-01/2024-12-31, time_zone: America/New_York}
milestones:
  - {key: march, title: 三月, due: {value: 2024-03}, lead: [a.all]}
  - {key: october, title: 十月一日, due: {value: 2024-10-01}, lead: [a.all]}
  - {key: open, title: 无期限, responsible: [a.all], support: [a.y]}
"""


def _viewer(now: datetime) -> Viewer:
    return Viewer(now=now, zone="Asia/Shanghai", public_only=True)


def test_a_viewers_day_is_that_of_the_place() -> None:
    viewer = _viewer(datetime(2024, 10, 1, 20, tzinfo=UTC))
    assert viewer.today() == date(2024, 10, 2)
    assert viewer.today("America/New_York") == date(2024, 10, 1)


async def test_what_is_due_today_where_the_plan_is_has_not_passed(database: Database, actor: Actor) -> None:
    now = datetime(2024, 10, 1, 20, tzinfo=UTC)  # in Shanghai it is the second already
    async with change(database, now=now) as session:
        await apply(session, actor, PLAN, now=now)
        board = await unit_board(session, _viewer(now), unit="a.x")
    assert [one.task.key for one in board.sections.soon] == ["october"]
    assert [one.task.key for one in board.sections.past] == ["march"]


async def test_who_left_a_group_answers_for_what_fell_due_before(database: Database, actor: Actor) -> None:
    now = datetime(2024, 9, 1, tzinfo=UTC)
    async with change(database, now=now) as session:
        await apply(session, actor, PLAN, now=now)
        board = await unit_board(session, _viewer(now), unit="a.y")
        stays = await unit_board(session, _viewer(now), unit="a.x")
    assert board.sections.soon == ()
    assert [one.task.key for one in board.sections.past] == ["march"]
    (named,) = board.sections.undated
    assert (named.role.value, named.via) == ("support", None)  # named itself; as a member it would be responsible
    (member,) = stays.sections.undated
    assert member.via is not None
    assert (member.role.value, member.via.name) == ("responsible", "各单位")


async def test_counts_agree_with_what_the_boards_list(database: Database, actor: Actor) -> None:
    now = datetime(2024, 9, 1, tzinfo=UTC)
    viewer = _viewer(now)
    async with change(database, now=now) as session:
        await apply(session, actor, PLAN, now=now)
        units = await tally_units(session, ["a.x", "a.y", "a.z"], today=viewer.today(), public_only=True)
        plans = await tally_plans(session, ["p"], today=viewer.today())
        by_month = {month.first: month.count for month in await months(session, viewer, jurisdiction="a")}
    assert (units["a.x"].dates, units["a.x"].past, units["a.x"].soon) == (2, 1, 1)
    assert units["a.x"].next_on == date(2024, 10, 1)
    assert (units["a.y"].dates, units["a.y"].next_on) == (1, None)
    assert units["a.z"].dates == 0
    assert (plans["p"].milestones, plans["p"].dates) == (3, 2)
    assert {day: count for day, count in by_month.items() if count} == {date(2024, 3, 1): 1, date(2024, 10, 1): 1}
