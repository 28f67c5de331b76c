"""What feeds are about, and how often it changed: subjects, and the ledgers that replicas poll."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import null
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from service.feeds.models import Feed, FeedLedger, FeedSubject
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
    """What a feed is called, since when there is such a thing, and how often what it shows has changed."""

    name: str
    jurisdiction: str
    created_at: datetime
    revision: int
    changed_at: datetime
    edges: Edges = field(default_factory=Edges)


async def standing_of(session: Session, subject: Subject, *more: Any) -> Standing | None:
    """A subject's name and revision; None where there is no such unit, plan, group or jurisdiction.

    `more`: the columns of `edges_of`, for whoever wants to know them too.
    """
    table: Any = _TABLES[subject.kind]
    is_plan, is_jurisdiction = table is Plan, table is Jurisdiction
    columns: tuple[Any, ...] = (
        (table.title if is_plan else table.name).label("name"),
        (table.code if is_jurisdiction else table.jurisdiction).label("jurisdiction"),
        table.created_at,
        col(FeedSubject.revision),
        col(FeedSubject.changed_at),
        *more,
    )
    query = (
        select(*columns)
        .outerjoin(FeedSubject, col(FeedSubject.subject) == str(subject))
        .where((table.slug if is_plan else table.code) == subject.code)
    )
    row = (await session.exec(query)).first()
    if row is None:
        return None
    changed_at = row.changed_at or next_stamp(None, row.created_at)
    edges = Edges(row.gone, row.first, row.last, row.coming) if more else Edges()
    return Standing(row.name, row.jurisdiction, row.created_at, row.revision or 0, changed_at, edges)


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


async def ledgers(session: Session) -> dict[str, int]:
    """How far every jurisdiction's ledger has come: what replicas poll."""
    rows = await session.exec(select(col(FeedLedger.jurisdiction), col(FeedLedger.revision)))
    return dict(rows.all())


async def changed_since(session: Session, jurisdiction: str, ledger: int) -> Sequence[tuple[str, int | None]]:
    """What changed in a jurisdiction after its ledger stood at this number: subjects with revisions, feeds with None.

    One question, because it is asked before the first poll after every edit.
    """
    subjects = select(col(FeedSubject.subject), col(FeedSubject.revision)).where(
        col(FeedSubject.jurisdiction) == jurisdiction, col(FeedSubject.ledger) > ledger
    )
    feeds = select(col(Feed.id), null()).where(col(Feed.jurisdiction) == jurisdiction, col(Feed.ledger) > ledger)
    query: Any = subjects.union_all(feeds)
    return [(key, revision) for key, revision in await session.exec(query)]
