"""What the owner of a link sees: how large the calendar is, who fetched it when, and whether that is the newest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from service.feeds.models import Feed
from service.feeds.rules.forms import Form, read_form
from service.feeds.rules.links import MANY_BYTES, MANY_ENTRIES
from service.feeds.rules.subjects import read_subject
from service.feeds.store import fetches as store
from service.feeds.store import links as link_store
from service.feeds.store.fetches import Fetched
from service.kit.database import Session


@dataclass(frozen=True, slots=True)
class Account:
    """A feed with what is known of it. `fetches`: the latest first, one for each address and program.

    `revision` is how often what it shows has changed; a program that got that one has everything. `replaced_until`:
    the last instant at which an address before the present one works.
    """

    revision: int
    entries: int
    size: int
    fetches: tuple[Fetched, ...]
    replaced_until: datetime | None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What some programs will not take, in a sentence each."""
        told = []
        if self.entries >= MANY_ENTRIES:
            told.append(f"{self.entries} entries: some programs show no more than a thousand. Shorten the window.")
        if self.size >= MANY_BYTES:
            told.append(f"{self.size // 1_000} kB: some programs read no more than a megabyte. Shorten the window.")
        return tuple(told)

    @property
    def last(self) -> Fetched | None:
        """The last fetch, whatever program it was."""
        return self.fetches[0] if self.fetches else None


async def accounts(session: Session, feeds: Sequence[Feed], *, today: date, now: datetime) -> Mapping[str, Account]:
    """Feed → its account."""
    fetches = await store.fetches_of(session, [feed.id for feed in feeds])
    revisions = await store.revisions_of(session, {feed.subject for feed in feeds})
    sizes: dict[tuple[str, Form], tuple[int, int]] = {}
    found: dict[str, Account] = {}
    for feed in feeds:
        form = read_form(feed.options) or Form()
        if (feed.subject, form) not in sizes:
            sizes[feed.subject, form] = await store.size_of(session, read_subject(feed.subject), form, today=today)
        entries, size = sizes[feed.subject, form]
        ends = [each.expires_at for each in await link_store.tokens_of(session, feed.id) if each.expires_at is not None]
        found[feed.id] = Account(
            revision=revisions.get(feed.subject, 0),
            entries=entries,
            size=size,
            fetches=tuple(fetches.get(feed.id, ())),
            replaced_until=max((end for end in ends if end > now), default=None),
        )
    return found
