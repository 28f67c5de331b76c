"""When a delivery is tried again, with and without a deadline."""

import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.webhooks.rules.backoff import (
    JITTER,
    MOST_TRIES,
    SCHEDULE,
    SHORTEST_GAP,
    Again,
    Exhausted,
    Expired,
    first_try,
    jitter,
    next_try,
)
from tests.webhooks.strategies import NOW, instants, patient

deliveries = st.from_regex(r"dl_[a-z2-7]{26}", fullmatch=True)
waits = st.timedeltas(timedelta(), timedelta(days=5))


def test_the_schedule_is_the_one_that_standard_webhooks_recommends() -> None:
    since_start = [sum(SCHEDULE[: tries + 1], timedelta()) for tries in range(MOST_TRIES)]
    hours = ["0:00:00", "0:00:05", "0:05:05", "0:35:05", "2:35:05", "7:35:05", "17:35:05"]
    assert [str(each) for each in since_start[:7]] == hours
    assert since_start[-1] == timedelta(hours=75, minutes=35, seconds=5)


@patient
@given(deliveries, st.integers(1, MOST_TRIES - 1))
def test_without_a_deadline_each_try_comes_a_tenth_around_its_time(delivery: str, tries: int) -> None:
    again = next_try(delivery=delivery, tries=tries, failed_at=NOW)
    assert isinstance(again, Again)
    assert abs((again.at - NOW) / SCHEDULE[tries] - 1) <= JITTER
    assert not again.pulled


def test_after_the_last_try_the_delivery_is_kept() -> None:
    assert next_try(delivery="dl_a", tries=MOST_TRIES, failed_at=NOW) == Exhausted()
    assert next_try(delivery="dl_a", tries=MOST_TRIES + 3, failed_at=NOW) == Exhausted()


@patient
@given(deliveries, st.integers(1, MOST_TRIES))
def test_every_replica_computes_the_same_instant(delivery: str, tries: int) -> None:
    first, second = (next_try(delivery=delivery, tries=tries, failed_at=NOW) for _ in range(2))
    assert first == second


def test_the_jitter_of_one_delivery_is_always_the_same_number() -> None:
    # Pinned: a replica of the version before must not compute another instant.
    assert jitter("dl_a", 3) == pytest.approx(0.9082881455385422)  # from `printf "dl_a\\x1f3" | sha256sum`
    assert jitter("dl_a", 3) != jitter("dl_a", 4)
    assert jitter("dl_a", 3) != jitter("dl_b", 3)


def test_the_jitter_is_spread_over_the_whole_range() -> None:
    found = [jitter(f"dl_{number}", 1) for number in range(1000)]
    assert min(found) < 1 - 0.95 * JITTER
    assert max(found) > 1 + 0.95 * JITTER
    assert sum(found) / len(found) == pytest.approx(1, abs=0.01)


@patient
@given(deliveries, st.integers(1, 30), waits, st.none() | waits)
def test_a_try_lies_after_the_failure_and_before_the_deadline(
    delivery: str, tries: int, left: timedelta, retry_after: timedelta | None
) -> None:
    deadline = NOW + left
    match next_try(delivery=delivery, tries=tries, failed_at=NOW, not_after=deadline, retry_after=retry_after):
        case Again(at=at):
            assert NOW < at < deadline
        case Expired(at=at):
            assert at == deadline
            assert left < SHORTEST_GAP
        case Exhausted():
            assert tries >= MOST_TRIES


def _tries_until_the_end(*, deadline: timedelta) -> list[timedelta]:
    """The instants of all tries of a delivery to somebody who never answers, from the first, which fails at once."""
    at, found = NOW, [timedelta()]
    for tries in range(1, 100):
        following = next_try(delivery="dl_a", tries=tries, failed_at=at, not_after=NOW + deadline)
        if not isinstance(following, Again):
            break
        at = following.at
        found.append(at - NOW)
    return found


def test_a_reminder_of_one_day_does_not_wait_ten_hours() -> None:
    tries = _tries_until_the_end(deadline=timedelta(days=1))
    gaps = [after - before for before, after in itertools.pairwise(tries)]
    assert len(tries) == MOST_TRIES
    assert max(gaps) < timedelta(hours=9)
    assert tries[-1] > timedelta(hours=21)
    planned = [SCHEDULE[tries] * jitter("dl_a", tries) for tries in (1, 2, 3)]
    assert gaps[:3] == planned


def test_a_try_that_is_pulled_before_the_deadline_says_so() -> None:
    deadline = NOW + timedelta(hours=6)
    again = next_try(delivery="dl_a", tries=6, failed_at=NOW, not_after=deadline)
    assert again == Again(NOW + timedelta(hours=3), pulled=True)


def test_with_no_room_for_a_try_a_reminder_expires_at_its_deadline() -> None:
    deadline = NOW + timedelta(seconds=4)
    assert next_try(delivery="dl_a", tries=3, failed_at=NOW, not_after=deadline) == Expired(deadline)
    past = NOW - timedelta(hours=1)
    assert next_try(delivery="dl_a", tries=3, failed_at=NOW, not_after=past) == Expired(past)


@pytest.mark.parametrize(
    ("tries", "retry_after", "expected"),
    (
        (1, timedelta(minutes=10), timedelta(minutes=10)),  # longer than the schedule: as it asks
        (1, timedelta(), None),  # "0" is no reason to hurry
        (3, timedelta(seconds=1), None),  # shorter than the schedule: the schedule
        (9, timedelta(days=1), None),
    ),
)
def test_retry_after_lengthens_a_wait_and_never_shortens_it(
    tries: int, retry_after: timedelta, expected: timedelta | None
) -> None:
    plain = next_try(delivery="dl_a", tries=tries, failed_at=NOW)
    asked = next_try(delivery="dl_a", tries=tries, failed_at=NOW, retry_after=retry_after)
    assert isinstance(plain, Again)
    assert isinstance(asked, Again)
    assert asked.at - NOW == (expected or max(plain.at - NOW, retry_after))


def test_retry_after_beyond_the_deadline_still_leaves_one_try_before_it() -> None:
    deadline = NOW + timedelta(minutes=30)
    again = next_try(delivery="dl_a", tries=2, failed_at=NOW, not_after=deadline, retry_after=timedelta(hours=2))
    assert again == Again(deadline - SHORTEST_GAP)


def test_a_new_delivery_is_tried_at_once_unless_it_is_too_late_already() -> None:
    assert first_try(queued_at=NOW, not_after=None) == Again(NOW)
    assert first_try(queued_at=NOW, not_after=NOW + timedelta(seconds=1)) == Again(NOW)
    assert first_try(queued_at=NOW, not_after=NOW) == Expired(NOW)


@patient
@given(instants, st.integers(1, MOST_TRIES - 1))
def test_the_wait_depends_on_nothing_but_delivery_and_number(failed_at: datetime, tries: int) -> None:
    here = next_try(delivery="dl_a", tries=tries, failed_at=NOW)
    there = next_try(delivery="dl_a", tries=tries, failed_at=failed_at)
    assert isinstance(here, Again)
    assert isinstance(there, Again)
    assert here.at - NOW == there.at - failed_at
