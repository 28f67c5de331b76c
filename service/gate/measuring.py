"""What only the database knows, measured when somebody asks for the metrics."""

import asyncio
from datetime import datetime

from service.gate.instants import present
from service.gate.state import Gate
from service.kit.errors import MilepostError
from service.kit.stopwatch import stopwatch
from service.reminders.store.due import next_fire_at
from service.webhooks.store.counting import UnderWay, under_way

KEPT = 10.0  # seconds; whoever asks more often gets the same again
PATIENCE = 2.0  # seconds


async def refresh(gate: Gate) -> None:
    """Measure anew, unless that was done a moment ago. A database that is away leaves no old figures behind."""
    async with gate.metrics.measuring:
        if gate.metrics.measured is not None and gate.metrics.measured() < KEPT:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await _measure(gate)
            gate.metrics.database_up.set(1)
        except (MilepostError, TimeoutError):
            _forget(gate)
        gate.metrics.measured = stopwatch()


async def _measure(gate: Gate) -> None:
    async with gate.database.read() as session:
        now = await present(session, gate)
        due = await next_fire_at(session)
        counted = await under_way(session)
    gate.metrics.queue_age.labels("firings").set(_age(due, now))
    # Deliveries wait in real time, whatever the service's clock says.
    gate.metrics.queue_age.labels("deliveries").set(_age(counted.due_since, gate.host_clock.now()))
    _show(gate, counted)


def _show(gate: Gate, counted: UnderWay) -> None:
    for status, count in counted.deliveries.items():
        gate.metrics.open_deliveries.labels(status).set(count)
    for state, count in counted.endpoints.items():
        gate.metrics.endpoints.labels(state).set(count)


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since is not None else 0.0


def _forget(gate: Gate) -> None:
    gate.metrics.database_up.set(0)
    for each in (gate.metrics.queue_age, gate.metrics.open_deliveries, gate.metrics.endpoints):
        each.clear()
