"""The link ledger: who fetched what, and when; written now and then, never with a poll."""

from collections.abc import Mapping
from datetime import UTC, datetime

from service.feeds.actions import fetching
from service.feeds.polled.links import bound
from service.feeds.polled.pages import OpenLink
from service.feeds.polled.reach import monotonic
from service.feeds.rules.links import FETCHES_WRITTEN_EVERY
from service.feeds.rules.programs import program_of
from service.feeds.store.fetches import Fetch
from service.kit.database import Database

KEPT = 200_000
BATCH = 500

# By link and User-Agent: when it last fetched (POSIX seconds), and the revision of its subject that it got.
Noted = Mapping[tuple[OpenLink, bytes | None], tuple[float, int]]


class Ledger:
    """What this process has seen of fetches and not written yet. Of a fetch that tells nothing new, and soon after the
    last one that did, nothing is written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[tuple[str, str], Fetch] = {}
        self._written_at = 0.0
        self._written: dict[tuple[str, str], Fetch] = {}

    def take(self, noted: Noted) -> None:
        """Take over what the polled path has noted."""
        for (link, agent), (at, revision) in noted.items():
            if link.digest and link.feed:
                fetch = Fetch(link.digest, program_of(agent), link.feed, datetime.fromtimestamp(at, UTC), revision)
                if self._is_news(fetch):
                    bound(self._waiting, KEPT)
                    self._waiting[fetch.key] = fetch

    def _is_news(self, fetch: Fetch) -> bool:
        last = self._written.get(fetch.key)
        return last is None or fetch.revision != last.revision or fetch.at - last.at >= FETCHES_WRITTEN_EVERY

    def is_due(self, *, every: float) -> bool:
        """Whether something waits, and nothing was written for so many seconds."""
        return bool(self._waiting) and monotonic() >= self._written_at + every

    async def write(self) -> None:
        """Write what waits. Raises Unavailable, Conflict: then it goes on waiting."""
        self._written_at = monotonic()
        while self._waiting:
            batch = [self._waiting[key] for key in list(self._waiting)[:BATCH]]
            async with self._database.write() as session:
                await fetching.note_fetches(session, batch)
            for fetch in batch:
                bound(self._written, KEPT)
                self._written[fetch.key] = fetch
                if self._waiting.get(fetch.key) is fetch:
                    del self._waiting[fetch.key]
