"""Creating, changing and cancelling milestones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.journal.actions import record_all
from service.journal.kinds import Kind
from service.journal.rules import Fact
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import InUse
from service.kit.ids import derived_id
from service.kit.search import searchable
from service.milestones import rules, store
from service.milestones.actions.checking import Known, check_key, check_milestone, read_known
from service.milestones.actions.expanding import expand_milestones
from service.milestones.models import Assignment, Milestone
from service.plans import store as plan_store
from service.plans.actions import note_contents
from service.plans.models import Plan
from service.units.actions import jurisdiction_of, require_edit
from service.units.actions import retire as retire_row
from service.units.models import Jurisdiction, Registered

_TOLD = (
    "key", "ref", "title", "kind", "due", "parent", "implements", "lines", "hand_in", "status", "note",
)  # fmt: skip


async def create_milestone(
    session: Session,
    actor: Actor,
    *,
    plan: Plan,
    key: str | None,
    values: Mapping[str, Any],
    assignments: Sequence[rules.Assigned],
    now: datetime,
) -> Milestone:
    """A new milestone with its occurrences. `values`: the fields of `Milestone` that a person sets.

    Without a key it gets the next free number of its plan. Raises Invalid, Unmet, Conflict, Denied.
    """
    key = key or await _free_key(session, plan.slug)
    values = dict(values) | {"position": values.get("position") or await store.last_position(session, plan.slug) + 1}
    (written,) = await write_milestones(session, actor, plan, edits=[Edit(key, values, assignments)], now=now)
    await expand_milestones(session, actor, plan=plan, milestones=[written.row], now=now)
    return written.row


async def update_milestone(
    session: Session,
    actor: Actor,
    row: Milestone,
    *,
    changes: Mapping[str, Any],
    assignments: Sequence[rules.Assigned] | None = None,
    now: datetime,
) -> None:
    """Change some fields of a milestone, and its occurrences: one keeps its identity where its period stays.

    `assignments` replaces all of them. What changes nothing is no change, no revision, no record. Raises Invalid,
    Unmet, Denied.
    """
    plan = await plan_store.get(session, row.plan)
    edits = [Edit(row.key, changes, assignments, row)]
    (written,) = await write_milestones(session, actor, plan, edits=edits, now=now)
    if written.changed:
        await expand_milestones(session, actor, plan=plan, milestones=[row], now=now)


@dataclass(frozen=True, slots=True)
class Edit:
    """A milestone to be made, where `row` is None, or to be changed; no `assignments`: they stay as they are."""

    key: str
    values: Mapping[str, Any]
    assignments: Sequence[rules.Assigned] | None
    row: Milestone | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A milestone after an edit, and whether that changed anything."""

    row: Milestone
    changed: bool


async def write_milestones(
    session: Session, actor: Actor, plan: Plan, *, edits: Sequence[Edit], now: datetime
) -> list[Written]:
    """Make and change milestones of one plan, their occurrences not yet; each edit sees those before it.

    1. read what they refer to  2. check and make each  3. write the rows, then their assignments  4. record what
    changed. It takes as many statements for a thousand as for one. Raises Invalid, Unmet, Conflict, Denied.
    """
    await require_edit(session, actor, plan.jurisdiction)
    held = await store.assignments_of(session, [edit.row.id for edit in edits if edit.row])
    assignments = {id: assigned(rows) for id, rows in held.items()}
    known = await _read_known(session, plan, edits, assignments)
    written: list[Written] = []
    facts: list[Fact] = []
    replaced: list[tuple[Milestone, Sequence[rules.Assigned]]] = []
    for edit in edits:
        fact: Fact | None
        if edit.row is None:
            row, fact = await _make(session, plan, edit, known=known, now=now)
        else:
            row = edit.row
            fact = await _change(session, plan, row, edit, before=assignments[row.id], known=known, now=now)
        written.append(Written(row, fact is not None))
        if fact is not None:
            note_contents(plan, now=now)
            facts.append(fact)
        if edit.assignments is not None and _told(edit.assignments) != _told(assignments.get(row.id, ())):
            replaced.append((row, edit.assignments))
    session.add_all(one.row for one in written)
    await _replace_assignments(session, replaced, held=held, groups=known.groups.keys())
    await record_all(session, actor, facts, now=now)
    return written


async def _read_known(
    session: Session, plan: Plan, edits: Sequence[Edit], held: Mapping[str, Sequence[rules.Assigned]]
) -> Known:
    codes = {one.code for edit in edits for one in edit.assignments or ()}
    # One that comes back brings its assignments along, and their units may have been retired meanwhile.
    codes |= {one.code for edit in edits if edit.row and _returns(edit.row, edit) for one in held[edit.row.id]}
    milestones = {derived_id("ms", plan.slug, edit.key) for edit in edits if edit.row is None}
    milestones |= {parent for edit in edits if (parent := edit.values.get("parent", edit.row and edit.row.parent))}
    return await read_known(session, codes=codes, milestones=milestones)


def _returns(row: Milestone, edit: Edit) -> bool:
    status = edit.values.get("status", row.status)
    return row.status == rules.MilestoneStatus.CANCELLED and status == rules.MilestoneStatus.ACTIVE


