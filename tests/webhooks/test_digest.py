"""Many events in one message a day or a week."""

import dataclasses
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.milestones.rules import Role
from service.progress.rules import ProgressStatus
from service.webhooks.rules.digest import MOST_ENTRIES, Window, counts, digests, next_window
from service.webhooks.rules.events import Cadence, Digest, Event, EventType, OccurrenceNotice, ProgressNews, Rescheduled
from service.webhooks.rules.examples import example
from service.webhooks.rules.filters import goes_into_digests
from service.webhooks.rules.parts import UnitPart
from tests.webhooks.strategies import events, patient

ZONE = "Asia/Shanghai"
MORNING = time(9)
NOW = datetime(2024, 10, 24, 1, 0, 1, tzinfo=UTC)
TODAY = Window(Cadence.DAILY, date(2024, 10, 24), date(2024, 10, 24), datetime(2024, 10, 24, 1, tzinfo=UTC))


def _notice(
    number: int, *, occurrence: str, due_on: date, event_type: EventType = EventType.OCCURRENCE_DUE_SOON
) -> Event:
    event = example(event_type)
    assert isinstance(event.about, OccurrenceNotice)
    about = dataclasses.replace(
        event.about, occurrence=dataclasses.replace(event.about.occurrence, id=occurrence), due_on=due_on
    )
    at = NOW + timedelta(minutes=number)
    return dataclasses.replace(event, id=f"evt_{number:04}", about=about, timestamp=at, fired_at=at, scheduled_for=at)


def _digest(*told: Event) -> Digest:
    (event,) = digests(told, TODAY, endpoint="ep_a", now=NOW, zone=ZONE)
    assert isinstance(event.about, Digest)
    return event.about


def test_a_digest_says_everything_once_the_most_urgent_first() -> None:
    soon = _notice(1, occurrence="oc_a", due_on=date(2024, 10, 31))
    late = _notice(2, occurrence="oc_b", due_on=date(2024, 10, 23), event_type=EventType.OCCURRENCE_OVERDUE)
    today = _notice(3, occurrence="oc_c", due_on=date(2024, 10, 24), event_type=EventType.OCCURRENCE_DUE)
    digest = _digest(soon, late, today, example(EventType.PLAN_PUBLISHED))
    assert [entry.occurrence for entry in digest.entries] == ["oc_b", "oc_c", "oc_a", None]
    assert [entry.days_left for entry in digest.entries] == [-1, 0, 7, None]
    assert counts(digest.entries) == {"overdue": 1, "today": 1, "soon": 1, "other": 1}
    assert (digest.total, digest.part, digest.parts) == (4, 1, 1)


def test_of_several_notices_of_one_occurrence_only_the_last_is_told() -> None:
    first = _notice(1, occurrence="oc_a", due_on=date(2024, 10, 24))
    second = _notice(2, occurrence="oc_a", due_on=date(2024, 10, 24), event_type=EventType.OCCURRENCE_DUE)
    assert [entry.id for entry in _digest(second, first).entries] == [second.id]


def test_a_new_date_overtakes_the_notice_before_it_and_not_the_one_after() -> None:
    moved = example(EventType.OCCURRENCE_RESCHEDULED)
    assert isinstance(moved.about, Rescheduled)
    occurrence = moved.about.occurrence.id
    before = _notice(-30_000, occurrence=occurrence, due_on=date(2024, 10, 15))
    after = _notice(1, occurrence=occurrence, due_on=date(2024, 10, 31))
    assert [entry.type for entry in _digest(before, moved).entries] == [EventType.OCCURRENCE_RESCHEDULED]
    assert {entry.id for entry in _digest(before, moved, after).entries} == {moved.id, after.id}


def test_a_cancellation_takes_the_milestones_notices_with_it() -> None:
    notice = dataclasses.replace(example(EventType.OCCURRENCE_DUE_SOON), timestamp=datetime(2024, 10, 1, tzinfo=UTC))
    cancelled = example(EventType.MILESTONE_CANCELLED)
    assert [entry.type for entry in _digest(notice, cancelled).entries] == [EventType.MILESTONE_CANCELLED]


@pytest.mark.parametrize(
    ("status", "told"),
    (
        (ProgressStatus.ACCEPTED, {EventType.PROGRESS_UPDATED}),
        (ProgressStatus.RETURNED, {EventType.PROGRESS_UPDATED, EventType.OCCURRENCE_DUE_SOON}),
    ),
)
def test_a_reminder_of_what_everybody_has_finished_is_not_told(status: ProgressStatus, told: set[EventType]) -> None:
    notice = dataclasses.replace(example(EventType.OCCURRENCE_DUE_SOON), timestamp=datetime(2024, 10, 1, tzinfo=UTC))
    report = example(EventType.PROGRESS_UPDATED)
    assert isinstance(report.about, ProgressNews)
    unit = UnitPart(code="chongming.justice", name="区司法局", role=Role.LEAD, status=status)
    about = dataclasses.replace(report.about, unit=unit, units=(unit,))
    digest = _digest(notice, dataclasses.replace(report, about=about))
    assert {entry.type for entry in digest.entries} == told


