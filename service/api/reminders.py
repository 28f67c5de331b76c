"""`/plans/{slug}/reminders`, `/milestones/{id}/reminders`, `/reminders`: when notices go out."""

from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import Field

from service.api.bulk import Each
from service.api.fields import PathCode, PathId
from service.api.shapes import Sent, Shape
from service.gate.conditional import Guarded, Replacing, Seen, etag
from service.gate.guard import Admin, Editor, Reader
from service.gate.routing import resource
from service.gate.transaction import Now, Reading, Writing
from service.kit.database import Session
from service.kit.errors import Fault, require
from service.milestones import store as milestone_store
from service.plans import store as plan_store
from service.reminders.actions import policies as actions
from service.reminders.actions.policies import Subject
from service.reminders.rules.policy import MOST_OFFSETS, InvalidPolicy, Policy, parse, print_text, to_full_mapping
from service.reminders.store import policies as store

router = resource("", tag="reminders")

Roll = Literal["preceding", "none"]


class PolicyRequest(Sent):
    """When notices go out. An empty list of offsets: never."""

    offsets: Annotated[
        list[Annotated[str, Field(max_length=20)]],
        Field(max_length=MOST_OFFSETS, examples=[["-30d", "-7d", "-3wd", "0d", "+1d"]]),
    ]
    at: Annotated[str, Field(max_length=20, examples=["09:00"], description="In the plan's time zone.")] = "09:00"
    roll: Annotated[Roll, Field(description="Whether a notice in days moves off a day off.")] = "preceding"


class PolicyShape(Shape):
    """The policy that holds, `text` on one line. `origin`: whose it is; one that is inherited has no `etag`."""

    offsets: list[str]
    at: str
    roll: Roll
    text: str
    origin: Literal["milestone", "plan", "service"]
    etag: str | None


def _read(wanted: PolicyRequest) -> Policy:
    try:
        return parse(wanted.model_dump())
    except InvalidPolicy as wrong:
        require([Fault(".".join(map(str, fault.path)), fault.message) for fault in wrong.faults])
        raise


async def _told(session: Session, thing: Subject) -> tuple[PolicyShape, int]:
    """The policy that holds for a thing, and the version of its own; 0: it has none."""
    held = await actions.policy_in_force(session, thing=thing)
    row = await store.get(session, actions.subject_of(thing))
    revision = row.revision if row is not None and row.policy is not None else 0
    tag = etag(revision) if revision else None
    told = to_full_mapping(held.policy)
    return PolicyShape(**told, text=print_text(held.policy), origin=held.origin, etag=tag), revision


async def _show(session: Session, thing: Subject, seen: Seen) -> PolicyShape:
    shape, revision = await _told(session, thing)
    if revision:  # what is inherited changes when others do: it has no version of its own
        seen.shows(revision)
    return shape


async def _set(each: Each, thing: Subject, wanted: PolicyRequest, version: Replacing) -> PolicyShape:
    version.expects(await _revision(each.session, thing))
    await actions.set_policy(each.session, each.actor, thing, policy=_read(wanted), now=each.now)
    shape, revision = await _told(each.session, thing)
    version.shows(revision)
    return shape


async def _revision(session: Session, thing: Subject) -> int:
    """The version of the thing's own policy, locked; 0 where it has none."""
    row = await store.get_locked(session, actions.subject_of(thing))
    return row.revision if row is not None and row.policy is not None else 0


async def _remove(each: Each, thing: Subject, version: Guarded) -> None:
    if revision := await _revision(each.session, thing):
        version.expects(revision)
    await actions.remove_policy(each.session, each.actor, thing, now=each.now)


@router.get("/plans/{slug}/reminders")
async def get_plan_reminders(slug: PathCode, actor: Reader, session: Reading, seen: Seen) -> PolicyShape:
    """The policy of a plan's milestones that have none of their own: the plan's, or the service's."""
    plan = await plan_store.get(session, slug, public_only=actor.kind == "public")
    return await _show(session, plan, seen)


@router.put("/plans/{slug}/reminders")
async def put_plan_reminders(
    slug: PathCode,
    actor: Editor,
    session: Writing,
    now: Now,
    version: Replacing,
    wanted: PolicyRequest,
) -> PolicyShape:
    """Give a plan a policy of its own; the pending notices that it changes are planned anew."""
    plan = await plan_store.get_locked(session, slug)
    return await _set(Each(session, actor, now), plan, wanted, version)


@router.delete("/plans/{slug}/reminders", status_code=HTTPStatus.NO_CONTENT)
async def delete_plan_reminders(slug: PathCode, actor: Editor, session: Writing, now: Now, version: Guarded) -> None:
    """Take a plan's own policy away: the service's holds again."""
    await _remove(Each(session, actor, now), await plan_store.get_locked(session, slug), version)


@router.get("/milestones/{id}/reminders")
async def get_milestone_reminders(id: PathId, actor: Reader, session: Reading, seen: Seen) -> PolicyShape:
    """The policy of a milestone: its own, its plan's, or the service's."""
    milestone = await milestone_store.get(session, id, public_only=actor.kind == "public")
    return await _show(session, milestone, seen)


@router.put("/milestones/{id}/reminders")
async def put_milestone_reminders(
    id: PathId,
    actor: Editor,
    session: Writing,
    now: Now,
    version: Replacing,
    wanted: PolicyRequest,
) -> PolicyShape:
    """Give a milestone a policy of its own; the pending notices that it changes are planned anew."""
    milestone = await milestone_store.get_locked(session, id)
    return await _set(Each(session, actor, now), milestone, wanted, version)


@router.delete("/milestones/{id}/reminders", status_code=HTTPStatus.NO_CONTENT)
async def delete_milestone_reminders(id: PathId, actor: Editor, session: Writing, now: Now, version: Guarded) -> None:
    """Take a milestone's own policy away: its plan's holds again, or the service's."""
    await _remove(Each(session, actor, now), await milestone_store.get_locked(session, id), version)


@router.get("/reminders")
async def get_reminders(_actor: Reader, session: Reading, seen: Seen) -> PolicyShape:
    """The policy of plans that have none of their own."""
    return await _show(session, None, seen)


@router.put("/reminders")
async def put_reminders(
    actor: Admin, session: Writing, now: Now, version: Replacing, wanted: PolicyRequest
) -> PolicyShape:
    """Set it. The pending notices of every plan without a policy of its own are planned anew."""
    return await _set(Each(session, actor, now), None, wanted, version)


@router.delete("/reminders", status_code=HTTPStatus.NO_CONTENT)
async def delete_reminders(actor: Admin, session: Writing, now: Now, version: Guarded) -> None:
    """Take it away: 30, 7 and 1 days before, the day itself, 1 and 7 days after, at 09:00."""
    await _remove(Each(session, actor, now), None, version)
