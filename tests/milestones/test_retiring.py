"""Nothing open ever depends on what was taken out of use, whoever came first."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import httpx
import pytest
from sqlmodel import text

from service.gate.transaction import change
from service.kit.actor import Actor
from service.kit.database import Database, Session
from service.kit.errors import InUse, MilepostError, Unmet
from service.milestones.actions import editing
from service.milestones.rules import Assigned, Role
from service.plans import actions as plans
from service.plans import store as plan_store
from service.units import actions as units
from service.units import store
from service.units.models import Jurisdiction, Registered, Unit, UnitGroup
from service.units.rules import Member
from tests.flows.desk import Desk

Doing = Callable[[Session, Actor, datetime], Awaitable[object]]


async def _town(session: Session, actor: Actor, now: datetime) -> None:
    for code in ("a", "b"):
        await units.create_jurisdiction(session, actor, code=code, values={"name": code}, now=now)
    for word in ("x", "y"):
        await units.create_unit(session, actor, code=f"a.{word}", jurisdiction="a", values={"name": word}, now=now)
    for word, member in (("g", "a.x"), ("h", "a.x")):
        await units.create_group(
            session, actor, code=f"a.{word}", jurisdiction="a", values={"name": word}, members=[Member(member)], now=now
        )
    await plans.create_plan(session, actor, slug="p", jurisdiction="a", values={"title": "方案"}, now=now)


def _retire(table: type[Registered], code: str) -> Doing:
    async def retire(session: Session, actor: Actor, now: datetime) -> None:
        await editing.retire(session, actor, await store.get_locked(session, table, code), now=now)

    return retire


def _assign(code: str) -> Doing:
    async def assign(session: Session, actor: Actor, now: datetime) -> None:
        plan = await plan_store.get_locked(session, "p")
        await editing.create_milestone(
            session, actor, plan=plan, key="1", values={"title": "甲"}, assignments=[Assigned(code, Role.LEAD)], now=now
        )

    return assign


async def _take_in(session: Session, actor: Actor, now: datetime) -> None:
    group = await store.get_locked(session, UnitGroup, "a.g")
    await units.update(session, actor, group, changes={"members": [Member("a.x"), Member("a.y")]}, now=now)


async def _issue(session: Session, actor: Actor, now: datetime) -> None:
    await plans.update_plan(
        session, actor, await plan_store.get_locked(session, "p"), changes={"issuer": "a.y"}, now=now
    )


async def _found(session: Session, actor: Actor, now: datetime) -> None:
    await units.create_unit(session, actor, code="b.x", jurisdiction="b", values={"name": "x"}, now=now)


async def _plan(session: Session, actor: Actor, now: datetime) -> None:
    await plans.create_plan(session, actor, slug="q", jurisdiction="b", values={"title": "方案"}, now=now)


async def _subordinate(session: Session, actor: Actor, now: datetime) -> None:
    await units.create_jurisdiction(session, actor, code="c", values={"name": "c", "parent": "b"}, now=now)


PAIRS = (
    pytest.param(_retire(Unit, "a.y"), _assign("a.y"), id="a unit and its task"),
    pytest.param(_retire(Unit, "a.y"), _take_in, id="a unit and a group that takes it in"),
    pytest.param(_retire(Unit, "a.y"), _issue, id="a unit and the plan that it issues"),
    pytest.param(_retire(UnitGroup, "a.h"), _assign("a.h"), id="a group and its task"),
    pytest.param(_retire(Jurisdiction, "b"), _found, id="a jurisdiction and its unit"),
    pytest.param(_retire(Jurisdiction, "b"), _plan, id="a jurisdiction and its plan"),
    pytest.param(_retire(Jurisdiction, "b"), _subordinate, id="a jurisdiction and the one below"),
)


async def _waits(database: Database) -> None:
    """Until one transaction waits for another's lock; the test's own time limit ends it where none ever does."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while True:
        async with database.read() as session:
            connection = await session.connection()
            if (await connection.execute(waiting)).scalar_one():
                return


