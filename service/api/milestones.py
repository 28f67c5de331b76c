"""`/milestones`: the tasks of plans."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import ConfigDict, Field

from service.api.bulk import Bulk, BulkAnswer, DryRun, Each, run_bulk
from service.api.due import Due, DueShape, due_shape, sentences
from service.api.fields import WHOLE, CodeQuery, Day, Key, MemberCode, Note, PathId, Search, ShortText, Slug, Title
from service.api.registry import changes_of
from service.api.shapes import ANY_LIMIT, Cursor, Limit, Page, Sent, Shape, one_of
from service.gate.conditional import Guarded, Seen, etag, expect
from service.gate.guard import Editor, Reader
from service.gate.idempotency import Creating
from service.gate.routing import API, resource
from service.gate.transaction import Now, Reading, Writing
from service.kit.database import Session
from service.kit.errors import invalid
from service.kit.paging import cut, decode_cursor, wrong_cursor
from service.milestones import store
from service.milestones.actions import editing
from service.milestones.models import Assignment, Milestone
from service.milestones.rules import Assigned, MilestoneKind, MilestoneStatus, Role
from service.plans import store as plan_store
from service.plans.models import Plan

router = resource("/milestones", tag="milestones")


class AssignmentShape(Sent):
    """A unit or a group in a role: exactly one of the two is given."""

    model_config = ConfigDict(json_schema_extra=one_of("unit", "group"))

    unit: MemberCode | None = None
    group: MemberCode | None = None
    role: Role


Assignments = Annotated[list[AssignmentShape], Field(max_length=500)]
Ref = Annotated[ShortText, Field(max_length=64, examples=["二(三)1"])]
Implements = Annotated[
    str,
    Field(
        max_length=129,
        pattern=r"^([a-z][a-z0-9]*(-[a-z0-9]+)*/[A-Za-z0-9][A-Za-z0-9._-]*)?$",
        examples=["shanghai-enforcement-2023-2025/2.2-1"],
        description="`slug/key` of the superior plan's milestone that this one carries out.",
    ),
]
Lines = Annotated[list[Annotated[int, Field(ge=1, le=10_000_000), WHOLE]], Field(max_length=100)]


class MilestoneChanges(Sent):
    """What may be changed; what is left out stays. `assignments` replaces all of them."""

    ref: Ref | None = None
    title: Title | None = None
    kind: MilestoneKind | None = None
    due: Due | None = Field(None, description="null: the plan's default, or none.")
    assignments: Assignments | None = None
    parent: PathId | None = None
    implements: Implements | None = None
    lines: Lines | None = None
    hand_in: Note | None = None
    note: Note | None = None
    status: MilestoneStatus | None = None


class NewMilestone(Sent):
    """A milestone to be made; without a key it gets the next free one."""

    plan: Slug
    key: Key | None = None
    ref: Ref = ""
    title: Title
    kind: MilestoneKind = MilestoneKind.TASK
    due: Due | None = None
    assignments: Assignments = []
    parent: Annotated[str | None, Field(max_length=64)] = None
    implements: Implements = ""
    lines: Lines = []
    hand_in: Note = ""
    note: Note = ""


class SourceShape(Shape):
    """Where the obligation stands; `lines` has the other places that repeat it too."""

    file: str | None
    line: int | None
    lines: list[int]


class MilestoneShape(Shape):
    """One task of a plan."""

    id: str
    plan: str
    jurisdiction: str
    key: str
    ref: str
    title: str
    kind: MilestoneKind
    status: MilestoneStatus
    due: DueShape | None = Field(description="What holds: its own due specification, or the plan's default.")
    due_inherited: bool = Field(description="Whether `due` is the plan's default.")
    due_sentence: str | None
    due_sentence_en: str | None
    assignments: list[AssignmentShape]
    parent: str | None
    implements: str
    source: SourceShape
    hand_in: str
    note: str
    created_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None
    etag: str


async def shapes(session: Session, rows: list[Milestone]) -> list[MilestoneShape]:
    """Milestones as they are answered, in a few queries whatever their number."""
    held = await store.assignments_of(session, [row.id for row in rows])
    plans = await plan_store.by_slug(session, {row.plan for row in rows})
    return [_told(row, plans[row.plan], held[row.id]) for row in rows]


def _told(row: Milestone, plan: Plan, held: list[Assignment]) -> MilestoneShape:
    mapping = row.due or plan.default_due
    zh, en = sentences(mapping)
    groups = {one.group_code for one in held}
    fields = {name: getattr(row, name) for name in MilestoneShape.model_fields if hasattr(row, name)}
    return MilestoneShape(
        **fields
        | {
            "due": due_shape(mapping),
            "due_inherited": row.due is None and mapping is not None,
            "due_sentence": zh,
            "due_sentence_en": en,
            "assignments": [
                AssignmentShape(group=one.code, role=one.role)
                if one.code in groups
                else AssignmentShape(unit=one.code, role=one.role)
                for one in editing.assigned(held)
            ],
            "source": SourceShape(
                file=(plan.source or {}).get("file"), line=row.lines[0] if row.lines else None, lines=row.lines
            ),
            "etag": etag(row.revision),
        }
    )


async def _shape(session: Session, row: Milestone) -> MilestoneShape:
    return (await shapes(session, [row]))[0]


def _assigned(sent: list[AssignmentShape]) -> list[Assigned]:
    found = []
    for place, one in enumerate(sent):
        if (one.unit is None) == (one.group is None):
            raise invalid(f"assignments.{place}", "name either a unit or a group")
        found.append(Assigned(one.unit or one.group or "", one.role))
    return found


@router.get("")
async def list_milestones(
    actor: Reader,
    session: Reading,
    plan: CodeQuery = None,
    unit: CodeQuery = None,
    role: Annotated[Role | None, Query()] = None,
    kind: Annotated[MilestoneKind | None, Query()] = None,
    jurisdiction: CodeQuery = None,
    due_from: Annotated[Day | None, Query()] = None,
    due_to: Annotated[Day | None, Query()] = None,
    status: Annotated[MilestoneStatus | None, Query()] = None,
    q: Search = None,
    limit: Limit = ANY_LIMIT,
    cursor: Cursor = None,
) -> Page[MilestoneShape]:
    """Milestones by plan, in the plan's order. A unit finds what its groups answer for as well."""
    where = store.TaskFilter(
        plan, unit, role, kind, jurisdiction, due_from, due_to, status, q, public_only=actor.kind == "public"
    )
    rows = await store.list_milestones(session, where=where, after=_after(cursor), limit=limit + 1)
    page = cut(rows, limit, lambda row: (row.plan, row.position, row.id))
    return Page(items=await shapes(session, list(page.items)), next=page.next)


