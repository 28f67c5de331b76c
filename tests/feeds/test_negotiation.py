"""What request headers ask for, by the tables of RFC 9110."""

from datetime import UTC, datetime

import pytest

from service.feeds.rules.negotiation import choose_encoding, is_current

CHANGED = datetime(2024, 10, 1, 8, 0, tzinfo=UTC)
TAG = b'"abc"'


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    (
        (None, "identity"),
        (b"", "identity"),
        (b"gzip", "gzip"),
        (b"x-gzip", "gzip"),
        (b"br", "br"),
        (b"gzip, deflate, br", "gzip"),
        (b"br;q=1.0, gzip;q=0.8, *;q=0.1", "br"),
        (b"gzip;q=0, br", "br"),
        (b"gzip;q=0", "identity"),
        (b"gzip;q=0.000, br;q=0", "identity"),
        (b"deflate, zstd", "identity"),
        (b"*", "gzip"),
        (b"*;q=0", "identity"),
        (b"identity", "identity"),
        (b"identity;q=1, gzip;q=0.5", "identity"),
        (b"identity;q=0.5, gzip;q=1", "gzip"),
        (b"gzip, identity;q=0", "gzip"),
        (b"identity;q=0", "gzip"),
        (b"GZIP ; Q=0.3", "gzip"),
        (b"gzip;q=nonsense", "gzip"),
        (b",,, ;q=1", "identity"),
        (b"\xff\xfe", "identity"),
    ),
)
def test_the_best_acceptable_encoding_is_chosen(accepted: bytes | None, chosen: str) -> None:
    assert choose_encoding(accepted) == chosen


@pytest.mark.parametrize(
    ("if_none_match", "if_modified_since", "current"),
    (
        (None, None, False),
        (b'"abc"', None, True),
        (b'W/"abc"', None, True),
        (b'"xyz"', None, False),
        (b'"xyz", "abc"', None, True),
        (b'"xyz" , W/"abc" ', None, True),
        (b"*", None, True),
        (b" * ", None, True),
        (b"abc", None, False),
        (b'"ab', None, False),
        (b"", None, False),
        (b'"*"', None, False),
        # If-None-Match wins, whatever the date says
        (b'"xyz"', b"Tue, 01 Oct 2024 08:00:00 GMT", False),
        (b'"abc"', b"Tue, 01 Oct 2019 08:00:00 GMT", True),
        (None, b"Tue, 01 Oct 2024 08:00:00 GMT", True),
        (None, b"Tue, 01 Oct 2024 08:00:01 GMT", True),
        (None, b"Tue, 01 Oct 2024 07:59:59 GMT", False),
        # the two older forms of 5.6.7
        (None, b"Tuesday, 01-Oct-24 08:00:00 GMT", True),
        (None, b"Tue Oct  1 08:00:00 2024", True),
        # what cannot be read is ignored
        (None, b"yesterday", False),
        (None, b"", False),
        (None, b"2024-10-01T08:00:00Z", False),
        (None, b"Tue, 99 Oct 2024 08:00:00 GMT", False),
        (None, b"\xff" * 200, False),
    ),
)
def test_conditions_follow_the_table(
    if_none_match: bytes | None, if_modified_since: bytes | None, *, current: bool
) -> None:
    answer = is_current(tag=TAG, changed_at=CHANGED, if_none_match=if_none_match, if_modified_since=if_modified_since)
    assert answer is current
