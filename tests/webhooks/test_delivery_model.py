"""Claims and settlements against a small model: whatever happens in whatever order, nothing is lost or held twice."""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.kit.database import Database
from service.webhooks.actions.claiming import LEASE, Claimed
from service.webhooks.rules.words import DeliveryStatus
from tests.webhooks.world import Post

CAP = 2
TASKS = 5

steps = st.one_of(
    st.tuples(st.just("claim"), st.integers(1, 4)),
    st.tuples(st.just("answer"), st.sampled_from([204, 204, 500, 429, 404])),
    st.tuples(st.just("wait"), st.sampled_from([1, 10, 40, 400, 90_000])),
    st.tuples(st.just("move"), st.integers(0, TASKS - 1)),
)


@dataclass
class Model:
    """What must be true: who holds what until when, what arrived, what was withdrawn."""

    held: dict[str, tuple[Claimed, datetime]] = field(default_factory=dict)
    arrived: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    open: list[Claimed] = field(default_factory=list)


@given(done=st.lists(steps, min_size=5, max_size=25))
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_in_whatever_order_things_happen_nothing_is_lost_or_held_twice(
    sqlite_template: Path, done: list[tuple[str, int]]
) -> None:
    asyncio.run(_play(sqlite_template, done))


async def _play(template: Path, done: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(template, Path(folder) / "milepost.db")
        database = Database(f"sqlite:///{path}")
        try:
            await _steps(Post(database, datetime(2024, 10, 1, tzinfo=UTC)), done)
        finally:
            await database.close()


async def _steps(post: Post, done: list[tuple[str, int]]) -> None:
    await post.settle_in()
    await post.endpoint(types=["occurrence.due_soon"], concurrency=CAP)
    await post.policy("-7d")
    tasks = [await post.milestone("2024-11-07") for _ in range(TASKS)]
    await post.fire("2024-10-31T09:00")
    model = Model()
    for what, number in done:
        match what:
            case "claim":
                await _claim(post, model, number)
            case "answer" if model.open:
                await _answer(post, model, number)
            case "wait":
                post.real += timedelta(seconds=number)
            case "move":
                await _move(post, model, tasks[number])
            case _:
                pass
        await _check(post, model)
    await _finish(post, model)


async def _claim(post: Post, model: Model, limit: int) -> None:
    taken = await post.claim(limit)
    live = {id for id, (_, until) in model.held.items() if until > post.real}
    assert not live & {one.delivery for one in taken}, "nobody takes what another one holds"
    assert len(live) + len(taken) <= CAP, "and no more than the endpoint bears"
    assert len(taken) <= limit
    for one in taken:
        assert one.delivery not in model.arrived | model.withdrawn
        model.held[one.delivery] = (one, one.lease_until)
        model.open.append(one)


async def _answer(post: Post, model: Model, status: int) -> None:
    """The oldest attempt ends, perhaps long after its lease."""
    one = model.open.pop(0)
    mine = model.held.get(one.delivery)
    holds = mine is not None and mine[0].attempt == one.attempt and mine[1] > post.real + timedelta(seconds=1)
    settled = await post.end(post.answered(one, status))
    assert settled.settled == holds, "the fence lets through who holds the lease and nobody else"
    if holds:
        del model.held[one.delivery]
        if status == 204:
            model.arrived.add(one.delivery)


async def _move(post: Post, model: Model, task: str) -> None:
    rows = {row.id: row for row in await post.deliveries() if row.milestone == task}
    day = 10 + len(model.withdrawn) + len(model.open) + int(post.real.timestamp()) % 15
    await post.edit(task, due=f"2024-12-{day:02}")
    for id, row in rows.items():
        if row.status in (DeliveryStatus.PENDING, DeliveryStatus.HELD) and row.lease is None:
            model.withdrawn.add(id)


async def _check(post: Post, model: Model) -> None:
    for row in await post.deliveries():
        if row.type != "occurrence.due_soon":
            continue
        assert (row.status == "delivered") == (row.id in model.arrived)
        if row.id in model.withdrawn:
            assert row.status == "superseded"
        if row.lease is not None:
            assert model.held[row.id][0].lease == row.lease


async def _finish(post: Post, model: Model) -> None:
    """The receiver is well from now on: everything that is still true arrives."""
    post.real += LEASE
    for _ in range(60):
        claimed = await post.claim(after=timedelta(hours=12))
        await post.end(*(post.answered(one) for one in claimed))
    left = {row.status for row in await post.deliveries() if row.type == "occurrence.due_soon"}
    assert left <= {"delivered", "superseded"}
