"""What a receiver's answer means."""

from datetime import timedelta

import pytest

from service.webhooks.rules.outcome import Answer, Effect, judge_answer, judge_failure
from tests.webhooks.strategies import NOW


@pytest.mark.parametrize("status", (200, 201, 202, 204, 299))
def test_every_status_of_success_has_arrived(status: int) -> None:
    judgement = judge_answer(Answer(status), now=NOW)
    assert judgement.delivered
    assert judgement.effect is Effect.NONE


@pytest.mark.parametrize(
    ("status", "effect", "counts"),
    (
        (301, Effect.NONE, True),
        (307, Effect.NONE, True),
        (400, Effect.NONE, True),
        (404, Effect.NONE, True),
        (410, Effect.DISABLE, True),
        (429, Effect.THROTTLE, False),
        (500, Effect.NONE, True),
        (502, Effect.THROTTLE, True),
        (503, Effect.NONE, True),
        (504, Effect.THROTTLE, True),
    ),
)
def test_every_other_status_has_not_arrived(status: int, effect: Effect, counts: bool) -> None:
    judgement = judge_answer(Answer(status), now=NOW)
    assert not judgement.delivered
    assert (judgement.effect, judgement.counts) == (effect, counts)
    assert str(status) in judgement.reason


def test_a_redirect_says_what_to_do_about_it() -> None:
    assert "change the endpoint's address" in judge_answer(Answer(302), now=NOW).reason


@pytest.mark.parametrize("status", (200, 503))
def test_a_receiver_that_wants_nothing_more_is_disabled_whatever_the_status(status: int) -> None:
    judgement = judge_answer(Answer(status, {"webhook-delivery": " Disable "}), now=NOW)
    assert judgement.delivered is (status == 200)
    assert judgement.effect is Effect.DISABLE


def test_another_word_in_that_header_means_nothing() -> None:
    assert judge_answer(Answer(200, {"webhook-delivery": "enable"}), now=NOW).effect is Effect.NONE


@pytest.mark.parametrize(
    ("status", "header", "wait"),
    (
        (429, "90", timedelta(seconds=90)),
        (503, "Tue, 01 Oct 2024 00:10:00 GMT", timedelta(minutes=10)),
        (429, "soon", None),
        (200, "90", None),
    ),
)
def test_retry_after_is_read_where_something_failed(status: int, header: str, wait: timedelta | None) -> None:
    assert judge_answer(Answer(status, {"retry-after": header}), now=NOW).retry_after == wait


def test_no_answer_at_all_counts_against_the_endpoint() -> None:
    judgement = judge_failure("No connection: nobody took it in time.")
    assert (judgement.delivered, judgement.effect, judgement.counts) == (False, Effect.NONE, True)
    assert judgement.reason == "No connection: nobody took it in time."
