"""What the five documents oblige somebody to do. Every expected value is read in the documents, by hand."""

from collections import Counter
from datetime import date
from typing import Any

import pytest
from sqlmodel import col, select

from service.kit.database import Session
from service.milestones.models import Assignment, Milestone, Occurrence, OccurrenceUnit
from service.plans.models import Plan
from service.units import store as unit_store
from service.units.models import Unit
from service.units.rules import units_of

CHONGMING = "chongming-enforcement-2023-2025"
SHANGHAI = "shanghai-law-government-2021-2025"
JINGHAI = "jinghai-law-government-2021-2025"
BAOSHAN = "baoshan-law-government-2021"
SHENYANG = "shenyang-law-administration-2011-2015"

TOWNS = {
    "城桥镇", "堡镇", "新河镇", "庙镇", "竖新镇", "向化镇", "三星镇", "港沿镇", "中兴镇", "陈家镇", "绿华镇", "港西镇",
    "建设镇", "新海镇", "东平镇", "长兴镇", "新村乡", "横沙乡",
}  # fmt: skip


async def _milestones(session: Session, plan: str) -> dict[str, Milestone]:
    return {row.key: row for row in await session.exec(select(Milestone).where(Milestone.plan == plan))}


async def _dues(session: Session, plan: str) -> dict[str, list[date | None]]:
    """Milestone key → its due dates, in order."""
    found: dict[str, list[date | None]] = {key: [] for key in await _milestones(session, plan)}
    rows = {row.id: key for key, row in (await _milestones(session, plan)).items()}
    query = select(Occurrence).where(col(Occurrence.milestone).in_(rows)).order_by(col(Occurrence.sort_on))
    for one in await session.exec(query):
        found[rows[one.milestone]].append(one.due_on)
    return found


async def _units(session: Session, group: str, *, on: date) -> tuple[str, ...]:
    return units_of(group, await unit_store.membership_below(session, [group]), on=on)


def _quota(row: Milestone) -> dict[str, Any]:
    assert row.due is not None
    quota: dict[str, Any] = row.due["quota"]
    return quota


def _yearly(*years: int, month: int = 12, day: int = 31) -> list[date | None]:
    return [date(year, month, day) for year in years]


# ── 崇明 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_chongmings_43_brackets_fall_due_when_they_say(seeded: Session) -> None:
    rows = await _milestones(seeded, CHONGMING)
    # A quota beside other work is a part of it; the window is no bracket; the last bracket holds two evaluations.
    brackets = {key for key, row in rows.items() if row.parent is None and row.kind != "window"}
    assert len(brackets) == 44
    dues = await _dues(seeded, CHONGMING)
    once = Counter(dues[key][0] for key in brackets if len(dues[key]) == 1)
    assert once == {
        date(2025, 10, 31): 30,
        date(2024, 10, 31): 3 + 1,  # and the mid-term evaluation, whose bracket says 2025年10月
        date(2024, 12, 31): 3,
        date(2024, 6, 30): 2,
        date(2023, 12, 31): 1,
        date(2024, 3, 31): 1,
    }
    several = sorted(dues[key] for key in brackets if len(dues[key]) > 1)
    assert several == [
        _yearly(2024, 2025, month=3, day=31),
        _yearly(2024, 2025, month=10, day=31),
        _yearly(2024, 2025, month=11, day=30),
    ]


async def test_chongmings_consultation_is_a_window_of_thirty_one_days(seeded: Session) -> None:
    query = select(Occurrence).join(Milestone, col(Milestone.id) == Occurrence.milestone)
    (window,) = await seeded.exec(query.where(Milestone.plan == CHONGMING, Milestone.kind == "window"))
    assert (window.window_start, window.due_on) == (date(2024, 2, 23), date(2024, 3, 24))


async def test_chongmings_quotas_count_what_the_plan_counts(seeded: Session) -> None:
    rows = await _milestones(seeded, CHONGMING)
    told = {key: _quota(row) for key, row in rows.items() if row.due and "quota" in row.due}
    assert {key: (quota.get("count"), quota.get("amount"), quota.get("per")) for key, quota in told.items()} == {
        "2.1.1-1-q1": (2, None, "领导班子"),
        "2.1.1-2-q1": (1, None, "负责人"),
        "2.1.2-2-q1": (None, 60, "人"),
        "2.4.3-2-q1": (1, None, None),
        "3.3-1": (1, None, "单位"),
    }
    dues = await _dues(seeded, CHONGMING)
    # Yearly ones from the year of publication on; once in three years is the plan's three years.
    assert dues["2.1.1-1-q1"] == dues["2.1.2-2-q1"] == dues["2.4.3-2-q1"] == _yearly(2024, 2025)
    assert dues["2.1.1-2-q1"] == _yearly(2025)


