"""What receivers may say in their responses, and everything that says nothing."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.webhooks.rules.acknowledgement import LONGEST_SNOOZE, Ack, Acknowledgement, read_acknowledgement
from service.webhooks.rules.outcome import MOST_BODY
from tests.webhooks.strategies import patient

TODAY = date(2024, 10, 1)


@pytest.mark.parametrize(
    ("body", "wish"),
    (
        (b'{"ack": "handled"}', Acknowledgement(Ack.HANDLED)),
        (b'{"ack": "stop", "more": [1]}', Acknowledgement(Ack.STOP)),
        (b'\xef\xbb\xbf{"ack": "stop"}', Acknowledgement(Ack.STOP)),
        (b'{"snooze_until": "2024-10-02"}', Acknowledgement(Ack.SNOOZE, date(2024, 10, 2))),
        (b'{"ack": "handled", "snooze_until": "2024-10-20"}', Acknowledgement(Ack.HANDLED)),
        (b'{"ack": "thanks", "snooze_until": "2024-10-20"}', Acknowledgement(Ack.SNOOZE, date(2024, 10, 20))),
    ),
)
def test_a_wish_is_read(body: bytes, wish: Acknowledgement) -> None:
    assert read_acknowledgement(body, today=TODAY) == wish


@pytest.mark.parametrize(
    "body",
    (
        b"",
        b"ok",
        b"null",
        b'"stop"',
        b'["stop"]',
        b'{"ack": "STOP"}',
        b'{"ack": "snooze"}',
        b'{"ack": ["stop"]}',
        b'{"ack": {"stop": 1}}',
        b'{"ack": true}',
        b'{"snooze_until": "2024-10-01"}',
        b'{"snooze_until": "2024-02-30"}',
        b'{"snooze_until": "20241020"}',
        b'{"snooze_until": "2024-10-20T08:00:00Z"}',
        b'{"snooze_until": "9999-12-31"}',
        b'{"snooze_until": 20241020}',
        b'{"ack": "stop"',
        b"\xff\xfe{\x00",
        '{"ack": "stop"}'.encode("utf-16"),
        b"[" * 10_000,
        b'{"a":' * 3_000,
        b'{"ack": ' + b"9" * 10_000 + b"}",
        b'{"ack": "stop"}' + b" " * MOST_BODY,
    ),
)
def test_whatever_else_comes_says_nothing(body: bytes) -> None:
    assert read_acknowledgement(body, today=TODAY) is None


def test_a_snooze_reaches_as_far_as_firings_are_planned() -> None:
    last = TODAY + LONGEST_SNOOZE
    assert read_acknowledgement(b'{"snooze_until": "%s"}' % str(last).encode(), today=TODAY) == Acknowledgement(
        Ack.SNOOZE, last
    )
    beyond = last + timedelta(days=1)
    assert read_acknowledgement(b'{"snooze_until": "%s"}' % str(beyond).encode(), today=TODAY) is None


@patient
@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes) -> None:
    read_acknowledgement(body, today=TODAY)
    read_acknowledgement(b'{"ack":' + body + b"}", today=TODAY)
