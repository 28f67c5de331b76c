"""Bodies spliced from pieces, and shelves that stay small."""

import gzip

import brotli
from hypothesis import given, settings
from hypothesis import strategies as st

from service.feeds.cache import Block, Body, Shelf, compose
from service.feeds.rules.runs import Place, split
from tests.feeds.world import at

NOW = at("2024-10-01T08:00")
HEAD, FOOT = b"BEGIN:VCALENDAR\r\n", b"END:VCALENDAR\r\n"

LINES = st.lists(
    st.tuples(st.integers(0, 300), st.binary(min_size=1, max_size=40).filter(lambda lines: lines[0] > 0)), max_size=120
)


def _blocks(drawn: list[tuple[int, bytes]]) -> list[Block]:
    # The same entry at the same revision always has the same lines, and a feed has an entry once.
    return [
        Block(f"fe_{number}@milepost", int.from_bytes(lines, "big"), lines) for number, lines in dict(drawn).items()
    ]


def _compose(blocks: list[Block], before: Body | None = None) -> Body:
    places = {block.uid: Place(block.revision, NOW.date()) for block in blocks}
    return compose(HEAD, split(places), {block.uid: block for block in blocks}, FOOT, changed_at=NOW, before=before)


def _plain(blocks: list[Block]) -> bytes:
    return HEAD + b"".join(each.lines for each in blocks) + FOOT


@settings(max_examples=50)
@given(LINES, LINES)
def test_a_body_does_not_depend_on_what_was_there_before(
    before: list[tuple[int, bytes]], after: list[tuple[int, bytes]]
) -> None:
    earlier = _compose(_blocks(before))
    fresh = _compose(_blocks(after))
    spliced = _compose(_blocks(after), earlier)
    assert spliced.answers["gzip"].body == fresh.answers["gzip"].body
    assert gzip.decompress(fresh.answers["gzip"].body) == _plain(_blocks(after))
    assert fresh.make("identity").body == _plain(_blocks(after))
    assert brotli.decompress(fresh.make("br").body) == _plain(_blocks(after))


def test_an_edit_compresses_one_piece_again() -> None:
    blocks = [Block(f"fe_{n}@milepost", 0, f"entry {n} ".encode() * 40) for n in range(1_000)]
    before = _compose(blocks)
    blocks[500] = Block("fe_500@milepost", 1, b"something else")
    after = _compose(blocks, before)
    assert len(set(after.pieces) - set(before.pieces)) == 1
    assert len(after.pieces) > 20


def test_every_encoding_has_an_etag_of_its_own() -> None:
    body = _compose(_blocks([(1, b"x" * 100)]))
    tags = {body.answers["gzip"].tag, body.make("identity").tag, body.make("br").tag}
    assert len(tags) == 3
    assert all(tag.startswith(b'"') and tag.endswith(b'"') for tag in tags)


def test_a_shelf_drops_what_was_used_least_recently() -> None:
    dropped: list[str] = []
    shelf: Shelf[str, int] = Shelf(limit=3, dropped=lambda key, _value: dropped.append(key))
    for number, key in enumerate(("a", "b", "c")):
        shelf.put(key, number, weight=1)
    assert shelf.get("a") == 0
    shelf.put("d", 3, weight=1)
    assert dropped == ["b"]
    shelf.put("d", 4, weight=2)
    assert dropped == ["b", "c"]
    assert (shelf.get("a"), shelf.get("d"), shelf.weight, len(shelf)) == (0, 4, 3, 2)


def test_a_thing_larger_than_the_shelf_is_kept_alone() -> None:
    shelf: Shelf[str, int] = Shelf(limit=3)
    shelf.put("a", 1, weight=1)
    shelf.put("b", 2, weight=10)
    assert (shelf.get("a"), shelf.get("b")) == (None, 2)