async def test_chongmings_evaluations_are_two_with_the_same_units(seeded: Session) -> None:
    rows = [row for row in (await _milestones(seeded, CHONGMING)).values() if row.kind == "evaluation"]
    assert [row.lines for row in rows] == [[94], [94]]
    held = [
        [
            one.unit_code or one.group_code
            for one in await seeded.exec(
                select(Assignment).where(Assignment.milestone == row.id).order_by(col(Assignment.position))
            )
        ]
        for row in rows
    ]
    assert held == [["chongming.justice", "chongming.departments", "chongming.towns"]] * 2


async def test_chongming_says_who_is_responsible_and_never_who_leads(seeded: Session) -> None:
    query = select(Assignment.role).join(Milestone, col(Milestone.id) == Assignment.milestone)
    assert set(await seeded.exec(query.where(Milestone.plan == CHONGMING))) == {"responsible"}


async def test_a_bracket_with_a_comma_names_two(seeded: Session) -> None:
    row = (await _milestones(seeded, CHONGMING))["2.4.3-2"]
    held = await seeded.exec(
        select(Assignment).where(Assignment.milestone == row.id).order_by(col(Assignment.position))
    )
    named = [one.unit_code or one.group_code for one in held]
    assert named == ["chongming.justice", "chongming.departments", "chongming.towns"]


async def test_chongming_has_22_names_and_18_towns(seeded: Session) -> None:
    query = select(Assignment).join(Milestone, col(Milestone.id) == Assignment.milestone)
    named = {one.unit_code or one.group_code for one in await seeded.exec(query.where(Milestone.plan == CHONGMING))}
    assert len(named) == 22
    towns = await _units(seeded, "chongming.towns", on=date(2025, 10, 31))
    names = [unit.name for unit in await seeded.exec(select(Unit).where(col(Unit.code).in_(towns)))]
    assert set(names) == TOWNS


async def test_departments_concerned_are_all_departments_for_want_of_a_list(seeded: Session) -> None:
    day = date(2025, 10, 31)
    departments = await _units(seeded, "chongming.departments", on=day)
    assert len(departments) == 17
    assert await _units(seeded, "chongming.departments-concerned", on=day) == departments
    assert "chongming.party-law-office" not in departments


async def test_a_body_has_one_entry_under_all_its_names(seeded: Session) -> None:
    async def found(q: str) -> list[str]:
        where = unit_store.RegistryFilter(q=q, jurisdiction="chongming")
        return [row.code for row in await unit_store.list_rows(seeded, Unit, where=where, after=None, limit=10)]

    assert await found("区法治政府建设领导小组办公室") == ["chongming.law-office"]
    assert await found("区法治政府建设工作领导小组办公室") == ["chongming.law-office"]
    assert await found("区委依法治区办") == ["chongming.party-law-office"]


async def test_every_unit_named_in_a_group_answers_once_for_a_task_in_its_own_name(seeded: Session) -> None:
    row = (await _milestones(seeded, CHONGMING))["2.1.2-1"]
    (occurrence,) = await seeded.exec(select(Occurrence).where(Occurrence.milestone == row.id))
    held = (await seeded.exec(select(OccurrenceUnit).where(OccurrenceUnit.occurrence == occurrence.id))).all()
    assert len(held) == 17 + 18  # 区司法局 is named, and is a department as well
    via = {one.unit: one.via for one in held}
    assert via["chongming.justice"] is None
    assert via["chongming.finance"] == "chongming.departments"
    assert via["chongming.hengsha"] == "chongming.towns"


async def test_nothing_of_chongming_falls_due_after_its_period(seeded: Session) -> None:
    days = [day for found in (await _dues(seeded, CHONGMING)).values() for day in found]
    assert len(days) == 55
    assert max(day for day in days if day) == date(2025, 12, 31)


