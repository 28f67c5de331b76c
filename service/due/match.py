"""Which new due date is the old one: identity through a change of the specification."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from service.due.expand import ONCE, Due


@dataclass(frozen=True, slots=True)
class Match:
    """Positions in the two sequences that were matched: who keeps whose identity, who is gone, who is new."""

    kept: tuple[tuple[int, int], ...]  # (old, new)
    gone: tuple[int, ...]  # old
    fresh: tuple[int, ...]  # new


def match(old: Sequence[tuple[str, str]], new: Sequence[Due]) -> Match:
    """Which of the `old` (period, cycle) pairs each `new` due date continues.

     1. The same period is the same due date.
     2. What is left over in the same cycle moved, where the cycle has exactly one of each: the yearly duty of 2024 that
        was due in March and is now due in April.
     3. What is left over of one-off dates moved, where there is exactly one of each: 2024-10 that became 2024-12.

    Everything else is gone or new: identity is never guessed between several.
    """
    before = dict(enumerate(old))
    after = {index: (due.period, due.cycle) for index, due in enumerate(new)}
    kept: list[tuple[int, int]] = []
    for key in (_period, _recurring_cycle, _one_off):
        pairs = _pairs(before, after, key)
        for old_index, new_index in pairs:
            del before[old_index], after[new_index]
        kept += pairs
    return Match(tuple(sorted(kept)), tuple(before), tuple(after))


_Key = Callable[[tuple[str, str]], Hashable | None]


def _pairs(before: dict[int, tuple[str, str]], after: dict[int, tuple[str, str]], key: _Key) -> list[tuple[int, int]]:
    """The pairs whose key stands exactly once on either side; a key of None pairs nothing."""
    left, right = _grouped(before.items(), key), _grouped(after.items(), key)
    return [(left[name][0], right[name][0]) for name in left if len(left[name]) == 1 == len(right.get(name, ()))]


def _grouped(items: Iterable[tuple[int, tuple[str, str]]], key: _Key) -> dict[Hashable, list[int]]:
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for index, identity in items:
        if (name := key(identity)) is not None:
            groups[name].append(index)
    return groups


def _period(identity: tuple[str, str]) -> str:
    return identity[0]


def _recurring_cycle(identity: tuple[str, str]) -> str | None:
    return None if identity[1] == ONCE else identity[1]


def _one_off(identity: tuple[str, str]) -> str | None:
    return ONCE if identity[1] == ONCE else None
