"""Notices made ready: when their time has come, and before that, since ten thousand may be due in the same second."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from service.journal import store as journal
from service.journal.kinds import NOTICES, Kind
from service.kit.database import Session
from service.progress import store as progress_store
from service.reminders.actions.telling import Draft, Drafter
from service.reminders.rules.timing import civil_date
from service.reminders.store import due as store
from service.reminders.store.due import Claimed, Near

MOST = 10_000  # made ready before their time; each takes some four kilobytes
TOUCHED = 1_000  # facts that are looked at one by one; with more it is quicker to begin anew

# What people do that no notice tells of; and the notices themselves.
_ABOUT_OTHERS = frozenset({"delivery", "endpoint", "feed", "key"})
_WITHOUT_EFFECT = frozenset({*NOTICES, *(kind for kind in Kind if kind.partition(".")[0] in _ABOUT_OTHERS)})


async def draft(session: Session, those: Sequence[Claimed], *, now: datetime | None = None) -> list[Draft]:
    """What firings would say if they went out `now` (None: each at its own time), in their order."""
    if not those:
        return []
    occurrences = list(dict.fromkeys(one.occurrence for one in those))
    subjects = await store.read_subjects(session, occurrences)
    standings = await progress_store.standings(session, occurrences)
    drafter, made = Drafter(), list[Draft]()
    for one in those:
        today = civil_date(now or one.fire_at, one.time_zone)
        made.append(drafter.draft(one, subjects[one.occurrence], standings[one.occurrence], today=today))
    return made


class Drafts:
    """The notices that fall due next, made ready: good as long as nothing is recorded that any of them might tell of.

    Everything that a notice says was recorded when it changed; so whoever knows which fact was the last when a draft
    was begun can tell whether it is still true. That is asked in the very transaction in which it goes out.
    """

    def __init__(self) -> None:
        self._ready: dict[str, Draft] = {}
        self._last_fact: int | None = None
        self._last = (store.BEGINNING, "")

    @property
    def begun(self) -> bool:
        """Whether drafts are being made and none of them has turned out to be no longer true."""
        return self._last_fact is not None

    def __contains__(self, firing: object) -> bool:
        return firing in self._ready

    def __len__(self) -> int:
        return len(self._ready)

    def get(self, firing: str) -> Draft | None:
        """The draft of a firing, if it is ready."""
        return self._ready.get(firing)

    def clear(self) -> None:
        """Forget all of them."""
        self._ready, self._last_fact, self._last = {}, None, (store.BEGINNING, "")

    def forget(self, firings: Iterable[str]) -> None:
        """Forget those that have ended."""
        for id in firings:
            self._ready.pop(id, None)

    async def begin(self, session: Session) -> bool:
        """Begin anew, in a transaction of its own that ends at once. False: not now, somebody is recording."""
        self.clear()
        self._last_fact = await journal.last_of_all(session)
        return self.begun

    async def add(self, session: Session, *, until: datetime, limit: int) -> list[Draft]:
        """Make the next ones ready, of those planned up to an instant; none: all are, or as many as may be."""
        limit = min(limit, MOST - len(self._ready))
        those = await store.read_coming(session, after=self._last, until=until, limit=limit) if limit > 0 else ()
        if not those:
            return []
        near = await store.near(session, [one.id for one in those])
        made = [
            each._replace(near=near.get(each.one.id) or Near(each.one.id, None, None, None))
            for each in await draft(session, those)
        ]
        if self.begun:  # while it was made somebody may have found that it is not true
            self._last = (those[-1].fire_at, those[-1].id)
            self._ready |= {one.one.id: one for one in made}
        return made

    async def review(self, session: Session) -> None:
        """Forget what is no longer true: those of whose occurrence somebody reported progress; all, if anything else
        was recorded.
        """
        if self._last_fact is None:
            return
        touched = await journal.touched_since(session, self._last_fact, but=_WITHOUT_EFFECT, limit=TOUCHED)
        if not touched:
            return
        if len(touched) == TOUCHED or any(one.kind != Kind.PROGRESS_UPDATED for one in touched):
            self.clear()
            return
        reported = {one.subject for one in touched}
        self._ready = {id: one for id, one in self._ready.items() if one.one.occurrence not in reported}
