"""Every check, by a plan that has it and one that lacks it."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from service.due.spec import parse as due
from service.findings.rules import Code, DueFact, Finding, PlanFact, Severity, TaskFact, find_all
from service.holidays.rules import china

FRIDAY = date(2024, 11, 29)
CALENDAR = china()


def task(key: str = "1", *days: date | None, **more: object) -> TaskFact:
    """A sound task, due on these days (a working Friday where none is given)."""
    sound = TaskFact(
        key=key,
        title=f"任务{key}{'甲乙丙丁戊己庚辛壬癸'[hash(key) % 10] * 5}",
        lines=(10,),
        due=due({"phrase": "2024年11月29日", "value": "2024-11-29"}),
        has_parent=False,
        assigned=("a.x",),
        vague=(),
        dues=tuple(DueFact(day, provisional=False, units=("a.x",)) for day in days or (FRIDAY,)),
        superior_due_on=None,
    )
    return replace(sound, **more)  # type: ignore[arg-type]  # fields by name, as each test needs them


def plan(*tasks: TaskFact, **more: object) -> PlanFact:
    sound = PlanFact(
        period=(date(2024, 1, 1), date(2025, 12, 31)),
        published_on=date(2024, 1, 15),
        default_due=None,
        superior_end=None,
        tasks=tasks,
    )
    return replace(sound, **more)  # type: ignore[arg-type]  # fields by name, as each test needs them


def found(fact: PlanFact, code: Code) -> list[Finding]:
    return [one for one in find_all(fact, CALENDAR) if one.code is code]


def test_a_sound_plan_has_no_findings() -> None:
    assert find_all(plan(task()), CALENDAR) == []


def test_a_task_that_nobody_answers_for() -> None:
    (one,) = found(plan(task(assigned=())), Code.NO_UNIT)
    assert (one.severity, one.milestone, one.line) == (Severity.WARNING, "1", 10)


def test_a_task_whose_group_has_no_members_when_it_falls_due() -> None:
    (one,) = found(plan(task(dues=(DueFact(FRIDAY, provisional=False, units=()),))), Code.NO_UNIT)
    assert "a.x" in one.message


def test_a_task_whose_group_has_no_members_for_one_of_its_dates() -> None:
    several = (DueFact(FRIDAY, provisional=False, units=("a.x",)), DueFact(FRIDAY, provisional=False, units=()))
    (one,) = found(plan(task(dues=several)), Code.NO_UNIT)
    assert "2024-11-29" in one.message


def test_a_task_without_date_in_a_plan_without_default() -> None:
    assert found(plan(task(due=None, dues=())), Code.NO_DATE)
    assert not found(plan(task(due=None), default_due=due({"value": "2024"})), Code.NO_DATE)


def test_a_task_that_takes_the_plans_default() -> None:
    default = due({"phrase": "2024年年底前", "value": "2024"})
    (one,) = found(plan(task(due=None), default_due=default), Code.DEFAULT_USED)
    assert "2024年年底前" in one.message_zh
    assert one.severity is Severity.NOTICE
    assert not found(plan(task(), default_due=default), Code.DEFAULT_USED)


def test_before_a_month_may_mean_before_it_or_with_it() -> None:
    ambiguous = due({"phrase": "每年10月前", "rrule": "FREQ=YEARLY;BYMONTH=10", "boundary": "before"})
    (one,) = found(plan(task("1", date(2024, 10, 31), due=ambiguous)), Code.AMBIGUOUS_PHRASE)
    assert "2024-10-31" in one.message
    clear = due({"phrase": "2024年10月底前", "value": "2024-10", "boundary": "by_end"})
    assert not found(plan(task("1", date(2024, 10, 31), due=clear)), Code.AMBIGUOUS_PHRASE)
    day = due({"phrase": "4月30日前", "rrule": "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=30", "boundary": "before"})
    assert not found(plan(task("1", date(2024, 4, 30), due=day)), Code.AMBIGUOUS_PHRASE)


def test_a_group_that_the_document_does_not_spell_out() -> None:
    (one,) = found(plan(task(vague=("各相关区级部门",))), Code.VAGUE_GROUP)
    assert "各相关区级部门" in one.message
    assert not found(plan(task()), Code.VAGUE_GROUP)


def test_a_term_of_office_has_no_known_dates() -> None:
    assert found(plan(task("1", None, due=due({"within_term": "office"}))), Code.TERM_UNKNOWN)
    assert not found(plan(task("1", due=due({"within_term": "plan"}))), Code.TERM_UNKNOWN)


def test_a_task_that_was_overdue_when_the_plan_came_out() -> None:
    late = plan(task("1", date(2024, 1, 12)))
    (one,) = found(late, Code.BORN_OVERDUE)
    assert "2024-01-12" in one.message
    assert not found(plan(task("1", date(2024, 1, 15))), Code.BORN_OVERDUE)
    assert not found(replace(late, published_on=None), Code.BORN_OVERDUE)


@pytest.mark.parametrize(
    ("day", "is_off"),
    (
        (date(2024, 11, 30), True),  # a Saturday
        (date(2024, 10, 1), True),  # National Day, a Tuesday
        (date(2024, 10, 12), False),  # a Saturday that is worked
        (date(2011, 12, 31), False),  # a Saturday that was worked
        (date(2023, 4, 30), True),  # a Sunday within the holiday
        (date(2022, 12, 31), True),
        (date(2025, 11, 30), True),
        (FRIDAY, False),
    ),
)
def test_a_date_on_a_day_off(day: date, *, is_off: bool) -> None:
    fact = plan(task("1", day), period=None, published_on=None)
    assert bool(found(fact, Code.NON_WORKING_DAY)) is is_off


def test_a_weekly_duty_on_sundays_is_one_finding_that_counts() -> None:
    (one,) = found(plan(task("1", date(2024, 11, 3), date(2024, 11, 10), date(2024, 11, 17))), Code.NON_WORKING_DAY)
    assert "and 2 more" in one.message
    assert "2024-11-03 (Sunday)" in one.message
    assert "周日" in one.message_zh


def test_a_date_that_waits_for_a_notice() -> None:
    (one,) = found(plan(task(dues=(DueFact(FRIDAY, provisional=True, units=("a.x",)),))), Code.PROVISIONAL_DATE)
    assert one.severity is Severity.NOTICE
    assert not found(plan(task()), Code.PROVISIONAL_DATE)


def test_an_obligation_with_two_sources() -> None:
    (one,) = found(plan(task(lines=(46, 78))), Code.DUPLICATE_CLAUSE)
    assert "46, 78" in one.message


def test_two_tasks_with_much_the_same_words_and_date() -> None:
    twins = plan(task("1", title="组织行政执法案卷评查工作"), task("2", title="组织行政执法案卷评查"))
    (one,) = found(twins, Code.DUPLICATE_CLAUSE)
    assert (one.milestone, one.severity) == ("1", Severity.WARNING)
    assert not found(
        plan(task("1", title="组织行政执法案卷评查"), task("2", date(2024, 12, 2), title="组织行政执法案卷评查")),
        Code.DUPLICATE_CLAUSE,
    )
    assert not found(plan(task("1", title="编制年度财政预算"), task("2", title="组织案卷评查")), Code.DUPLICATE_CLAUSE)


def test_what_says_the_same_a_thousand_times_has_a_thousand_findings_and_not_half_a_million() -> None:
    same = plan(*(task(str(number), title="组织行政执法案卷评查") for number in range(1_000)))
    assert len(found(same, Code.DUPLICATE_CLAUSE)) == 999


def test_a_duty_with_many_dates_has_one_finding_of_each_kind() -> None:
    days = [date(2026, 1, 11) + timedelta(weeks=week) for week in range(4)]
    sundays = tuple(DueFact(day, provisional=True, units=("a.x",)) for day in days)
    duty = plan(task(dues=sundays), superior_end=date(2025, 12, 31), published_on=date(2026, 3, 1))
    codes = [one.code for one in find_all(duty, CALENDAR)]
    assert sorted(codes) == sorted(
        (
            Code.BORN_OVERDUE,
            Code.PROVISIONAL_DATE,
            Code.OUTSIDE_PERIOD,
            Code.LATER_THAN_SUPERIOR,
            Code.NON_WORKING_DAY,
        )
    )
    assert all("3 more" in one.message for one in find_all(duty, CALENDAR))


def test_more_than_eight_tasks_on_one_day() -> None:
    nine = plan(*(task(str(number), title=f"{'甲乙丙丁戊己庚辛壬'[number]}" * 6) for number in range(9)))
    (one,) = found(nine, Code.CLIFF)
    assert (one.milestone, one.line) == (None, 0)
    assert "2024-11-29" in one.message
    assert "a.x has 9" in one.message
    assert not found(replace(nine, tasks=nine.tasks[:8]), Code.CLIFF)


def test_two_dates_in_one_field() -> None:
    mid, end = task("1", date(2024, 10, 31), title="中期评估"), task("2", date(2025, 10, 31), title="终期考核")
    (one,) = found(plan(mid, end), Code.TWO_IN_ONE_FIELD)
    assert "1, 2" in one.message
    assert not found(plan(mid, replace(end, lines=(11,))), Code.TWO_IN_ONE_FIELD)
    assert not found(plan(mid, replace(end, has_parent=True)), Code.TWO_IN_ONE_FIELD)


def test_a_date_outside_the_plans_period() -> None:
    (one,) = found(plan(task("1", date(2026, 1, 5))), Code.OUTSIDE_PERIOD)
    assert one.severity is Severity.WARNING
    assert not found(plan(task("1", date(2025, 12, 31))), Code.OUTSIDE_PERIOD)
    assert not found(plan(task("1", date(2026, 1, 5)), period=None), Code.OUTSIDE_PERIOD)


def test_a_date_later_than_the_superior_plan_allows() -> None:
    assert found(plan(task(), superior_end=date(2024, 6, 30)), Code.LATER_THAN_SUPERIOR)
    assert not found(plan(task(), superior_end=date(2024, 12, 31)), Code.LATER_THAN_SUPERIOR)
    (one,) = found(
        plan(task(superior_due_on=date(2024, 6, 30)), superior_end=date(2025, 12, 31)), Code.LATER_THAN_SUPERIOR
    )
    assert "2024-06-30" in one.message


def test_what_has_no_date_is_neither_late_nor_on_a_day_off() -> None:
    open_ended = plan(task("1", None, due=due({"open": True})), superior_end=date(2020, 1, 1))
    assert find_all(open_ended, CALENDAR) == []


def test_every_code_has_its_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "findings.md").read_text(encoding="utf-8")
    headings = {line.strip("# `") for line in page.splitlines() if line.startswith("## `")}
    assert headings == {code.value for code in Code}
