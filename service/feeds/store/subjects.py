"""What feeds are about, and how often it changed: subjects, and the ledgers that replicas poll."""

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, null
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from service.feeds.models import Feed, FeedEntry, FeedLedger, FeedSubject
from service.feeds.rules.phase import next_stamp
from service.feeds.rules.subjects import Subject, SubjectKind
from service.feeds.rules.window import Edges
from service.kit.database import Session
from service.plans.models import Plan
from service.units.models import Jurisdiction, Unit, UnitGroup

_TABLES: Mapping[SubjectKind, type[Unit | UnitGroup | Plan | Jurisdiction]] = {
    SubjectKind.UNIT: Unit,
    SubjectKind.PUBLIC: Unit,
    SubjectKind.GROUP: UnitGroup,
    SubjectKind.PLAN: Plan,
    SubjectKind.JURISDICTION: Jurisdiction,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What a feed is called, since when there is such a thing, how often what it shows has changed, and how far the
    ledger of its jurisdiction has come."""

    name: str
    jurisdiction: str
    created_at: datetime
    revision: int
    changed_at: datetime
    ledger: int
    edges: Edges = field(default_factory=Edges)


async def standing_of(session: Session, subject: Subject, *more: Any) -> Standing | None:
    """A subject's name and revision; None where there is no such unit, plan, group or jurisdiction.

    `more`: the columns of `edges_of`, for whoever wants to know them too.
    """
    query = _standing(subject.kind)
    row = (await session.exec(query.add_columns(*more) if more else query, params=_named(subject))).first()
    if row is None:
        return None
    return _standing_in(row, edges=Edges(row.gone, row.first, row.last, row.coming) if more else Edges())


async def changes_of(
    session: Session, subject: Subject, *, since: int, limit: int
) -> tuple[Standing, list[FeedEntry]] | None:
    """How a subject stands, and its entries that changed after the ledger stood at `since`: one question, which every
    first poll after an edit asks. None where there is no such subject. Not for groups: their entries follow from
    who names them.
    """
    given = _named(subject) | {"since": since, "most": limit}
    rows = (await session.exec(_changes(subject.kind), params=given)).all()
    if not rows:
        return None
    return _standing_in(rows[0], edges=Edges()), [row.FeedEntry for row in rows if row.FeedEntry is not None]


def _named(subject: Subject) -> dict[str, Any]:
    return {"key": str(subject), "code": subject.code}


def _standing_in(row: Any, *, edges: Edges) -> Standing:
    changed_at = row.changed_at or next_stamp(None, row.created_at)
    return Standing(
        row.name, row.jurisdiction, row.created_at, row.revision or 0, changed_at, row.ledger or 0, edges=edges
    )


@functools.cache  # building a question takes longer than answering it, and these are asked before every body
def _changes(kind: SubjectKind) -> Any:
    code: Any = bindparam("code")
    match kind:
        case SubjectKind.PLAN:
            mine = col(FeedEntry.unit).is_(None) & (col(FeedEntry.plan) == code)
        case SubjectKind.JURISDICTION:
            mine = col(FeedEntry.unit).is_(None) & (col(FeedEntry.jurisdiction) == code)
        case _:
            mine = col(FeedEntry.unit) == code
    newer = col(FeedEntry.changed_in) > bindparam("since")
    return _standing(kind).add_columns(FeedEntry).outerjoin(FeedEntry, mine & newer).limit(bindparam("most"))


@functools.cache
def _standing(kind: SubjectKind) -> Any:
    table: Any = _TABLES[kind]
    is_plan, is_jurisdiction = table is Plan, table is Jurisdiction
    home = table.code if is_jurisdiction else table.jurisdiction
    columns: tuple[Any, ...] = (
        (table.title if is_plan else table.name).label("name"),
        home.label("jurisdiction"),
        table.created_at,
        col(FeedSubject.revision),
        col(FeedSubject.changed_at),
        col(FeedLedger.revision).label("ledger"),
    )
    return (
        select(*columns)
        .select_from(table)
        .outerjoin(FeedSubject, col(FeedSubject.subject) == bindparam("key"))
        .outerjoin(FeedLedger, col(FeedLedger.jurisdiction) == home)
        .where((table.slug if is_plan else table.code) == bindparam("code"))
    )


async def advance_ledgers(session: Session, jurisdictions: Collection[str]) -> dict[str, int]:
    """Raise the ledgers of these jurisdictions, and keep their rows locked until the transaction ends."""
    reached: dict[str, int] = {}
    for jurisdiction in sorted(jurisdictions):  # always in one order: two transactions must not wait for each other
        insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        raised = (
            insert(FeedLedger)
            .values(jurisdiction=jurisdiction, revision=1)
            .on_conflict_do_update(index_elements=["jurisdiction"], set_={"revision": col(FeedLedger.revision) + 1})
            .returning(col(FeedLedger.revision))
        )
        reached[jurisdiction] = (await session.exec(raised)).scalar_one()
    return reached


async def subject_rows(session: Session, keys: Collection[str]) -> dict[str, FeedSubject]:
    """Those of these subjects that have a row, as they are now."""
    query = select(FeedSubject).where(col(FeedSubject.subject).in_(keys)).execution_options(populate_existing=True)
    return {row.subject: row for row in (await session.exec(query))}


async def revision_of(session: Session, subject: Subject) -> tuple[int, datetime | None, int]:
    """How often a subject has changed and when last (None: never yet), and how far its ledger has come."""
    query: Any = (
        select(col(FeedSubject.revision), col(FeedSubject.changed_at), col(FeedLedger.revision).label("ledger"))
        .join(FeedLedger, col(FeedLedger.jurisdiction) == col(FeedSubject.jurisdiction))
        .where(col(FeedSubject.subject) == str(subject))
    )
    row = (await session.exec(query)).first()
    return (row.revision, row.changed_at, row.ledger) if row is not None else (0, None, 0)


async def ledgers(session: Session) -> dict[str, int]:
    """How far every jurisdiction's ledger has come: what replicas poll."""
    return dict((await session.exec(_LEDGERS)).all())


_LEDGERS = select(col(FeedLedger.jurisdiction), col(FeedLedger.revision))


async def changed_since(session: Session, jurisdiction: str, ledger: int) -> Sequence[tuple[str, int | None]]:
    """What changed in a jurisdiction after its ledger stood at this number: subjects with revisions, feeds with None.

    One question, because it is asked before the first poll after every edit.
    """
    rows = await session.exec(_changed(), params={"jurisdiction": jurisdiction, "ledger": ledger})
    return [(key, revision) for key, revision in rows]


@functools.cache
def _changed() -> Any:
    here: Any = bindparam("jurisdiction")
    since: Any = bindparam("ledger")
    subjects: Any = select(col(FeedSubject.subject), col(FeedSubject.revision)).where(
        col(FeedSubject.jurisdiction) == here, col(FeedSubject.ledger) > since
    )
    feeds: Any = select(col(Feed.id), null()).where(col(Feed.jurisdiction) == here, col(Feed.ledger) > since)
    return subjects.union_all(feeds)