# ── 上海 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "due_on"),
    ((104, date(2022, 9, 30)), (82, date(2022, 12, 31)), (92, date(2024, 12, 31))),
)
async def test_shanghais_dated_tasks_fall_due_at_the_end_of_what_they_name(
    seeded: Session, line: int, due_on: date
) -> None:
    rows = (await _milestones(seeded, SHANGHAI)).values()
    dated = [row for row in rows if row.lines and row.lines[0] == line and row.due and "value" in row.due]
    assert [(await _dues(seeded, SHANGHAI))[row.key] for row in dated] == [[due_on]]


async def test_shanghais_target_is_the_end_of_2025_and_2035_is_no_milestone(seeded: Session) -> None:
    dues = await _dues(seeded, SHANGHAI)
    assert dues["target-2025"] == [date(2025, 12, 31)]
    assert all(day is None or day.year <= 2025 for found in dues.values() for day in found)


async def test_shanghais_yearly_duties_begin_with_its_publication(seeded: Session) -> None:
    dues = await _dues(seeded, SHANGHAI)
    rows = await _milestones(seeded, SHANGHAI)
    yearly = {key: dues[key] for key, row in rows.items() if row.due and row.due.get("rrule") == "FREQ=YEARLY"}
    assert sorted(row.lines[0] for key, row in rows.items() if key in yearly) == [36, 42, 108, 110, 112, 114]
    assert all(found == _yearly(2021, 2022, 2023, 2024, 2025) for found in yearly.values())


async def test_what_has_no_day_has_an_occurrence_without_one(seeded: Session) -> None:
    dues = await _dues(seeded, SHANGHAI)
    assert dues["11.40-1-q2"] == [None]  # once in a term of office
    assert dues["3.9-1-p1"] == [None]  # when an item is delayed
    assert dues["11.40-1-p1"] == [None]  # 定期


async def test_shanghais_quotas_are_two_lectures_one_training_sixty_hours_and_all_inspected(seeded: Session) -> None:
    rows = await _milestones(seeded, SHANGHAI)
    told = {key: _quota(row) for key, row in rows.items() if row.due and "quota" in row.due}
    assert {key: next(iter(quota.values())) for key, quota in told.items()} == {
        "11.39-1-q1": 100,
        "11.40-1-q1": 2,
        "11.40-1-q2": 1,
        "11.41-1-q1": 60,
    }


async def test_every_article_of_shanghai_has_its_milestone(seeded: Session) -> None:
    keys = {key for key, row in (await _milestones(seeded, SHANGHAI)).items() if row.parent is None}
    articles = {int(key.partition(".")[2].partition("-")[0]) for key in keys if key[0].isdigit()}
    assert articles == set(range(4, 44))  # the first three are principles and the target


# ── 静海 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_every_undated_task_of_jinghai_falls_due_at_the_end_of_2024(seeded: Session) -> None:
    rows, dues = await _milestones(seeded, JINGHAI), await _dues(seeded, JINGHAI)
    undated = [key for key, row in rows.items() if row.due is None]
    assert len(undated) == 85
    assert {tuple(dues[key]) for key in undated} == {(date(2024, 12, 31),)}


async def test_jinghais_damaged_date_is_read_as_the_thirtieth_of_april(seeded: Session) -> None:
    rows, dues = await _milestones(seeded, JINGHAI), await _dues(seeded, JINGHAI)
    (key,) = [key for key, row in rows.items() if row.due and "430" in row.due.get("phrase", "")]
    assert rows[key].lines == [38]
    assert dues[key] == _yearly(2023, 2024, 2025, month=4, day=30)


async def test_jinghais_other_dates_are_those_that_it_names(seeded: Session) -> None:
    dues = await _dues(seeded, JINGHAI)
    assert dues["7.20-1-p1"] == [date(2022, 12, 31)]
    assert dues["8.25-1-p1"] == [date(2024, 12, 31)]
    assert dues["target-2025"] == [date(2025, 12, 31)]
    assert dues["7.22-1-p1"] == [None]  # within the time that the court sets
    assert dues["10.32-1-q3"] == [None]  # once in a term of office
    for key in ("5.12-1-q1", "10.32-1-q1", "10.32-1-q2", "10.32-1-q4", "10.31-1-p2", "10.30-1-p1"):
        assert dues[key] == _yearly(2022, 2023, 2024, 2025), key


