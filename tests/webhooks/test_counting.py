"""What is under way is counted without walking over what has ended."""

from service.webhooks.store.counting import under_way
from tests.fixtures.explained import explained
from tests.webhooks.world import Post


async def test_open_deliveries_are_counted_in_indexes_that_hold_nothing_else(post: Post) -> None:
    plan = await explained(post.database, under_way, without_scans=True)
    assert "ix_delivery_kept" in plan, plan
    assert "ix_delivery_endpoint_next_at" in plan, plan


async def test_what_is_open_is_counted_by_its_status(post: Post) -> None:
    await post.endpoint(types=["milestone.created"])
    await post.endpoint(types=["milestone.created"], rhythm="daily")
    for _ in range(2):
        await post.milestone("2024-11-07")
    await post.fan()
    async with post.database.read() as session:
        found = await under_way(session)
    assert found.deliveries == {"pending": 2, "waiting": 2, "held": 0}
    assert found.endpoints["healthy"] == 2
    assert found.due_since is not None
