"""What is pending is found without walking over what has ended, however much that is."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from service.kit.database import Session
from service.reminders.rules.planning import FiringStatus
from service.reminders.store import due
from service.reminders.store.ledger import FiringFilter, list_firings
from tests.fixtures.explained import explained
from tests.reminders.world import World

NOW = datetime(2024, 11, 7, tzinfo=UTC)
LOOKS: dict[str, Callable[[Session], Awaitable[object]]] = {
    "when the next comes": due.next_fire_at,
    "when the next comes beside some": lambda session: due.next_fire_at(session, without=["fi_1", "fi_2"]),
    "which is due first": lambda session: due.first_due(session, now=NOW, without=["fi_1"]),
    "what is due": lambda session: due.claim_due(session, now=NOW, limit=100),
    "what is due but some": lambda session: due.claim_due(session, now=NOW, limit=100, without=["fi_1"]),
}

# As many as it takes for a planner to care; all but the last are ended once the statistics are made.
_MANY = """
WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 3000)
INSERT INTO firing (id, occurrence, milestone, plan, jurisdiction, "offset", kind, due_version, due_on, fire_at,
    civil_on, civil_at, time_zone, local_time, status, cause, reason, created_at)
SELECT 'fi_' || number, occurrence, milestone, plan, jurisdiction, '9d', kind, number, due_on, fire_at, civil_on,
    civil_at, time_zone, local_time, status, '', '', created_at
FROM numbers CROSS JOIN (SELECT * FROM firing ORDER BY fire_at LIMIT 1) AS one
"""
_QUEUED = """
INSERT INTO pending_firing (fire_at, firing) SELECT fire_at, id FROM firing WHERE "offset" = '9d'
"""
_TAKEN = """
DELETE FROM pending_firing WHERE firing IN (SELECT id FROM firing WHERE "offset" = '9d' AND due_version < 2990)
"""
_ENDED = """
UPDATE firing SET status = 'skipped', cause = 'late', reason = 'too late', ended_at = created_at
WHERE "offset" = '9d' AND due_version < 2990
"""
_END = """
UPDATE firing SET status = 'skipped', cause = 'late', reason = 'too late', ended_at = now() WHERE "offset" = '0d'
"""
_COUNTED = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'firing'"


@pytest.fixture
async def long_ago(world: World) -> World:
    """A ledger of thousands that have ended, and statistics from when all of them were pending."""
    await world.milestone("2024-11-07")
    for words in (_MANY, _QUEUED, "ANALYZE", _TAKEN, _ENDED):
        async with world.database.write() as session:
            await (await session.connection()).execute(text(words))
    return world


@pytest.mark.parametrize("look", LOOKS.values(), ids=[name.replace(" ", "-") for name in LOOKS])
async def test_what_is_pending_is_found_in_the_table_that_holds_nothing_else(
    long_ago: World, look: Callable[[Session], Awaitable[object]]
) -> None:
    plan = await explained(long_ago.database, look)
    assert "pending_firing" in plan, plan
    assert not re.search(r"ix_firing|(ON|SCAN|SEARCH) firing", plan), plan


@pytest.mark.parametrize("after", (None, (NOW, "fi_1")), ids=("first-page", "next-page"))
async def test_a_list_of_what_is_pending_begins_at_the_first_of_them(
    long_ago: World, after: tuple[datetime, str] | None
) -> None:
    plan = await _listed(long_ago, FiringStatus.PENDING, after=after)
    assert "pending_firing" in plan, plan
    assert "ix_firing_fire_at" in plan, plan
    assert "SCAN firing USING INDEX ix_firing_fire_at" not in plan, plan


async def test_those_that_have_ended_are_listed_in_the_order_of_the_ledger(long_ago: World) -> None:
    plan = await _listed(long_ago, FiringStatus.FIRED)
    assert "ix_firing_fire_at" in plan, plan
    assert "Sort" not in plan, plan
    assert "TEMP B-TREE" not in plan, plan


async def _listed(world: World, status: FiringStatus, after: tuple[datetime, str] | None = None) -> str:
    where = FiringFilter(status=status)
    return await explained(world.database, lambda session: list_firings(session, where=where, after=after, limit=100))


async def test_ending_a_notice_leaves_the_indexes_of_the_ledger_alone(world: World) -> None:
    """What PostgreSQL calls a heap-only tuple: an update that adds nothing to any index."""
    if world.database.is_sqlite:
        pytest.skip("it is PostgreSQL that would write every index anew")
    for _ in range(50):
        await world.milestone("2024-11-07")
    async with world.database.read() as session:
        connection = await session.connection()
        await connection.execute(text(_END))
        changed, alone = (await connection.execute(text(_COUNTED))).one()
    assert (changed, alone) == (50, 50)