async def test_a_duty_that_jinghai_states_twice_is_one_with_two_sources(seeded: Session) -> None:
    rows = await _milestones(seeded, JINGHAI)
    assert rows["5.12-1-q1"].lines == [46, 78]
    assert rows["10.32-1-q2"].due is not None
    assert rows["10.32-1-q2"].due["quota"]["count"] == 4


async def test_page_furniture_is_no_deadline(seeded: Session) -> None:
    plan = await seeded.get_one(Plan, JINGHAI)
    assert plan.published_on == date(2022, 12, 13)
    days = {day for found in (await _dues(seeded, JINGHAI)).values() for day in found if day}
    assert {(day.month, day.day) for day in days} == {(12, 31), (4, 30)}


# ── 宝山 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_baoshans_nine_intentions_are_due_with_2021(seeded: Session) -> None:
    rows, dues = await _milestones(seeded, BAOSHAN), await _dues(seeded, BAOSHAN)
    nine = [key for key, row in rows.items() if key.startswith("3.") and row.parent is None]
    assert sorted(nine) == [f"3.{number}-1" for number in range(1, 10)]
    assert all(dues[key] == [date(2021, 12, 31)] for key in nine)


async def test_baoshans_months_and_weeks_run_from_publication_to_the_end_of_the_year(seeded: Session) -> None:
    dues = await _dues(seeded, BAOSHAN)
    for key in ("1.2-1", "1.3-1", "1.3-2"):
        assert dues[key][0] == date(2021, 2, 28)
        assert dues[key][-1] == date(2021, 12, 31)
        assert len(dues[key]) == 11
    weeks = dues["1.5-1"]
    assert (weeks[0], weeks[-1], len(weeks)) == (date(2021, 2, 28), date(2021, 12, 26), 44)


# ── 沈阳 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_shenyangs_two_digit_years_are_2011_and_2012(seeded: Session) -> None:
    rows, dues = await _milestones(seeded, SHENYANG), await _dues(seeded, SHENYANG)
    phrased = {
        row.due["phrase"]: dues[key]
        for key, row in rows.items()
        if row.due and row.due.get("phrase") != "年度" and "phrase" in row.due
    }
    assert phrased == {"11年": [date(2011, 12, 31)], "12年": [date(2012, 12, 31)]}
    assert [key for key, found in dues.items() if found == [date(2011, 12, 31)]] == ["3.2.7-2", "3.2.9-2"]


async def test_everything_else_of_shenyang_falls_due_with_the_period(seeded: Session) -> None:
    rows, dues = await _milestones(seeded, SHENYANG), await _dues(seeded, SHENYANG)
    undated = [key for key, row in rows.items() if row.due is None]
    assert len(undated) == 42  # one for each measure; dated parts, ratios and duties stand beside them
    assert {tuple(dues[key]) for key in undated} == {(date(2015, 12, 31),)}
    yearly = [key for key, row in rows.items() if row.due and "rrule" in row.due]
    assert all(dues[key] == _yearly(2011, 2012, 2013, 2014, 2015) for key in yearly)
    assert len(yearly) == 4


async def test_shenyang_has_28_leading_departments_and_one_measure_without_any(seeded: Session) -> None:
    query = select(Assignment.unit_code).join(Milestone, col(Milestone.id) == Assignment.milestone)
    leading = await seeded.exec(query.where(Milestone.plan == SHENYANG, Assignment.role == "lead").distinct())
    assert len(set(leading)) == 28
    rows = (await _milestones(seeded, SHENYANG)).values()
    held = set(await seeded.exec(select(Assignment.milestone)))
    assert [row.key for row in rows if row.id not in held] == ["4.42-1"]


async def test_the_ratio_of_lost_cases_is_at_most_twelve_percent(seeded: Session) -> None:
    row = (await _milestones(seeded, SHENYANG))["3.7.28-1-q1"]
    assert (_quota(row)["ratio"], _quota(row)["bound"]) == (12, "at_most")


async def test_traditional_names_are_aliases(seeded: Session) -> None:
    names = await unit_store.all_names(seeded)
    assert names["市政府辦公廳"] == names["市政府办公厅"]
    assert len(await _units(seeded, "shenyang.districts", on=date(2015, 12, 31))) == 13
