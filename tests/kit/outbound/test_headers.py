"""Which headers others may add, and that no value smuggles a second one in."""

import pytest

from service.kit.outbound.errors import Refused
from service.kit.outbound.headers import MAX_VALUE, OURS, check_header


@pytest.mark.parametrize(
    ("name", "value"),
    (
        ("Authorization", "Bearer abc.def-ghi=="),
        ("X-Office", "a b\tc"),
        ("x-empty", ""),
        ("webhook-signature", "v1,abc= v1a,def="),
        ("X-!#$%&'*+.^_`|~", "1"),
    ),
)
def test_an_ordinary_header_may_be_sent(name: str, value: str) -> None:
    check_header(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    (
        ("", "x"),
        ("X Office", "x"),
        ("X-Office:", "x"),
        ("X-Office\r\nHost", "x"),
        ("办公", "x"),
        ("x" * 129, "x"),
        ("X-Office", "secret\r\nHost: other"),
        ("X-Office", "secret\n"),
        ("X-Office", "secret\x00"),
        ("X-Office", "secret\x7f"),
        ("X-Office", " secret"),
        ("X-Office", "secret "),
        ("X-Office", "secret é"),
        ("X-Office", "secret" + "x" * MAX_VALUE),
    ),
)
def test_a_header_that_could_break_the_message_is_refused(name: str, value: str) -> None:
    with pytest.raises(Refused) as caught:
        check_header(name, value)
    assert "secret" not in caught.value.reason


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_header_of_the_senders_own_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="cannot be chosen"):
        check_header(name.title(), "x")
