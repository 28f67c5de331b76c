"""Identity through a change of the specification."""

import datetime as dt
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from service.due.expand import Due, expand
from service.due.match import Match, match
from service.due.spec import Frame, parse
from service.due.workdays import WEEKENDS

PLAN = Frame(start=dt.date(2023, 1, 1), end=dt.date(2025, 12, 31))


def expanded(**fields: object) -> tuple[Due, ...]:
    return expand(parse(fields), PLAN, WEEKENDS)


def moved(old: Sequence[Due], new: Sequence[Due]) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """Kept pairs, gone and new ones, by period."""
    found = match([(due.period, due.cycle) for due in old], new)
    return (
        [(old[before].period, new[after].period) for before, after in found.kept],
        [old[before].period for before in found.gone],
        [new[after].period for after in found.fresh],
    )


def test_the_same_period_is_the_same_due_date_whatever_its_form() -> None:
    assert moved(expanded(value="2024"), expanded(rrule="FREQ=YEARLY")) == ([("2024", "2024")], [], ["2023", "2025"])


def test_a_yearly_duty_that_moves_from_march_to_april_keeps_its_identity() -> None:
    kept, gone, fresh = moved(expanded(rrule="FREQ=YEARLY;BYMONTH=3"), expanded(rrule="FREQ=YEARLY;BYMONTH=4"))
    assert kept == [("2023-03", "2023-04"), ("2024-03", "2024-04"), ("2025-03", "2025-04")]
    assert (gone, fresh) == ([], [])


def test_a_quarterly_duty_that_becomes_a_day_keeps_its_identity() -> None:
    kept, _, _ = moved(
        expanded(rrule="FREQ=MONTHLY;INTERVAL=3;COUNT=1"),
        expanded(rrule="FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=10;COUNT=1"),
    )
    assert kept == [("2023-Q1", "2023-01-10")]


def test_a_cycle_with_several_is_never_guessed() -> None:
    kept, gone, fresh = moved(
        expanded(rrule="FREQ=YEARLY;BYMONTH=3;COUNT=1"), expanded(rrule="FREQ=YEARLY;BYMONTH=4,9;COUNT=2")
    )
    assert (kept, gone, fresh) == ([], ["2023-03"], ["2023-04", "2023-09"])


def test_what_stays_in_a_cycle_leaves_the_one_that_moved_unambiguous() -> None:
    kept, gone, fresh = moved(
        expanded(rrule="FREQ=YEARLY;BYMONTH=3,9;COUNT=2"), expanded(rrule="FREQ=YEARLY;BYMONTH=3,10;COUNT=2")
    )
    assert (kept, gone, fresh) == ([("2023-03", "2023-03"), ("2023-09", "2023-10")], [], [])


def test_a_dated_task_that_is_put_off_keeps_its_identity() -> None:
    assert moved(expanded(value="2024-10"), expanded(value="2024-12")) == ([("2024-10", "2024-12")], [], [])


def test_a_dated_task_that_becomes_open_and_back_keeps_its_identity() -> None:
    assert moved(expanded(value="2024-10"), expanded(open=True))[0] == [("2024-10", "open")]
    assert moved(expanded(open=True), expanded(within_term="plan"))[0] == [("open", "2023/2025")]


def test_a_one_off_that_becomes_a_recurring_duty_ends() -> None:
    kept, gone, fresh = moved(expanded(value="2024-10"), expanded(rrule="FREQ=YEARLY;BYMONTH=3"))
    assert (kept, gone, fresh) == ([], ["2024-10"], ["2023-03", "2024-03", "2025-03"])


def test_nothing_matches_nothing() -> None:
    assert match([], []) == Match((), (), ())
    assert match([("2024", "once")], []) == Match((), (0,), ())
    assert match([], expanded(value="2024")) == Match((), (), (0,))


identities = st.lists(
    st.tuples(st.sampled_from(["2023", "2024", "2024-03", "open"]), st.sampled_from(["2023", "2024", "once"])),
    max_size=6,
    unique_by=lambda identity: identity[0],
)


@given(identities, identities)
@settings(deadline=None, max_examples=300)
def test_everyone_is_accounted_for_once_and_the_same_period_always_matches(
    old: list[tuple[str, str]], new: list[tuple[str, str]]
) -> None:
    dues = [Due(period, cycle, None, None, None, None, provisional=False, dataset="") for period, cycle in new]
    found = match(old, dues)
    assert sorted([before for before, _ in found.kept] + list(found.gone)) == list(range(len(old)))
    assert sorted([after for _, after in found.kept] + list(found.fresh)) == list(range(len(new)))
    kept = {(old[before][0], new[after][0]) for before, after in found.kept}
    assert {(period, period) for period, _ in old if period in {other for other, _ in new}} <= kept
