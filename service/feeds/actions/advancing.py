"""Saying that feeds have changed, so that every process hears of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from service.feeds.models import FeedEntry, FeedMove, FeedSubject
from service.feeds.rules.phase import next_stamp
from service.feeds.rules.subjects import Subject, SubjectKind
from service.feeds.store import links as link_store
from service.feeds.store import subjects as subject_store
from service.kit.database import Session

MOVES_NAMED = 20


@dataclass(slots=True)
class Changed:
    """The subjects whose feeds a transaction changes, with the jurisdiction of each; the entries that do it; and the
    occurrences of which a subject has another due date now. Each method answers the subject's key."""

    jurisdictions: dict[str, str] = field(default_factory=dict)
    entries: list[FeedEntry] = field(default_factory=list)
    moved: dict[str, list[str]] = field(default_factory=dict)

    def unit(self, code: str, *, public: bool) -> str:
        """A unit's feed shows something else, and its public one too."""
        if public:
            self._add(Subject(SubjectKind.PUBLIC, code))
        return self._add(Subject(SubjectKind.UNIT, code))

    def group(self, code: str) -> str:
        """A group's feed shows something else."""
        return self._add(Subject(SubjectKind.GROUP, code))

    def jurisdiction(self, code: str) -> str:
        """A jurisdiction's feed shows something else."""
        return self._add(Subject(SubjectKind.JURISDICTION, code))

    def plan(self, slug: str, *, jurisdiction: str) -> str:
        """A plan's feed shows something else."""
        key = str(Subject(SubjectKind.PLAN, slug))
        self.jurisdictions[key] = jurisdiction
        return key

    def holidays(self, region: str) -> str:
        """The statutory days of a region are others. No jurisdiction is called like a region: those are small."""
        return self._add(Subject(SubjectKind.HOLIDAYS, region))

    def _add(self, subject: Subject) -> str:
        key = str(subject)
        self.jurisdictions[key] = _home(subject.code)
        return key


def _home(code: str) -> str:
    """The jurisdiction of a unit, a group or a jurisdiction; a region itself."""
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
    if changed.moved:
        await _note_moves(session, changed, at=at)


async def _note_moves(session: Session, changed: Changed, *, at: datetime) -> None:
    """Remember which revision moved due dates, for subjects that somebody subscribes to: who has not fetched it in time
    may not know."""
    rows = await subject_store.subject_rows(session, await link_store.subscribed(session, changed.moved))
    for key, row in rows.items():
        occurrences = list(dict.fromkeys(changed.moved[key]))
        move = FeedMove(
            subject=key,
            revision=row.revision,
            jurisdiction=row.jurisdiction,
            moved_at=at,
            count=len(occurrences),
            occurrences=occurrences[:MOVES_NAMED],
        )
        session.add(move)


async def lock(session: Session, *, jurisdictions: Collection[str]) -> dict[str, int]:
    """Be the only one who writes entries of these jurisdictions until the transaction ends.

    Taken before anything is read: whoever comes second then sees what the first one wrote, and no entry is made from a
    mixture of old and new.
    """
    return await subject_store.advance_ledgers(session, jurisdictions)
