"""What the date makes of facts, and when it next does."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.feeds.rules.facts import EntryFacts
from service.feeds.rules.phase import Phase, next_change_on, next_stamp, phase_on
from service.feeds.rules.window import Edges, Window, last_crossing, next_crossing

DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2030, 12, 31))
FACTS = st.builds(
    EntryFacts,
    title=st.just("x"),
    due_on=st.none() | DAYS,
    moved_from=st.none() | DAYS,
    moved_on=st.none() | DAYS,
    progress=st.sampled_from(["", "started", "done"]),
    ended=st.sampled_from(["", "cancelled", "withdrawn"]),
    ended_on=DAYS,
)


@given(FACTS, DAYS)
def test_nothing_changes_before_the_day_that_is_named(facts: EntryFacts, today: date) -> None:
    upcoming = next_change_on(facts, today)
    end = upcoming or today + timedelta(days=2_000)
    day = today
    while day < end and day < today + timedelta(days=800):
        assert phase_on(facts, day) == phase_on(facts, today)
        day += timedelta(days=1)


def test_a_light_goes_from_green_to_yellow_to_red() -> None:
    facts = EntryFacts(title="x", due_on=date(2024, 3, 31))
    lights = {day: phase_on(facts, day).light for day in (date(2024, 2, 29), date(2024, 3, 1), date(2024, 4, 1))}
    assert list(lights.values()) == ["green", "yellow", "red"]
    assert next_change_on(facts, date(2024, 2, 1)) == date(2024, 3, 1)
    assert next_change_on(facts, date(2024, 3, 1)) == date(2024, 4, 1)
    assert next_change_on(facts, date(2024, 4, 1)) is None


def test_what_is_done_is_green_whatever_the_day() -> None:
    facts = EntryFacts(title="x", due_on=date(2024, 3, 31), progress="done")
    assert {phase_on(facts, date(2024, month, 1)).light for month in range(1, 7)} == {"green"}
    assert next_change_on(facts, date(2024, 1, 1)) is None


def test_what_has_no_date_has_no_light_and_never_changes() -> None:
    assert phase_on(EntryFacts(title="x"), date(2024, 1, 1)) == Phase("grey", "active", moved=False)
    assert next_change_on(EntryFacts(title="x"), date(2024, 1, 1)) is None


def test_what_is_called_off_stays_sixty_days() -> None:
    facts = EntryFacts(title="x", due_on=date(2024, 12, 31), ended="cancelled", ended_on=date(2024, 2, 29))
    assert phase_on(facts, date(2024, 4, 28)).state == "ended"
    assert phase_on(facts, date(2024, 4, 29)).state == "left"
    assert next_change_on(facts, date(2024, 2, 29)) == date(2024, 4, 29)


def test_changes_within_one_second_get_seconds_of_their_own() -> None:
    at = datetime(2024, 10, 1, 8, 0, 0, 700_000, tzinfo=UTC)
    first = next_stamp(None, at)
    assert first == at.replace(microsecond=0)
    assert next_stamp(first, at) == first + timedelta(seconds=1)
    assert next_stamp(first, at - timedelta(days=1)) == first + timedelta(seconds=1)
    assert next_stamp(first, at + timedelta(days=1)) == first + timedelta(days=1)


@given(st.lists(DAYS, max_size=8), DAYS)
def test_crossings_are_the_days_on_which_the_window_shows_something_else(dues: list[date], today: date) -> None:
    window = Window(back=30, ahead=60)
    edges = _edges(window, dues, today)
    upcoming, latest = next_crossing(window, edges), last_crossing(window, edges)
    assert upcoming is None or upcoming > today
    assert latest is None or latest <= today
    day = today
    while day < (upcoming or today + timedelta(days=200)) and day < today + timedelta(days=200):
        assert _shown(window, dues, day) == _shown(window, dues, today)
        day += timedelta(days=1)
    if upcoming is not None:
        assert _shown(window, dues, upcoming) != _shown(window, dues, today)
    if latest is not None:
        assert _shown(window, dues, latest) == _shown(window, dues, today)
        assert _shown(window, dues, latest - timedelta(days=1)) != _shown(window, dues, today)


def _shown(window: Window, dues: list[date], day: date) -> list[date]:
    return sorted(due for due in dues if window.first(day) <= due <= window.last(day))


def _edges(window: Window, dues: list[date], day: date) -> Edges:
    shown = _shown(window, dues, day)
    return Edges(
        gone=max((due for due in dues if due < window.first(day)), default=None),
        first=min(shown, default=None),
        last=max(shown, default=None),
        coming=min((due for due in dues if due > window.last(day)), default=None),
    )
