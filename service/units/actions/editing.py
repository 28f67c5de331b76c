"""Creating and changing jurisdictions, units and groups."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from service.journal.actions import record_all
from service.journal.rules import Fact
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Conflict, invalid, unmet
from service.kit.search import searchable
from service.units import rules, store
from service.units.actions import membership
from service.units.actions.rights import require_edit, require_jurisdiction, require_jurisdictions
from service.units.actions.telling import CREATED, UPDATED, told
from service.units.models import Jurisdiction, Registered, Unit, UnitGroup

Listed = TypeVar("Listed", bound=Unit | UnitGroup)


async def create_jurisdiction(
    session: Session, actor: Actor, *, code: str, values: Mapping[str, Any], now: datetime
) -> Jurisdiction:
    """A new jurisdiction. `values`: name, aliases, parent. Raises Invalid, Conflict, Denied."""
    await require_edit(session, actor, values.get("parent"))
    if not rules.JURISDICTION_CODE.match(code):
        raise invalid("code", "a jurisdiction's code is lower-case words joined by '-', such as 'chongming'")
    if await session.get(Jurisdiction, code):
        raise Conflict(f"There is a jurisdiction '{code}' already.")
    await _check_parent(session, code, values.get("parent"))
    row = Jurisdiction(code=code, created_at=now, updated_at=now, **values)
    row.search_text = _search_text(row)
    session.add(row)
    fact = Fact(CREATED[Jurisdiction], row.code, row.code, None, told(row))
    await record_all(session, actor, [fact], now=now)
    return row


async def create_unit(
    session: Session, actor: Actor, *, code: str, jurisdiction: str, values: Mapping[str, Any], now: datetime
) -> Unit:
    """A new unit. `values`: name, aliases, kind, note. Raises Invalid, Conflict, NotFound, Denied."""
    (row,) = await write(session, actor, Unit, edits=[Edit(code, jurisdiction, values)], now=now)
    return row


async def create_group(
    session: Session,
    actor: Actor,
    *,
    code: str,
    jurisdiction: str,
    values: Mapping[str, Any],
    members: Sequence[rules.Member],
    now: datetime,
) -> UnitGroup:
    """A new group with its members. `values`: name, aliases, vague, note. Raises Invalid, Conflict, Denied."""
    (row,) = await write(session, actor, UnitGroup, edits=[Edit(code, jurisdiction, values, members)], now=now)
    return row


async def update(session: Session, actor: Actor, row: Registered, *, changes: Mapping[str, Any], now: datetime) -> None:
    """Change some fields of a jurisdiction, unit or group; for a group `members` replaces all of them.

    A change that changes nothing is no change: no revision, no record. A retired one comes back to life.
    """
    if isinstance(row, Jurisdiction):
        await _update_jurisdiction(session, actor, row, changes=changes, now=now)
    elif isinstance(row, Unit):
        await write(session, actor, Unit, edits=[Edit(row.code, row.jurisdiction, changes, row=row)], now=now)
    elif isinstance(row, UnitGroup):
        values = dict(changes)
        members: Sequence[rules.Member] | None = values.pop("members", None)
        await write(session, actor, UnitGroup, edits=[Edit(row.code, row.jurisdiction, values, members, row)], now=now)


@dataclass(frozen=True, slots=True)
class Edit(Generic[Listed]):
    """A unit or group to be made, where `row` is None, or to be changed; no `members`: they stay as they are."""

    code: str
    jurisdiction: str
    values: Mapping[str, Any]
    members: Sequence[rules.Member] | None = None
    row: Listed | None = None


async def write(
    session: Session, actor: Actor, table: type[Listed], *, edits: Sequence[Edit[Listed]], now: datetime
) -> list[Listed]:
    """Make and change units, or groups. It takes as many statements for a thousand as for one.

    1. read what they stand in and refer to  2. make and change each  3. check the members of groups, against what has
    become of all of them  4. write the rows, then the memberships  5. record what changed, in the order of the edits.
    What changes nothing is no change: no revision, no record. A retired one comes back to life. Raises Invalid, Unmet,
    Conflict, Denied.
    """
    await _check_homes(session, actor, edits)
    taken = await store.member_codes(session, [edit.code for edit in edits if edit.row is None])
    held = await store.memberships_of(session, [edit.code for edit in edits if edit.row and table is UnitGroup])
    given = {edit.code: held.get(edit.code, ()) if edit.members is None else edit.members for edit in edits}
    # Who comes back into use brings its members along, and they may have been retired meanwhile.
    checked = [edit for edit in edits if edit.members is not None or (edit.row and edit.row.retired_at)]
    known = await membership.read_known(session, {one.code for edit in checked for one in given[edit.code]})
    before = {edit.code: told(edit.row, members=held.get(edit.code, ())) for edit in edits if edit.row}
    rows = [_change(edit.row, edit) if edit.row else _make(table, edit, taken, now=now) for edit in edits]
    known.groups.update({row.code: row for row in rows if isinstance(row, UnitGroup)})
    for edit in checked:
        membership.check_members(given[edit.code], known=known, today=now.date())
        membership.check_periods(given[edit.code])
    membership.refuse_circle({**known.below, **given})
    facts = list(_facts(rows, before, given, now=now))
    session.add_all(rows)
    await session.flush()
    replaced = [row for row in rows if isinstance(row, UnitGroup) and list(given[row.code]) != held.get(row.code, [])]
    await store.replace_members(session, replaced, members=given, units=known.units.keys())
    await record_all(session, actor, facts, now=now)
    return rows


def _make(table: type[Listed], edit: Edit[Listed], taken: set[str], *, now: datetime) -> Listed:
    if not rules.MEMBER_CODE.match(edit.code) or edit.code.partition(".")[0] != edit.jurisdiction:
        home = edit.jurisdiction
        raise unmet("code", f"the code is '{home}.' and a lower-case word, such as '{home}.justice'")
    # Units and groups share one name space: an assignment names either by its code alone.
    if edit.code in taken:
        raise Conflict(f"There is a unit or group '{edit.code}' already.")
    taken.add(edit.code)
    row = table(code=edit.code, jurisdiction=edit.jurisdiction, created_at=now, updated_at=now, **edit.values)
    row.search_text = _search_text(row)
    return row


def _change(row: Listed, edit: Edit[Listed]) -> Listed:
    for name, value in edit.values.items():
        setattr(row, name, value)
    row.retired_at = None
    row.search_text = _search_text(row)
    return row


def _facts(
    rows: Sequence[Listed],
    before: Mapping[str, dict[str, Any]],
    members: Mapping[str, Sequence[rules.Member]],
    *,
    now: datetime,
) -> Iterable[Fact]:
    """What became of each, in order; it raises the revision of what changed."""
    for row in rows:
        was, after = before.get(row.code), told(row, members=members[row.code])
        if was is None:
            yield Fact(CREATED[type(row)], row.code, row.jurisdiction, None, after)
        elif after != was:
            row.revision += 1
            row.updated_at = now
            yield Fact(UPDATED[type(row)], row.code, row.jurisdiction, was, after)


async def _check_homes(session: Session, actor: Actor, edits: Sequence[Edit[Listed]]) -> None:
    """Raise Denied for what the actor may not change; Unmet where what is made, or comes back, has no home in use."""
    for home in dict.fromkeys(edit.jurisdiction for edit in edits):
        await require_edit(session, actor, home)
    homes = [edit.jurisdiction for edit in edits if edit.row is None or edit.row.retired_at is not None]
    await require_jurisdictions(session, list(dict.fromkeys(homes)))


async def _update_jurisdiction(
    session: Session, actor: Actor, row: Jurisdiction, *, changes: Mapping[str, Any], now: datetime
) -> None:
    await require_edit(session, actor, row.code)
    before, parent = told(row), changes.get("parent", row.parent)
    if parent != row.parent:
        await require_edit(session, actor, parent)  # whoever stands above may change what lies below
        await _check_parent(session, row.code, parent)
    elif row.retired_at is not None and parent is not None:
        await require_jurisdiction(session, parent, field="parent")
    for name, value in changes.items():
        setattr(row, name, value)
    row.retired_at = None
    row.search_text = _search_text(row)
    after = told(row)
    if after == before:
        return
    row.revision += 1
    row.updated_at = now
    await record_all(session, actor, [Fact(UPDATED[Jurisdiction], row.code, row.code, before, after)], now=now)


async def _check_parent(session: Session, code: str, parent: str | None) -> None:
    if parent is None:
        return
    await require_jurisdiction(session, parent, field="parent")
    if code in await store.ancestors(session, parent):
        raise invalid("parent", f"'{parent}' lies below '{code}': a jurisdiction cannot stand above itself")


def _search_text(row: Registered) -> str:
    return searchable([row.code, row.name, *row.aliases])
