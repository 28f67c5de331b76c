"""Every reader sees what the database has: the same entries, at the same times, with the same titles."""

from collections.abc import Sequence

import pytest

from tests.conformance.conftest import PLANS, Feed, Library
from tests.conformance.readers import READERS, Libical, Reader, libical_missing

GREETING = "订阅成功"


def _agree(reader: Reader, feeds: Sequence[Feed]) -> None:
    if reason := reader.missing():
        pytest.skip(reason)
    seen = reader.read([each.jcal if reader.reads_jcal else each.text for each in feeds])
    for feed, found in zip(feeds, seen, strict=True):
        if feed.wanted:
            assert found == feed.wanted, (reader.name, feed.subject)
        else:
            assert [each.title for each in found] == [GREETING]


def _each(what: str, *readers: Reader) -> pytest.MarkDecorator:
    """The readers, each with the line that it gets in docs/compatibility.md."""
    asked = [pytest.param(each, id=each.name, marks=pytest.mark.compatible(each.name, what)) for each in readers]
    return pytest.mark.parametrize("reader", asked)


# The other libraries of Python read the seeds in tests/feeds/test_readers.py, by turns: the slowest take a minute.
READERS_OF_SEEDS = tuple(each for each in READERS if each.language != "Python" or each.name == "icalendar")


@_each("events of made-up plans: UID, begin, end, title, status", *READERS)
def test_made_up_plans_read_the_same_everywhere(library: Library, reader: Reader) -> None:
    assert sum(len(each.wanted) for each in library.events) > PLANS
    _agree(reader, library.events)


@_each("lines folded at every octet of Han characters, emoji and escapes", *READERS)
def test_lines_that_are_folded_anywhere_read_the_same(library: Library, reader: Reader) -> None:
    assert len(library.folded[0].wanted) == 76
    _agree(reader, library.folded)


@_each("to-dos: UID, due, title, status", *(each for each in READERS if each.reads_todos))
def test_to_dos_read_the_same_everywhere(library: Library, reader: Reader) -> None:
    assert any(not seen.ends for each in library.todos for seen in each.wanted)  # what has no date
    _agree(reader, library.todos)


@_each("the feed of every unit in the five real plans", *READERS_OF_SEEDS)
@pytest.mark.slow
def test_seeded_feeds_read_the_same_everywhere(seeded_feeds: list[Feed], reader: Reader) -> None:
    assert len(seeded_feeds) > 50
    _agree(reader, seeded_feeds)


@pytest.mark.compatible("libical", "its restriction check (RFC 5545, 3.6 and 3.8) finds nothing")
def test_libical_finds_nothing_to_restrict(library: Library) -> None:
    if reason := libical_missing():
        pytest.skip(reason)
    libical = Libical()
    for feed in (*library.events, *library.todos, *library.folded):
        assert libical.check(feed.text), feed.subject
    # the check bites: one property twice is once too many
    twice = library.folded[0].text.replace(b"DTSTAMP:", b"DTSTAMP:20240101T000000Z\r\nDTSTAMP:", 1)
    assert not libical.check(twice)


_READERS_OF_RICH = tuple(each for each in READERS if each.name != "libical")


@_each("rich=on: LINK (RFC 9253) and PARTICIPANT (RFC 9073) beside what it knows", *_READERS_OF_RICH)
def test_rich_entries_read_like_plain_ones(library: Library, reader: Reader) -> None:
    (feed,) = library.rich
    assert feed.text.count(b"BEGIN:PARTICIPANT\r\n") >= 2
    assert b"\r\nLINK;LABEL=" in feed.text
    _agree(reader, library.rich)


def test_libical_takes_rich_entries_for_faulty_which_is_why_they_are_optional(library: Library) -> None:
    if reason := libical_missing():
        pytest.skip(reason)
    assert not Libical().check(library.rich[0].text)
