"""Plans: what they check, what they record."""

from datetime import datetime
from typing import Any

import pytest

from service.journal.actions import recorded
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Denied, Invalid, NotFound
from service.plans import actions, store
from service.plans.models import Plan
from service.units.actions import create_jurisdiction


async def _plan(session: Session, actor: Actor, now: datetime, slug: str = "p", **values: Any) -> Plan:
    if await store.plans_of(session, "a") == [] and slug == "p":
        await create_jurisdiction(session, actor, code="a", values={"name": "甲"}, now=now)
    values = {"title": "方案"} | values
    return await actions.create_plan(session, actor, slug=slug, jurisdiction="a", values=values, now=now)


async def test_a_plan_that_is_published_at_once_says_so(session: Session, actor: Actor, now: datetime) -> None:
    await _plan(session, actor, now)
    assert [fact.kind for fact in recorded(session)][1:] == ["plan.created", "plan.published"]


async def test_a_draft_is_published_later(session: Session, actor: Actor, now: datetime) -> None:
    plan = await _plan(session, actor, now, status="draft")
    before = len(recorded(session))
    await actions.update_plan(session, actor, plan, changes={"status": "published"}, now=now)
    await actions.update_plan(session, actor, plan, changes={"status": "published"}, now=now)
    (fact,) = recorded(session)[before:]
    assert (fact.kind, (fact.before or {})["status"], (fact.after or {})["status"]) == (
        "plan.published",
        "draft",
        "published",
    )


async def test_archiving_notes_when_and_publishing_again_forgets_it(
    session: Session, actor: Actor, now: datetime
) -> None:
    plan = await _plan(session, actor, now)
    await actions.archive_plan(session, actor, plan, now=now)
    assert plan.archived_at == now
    await actions.update_plan(session, actor, plan, changes={"status": "published"}, now=now)
    assert plan.archived_at is None


async def test_everything_that_is_wrong_is_said_at_once(session: Session, actor: Actor, now: datetime) -> None:
    with pytest.raises(Invalid) as raised:
        await _plan(session, actor, now, title=" ", time_zone="Mars/Olympus", default_due={"value": "2024-13"})
    assert [fault.path for fault in raised.value.faults] == ["title", "time_zone", "default_due.value"]


async def test_a_default_is_kept_in_one_form_however_it_was_said(session: Session, actor: Actor, now: datetime) -> None:
    plan = await _plan(session, actor, now, default_due={"value": "2024", "precision": "year", "roll": "none"})
    kept = plan.default_due
    before = len(recorded(session))
    await actions.update_plan(session, actor, plan, changes={"default_due": {"value": "2024"}}, now=now)
    assert plan.default_due == kept
    assert len(recorded(session)) == before


async def test_a_reader_and_a_stranger_change_nothing(session: Session, actor: Actor, now: datetime) -> None:
    plan = await _plan(session, actor, now)
    for other in (
        Actor(kind="key", name="r", scopes=frozenset({"read"})),
        Actor(kind="key", name="e", scopes=frozenset({"edit"}), jurisdiction="b"),
        Actor(kind="public", name="anybody"),
    ):
        with pytest.raises(Denied):
            await actions.update_plan(session, other, plan, changes={"title": "x"}, now=now)
    assert plan.title == "方案"


async def test_only_public_plans_in_force_are_for_everybody(session: Session, actor: Actor, now: datetime) -> None:
    await _plan(session, actor, now)
    await _plan(session, actor, now, slug="draft", status="draft")
    await _plan(session, actor, now, slug="private", visibility="private")
    assert (await store.get(session, "p", public_only=True)).slug == "p"
    for slug in ("draft", "private", "none"):
        with pytest.raises(NotFound):
            await store.get(session, slug, public_only=True)
