"""Identifiers one by one and in rows."""

from itertools import islice

import pytest

from service.kit import ids
from service.kit.ids import new_id, new_ids


@pytest.mark.parametrize("start", (0, 1, (5 << 18) - 2, 2**127, 2**128 - 2))
def test_a_row_of_identifiers_is_spelled_like_single_ones_and_counts_on(
    start: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.randbits", lambda bits: start)
    expected = [ids._spell("dl", ((start + place) % 2**128).to_bytes(16, "big")) for place in range(4)]
    assert list(islice(new_ids("dl"), 4)) == expected


def test_no_identifier_comes_twice() -> None:
    made = [*islice(new_ids("dl"), 3_000), *islice(new_ids("dl"), 3_000), *(new_id("dl") for _ in range(100))]
    assert len(set(made)) == len(made)
    assert {len(one) for one in made} == {len("dl_") + 26}