async def _make(session: Session, plan: Plan, edit: Edit, *, known: Known, now: datetime) -> tuple[Milestone, Fact]:
    check_key(plan.slug, key=edit.key, known=known)
    row = Milestone(
        # From the plan and the key, so that a plan loaded again after a loss keeps its subscribers' entries.
        id=derived_id("ms", plan.slug, edit.key),
        plan=plan.slug,
        jurisdiction=plan.jurisdiction,
        key=edit.key,
        created_at=now,
        updated_at=now,
        **edit.values,
    )
    assignments = edit.assignments or ()
    await check_milestone(session, row, plan=plan, assignments=assignments, known=known)
    row.search_text = _search_text(row)
    known.milestones[row.id] = row
    after = _snapshot(row, assignments)
    return row, Fact(Kind.MILESTONE_CREATED, row.id, row.jurisdiction, None, after)


async def _change(
    session: Session,
    plan: Plan,
    row: Milestone,
    edit: Edit,
    *,
    before: Sequence[rules.Assigned],
    known: Known,
    now: datetime,
) -> Fact | None:
    was, returns = _snapshot(row, before), _returns(row, edit)
    for name, value in edit.values.items():
        setattr(row, name, value)
    asked = before if edit.assignments is None and returns else edit.assignments or ()
    await check_milestone(session, row, plan=plan, assignments=asked, known=known)
    cancelled = row.status == "cancelled"
    row.cancelled_at = (row.cancelled_at or now) if cancelled else None
    row.search_text = _search_text(row)
    after = _snapshot(row, before if edit.assignments is None else edit.assignments)
    if after == was:
        return None
    row.revision += 1
    row.updated_at = now
    ended = cancelled and was["status"] != "cancelled"
    kind = Kind.MILESTONE_CANCELLED if ended else Kind.MILESTONE_UPDATED
    return Fact(kind, row.id, row.jurisdiction, was, after)


async def cancel_milestone(session: Session, actor: Actor, row: Milestone, *, now: datetime) -> None:
    """Call a milestone off; it and its occurrences stay, marked as cancelled."""
    await update_milestone(session, actor, row, changes={"status": "cancelled"}, now=now)


async def arrange(session: Session, actor: Actor, plan: Plan, *, places: Mapping[str, int], now: datetime) -> None:
    """Put a plan's milestones in order: key → place from 1. Order alone is no change that anybody hears of."""
    await require_edit(session, actor, plan.jurisdiction)
    rows = await store.milestones_of(session, plan.slug)
    if all(row.position == places[row.key] for row in rows):
        return
    for row in rows:
        row.position = places[row.key]
    note_contents(plan, now=now)


async def retire(session: Session, actor: Actor, row: Registered, *, now: datetime) -> None:
    """Take a jurisdiction, unit or group out of use. Raises InUse while an open milestone or plan depends on it."""
    await require_edit(session, actor, jurisdiction_of(row))
    for used in await store.active_milestones_naming(session, row.code):
        raise InUse(f"'{row.code}' still answers for '{used.title}' ({used.plan}/{used.key}): reassign that first.")
    if isinstance(row, Jurisdiction):
        for plan in await plan_store.plans_of(session, row.code):
            raise InUse(f"'{row.code}' still has the plan '{plan.slug}': archive that first.")
    for plan in await plan_store.issued_by(session, row.code):
        raise InUse(f"'{row.code}' issued the plan '{plan.slug}', which is in use: archive that first.")
    await retire_row(session, actor, row, now=now)


async def snapshot(session: Session, row: Milestone) -> dict[str, Any]:
    """A milestone as the journal keeps it (JSON values)."""
    return _snapshot(row, assigned((await store.assignments_of(session, [row.id]))[row.id]))


def _snapshot(row: Milestone, assignments: Sequence[rules.Assigned]) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in _TOLD}
    told["lines"] = list(row.lines)
    return {"id": row.id, "plan": row.plan} | told | {"assignments": _told(assignments)}


def assigned(rows: Sequence[Assignment]) -> list[rules.Assigned]:
    """Assignments as values, the strongest role first, in the document's order within a role."""
    order = list(rules.Role)
    ordered = sorted(rows, key=lambda row: (order.index(rules.Role(row.role)), row.position))
    return [rules.Assigned(row.unit_code or row.group_code or "", rules.Role(row.role)) for row in ordered]


def _told(assignments: Sequence[rules.Assigned]) -> list[dict[str, str]]:
    order = list(rules.Role)
    ordered = sorted(assignments, key=lambda one: order.index(one.role))
    return [{"code": one.code, "role": one.role.value} for one in ordered]


def _search_text(row: Milestone) -> str:
    return searchable([row.key, row.ref, row.title, (row.due or {}).get("phrase")])


async def _free_key(session: Session, plan: str) -> str:
    taken = {row.key for row in await store.milestones_of(session, plan)}
    return next(key for number in range(1, len(taken) + 2) if (key := f"n{number}") not in taken)


async def _replace_assignments(
    session: Session,
    replaced: Sequence[tuple[Milestone, Sequence[rules.Assigned]]],
    *,
    held: Mapping[str, Sequence[Assignment]],
    groups: Collection[str],
) -> None:
    for row, _assignments in replaced:
        for one in held.get(row.id, ()):
            await session.delete(one)
    await session.flush()
    rows = [
        {
            "milestone": row.id,
            "jurisdiction": row.jurisdiction,
            "role": one.role.value,
            "position": position,
            "unit_code": None if one.code in groups else one.code,
            "group_code": one.code if one.code in groups else None,
        }
        for row, assignments in replaced
        for position, one in enumerate(assignments)
    ]
    await store.insert_rows(session, Assignment, rows)
