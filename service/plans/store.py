"""How plans are found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from service.kit.database import Session
from service.kit.errors import NotFound, unmet
from service.kit.search import like
from service.plans.models import Plan


@dataclass(frozen=True, slots=True)
class PlanFilter:
    """Which plans: every field that is given must match. `public_only`: what anybody may read."""

    q: str | None = None
    jurisdiction: str | None = None
    status: str | None = None
    public_only: bool = False


async def get(session: Session, slug: str, *, public_only: bool = False) -> Plan:
    """One plan, archived or not. Raises NotFound."""
    plan = await session.get(Plan, slug)
    if plan is None or (public_only and not is_public(plan)):
        raise NotFound(f"There is no plan '{slug}'.")
    return plan


async def get_locked(session: Session, slug: str) -> Plan:
    """One plan that nobody else can change until this transaction ends. Raises NotFound."""
    plan = await session.get(Plan, slug, with_for_update=True, populate_existing=True)
    if plan is None:
        raise NotFound(f"There is no plan '{slug}'.")
    return plan


def is_public(plan: Plan) -> bool:
    """Whether anybody may read this plan (where the operator allows public reading)."""
    return plan.visibility == "public" and plan.status != "draft"


async def list_plans(session: Session, *, where: PlanFilter, after: str | None, limit: int) -> Sequence[Plan]:
    """Plans in order of their slug, those after `after` first; archived ones only where `status` asks for them."""
    query = select(Plan).order_by(col(Plan.slug)).limit(limit)
    if where.status is None:
        query = query.where(Plan.status != "archived")
    else:
        query = query.where(Plan.status == where.status)
    if after is not None:
        query = query.where(col(Plan.slug) > after)
    if where.q:
        query = query.where(col(Plan.search_text).like(like(where.q), escape="\\"))
    if where.jurisdiction is not None:
        query = query.where(Plan.jurisdiction == where.jurisdiction)
    if where.public_only:
        query = query.where(Plan.visibility == "public", Plan.status != "draft")
    return (await session.exec(query)).all()


async def plans_of(session: Session, jurisdiction: str) -> Sequence[Plan]:
    """The plans of a jurisdiction that are not archived."""
    return await list_plans(session, where=PlanFilter(jurisdiction=jurisdiction), after=None, limit=10_000)


async def by_slug(session: Session, slugs: Collection[str]) -> dict[str, Plan]:
    """Those of `slugs` that exist."""
    found = await session.exec(select(Plan).where(col(Plan.slug).in_(slugs)))
    return {plan.slug: plan for plan in found}


async def superiors(session: Session, slug: str) -> tuple[str, ...]:
    """A plan and those that it carries out, the nearest first."""
    chain: list[str] = []
    here: str | None = slug
    while here is not None and here not in chain:
        chain.append(here)
        plan = await session.get(Plan, here)
        here = plan.superior if plan else None
    return tuple(chain)


async def issued_by(session: Session, unit: str) -> Sequence[Plan]:
    """Plans in use that a unit has issued."""
    query = select(Plan).where(Plan.issuer == unit, Plan.status != "archived").order_by(col(Plan.slug)).limit(5)
    return (await session.exec(query)).all()


async def get_named(session: Session, slug: str) -> Plan:
    """The plan that a field names, locked. Raises Unmet where there is none or it is archived."""
    plan = await session.get(Plan, slug, with_for_update=True, populate_existing=True)
    if plan is None or plan.status == "archived":
        raise unmet("plan", f"there is no plan '{slug}' in use")
    return plan
