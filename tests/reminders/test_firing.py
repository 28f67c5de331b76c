"""What is due goes out once, late or in time, and the ledger says how everything ended."""

from datetime import timedelta
from tests.reminders.world import World, at


async def test_a_new_task_gets_its_notices_and_they_go_out_in_order(world: World) -> None:
    task = await world.milestone("2024-11-07")
    assert await world.pending(task) == [
        ("-30d", "2024-10-08"),
        ("-7d", "2024-10-31"),
        ("-1d", "2024-11-06"),
        ("0d", "2024-11-07"),
        ("+1d", "2024-11-08"),
        ("+7d", "2024-11-14"),
    ]
    for day in ("10-08", "10-31", "11-06", "11-07", "11-08", "11-14"):
        assert await world.tick(f"2024-{day}T08:59") == []
        (fired,) = await world.tick(f"2024-{day}T09:00")
        assert fired.lateness == timedelta(0)
    assert [fact.kind for fact in await world.notices()] == [
        "occurrence.due_soon",
        "occurrence.due_soon",
        "occurrence.due_soon",
        "occurrence.due",
        "occurrence.overdue",
        "occurrence.overdue",
    ]
    assert await world.pending() == []
