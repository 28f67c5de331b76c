"""One thing that fails whenever it is touched must not hold up the rest.

When a batch fails, smaller ones are tried, down to one thing alone; if that fails too it is put aside for a while, and
the others go on. Nothing is dropped for it: what is put aside stays what it was, in the database and for every other
process, and is tried again. An outage is something else: it is everybody's, and passes by itself.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

import structlog
from prometheus_client import Counter

from service.kit.errors import Unavailable
from service.kit.stopwatch import stopwatch

_log = structlog.stdlib.get_logger("milepost.runner")

ASIDE_S = 600.0  # real seconds
MOST_ASIDE = 20  # at once; where more fail, not they are at fault but what is done with them

Given = TypeVar("Given")


def tell_of_batch(error: Exception, what: str) -> None:
    """Log that a batch failed, once and not for each of the smaller ones."""
    if not isinstance(error, Unavailable):
        _log.warning("a batch failed, smaller ones are tried", what=what, exc_info=error)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which of the things that are due: `limit` of them at most, none of `without`; `only`: this one and no other."""

    limit: int
    without: frozenset[str] = frozenset()
    only: str = ""


class Sieve:
    """Decides how much of one kind of work is done at once, and what is left out. One for each kind in a process."""

    def __init__(
        self, what: str, *, most: int, counter: Counter, start: Callable[[], Callable[[], float]] = stopwatch
    ) -> None:
        self.what, self.most = what, most
        self._counter, self._start = counter, start
        self._size = most
        self._aside: dict[str, Callable[[], float]] = {}  # id → for how many seconds it has been put aside
        self._suspect = ""
        self._whole = True

    @property
    def is_whole(self) -> bool:
        """Whether full batches may be tried: none has failed lately, nothing waits to be tried again alone."""
        return self._whole and len(self.without) == len(self._aside)

    @property
    def without(self) -> frozenset[str]:
        """What is put aside."""
        return frozenset(id for id, since in self._aside.items() if since() < ASIDE_S)

    @property
    def all(self) -> Chosen:
        """A full batch, without what is put aside."""
        return Chosen(self.most, self.without)

    def shrink(self, error: Exception) -> None:
        """A batch has failed: the next is half as large. Raises the error where the database is away."""
        if isinstance(error, Unavailable):
            raise error
        self._whole = False
        self._size = max(self._size // 2, 1)

    def restore(self) -> None:
        """There is nothing of it left to do."""
        self._size, self._suspect, self._whole = self.most, "", True
        self._aside = {id: since for id, since in self._aside.items() if since() < ASIDE_S}

    async def run(
        self,
        work: Callable[[Chosen], Awaitable[Given]],
        first: Callable[[Collection[str]], Awaitable[str | None]],
    ) -> Given | None:
        """Do the next batch. `first` names what is due first, without these. None: it failed, and is to be run again.

        Raises what `work` raises where the database is away, where nothing can be named, or too much is aside already.
        """
        chosen = await self._choose(first)
        try:
            done = await work(chosen)
        except Exception as error:  # noqa: BLE001 - whatever it is: it is told, and the others go on
            self._failed(chosen, error)
            return None
        self._succeeded(chosen)
        return done

    async def _choose(self, first: Callable[[Collection[str]], Awaitable[str | None]]) -> Chosen:
        without = self.without
        # Whatever was aside long enough is tried alone before it may spoil a batch again.
        alone = next((id for id in self._aside if id not in without), "")
        if not alone and self._size == 1:
            alone = await first(without) or ""
        return Chosen(1 if alone else self._size, without - {alone}, alone)

    def _succeeded(self, chosen: Chosen) -> None:
        self._suspect = ""
        self._aside.pop(chosen.only, None)
        self._size = min(self._size * 2, self.most)
        self._whole = self._whole or self._size == self.most

    def _failed(self, chosen: Chosen, error: Exception) -> None:
        if not chosen.only:
            if chosen.limit == 1:
                raise error
            if self._whole:
                tell_of_batch(error, self.what)
            self.shrink(error)
        elif isinstance(error, Unavailable):
            raise error
        elif chosen.only != self._suspect:
            self._suspect = chosen.only  # once more: a lock that somebody else held is free by then
        else:
            self._put_aside(chosen.only, error)

    def _put_aside(self, id: str, error: Exception) -> None:
        if len(self.without) >= MOST_ASIDE:
            raise error
        self._suspect = ""
        self._aside[id] = self._start()
        self._counter.labels(self.what).inc()
        _log.error("put aside", what=self.what, id=id, seconds=ASIDE_S, exc_info=error)
