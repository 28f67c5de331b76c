"""An endpoint's condition: healthy, failing, held, probing, disabled."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from service.webhooks.rules.health import (
    DISABLE_AFTER,
    FAILURES_BEFORE_WARNING,
    FIRST_PROBE,
    FIRST_THROTTLE,
    HEALTHY,
    HOLD_AFTER,
    LONGEST_PROBE,
    LONGEST_THROTTLE,
    WARN_AFTER,
    Health,
    Notice,
    Permit,
    State,
    Transition,
    abandon_probe,
    after_answer,
    begin_probe,
    disable,
    permit,
    recover,
)
from service.webhooks.rules.outcome import Answer, Effect, Judgement, judge_answer, judge_failure
from tests.webhooks.strategies import NOW, patient

MINUTE = timedelta(minutes=1)
SUCCESS = judge_answer(Answer(204), now=NOW)
FAILURE = judge_failure("No connection.")
GONE = judge_answer(Answer(410), now=NOW)
SLOW_DOWN = judge_answer(Answer(429), now=NOW)


def failing_until(state: State) -> tuple[Health, datetime, list[Notice]]:
    """An endpoint that fails every ten minutes until it stands so; what was said on the way."""
    health, at = HEALTHY, NOW
    said: list[Notice] = []
    while health.state is not state:
        moved = after_answer(health, FAILURE, now=at)
        health, said = moved.health, said + ([moved.notice] if moved.notice else [])
        at += 10 * MINUTE
        assert at < NOW + timedelta(days=40), f"never {state}"
    return health, at, said


def test_failures_first_warn_then_hold_and_each_is_said_once() -> None:
    warned, at, said = failing_until(State.FAILING)
    assert said == [Notice.FAILING]
    assert warned.failures >= FAILURES_BEFORE_WARNING
    assert at - NOW >= WARN_AFTER
    held, at, said = failing_until(State.HELD)
    assert said == [Notice.FAILING]
    assert held.failing_since == NOW
    assert timedelta() <= at - (NOW + HOLD_AFTER) <= 20 * MINUTE


def test_a_burst_of_failures_within_half_an_hour_warns_nobody() -> None:
    health = HEALTHY
    for second in range(100):
        health = after_answer(health, FAILURE, now=NOW + timedelta(seconds=second)).health
    assert (health.state, health.failures) == (State.HEALTHY, 100)


@pytest.mark.parametrize("state", (State.HEALTHY, State.FAILING, State.HELD))
def test_one_success_heals_whatever_was(state: State) -> None:
    health, at, _ = failing_until(state)
    assert after_answer(health, SUCCESS, now=at) == Transition(HEALTHY)


def test_a_held_endpoint_is_tried_by_one_probe_at_a_time_and_less_and_less() -> None:
    held, at, _ = failing_until(State.HELD)
    assert held.probe_at is not None
    assert permit(held, now=held.probe_at - MINUTE) is Permit.NONE
    pauses = []
    for _ in range(8):
        assert held.probe_at is not None
        at = held.probe_at
        assert permit(held, now=at) is Permit.PROBE
        probing = begin_probe(held)
        assert permit(probing, now=at + timedelta(days=2)) is Permit.NONE
        moved = after_answer(probing, FAILURE, now=at)
        assert moved.notice is None
        held = moved.health
        assert held.state is State.HELD
        assert held.probe_at is not None
        pauses.append(held.probe_at - at)
    assert pauses[:3] == [2 * FIRST_PROBE, 4 * FIRST_PROBE, 8 * FIRST_PROBE]
    assert pauses[-1] == LONGEST_PROBE


def test_a_probe_that_arrives_opens_the_endpoint_again() -> None:
    held, at, _ = failing_until(State.HELD)
    moved = after_answer(begin_probe(held), SUCCESS, now=at)
    assert moved == Transition(HEALTHY)
    assert permit(moved.health, now=at) is Permit.ALL


def test_a_probe_that_is_told_to_wait_leaves_the_endpoint_held() -> None:
    held, at, _ = failing_until(State.HELD)
    asked = Judgement(delivered=False, reason="", effect=Effect.THROTTLE, retry_after=timedelta(hours=2), counts=False)
    after = after_answer(begin_probe(held), asked, now=at).health
    assert (after.state, after.probe_at) == (State.HELD, at + timedelta(hours=2))
    assert after.failures == held.failures


def test_a_probe_whose_worker_died_is_due_again() -> None:
    held, at, _ = failing_until(State.HELD)
    again = abandon_probe(begin_probe(held), now=at)
    assert permit(again, now=at) is Permit.PROBE
    assert abandon_probe(HEALTHY, now=at) == HEALTHY


def test_a_month_without_a_probe_that_arrives_disables() -> None:
    held, _, _ = failing_until(State.HELD)
    assert held.held_since is not None
    almost = after_answer(begin_probe(held), FAILURE, now=held.held_since + DISABLE_AFTER - MINUTE)
    assert almost.health.state is State.HELD
    moved = after_answer(begin_probe(held), FAILURE, now=held.held_since + DISABLE_AFTER)
    assert moved.notice is Notice.DISABLED
    assert moved.health.state is State.DISABLED
    assert "30 days" in moved.health.reason


@pytest.mark.parametrize("state", (State.HEALTHY, State.FAILING, State.HELD))
def test_gone_disables_at_once_and_is_said_once(state: State) -> None:
    health, at, _ = failing_until(state)
    moved = after_answer(health, GONE, now=at)
    assert (moved.health.state, moved.notice) == (State.DISABLED, Notice.DISABLED)
    assert "410" in moved.health.reason
    assert after_answer(moved.health, GONE, now=at) == Transition(moved.health)
    assert permit(moved.health, now=at + timedelta(days=400)) is Permit.NONE


def test_an_answer_that_comes_after_an_endpoint_was_disabled_does_not_enable_it() -> None:
    disabled = disable(HEALTHY, reason="somebody said so").health
    for judgement in (SUCCESS, FAILURE, SLOW_DOWN):
        assert after_answer(disabled, judgement, now=NOW) == Transition(disabled)
    assert recover() == HEALTHY


def test_being_told_to_slow_down_pauses_longer_each_time_and_does_not_count_as_failing() -> None:
    health, pauses, at = HEALTHY, [], NOW
    for _ in range(8):
        health = after_answer(health, SLOW_DOWN, now=at).health
        assert health.throttled_until is not None
        pauses.append(health.throttled_until - at)
        at = health.throttled_until
    at -= pauses[-1]
    assert pauses[:3] == [FIRST_THROTTLE, 2 * FIRST_THROTTLE, 4 * FIRST_THROTTLE]
    assert pauses[-1] == LONGEST_THROTTLE
    assert (health.state, health.failures) == (State.HEALTHY, 0)
    assert permit(health, now=at + LONGEST_THROTTLE - MINUTE) is Permit.NONE
    assert permit(health, now=at + LONGEST_THROTTLE) is Permit.ALL


def test_many_that_were_on_their_way_together_ask_for_one_pause_and_a_success_among_them_does_not_end_it() -> None:
    health = HEALTHY
    for _ in range(50):
        health = after_answer(health, SLOW_DOWN, now=NOW).health
    assert (health.throttles, health.throttled_until) == (1, NOW + FIRST_THROTTLE)
    health = after_answer(health, SUCCESS, now=NOW).health
    assert (health.throttles, health.throttled_until) == (1, NOW + FIRST_THROTTLE)
    assert after_answer(health, SUCCESS, now=NOW + FIRST_THROTTLE).health == HEALTHY


def test_a_pause_that_was_asked_for_is_kept_and_a_shorter_one_does_not_end_it() -> None:
    long = judge_answer(Answer(429, {"retry-after": "3600"}), now=NOW)
    health = after_answer(HEALTHY, long, now=NOW).health
    assert health.throttled_until == NOW + timedelta(hours=1)
    again = after_answer(health, SLOW_DOWN, now=NOW).health
    assert again.throttled_until == NOW + timedelta(hours=1)


def test_a_bad_gateway_both_pauses_and_counts() -> None:
    health = after_answer(HEALTHY, judge_answer(Answer(502), now=NOW), now=NOW).health
    assert (health.failures, health.failing_since) == (1, NOW)
    assert permit(health, now=NOW) is Permit.NONE


def test_only_a_held_endpoint_is_probed() -> None:
    with pytest.raises(ValueError, match="healthy is not probed"):
        begin_probe(HEALTHY)


class Endpoint(RuleBasedStateMachine):
    """Whatever answers in whatever order: the condition stays in order."""

    def __init__(self) -> None:
        super().__init__()
        self.health, self.now = HEALTHY, NOW
        self.said: list[Notice] = []

    @rule(pause=st.timedeltas(timedelta(), timedelta(days=3)))
    def wait(self, pause: timedelta) -> None:
        self.now += pause

    @rule(judgement=st.sampled_from([SUCCESS, FAILURE, FAILURE, FAILURE, SLOW_DOWN]))
    def answer(self, judgement: Judgement) -> None:
        match permit(self.health, now=self.now):
            case Permit.NONE:
                return
            case Permit.PROBE:
                self.health = begin_probe(self.health)
        moved = after_answer(self.health, judgement, now=self.now)
        self.said += [moved.notice] if moved.notice else []
        self.health = moved.health

    @precondition(lambda self: self.health.state is not State.DISABLED)
    @rule()
    def gone(self) -> None:
        moved = after_answer(self.health, GONE, now=self.now)
        assert moved.notice is Notice.DISABLED
        self.health = moved.health

    @precondition(lambda self: self.health.state is State.DISABLED)
    @rule()
    def recover(self) -> None:
        self.health = recover()

    @invariant()
    def nothing_is_sent_to_who_wants_nothing(self) -> None:
        if self.health.state is State.DISABLED:
            assert permit(self.health, now=self.now + timedelta(days=4000)) is Permit.NONE

    @invariant()
    def whoever_is_not_disabled_is_tried_again_some_day(self) -> None:
        if self.health.state is not State.DISABLED:
            assert permit(self.health, now=self.now + timedelta(days=2)) is not Permit.NONE

    @invariant()
    def what_is_remembered_fits_the_state(self) -> None:
        assert (self.health.state is State.HELD) <= (self.health.probe_at is not None)
        assert (self.health.failures > 0) is (self.health.failing_since is not None)
        assert self.health.state is not State.FAILING or self.health.failures >= FAILURES_BEFORE_WARNING


test_every_way_through_keeps_the_condition_in_order = Endpoint.TestCase
Endpoint.TestCase.settings = settings(patient, max_examples=40, stateful_step_count=40)


@patient
@given(st.integers(0, 10**6))
def test_numbers_without_end_overflow_nothing(times: int) -> None:
    worn = Health(state=State.PROBING, held_since=NOW, failing_since=NOW, failures=times, probes=times, throttles=times)
    assert after_answer(worn, FAILURE, now=NOW).health.probe_at == NOW + (
        LONGEST_PROBE if times > 4 else min(FIRST_PROBE * 2 ** (times + 1), LONGEST_PROBE)
    )
    assert after_answer(worn, SLOW_DOWN, now=NOW).health.throttles == times + 1
