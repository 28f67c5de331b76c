"""What a careful reader questions in the five documents."""

from collections import Counter

from service.findings.actions import find
from service.findings.rules import Code, Finding
from service.kit.database import Session
from service.plans.models import Plan

CHONGMING = "chongming-enforcement-2023-2025"


async def _find(session: Session, slug: str) -> list[Finding]:
    return list(await find(session, await session.get_one(Plan, slug)))


async def test_chongmings_warnings_are_those_that_its_readers_named(seeded: Session) -> None:
    found = await _find(seeded, CHONGMING)
    told = {
        code: [(one.milestone, one.line) for one in found if one.code is code]
        for code in (Code.BORN_OVERDUE, Code.AMBIGUOUS_PHRASE, Code.VAGUE_GROUP, Code.TWO_IN_ONE_FIELD, Code.NO_UNIT)
    }
    assert told == {
        Code.BORN_OVERDUE: [("2.2.1-1", 38)],
        Code.AMBIGUOUS_PHRASE: [("3.3-1", 92)],
        Code.VAGUE_GROUP: [("2.2.2-2", 42), ("2.2.2-3", 43)],
        Code.TWO_IN_ONE_FIELD: [("3.4-1", 94)],
        Code.NO_UNIT: [],
    }


async def test_chongmings_cliff_is_the_end_of_october_2025(seeded: Session) -> None:
    cliffs = [one.message for one in await _find(seeded, CHONGMING) if one.code is Code.CLIFF]
    assert any("2025-10-31" in message for message in cliffs)
    assert not any("2024-06-30" in message for message in cliffs)


async def test_chongmings_days_off_are_sundays_and_saturdays(seeded: Session) -> None:
    found = [one for one in await _find(seeded, CHONGMING) if one.code is Code.NON_WORKING_DAY]
    assert {one.milestone: one.message.partition(",")[0] for one in found} == {
        "consultation": "Due 2024-03-24 (Sunday)",
        "2.1.2-1": "Due 2024-06-30 (Sunday)",
        "2.1.2-3": "Due 2024-06-30 (Sunday)",
        "2.2.1-1": "Due 2023-12-31 (Sunday)",
        "3.1-1": "Due 2024-03-31 (Sunday)",
        "2.4.3-1": "Due 2024-03-31 (Sunday)",
        "3.2-1": "Due 2024-11-30 (Saturday)",
    }


async def test_chongming_says_a_date_for_everything_within_its_period(seeded: Session) -> None:
    codes = Counter(one.code for one in await _find(seeded, CHONGMING))
    for absent in (Code.NO_DATE, Code.DEFAULT_USED, Code.OUTSIDE_PERIOD, Code.PROVISIONAL_DATE, Code.TERM_UNKNOWN):
        assert codes[absent] == 0, absent


async def test_jinghai_has_one_default_for_85_tasks_and_a_term_of_office(seeded: Session) -> None:
    codes = Counter(one.code for one in await _find(seeded, "jinghai-law-government-2021-2025"))
    assert codes[Code.DEFAULT_USED] == 85
    assert codes[Code.TERM_UNKNOWN] == 1
    assert codes[Code.NO_DATE] == 0
    assert codes[Code.DUPLICATE_CLAUSE] >= 1


async def test_shanghai_leaves_most_articles_without_a_date(seeded: Session) -> None:
    codes = Counter(one.code for one in await _find(seeded, "shanghai-law-government-2021-2025"))
    assert codes[Code.NO_DATE] > 30
    assert codes[Code.NO_UNIT] == 0


async def test_shenyangs_last_measure_has_no_unit_and_its_2011_tasks_were_due_on_a_working_saturday(
    seeded: Session,
) -> None:
    found = await _find(seeded, "shenyang-law-administration-2011-2015")
    assert [one.milestone for one in found if one.code is Code.NO_UNIT] == ["4.42-1"]
    off = {one.milestone for one in found if one.code is Code.NON_WORKING_DAY}
    assert {"3.2.7-2", "3.2.9-2"} & off == set()
