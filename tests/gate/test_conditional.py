"""Conditional requests, after RFC 9110, section 13."""

import pytest

from service.gate.conditional import etag, expect, is_known
from service.kit.errors import Stale, Unguarded


@pytest.mark.parametrize("header", ('"r7"', ' "r7" ', '"r6", "r7"', '"a,b","r7"', "*", " * "))
def test_a_change_of_the_version_that_was_seen_goes_through(header: str) -> None:
    expect(header, 7)


@pytest.mark.parametrize("header", ('"r6"', 'W/"r7"', "r7", '"R7"', '"r77"', '"r7', '"*"', "nonsense", '"r6", W/"r7"'))
def test_a_change_of_another_version_is_refused(header: str) -> None:
    with pytest.raises(Stale):
        expect(header, 7)


@pytest.mark.parametrize("header", (None, "", "  "))
def test_a_change_of_no_version_is_refused(header: str | None) -> None:
    with pytest.raises(Unguarded):
        expect(header, 7)


@pytest.mark.parametrize("header", ('"r7"', 'W/"r7"', '"x", W/"r7"', "*"))
def test_a_reader_who_has_this_version_is_told_so(header: str) -> None:
    assert is_known(header, 7)


@pytest.mark.parametrize("header", (None, "", '"r6"', "r7", '"*"'))
def test_a_reader_who_has_another_version_is_sent_this_one(header: str | None) -> None:
    assert not is_known(header, 7)


def test_a_tag_is_strong_and_names_the_revision() -> None:
    assert etag(7) == '"r7"'
