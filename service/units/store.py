"""How jurisdictions, units and groups are found."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, delete, func, insert
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.database import Session
from service.kit.errors import NotFound
from service.kit.search import like
from service.units import rules
from service.units.models import Jurisdiction, Membership, Registered, Unit, UnitGroup

BATCH = 1000  # codes looked up with one statement

Row = TypeVar("Row", bound=Registered)


@dataclass(frozen=True, slots=True)
class RegistryFilter:
    """Which rows: every field that is given must match; `q` looks in names, aliases and codes."""

    q: str | None = None
    jurisdiction: str | None = None
    kind: str | None = None
    parent: str | None = None
    retired: bool = False


async def get(session: Session, table: type[Row], code: str) -> Row:
    """One row, retired or not. Raises NotFound."""
    row = await session.get(table, code)
    if row is None:
        raise NotFound(f"There is no {word_for(table)} '{code}'.")
    return row


async def get_locked(session: Session, table: type[Row], code: str) -> Row:
    """One row that nobody else can change until this transaction ends. Raises NotFound."""
    row = await session.get(table, code, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"There is no {word_for(table)} '{code}'.")
    return row


async def held(session: Session, table: type[Row], codes: Collection[str]) -> dict[str, Row]:
    """Those of `codes` that exist, as they are now; nobody retires one until this transaction ends.

    Whoever makes something depend on a row asks for it here. FOR KEY SHARE waits for the FOR UPDATE of whoever retires
    it, and shows what became of it; the other way round, who retires waits and then finds what depends on it.
    """
    found: dict[str, Row] = {}
    for some in _batches(codes):
        query = select(table).where(col(table.code).in_(some)).order_by(col(table.code))
        locked = query.with_for_update(read=True, key_share=True).execution_options(populate_existing=True)
        found |= {row.code: row for row in await session.exec(locked)}
    return found


async def changing(session: Session, table: type[Row], codes: Collection[str]) -> dict[str, Row]:
    """Those of `codes` that exist, as they are now; nobody else changes one until this transaction ends.

    FOR NO KEY UPDATE: whoever only refers to one need not wait. In the order of their codes, so that two who change the
    same ones do not wait for each other.
    """
    found: dict[str, Row] = {}
    for some in _batches(codes):
        query = select(table).where(col(table.code).in_(some)).order_by(col(table.code))
        locked = query.with_for_update(key_share=True).execution_options(populate_existing=True)
        found |= {row.code: row for row in await session.exec(locked)}
    return found


async def member_codes(session: Session, codes: Collection[str]) -> set[str]:
    """Those of `codes` that a unit or a group has, retired or not."""
    found: set[str] = set()
    for some in _batches(codes):
        for table in (Unit, UnitGroup):
            found.update(await session.exec(select(table.code).where(col(table.code).in_(some))))
    return found


def word_for(table: type[Registered]) -> str:
    """What a row of this table is called in sentences."""
    return {"Jurisdiction": "jurisdiction", "Unit": "unit", "UnitGroup": "group"}[table.__name__]


async def list_rows(
    session: Session, table: type[Row], *, where: RegistryFilter, after: str | None, limit: int
) -> Sequence[Row]:
    """Rows in order of their code, those after `after` first."""
    query = select(table).order_by(col(table.code)).limit(limit)
    if not where.retired:
        query = query.where(col(table.retired_at).is_(None))
    if after is not None:
        query = query.where(col(table.code) > after)
    if where.q:
        query = query.where(col(table.search_text).like(like(where.q), escape="\\"))
    return (await session.exec(_narrow(query, table, where))).all()


def _narrow(query: SelectOfScalar[Row], table: type[Row], where: RegistryFilter) -> SelectOfScalar[Row]:
    for name in ("jurisdiction", "kind", "parent"):
        wanted = getattr(where, name)
        if wanted is not None and name in table.model_fields:
            query = query.where(getattr(table, name) == wanted)
    return query


async def units_by_code(session: Session, codes: Collection[str]) -> dict[str, Unit]:
    """Those of `codes` that are units."""
    return await _by_code(session, Unit, codes)


async def groups_by_code(session: Session, codes: Collection[str]) -> dict[str, UnitGroup]:
    """Those of `codes` that are groups."""
    return await _by_code(session, UnitGroup, codes)


async def jurisdictions_by_code(session: Session, codes: Collection[str]) -> dict[str, Jurisdiction]:
    """Those of `codes` that are jurisdictions."""
    return await _by_code(session, Jurisdiction, codes)


async def _by_code(session: Session, table: type[Row], codes: Collection[str]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for some in _batches(codes):
        rows = await session.exec(select(table).where(col(table.code).in_(some)))
        found |= {row.code: row for row in rows}
    return found


def _batches(codes: Collection[str]) -> Iterator[list[str]]:
    """Each short enough for one statement: a driver binds 32,767 values at most."""
    ordered = sorted(codes)
    return (ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH))


async def memberships_of(session: Session, groups: Collection[str]) -> dict[str, list[rules.Member]]:
    """The members of these groups alone, in order."""
    found: dict[str, list[rules.Member]] = {code: [] for code in groups}
    code: ColumnElement[str] = func.coalesce(Membership.unit_code, Membership.member_group)
    for some in _batches(groups):
        query = select(col(Membership.group_code), code, col(Membership.from_on), col(Membership.until_on))
        of_some = query.where(col(Membership.group_code).in_(some)).order_by(col(Membership.position))
        for group, member, from_on, until_on in await session.exec(of_some):
            found[group].append(rules.Member(member, from_on, until_on))
    return found


async def replace_members(
    session: Session,
    groups: Sequence[UnitGroup],
    *,
    members: Mapping[str, Sequence[rules.Member]],
    units: Collection[str],
) -> None:
    """Make these the members of these groups (by code). `units`: which of them are units; all others are groups."""
    connection = await session.connection()
    for some in _batches([group.code for group in groups]):
        await connection.execute(delete(Membership).where(col(Membership.group_code).in_(some)))
    rows = [
        {
            "jurisdiction": group.jurisdiction,
            "group_code": group.code,
            "position": position,
            "unit_code": member.code if member.code in units else None,
            "member_group": None if member.code in units else member.code,
            "from_on": member.from_on,
            "until_on": member.until_on,
        }
        for group in groups
        for position, member in enumerate(members[group.code])
    ]
    if rows:
        await connection.execute(insert(Membership), rows)


async def membership_below(
    session: Session, groups: Collection[str], *, hold: bool = False
) -> dict[str, list[rules.Member]]:
    """The members of these groups and of every group within them: what `rules.units_of` wants.

    With `hold` nobody changes them until this transaction ends: whoever writes down who answers for a task, while
    somebody else changes the group, must not write down what was true a moment ago.
    """
    found: dict[str, list[rules.Member]] = {}
    wanted = set(groups)
    while wanted:
        if hold:
            rows = select(UnitGroup.code).where(col(UnitGroup.code).in_(wanted)).order_by(col(UnitGroup.code))
            await session.exec(rows.with_for_update(read=True))
        found.update(await memberships_of(session, wanted))
        inner = select(Membership.member_group).where(
            col(Membership.group_code).in_(wanted), col(Membership.member_group).is_not(None)
        )
        wanted = {code for code in await session.exec(inner) if code is not None and code not in found}
    return found


async def groups_containing(session: Session, codes: Collection[str]) -> set[str]:
    """Every group that has one of these units or groups as a member, at whatever depth and time."""
    found: set[str] = set()
    wanted = set(codes)
    while wanted:
        query = select(Membership.group_code).where(
            col(Membership.unit_code).in_(wanted) | col(Membership.member_group).in_(wanted)
        )
        wanted = set(await session.exec(query)) - found
        found |= wanted
    return found


async def ancestors(session: Session, code: str) -> tuple[str, ...]:
    """A jurisdiction and those above it, the nearest first."""
    chain: list[str] = []
    here: str | None = code
    while here is not None and here not in chain:
        chain.append(here)
        row = await session.get(Jurisdiction, here)
        here = row.parent if row else None
    return tuple(chain)


async def subtree(session: Session, code: str) -> set[str]:
    """A jurisdiction and every one below it."""
    found = {code}
    wanted = {code}
    while wanted:
        query = select(Jurisdiction.code).where(col(Jurisdiction.parent).in_(wanted))
        wanted = set(await session.exec(query)) - found
        found |= wanted
    return found


async def all_names(session: Session) -> dict[str, str]:
    """Every name and alias of an active unit or group → its code; for "did you mean" only."""
    found: dict[str, str] = {}
    for table in (Unit, UnitGroup):
        rows = await session.exec(select(table).where(col(table.retired_at).is_(None)))
        for row in rows:
            found.update(dict.fromkeys([row.name, *row.aliases, row.code], row.code))
    return found
