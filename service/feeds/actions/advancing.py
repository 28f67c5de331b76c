"""Saying that feeds have changed, so that every process hears of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from service.feeds.models import FeedEntry, FeedSubject
from service.feeds.rules.phase import next_stamp
from service.feeds.rules.subjects import Subject, SubjectKind
from service.feeds.store import subjects as subject_store
from service.kit.database import Session


@dataclass(slots=True)
class Changed:
    """The subjects whose feeds a transaction changes, with the jurisdiction of each; and the entries that do it."""

    jurisdictions: dict[str, str] = field(default_factory=dict)
    entries: list[FeedEntry] = field(default_factory=list)

    def unit(self, code: str, *, public: bool) -> None:
        """A unit's feed shows something else, and its public one too."""
        self._add(Subject(SubjectKind.UNIT, code))
        if public:
            self._add(Subject(SubjectKind.PUBLIC, code))

    def group(self, code: str) -> None:
        """A group's feed shows something else."""
        self._add(Subject(SubjectKind.GROUP, code))

    def jurisdiction(self, code: str) -> None:
        """A jurisdiction's feed shows something else."""
        self._add(Subject(SubjectKind.JURISDICTION, code))

    def plan(self, slug: str, *, jurisdiction: str) -> None:
        """A plan's feed shows something else."""
        self.jurisdictions[str(Subject(SubjectKind.PLAN, slug))] = jurisdiction

    def _add(self, subject: Subject) -> None:
        self.jurisdictions[str(subject)] = _home(subject.code)


def _home(code: str) -> str:
    """The jurisdiction of a unit, a group or a jurisdiction."""
    return code.partition(".")[0]


async def advance(session: Session, *, changed: Changed, ledgers: Mapping[str, int], at: datetime) -> None:
    """Give what changed its next revision, as of `at`, and write into the entries which number of the ledger it was.

    `ledgers` are those that this transaction has raised already. A subject is only ever changed under the lock of its
    jurisdiction's ledger, so reading and then writing it is safe.
    """
    missing = set(changed.jurisdictions.values()) - set(ledgers)
    with session.no_autoflush:  # entries are written once, with that number
        reached = dict(ledgers) | await subject_store.advance_ledgers(session, missing)
        rows = await subject_store.subject_rows(session, list(changed.jurisdictions))
    for key, jurisdiction in sorted(changed.jurisdictions.items()):
        row = rows.get(key)
        if row is None:
            row = FeedSubject(subject=key, jurisdiction=jurisdiction, changed_at=next_stamp(None, at))
            session.add(row)
        else:
            row.changed_at = next_stamp(row.changed_at, at)
        row.revision += 1
        row.ledger = reached[jurisdiction]
    for entry in changed.entries:
        entry.changed_in = reached[_home(entry.unit) if entry.unit else entry.jurisdiction]
    await session.flush()


async def lock(session: Session, *, jurisdictions: Collection[str]) -> dict[str, int]:
    """Be the only one who writes entries of these jurisdictions until the transaction ends.

    Taken before anything is read: whoever comes second then sees what the first one wrote, and no entry is made from a
    mixture of old and new.
    """
    return await subject_store.advance_ledgers(session, jurisdictions)