async def _both(
    database: Database, actor: Actor, now: datetime, *, first: Doing, second: Doing
) -> MilepostError | None:
    """What becomes of the second where the first has done its part and commits while the second is under way."""

    async def follow_up() -> MilepostError | None:
        try:
            async with change(database, now=now) as session:
                await second(session, actor, now)
        except MilepostError as refused:
            return refused
        return None

    async with change(database, now=now) as session:
        await first(session, actor, now)
        await session.flush()
        meanwhile = asyncio.create_task(follow_up())
        waits = asyncio.create_task(_waits(database))
        await asyncio.wait({meanwhile, waits}, return_when=asyncio.FIRST_COMPLETED)
        waits.cancel()
    return await meanwhile


@pytest.mark.parametrize(("retire", "depend"), PAIRS)
async def test_of_two_transactions_one_takes_out_of_use_or_the_other_depends_and_never_both(
    postgresql_url: str, actor: Actor, now: datetime, retire: Doing, depend: Doing
) -> None:
    for first, second, refusal in ((retire, depend, Unmet), (depend, retire, InUse)):
        database = Database(postgresql_url)
        async with change(database, now=now) as session:
            await session.exec(text("TRUNCATE jurisdiction, plan, journal_entry CASCADE"))  # type: ignore[call-overload]  # no SELECT
            await _town(session, actor, now)
        refused = await asyncio.wait_for(_both(database, actor, now, first=first, second=second), timeout=20)
        assert isinstance(refused, refusal), refused
        await database.close()


# ── coming back ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    made = Desk(api)
    await made.town()
    return made


async def test_a_cancelled_milestone_does_not_come_back_to_a_retired_unit(desk: Desk) -> None:
    await desk.plan()
    task = await desk.task("a.x")
    await desk.end(f"milestones/{task['id']}")
    await desk.end("units/a.x")
    refused = await desk.try_change(f"milestones/{task['id']}", status="active")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:milepost:problem:unmet")
    assert "'a.x' is retired" in refused.text
    await desk.change(f"milestones/{task['id']}", status="active", assignments=[{"unit": "a.y", "role": "lead"}])


async def test_an_archived_plan_does_not_come_back_with_a_retired_unit(desk: Desk) -> None:
    await desk.plan(issuer="a.z")
    await desk.task("a.x")
    await desk.end("plans/p")
    for code in ("a.x", "a.z"):
        await desk.end(f"units/{code}")
    refused = await desk.try_change("plans/p", status="published")
    assert (refused.status_code, [fault["path"] for fault in refused.json()["errors"]]) == (409, ["issuer"])
    await desk.change("units/a.z")
    refused = await desk.try_change("plans/p", status="published")
    assert (refused.status_code, [fault["path"] for fault in refused.json()["errors"]]) == (409, ["status"])
    await desk.change("units/a.x")
    assert (await desk.change("plans/p", status="published"))["status"] == "published"


async def test_a_group_takes_in_no_retired_unit_and_comes_back_with_none(desk: Desk) -> None:
    await desk.make("groups", code="a.g", name="组", members=[{"member": "a.x"}])
    await desk.end("groups/a.g")
    await desk.end("units/a.x")
    assert (await desk.try_change("groups/a.g")).status_code == 409
    past = [{"member": "a.x", "until_on": "2024-09-30"}]
    assert (await desk.change("groups/a.g", members=past))["retired_at"] is None
    assert (await desk.try_change("groups/a.g", members=[{"member": "a.x"}])).status_code == 409


async def test_a_unit_does_not_come_back_to_a_retired_jurisdiction(desk: Desk) -> None:
    for word in ("x", "y", "z"):
        await desk.end(f"units/a.{word}")
    await desk.end("jurisdictions/a")
    assert (await desk.try_change("units/a.x")).status_code == 409
    await desk.change("jurisdictions/a")
    await desk.change("units/a.x")
