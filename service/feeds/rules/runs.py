"""Entries of a feed in runs that are compressed together, so that an edit of one entry touches one run. Pure."""

import hashlib
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

_ENDS = 32  # one entry in so many ends a run, on average
_LONGEST = 128


class Place(NamedTuple):
    """An entry as a feed shows it: at which revision, and under which due date. `rolls`: with very many others on that
    day it may become one entry."""

    revision: int
    sort_on: date
    rolls: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Some entries in a row. `key` tells them, at their revisions, from any others; the last run of a feed from the
    same entries elsewhere too, because the feed's end belongs to it."""

    key: bytes
    uids: tuple[str, ...]


def split(places: Mapping[str, Place]) -> tuple[Run, ...]:
    """The runs of a feed, from UID → place in the feed's order.

    Where runs end depends on the entries alone, so that every replica gives the same bytes whatever it had before.
    """
    parts = list(_parts(places))
    return tuple(_run(uids, places, is_last=uids is parts[-1]) for uids in parts)


def _parts(places: Mapping[str, Place]) -> Iterator[list[str]]:
    uids: list[str] = []
    for uid in places:
        uids.append(uid)
        if len(uids) == _LONGEST or zlib.crc32(uid.encode()) % _ENDS == 0:
            yield uids
            uids = []
    yield uids


def renewed(runs: Sequence[Run], changed: Collection[str], places: Mapping[str, Place]) -> tuple[Run, ...]:
    """The runs of a feed in which these entries have new revisions, and everything stands where it stood."""
    those = frozenset(changed)
    return tuple(run if those.isdisjoint(run.uids) else _run(run.uids, places, is_last=run is runs[-1]) for run in runs)


def _run(uids: Sequence[str], places: Mapping[str, Place], *, is_last: bool) -> Run:
    told = "\n".join([f"{uid}/{places[uid].revision}" for uid in uids])
    key = hashlib.blake2b(told.encode(), digest_size=16).digest()
    return Run(key + b"." if is_last else key, tuple(uids))


def moved(places: Mapping[str, Place], renewed_places: Mapping[str, Place]) -> dict[str, Place]:
    """A feed's places after some of its entries got others: in the feed's order, by due date and UID."""
    after = {**places, **renewed_places}
    if all(places[uid].sort_on == place.sort_on for uid, place in renewed_places.items()):
        return after
    return dict(sorted(after.items(), key=lambda each: (each[1].sort_on, each[0])))
