"""What is counted, for Prometheus. Each process counts its own."""

import asyncio
from bisect import bisect_left
from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from service.gate.pulse import Pulse

# Of firings, in seconds: from the moment itself to a day, which is how long a service may well have been away.
LATENESS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3_600.0, 21_600.0, 86_400.0)
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _Lateness(Histogram):
    """Thousands that fall due together are late by the same."""

    def observe_many(self, seconds: float, count: int) -> None:
        """The same observation so many times."""
        self._sum.inc(seconds * count)
        self._buckets[bisect_left(self._upper_bounds, seconds)].inc(count)


class Metrics:
    """One registry an application, so that two in one process (tests) do not mix."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "milepost_http_requests",
            "Requests answered, by route template, method and status.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "milepost_http_request_duration_seconds",
            "Time from a request's first byte to its answer's last, by route template and method.",
            ("route", "method"),
            buckets=BUCKETS,
            registry=self.registry,
        )

        self._count_time(self.registry)
        self._count_deliveries(self.registry)

    def _count_time(self, registry: CollectorRegistry) -> None:
        self._tick_age: Gauge | None = None
        self.firings = Counter(
            "milepost_firings",
            "Planned notices ended, by kind and how they ended.",
            ("kind", "outcome"),
            registry=registry,
        )
        self.lateness = _Lateness(
            "milepost_firing_lateness_seconds",
            "Time from the instant for which a notice was planned to the one at which it went out.",
            buckets=LATENESS,
            registry=registry,
        )
        self.tick_seconds = Histogram(
            "milepost_tick_duration_seconds", "How long a tick took.", buckets=BUCKETS, registry=registry
        )
        self.tick_failures = Counter("milepost_tick_failures", "Ticks that failed.", registry=registry)
        self.put_aside = Counter(
            "milepost_put_aside",
            "Times that something was put aside because it failed whenever it was touched, by what it was.",
            ("what",),
            registry=registry,
        )
        self.stuck_ticks = Counter("milepost_stuck_ticks", "Ticks that were broken off.", registry=registry)
        self.chore_failures = Counter("milepost_chore_failures", "Chores that failed.", ("chore",), registry=registry)
        self.loop_failures = Counter(
            "milepost_loop_failures", "Times that a loop had to be begun again.", ("loop",), registry=registry
        )
        self.revivals = Counter(
            "milepost_scheduler_revivals", "Times that a dead scheduler was revived.", registry=registry
        )
        self.clock_jumps = Counter("milepost_clock_jumps", "Times that the host's clock was set.", registry=registry)

    def _count_deliveries(self, registry: CollectorRegistry) -> None:
        self.attempts = Counter(
            "milepost_delivery_attempts",
            "Tries to deliver that have ended, by outcome.",
            ("outcome",),
            registry=registry,
        )
        self.queue_age = Gauge(
            "milepost_queue_age_seconds",
            "For how long the oldest of what is due has been due, by queue (firings, deliveries).",
            ("queue",),
            registry=registry,
        )
        self.open_deliveries = Gauge(
            "milepost_deliveries_open",
            "Deliveries that have not come to an end, by status.",
            ("status",),
            registry=registry,
        )
        self.endpoints = Gauge("milepost_endpoints", "Endpoints, by state.", ("state",), registry=registry)
        # What only the database knows is measured when somebody asks, by one at a time, and kept a moment.
        self.measuring = asyncio.Lock()
        self.measured: Callable[[], float] | None = None
        self.database_up = Gauge(
            "milepost_database_up",
            "1 when the database answered the questions of this page, else 0.",
            registry=registry,
        )

    def watch(self, pulse: Pulse) -> None:
        """Show the pulse of a process that fires."""
        if self._tick_age is None:
            self._tick_age = Gauge(
                "milepost_last_tick_age_seconds", "Time since the last tick that ended well.", registry=self.registry
            )
        self._tick_age.set_function(lambda: pulse.age)

    def observe(self, *, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self.requests.labels(route, method, str(status)).inc()
        self.seconds.labels(route, method).observe(seconds)

    def page(self) -> bytes:
        """Everything counted, in Prometheus' text format."""
        return generate_latest(self.registry)
