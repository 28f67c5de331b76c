"""Creating, changing and cancelling milestones."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from service.due.faults import InvalidDue
from service.due.spec import check, parse, to_mapping
from service.journal.actions import record
from service.journal.kinds import Kind
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Conflict, Fault, InUse, Unmet, invalid, require
from service.kit.ids import derived_id
from service.kit.search import searchable
from service.milestones import rules, store
from service.milestones.actions.expanding import expand_milestones
from service.milestones.models import Assignment, Milestone
from service.plans import store as plan_store
from service.plans.actions import due_faults, frame_of, note_contents
from service.plans.models import Plan
from service.units import store as unit_store
from service.units.actions import jurisdiction_of, require_edit
from service.units.actions import retire as retire_row
from service.units.models import Jurisdiction, Registered
from service.units.rules import nearest

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
    """A new milestone with its occurrences: `add_milestone`, then its due dates."""
    row = await add_milestone(session, actor, plan=plan, key=key, values=values, assignments=assignments, now=now)
    await expand_milestones(session, actor, plan=plan, milestones=[row], now=now)
    return row


async def add_milestone(
    session: Session,
    actor: Actor,
    *,
    plan: Plan,
    key: str | None,
    values: Mapping[str, Any],
    assignments: Sequence[rules.Assigned],
    now: datetime,
) -> Milestone:
    """A new milestone without its occurrences yet. `values`: the fields of `Milestone` that a person sets.

    1. check who, the plan and the values  2. store it with its assignments  3. record it.
    Without a key it gets the next free number of its plan. Raises Invalid, Conflict, Denied.
    """
    await require_edit(session, actor, plan.jurisdiction)
    position = values.get("position") or await store.last_position(session, plan.slug) + 1
    key = key or await _free_key(session, plan.slug)
    await _check_key(session, plan.slug, key)
    row = Milestone(
        # From the plan and the key, so that a plan loaded again after a loss keeps its subscribers' entries.
        id=derived_id("ms", plan.slug, key),
        plan=plan.slug,
        jurisdiction=plan.jurisdiction,
        key=key,
        created_at=now,
        updated_at=now,
        **(dict(values) | {"position": position}),
    )
    groups = await _check(session, plan, row, assignments)
    row.search_text = _search_text(row)
    session.add(row)
    await session.flush()
    _add_assignments(session, row, assignments, groups=groups)
    note_contents(plan, now=now)
    after = _snapshot(row, assignments)
    _record(session, actor, row, kind=Kind.MILESTONE_CREATED, before=None, after=after, now=now)
    return row


async def update_milestone(
    session: Session,
    actor: Actor,
    row: Milestone,
    *,
    changes: Mapping[str, Any],
    assignments: Sequence[rules.Assigned] | None = None,
    now: datetime,
) -> None:
    """`change_milestone`, and its occurrences follow: one keeps its identity where its period stays."""
    if await change_milestone(session, actor, row, changes=changes, assignments=assignments, now=now):
        plan = await plan_store.get(session, row.plan)
        await expand_milestones(session, actor, plan=plan, milestones=[row], now=now)


async def change_milestone(
    session: Session,
    actor: Actor,
    row: Milestone,
    *,
    changes: Mapping[str, Any],
    assignments: Sequence[rules.Assigned] | None = None,
    now: datetime,
) -> bool:
    """Change some fields of a milestone, its occurrences not yet; `assignments` replaces all of them.

    Answers whether anything changed: what changes nothing is no change, no revision, no record.
    """
    await require_edit(session, actor, row.jurisdiction)
    plan = await plan_store.get(session, row.plan)
    before = await snapshot(session, row)
    for name, value in changes.items():
        setattr(row, name, value)
    groups = await _check(session, plan, row, assignments)
    if assignments is not None and _told(assignments) != before["assignments"]:
        await _replace_assignments(session, row, assignments, groups=groups)
    cancelled = row.status == "cancelled"
    row.cancelled_at = (row.cancelled_at or now) if cancelled else None
    row.search_text = _search_text(row)
    after = await snapshot(session, row)
    if after == before:
        return False
    row.revision += 1
    row.updated_at = now
    note_contents(plan, now=now)
    ended = cancelled and before["status"] != "cancelled"
    kind = Kind.MILESTONE_CANCELLED if ended else Kind.MILESTONE_UPDATED
    _record(session, actor, row, kind=kind, before=before, after=after, now=now)
    return True


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


async def _check_key(session: Session, plan: str, key: str) -> None:
    if not rules.KEY.match(key):
        raise invalid("key", "a key is letters, digits, '.', '-' and '_', and starts with a letter or digit")
    if await session.get(Milestone, derived_id("ms", plan, key)):
        raise Conflict(f"The plan '{plan}' has a milestone '{key}' already.")


async def _check(
    session: Session, plan: Plan, row: Milestone, assignments: Sequence[rules.Assigned] | None
) -> Collection[str]:
    """Bring the due specification into its canonical form. Raises Invalid with all that is wrong, Unmet.

    Answers which of the assigned codes are groups.
    """
    faults = [Fault("title", "a milestone needs a title")] if not row.title.strip() else []
    faults += _check_due(plan, row)
    faults += _check_twice(assignments or ())
    require(faults)
    codes = {one.code for one in assignments or ()}
    units, groups = await unit_store.units_by_code(session, codes), await unit_store.groups_by_code(session, codes)
    unknown = await _check_parent(session, row)
    unknown += await _check_assignments(session, assignments or (), known={**units, **groups})
    require(unknown, Unmet)
    return groups.keys()


def _check_due(plan: Plan, row: Milestone) -> list[Fault]:
    if row.due is None:
        return []
    try:
        spec = parse(row.due)
    except InvalidDue as wrong:
        return due_faults("due", faults=wrong.faults)
    row.due = to_mapping(spec)
    return due_faults("due", faults=check(spec, frame_of(plan)))


async def _check_parent(session: Session, row: Milestone) -> list[Fault]:
    above, seen = row.parent, {row.id}
    while above is not None:
        if above in seen:
            return [Fault("parent", "a milestone cannot be a part of itself")]
        seen.add(above)
        parent = await session.get(Milestone, above)
        if parent is None or parent.plan != row.plan:
            return [Fault("parent", f"there is no milestone '{above}' in the plan '{row.plan}'")]
        above = parent.parent
    return []


async def _check_assignments(
    session: Session, assignments: Sequence[rules.Assigned], *, known: Mapping[str, Registered]
) -> list[Fault]:
    faults = []
    for place, one in enumerate(assignments):
        path = f"assignments.{place}"
        if one.code not in known:
            faults.append(Fault(path, await _unknown(session, one.code)))
        elif known[one.code].retired_at is not None:
            faults.append(Fault(path, f"'{one.code}' is retired"))
    return faults


def _check_twice(assignments: Sequence[rules.Assigned]) -> list[Fault]:
    return [
        Fault(f"assignments.{place}", f"'{one.code}' is named twice as {one.role.value}")
        for place, one in enumerate(assignments)
        if one in assignments[:place]
    ]


async def _unknown(session: Session, code: str) -> str:
    names = await unit_store.all_names(session)
    near = sorted({names[name] for name in nearest(code, names)})
    hint = f"; the nearest known are {', '.join(near)}" if near else ""
    return f"there is no unit or group '{code}'{hint}"


async def _replace_assignments(
    session: Session, row: Milestone, assignments: Sequence[rules.Assigned], *, groups: Collection[str]
) -> None:
    for held in (await store.assignments_of(session, [row.id]))[row.id]:
        await session.delete(held)
    await session.flush()
    _add_assignments(session, row, assignments, groups=groups)
    await session.flush()


def _add_assignments(
    session: Session, row: Milestone, assignments: Sequence[rules.Assigned], *, groups: Collection[str]
) -> None:
    for position, one in enumerate(assignments):
        is_group = one.code in groups
        session.add(
            Assignment(
                milestone=row.id,
                jurisdiction=row.jurisdiction,
                role=one.role.value,
                position=position,
                unit_code=None if is_group else one.code,
                group_code=one.code if is_group else None,
            )
        )


def _record(
    session: Session,
    actor: Actor,
    row: Milestone,
    *,
    kind: Kind,
    before: dict[str, Any] | None,
    after: dict[str, Any],
    now: datetime,
) -> None:
    record(
        session,
        actor,
        kind=kind,
        subject=row.id,
        jurisdiction=row.jurisdiction,
        before=before,
        after=after,
        now=now,
    )