def _after(cursor: str | None) -> tuple[str, int, str] | None:
    match decode_cursor(cursor, parts=3):
        case None:
            return None
        case (str(plan), int(position), str(id)):
            return plan, min(position, 2**31 - 1), id
        case _:
            raise wrong_cursor()


@router.post("", status_code=HTTPStatus.CREATED)
async def create_milestone(
    actor: Editor, session: Creating, now: Now, wanted: NewMilestone, response: Response
) -> MilestoneShape:
    """A new milestone; its occurrences are made with it."""
    row = await _create(Each(session, actor, now), wanted)
    response.headers["Location"] = f"{API}/milestones/{row.id}"
    response.headers["ETag"] = etag(row.revision)
    return await _shape(session, row)


async def _create(each: Each, wanted: NewMilestone) -> Milestone:
    plan = await plan_store.get_named(each.session, wanted.plan)
    return await editing.create_milestone(
        each.session,
        each.actor,
        plan=plan,
        key=wanted.key,
        values=_values(wanted.model_dump(mode="json", exclude={"plan", "key", "assignments"}), wanted.due),
        assignments=_assigned(wanted.assignments),
        now=each.now,
    )


def _values(values: dict[str, Any], due: Due | None) -> dict[str, Any]:
    return values | ({"due": due.mapping() if due else None} if "due" in values else {})


@router.get("/{id}")
async def get_milestone(id: PathId, actor: Reader, session: Reading, seen: Seen) -> MilestoneShape:
    """One milestone, cancelled or not."""
    row = await store.get(session, id, public_only=actor.kind == "public")
    seen.shows(row.revision)
    return await _shape(session, row)


@router.patch("/{id}")
async def change_milestone(
    id: PathId, actor: Editor, session: Writing, now: Now, version: Guarded, changes: MilestoneChanges
) -> MilestoneShape:
    """Change a milestone; an occurrence keeps its identity where its period stays."""
    row = await store.get_locked(session, id)
    version.expects(row.revision)
    await _change(Each(session, actor, now), row, changes)
    version.shows(row.revision)
    return await _shape(session, row)


async def _change(each: Each, row: Milestone, changes: MilestoneChanges) -> None:
    sent = changes_of(changes, nullable={"due", "parent"})
    sent.pop("assignments", None)
    assignments = _assigned(changes.assignments) if changes.assignments is not None else None
    await editing.update_milestone(
        each.session, each.actor, row, changes=_values(sent, changes.due), assignments=assignments, now=each.now
    )


@router.delete("/{id}", status_code=HTTPStatus.NO_CONTENT)
async def cancel_milestone(id: PathId, actor: Editor, session: Writing, now: Now, version: Guarded) -> None:
    """Call a milestone off; it stays, marked as cancelled, and may be made active again."""
    row = await store.get_locked(session, id)
    version.expects(row.revision)
    await editing.cancel_milestone(session, actor, row, now=now)


@router.post(":bulk")
async def change_milestones(
    actor: Editor,
    session: Creating,
    now: Now,
    wanted: Bulk[NewMilestone, MilestoneChanges],
    dry_run: DryRun = False,
) -> BulkAnswer[MilestoneShape]:
    """Make, change and cancel many milestones at once, with a result for each."""
    each = Each(session, actor, now)

    async def change(name: str, if_match: str | None, changes: MilestoneChanges) -> MilestoneShape:
        row = await store.get_locked(session, name)
        expect(if_match, row.revision)
        await _change(each, row, changes)
        return await _shape(session, row)

    async def cancel(name: str, if_match: str | None) -> MilestoneShape:
        row = await store.get_locked(session, name)
        expect(if_match, row.revision)
        await editing.cancel_milestone(session, actor, row, now=now)
        return await _shape(session, row)

    async def create(new: NewMilestone) -> MilestoneShape:
        return await _shape(session, await _create(each, new))

    return await run_bulk(each, wanted, create=create, change=change, end=cancel, dry_run=dry_run)
