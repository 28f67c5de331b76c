"""`/plans`: plan documents."""

import asyncio
from datetime import date, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any, Self

from fastapi import Path, Query, Request, Response
from pydantic import Field, model_validator

from service.api.due import Due, DueShape, due_shape
from service.api.fields import Code, CodeQuery, Day, MemberCode, Note, PathCode, Search, ShortText, Slug, Title
from service.api.registry import changes_of
from service.api.shapes import ANY_LIMIT, Cursor, Limit, Page, Sent, Shape
from service.due.spec import BeforeMonth
from service.findings.actions import find
from service.gate.conditional import Guarded, Seen, etag
from service.gate.guard import Editor, Reader
from service.gate.idempotency import Creating
from service.gate.routing import API, resource
from service.gate.transaction import Now, Reading, Writing
from service.journal.actions import undo
from service.kit.errors import invalid
from service.kit.paging import cut, decode_texts
from service.planfiles import actions as planfiles
from service.planfiles.rules import difference as differences
from service.planfiles.rules.parse import parse_plan_file
from service.plans import actions, store
from service.plans.models import Plan
from service.plans.rules import PlanStatus, Visibility

router = resource("/plans", tag="plans")

LIMIT_BYTES = 1024 * 1024
ZoneName = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$", examples=["Asia/Shanghai"])]


class PeriodShape(Sent):
    """First and last day."""

    start: Day
    end: Day


class PlanSource(Sent):
    """Where the text is."""

    file: ShortText | None = None
    url: Annotated[str, Field(max_length=500, pattern=r"^https?://[^\s\x00-\x1f\x7f]+$")] | None = None
    title: ShortText | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.file or self.url or self.title):
            raise ValueError("a source has a file, a url or a title; null says that there is none")
        return self


class PlanFields(Sent):
    """What a plan is made of, and what of it may be changed."""

    issuer: MemberCode | None = None
    number: ShortText = ""
    status: PlanStatus = PlanStatus.PUBLISHED
    visibility: Visibility = Visibility.PUBLIC
    published_on: Day | None = None
    period: PeriodShape | None = None
    time_zone: ZoneName | None = None
    before_month: BeforeMonth = BeforeMonth.INCLUSIVE
    default_due: Due | None = None
    superior: Slug | None = None
    source: PlanSource | None = None
    note: Note = ""

    def values(self, sent: dict[str, Any]) -> dict[str, Any]:
        """The stored fields of what was sent."""
        found: dict[str, Any] = {
            name: value.value if isinstance(value, StrEnum) else value for name, value in sent.items()
        }
        if "period" in found:
            period = found.pop("period")
            found |= {"period_start": period.start if period else None, "period_end": period.end if period else None}
        if found.get("default_due") is not None:
            found["default_due"] = found["default_due"].mapping()
        if found.get("source") is not None:
            found["source"] = found["source"].model_dump(exclude_none=True, exclude_defaults=True)
        return found


class PlanChanges(PlanFields):
    """What may be changed; what is left out stays."""

    title: Title | None = None


class NewPlan(PlanFields):
    """A plan to be made."""

    slug: Slug
    jurisdiction: Code
    title: Title


class PlanShape(Shape):
    """One document that sets milestones."""

    slug: str
    title: str
    jurisdiction: str
    issuer: str | None
    number: str
    status: PlanStatus
    visibility: Visibility
    published_on: date | None
    period: PeriodShape | None
    time_zone: str | None
    before_month: BeforeMonth
    default_due: DueShape | None
    superior: str | None
    source: PlanSource | None
    note: str
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    etag: str


class FindingShape(Shape):
    """Something in a plan that a person should look at."""

    code: str
    severity: str
    milestone: str | None = Field(description="A key; null: the plan as a whole.")
    line: int
    message: str
    message_zh: str


class DifferenceShape(Shape):
    """What a plan file would change, or has changed, and what a reviewer should look at."""

    applied: bool
    difference: dict[str, Any]
    text: str
    findings: list[FindingShape]


def _shape(plan: Plan) -> PlanShape:
    fields = {name: getattr(plan, name) for name in PlanShape.model_fields if hasattr(plan, name)}
    period = (
        PeriodShape(start=plan.period_start, end=plan.period_end) if plan.period_start and plan.period_end else None
    )
    return PlanShape(
        **fields
        | {
            "period": period,
            "default_due": due_shape(plan.default_due),
            "source": PlanSource(**plan.source) if plan.source else None,
            "etag": etag(plan.revision),
        }
    )


@router.get("")
async def list_plans(
    actor: Reader,
    session: Reading,
    q: Search = None,
    jurisdiction: CodeQuery = None,
    status: Annotated[PlanStatus | None, Query(description="Left out: all but archived ones.")] = None,
    limit: Limit = ANY_LIMIT,
    cursor: Cursor = None,
) -> Page[PlanShape]:
    """Plans by slug."""
    after = decode_texts(cursor, parts=1)
    where = store.PlanFilter(q=q, jurisdiction=jurisdiction, status=status, public_only=actor.kind == "public")
    rows = await store.list_plans(session, where=where, after=after[0] if after else None, limit=limit + 1)
    page = cut(rows, limit, lambda plan: (plan.slug,))
    return Page(items=[_shape(plan) for plan in page.items], next=page.next)