def test_nothing_to_say_is_no_message() -> None:
    assert digests([], TODAY, endpoint="ep_a", now=NOW, zone=ZONE) == ()


def test_a_long_digest_comes_in_parts_that_leave_nothing_out() -> None:
    told = [_notice(number, occurrence=f"oc_{number}", due_on=date(2024, 10, 31)) for number in range(250)]
    parts = digests(told, TODAY, endpoint="ep_a", now=NOW, zone=ZONE)
    found = [part.about for part in parts if isinstance(part.about, Digest)]
    assert [len(each.entries) for each in found] == [MOST_ENTRIES, MOST_ENTRIES, 50]
    assert [(each.part, each.parts, each.total) for each in found] == [(1, 3, 250), (2, 3, 250), (3, 3, 250)]
    assert {entry.id for each in found for entry in each.entries} == {event.id for event in told}
    assert len({part.id for part in parts}) == 3


def test_a_digest_that_is_made_again_is_the_same_message() -> None:
    told = [_notice(1, occurrence="oc_a", due_on=date(2024, 10, 31))]
    first, again = (digests(told, TODAY, endpoint="ep_a", now=NOW, zone=ZONE) for _ in range(2))
    assert first == again
    (other,) = digests(told, TODAY, endpoint="ep_b", now=NOW, zone=ZONE)
    assert other.id != first[0].id


def test_news_of_the_channel_are_no_matter_for_a_digest() -> None:
    with pytest.raises(TypeError, match=r"endpoint\.ping does not wait"):
        _digest(example(EventType.ENDPOINT_PING))


@patient
@given(st.lists(events.filter(goes_into_digests), max_size=6), st.randoms(use_true_random=False))
def test_the_order_in_which_events_are_given_changes_nothing(told: list[Event], random: object) -> None:
    numbered = [dataclasses.replace(event, id=f"evt_{place}") for place, event in enumerate(told)]
    again = list(numbered)
    random.shuffle(again)  # type: ignore[attr-defined]  # hypothesis gives a random.Random without saying so
    assert digests(numbered, TODAY, endpoint="ep_a", now=NOW, zone=ZONE) == digests(
        again, TODAY, endpoint="ep_a", now=NOW, zone=ZONE
    )


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("cadence", "after", "from_on", "to_on", "send_at"),
    (
        (Cadence.DAILY, "2024-10-24T00:59:59", "2024-10-24", "2024-10-24", "2024-10-24T01:00:00"),
        (Cadence.DAILY, "2024-10-24T01:00:00", "2024-10-25", "2024-10-25", "2024-10-25T01:00:00"),
        (Cadence.WEEKLY, "2024-10-24T01:00:00", "2024-10-28", "2024-11-03", "2024-10-28T01:00:00"),
        (Cadence.WEEKLY, "2024-10-28T00:00:00", "2024-10-28", "2024-11-03", "2024-10-28T01:00:00"),
        (Cadence.WEEKLY, "2024-10-28T01:00:00", "2024-11-04", "2024-11-10", "2024-11-04T01:00:00"),
    ),
)
def test_the_next_digest_comes_at_its_local_time(
    cadence: Cadence, after: str, from_on: str, to_on: str, send_at: str
) -> None:
    window = next_window(cadence, after=datetime.fromisoformat(f"{after}+00:00"), at=MORNING, zone=ZONE)
    assert (str(window.from_on), str(window.to_on)) == (from_on, to_on)
    assert window.send_at == datetime.fromisoformat(f"{send_at}+00:00")


def test_a_local_time_that_daylight_saving_skips_is_the_first_valid_instant() -> None:
    window = next_window(
        Cadence.DAILY, after=datetime(2024, 3, 30, 12, tzinfo=UTC), at=time(2, 30), zone="Europe/Berlin"
    )
    assert window.send_at == datetime(2024, 3, 31, 1, tzinfo=UTC)
    assert window.from_on == date(2024, 3, 31)


@patient
@given(
    st.sampled_from(Cadence),
    st.integers(1_600_000_000, 1_900_000_000),
    st.times().map(lambda at: at.replace(microsecond=0)),
    st.sampled_from([ZONE, "Europe/Berlin", "America/St_Johns", "UTC"]),
    st.integers(0, 6),
)
def test_windows_follow_one_another_without_gap_or_overlap(
    cadence: Cadence, after: int, at: time, zone: str, weekday: int
) -> None:
    first = next_window(cadence, after=datetime.fromtimestamp(after, UTC), at=at, zone=zone, weekday=weekday)
    second = next_window(cadence, after=first.send_at, at=at, zone=zone, weekday=weekday)
    assert first.send_at.timestamp() > after
    assert second.from_on == first.to_on + timedelta(days=1)
    assert cadence is Cadence.DAILY or first.from_on.weekday() == weekday