@router.post("", status_code=HTTPStatus.CREATED)
async def create_plan(actor: Editor, session: Creating, now: Now, wanted: NewPlan, response: Response) -> PlanShape:
    """A new plan, without milestones yet."""
    fields = {name: getattr(wanted, name) for name in PlanChanges.model_fields}
    plan = await actions.create_plan(
        session, actor, slug=wanted.slug, jurisdiction=wanted.jurisdiction, values=wanted.values(fields), now=now
    )
    response.headers["Location"] = f"{API}/plans/{plan.slug}"
    response.headers["ETag"] = etag(plan.revision)
    return _shape(plan)


@router.get("/{slug}")
async def get_plan(slug: PathCode, actor: Reader, session: Reading, seen: Seen) -> PlanShape:
    """One plan."""
    plan = await store.get(session, slug, public_only=actor.kind == "public")
    seen.shows(plan.revision)
    return _shape(plan)


@router.patch("/{slug}")
async def change_plan(
    slug: PathCode, actor: Editor, session: Writing, now: Now, version: Guarded, changes: PlanChanges
) -> PlanShape:
    """Change a plan; its milestones' dates follow."""
    plan = await store.get_locked(session, slug)
    version.expects(plan.revision)
    nullable = {"issuer", "published_on", "period", "time_zone", "default_due", "superior", "source"}
    sent = changes.values(changes_of(changes, nullable=nullable))
    await actions.update_plan(session, actor, plan, changes=sent, now=now)
    version.shows(plan.revision)
    return _shape(plan)


@router.delete("/{slug}", status_code=HTTPStatus.NO_CONTENT)
async def archive_plan(slug: PathCode, actor: Editor, session: Writing, now: Now, version: Guarded) -> None:
    """Archive a plan: it and its milestones stay for history, nothing of it falls due any more."""
    plan = await store.get_locked(session, slug)
    version.expects(plan.revision)
    await actions.archive_plan(session, actor, plan, now=now)


@router.get("/{slug}/findings")
async def get_findings(slug: PathCode, actor: Reader, session: Reading) -> Page[FindingShape]:
    """What a careful reader would question in a plan."""
    plan = await store.get(session, slug, public_only=actor.kind == "public")
    return Page(items=[FindingShape.model_validate(one) for one in await find(session, plan)], next=None)


class PlanFileAnswer(Response):
    """A plan file."""

    media_type = "application/yaml"


# What is in the file, not how it is written: readers of this document parse YAML before they look.
_FILE_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "A plan file", "content": {"application/yaml": {"schema": {"type": "object"}}}}
}


@router.get("/{slug}/export", response_class=PlanFileAnswer, responses=_FILE_ANSWER)
async def export_plan(slug: PathCode, actor: Reader, session: Reading) -> PlanFileAnswer:
    """A plan with its milestones as a plan file; the same file comes back that was applied."""
    plan = await store.get(session, slug, public_only=actor.kind == "public")
    return PlanFileAnswer(await planfiles.export_plan(session, plan))


_FILE_BODY = {
    "requestBody": {
        "required": True,
        "description": "A plan file, see the plan format.",
        "content": {
            "application/yaml": {"schema": {"type": "object"}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}


@router.put("/{slug}", openapi_extra=_FILE_BODY)
async def put_plan(
    request: Request,
    slug: Annotated[Slug, Path()],
    actor: Editor,
    session: Writing,
    now: Now,
    version: Guarded,
    dry_run: Annotated[bool, Query(description="Answer the difference, change nothing.")] = False,
    prune: Annotated[bool, Query(description="Cancel the milestones that the file does not have.")] = True,
) -> DifferenceShape:
    """Make a plan what a whole plan document says. A change of a plan that exists needs If-Match."""
    # In a thread: a large document takes seconds, in which others would wait.
    file = await asyncio.to_thread(parse_plan_file, await request.body(), file=f"{slug}.yaml", limit=LIMIT_BYTES)
    if file.plan is None or file.plan.slug != slug:
        raise invalid("plan.slug", f"the document must hold the plan '{slug}'")
    plan = await session.get(Plan, slug, with_for_update=True)
    if plan is not None and not dry_run:
        version.expects(plan.revision)
    (applied,) = await planfiles.apply_files(session, actor, files=[file], prune=prune, amend=False, now=now)
    answer = DifferenceShape(
        applied=not dry_run,
        difference=differences.to_mapping(applied.difference),
        text=differences.render_difference(applied.difference),
        findings=[FindingShape.model_validate(one) for one in applied.findings],
    )
    if dry_run:
        await undo(session)
    else:
        version.shows((await session.get_one(Plan, slug)).revision)
    return answer
