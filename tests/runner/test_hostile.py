"""Receivers that mean harm: each try at them is written down, memory stays flat, and others are served."""

import asyncio
import contextlib
import gc
import gzip
import ssl
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from service.webhooks.models import Attempt
from service.webhooks.rules.health import FIRST_THROTTLE
from tests.kit.outbound.certificates import DAY, authority_named, serving
from tests.kit.outbound.receivers import Line, Receiver, Script, endlessly, polite, receiving, saying, silent
from tests.runner.office import Office

TASKS = 3
MOST_BYTES = 12_000_000  # that all attempts and all receivers together may hold at once
BOMB = gzip.compress(bytes(100_000_000))
FIVE_MINUTES = timedelta(minutes=5)
METADATA = b"http://169.254.169.254/latest/meta-data/"


async def drip(line: Line) -> None:
    """A byte now and then, never an end."""
    await line.request()
    await line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        await line.send(b"x")
        await asyncio.sleep(0.05)


async def reset(line: Line) -> None:
    """Takes the request and cuts the line."""
    await line.request()
    line.reset()


def status(text: str, *headers: str) -> Script:
    """An answer without a body."""
    return saying("\r\n".join((f"HTTP/1.1 {text}", *headers, "Content-Length: 0", "", "")).encode())


async def in_five_minutes(line: Line) -> None:
    """429, and an HTTP-date."""
    await status("429 Slow", f"Retry-After: {format_datetime(datetime.now(UTC) + FIVE_MINUTES, usegmt=True)}")(line)


@dataclass(frozen=True)
class Hostile:
    """What a receiver does, and what stands on the first try at it."""

    script: Script
    outcome: str
    status: int | None = None
    reason: str = ""
    truncated: bool = False


BAD = {
    "never answers": Hostile(silent, "too_slow"),
    "drips": Hostile(drip, "too_slow", 200),
    "never ends": Hostile(endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536), "delivered", 200, truncated=True),
    "pours headers": Hostile(endlessly(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"a" * 4000 + b"\r\n"), "bad_answer"),
    "one huge header": Hostile(saying(b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n"), "bad_answer"),
    "unpacks to 100 MB": Hostile(
        saying(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB),
        "delivered",
        200,
        truncated=True,
    ),
    "sends us to metadata": Hostile(status("307 No", f"Location: {METADATA.decode()}"), "failed", 307),
    "cuts the line": Hostile(reset, "bad_answer"),
    "speaks SSH": Hostile(saying(b"SSH-2.0-OpenSSH_9.2\r\n"), "bad_answer"),
    "is broken": Hostile(status("500 Oops"), "failed", 500),
    "is gone": Hostile(status("410 Gone"), "failed", 410),
    "429": Hostile(status("429 Slow"), "failed", 429),
    "429, seconds": Hostile(status("429 Slow", "Retry-After: 77"), "failed", 429),
    "429, date": Hostile(in_five_minutes, "failed", 429),
    "429, garbage": Hostile(status("429 Slow", "Retry-After: in a moment"), "failed", 429),
    "has expired": Hostile(polite, "unreachable", reason="certificate"),
}
WAITS = {  # seconds, at least and at most
    "429": (1, FIRST_THROTTLE.total_seconds()),
    "429, seconds": (60, 77),
    "429, date": (240, 300),
    "429, garbage": (1, FIRST_THROTTLE.total_seconds()),
}


@pytest.fixture
def expired(tmp_path: Path) -> ssl.SSLContext:
    """A server's TLS whose certificate ended yesterday."""
    return serving(tmp_path, authority_named("Some Authority"), names=["127.0.0.1"], ends_in=-DAY)


@contextlib.asynccontextmanager
async def everybody(expired: ssl.SSLContext) -> AsyncIterator[tuple[Receiver, dict[str, Receiver]]]:
    """A kind receiver, and all the others."""
    async with contextlib.AsyncExitStack() as stack:
        kind = await stack.enter_async_context(receiving(polite))
        bad = {
            name: await stack.enter_async_context(
                receiving(one.script, tls=expired if name == "has expired" else None),
            )
            for name, one in BAD.items()
        }
        yield kind, bad


async def test_hostile_receivers_are_written_down_memory_stays_flat_and_the_others_are_served(
    office: Office, expired: ssl.SSLContext
) -> None:
    office.deadline_s = 2.5  # the others must not come near it, however busy the machine is
    async with everybody(expired) as (kind, bad):
        good = await office.endpoint(kind)
        ids = {  # who says "too often" is asked once
            name: await office.endpoint(receiver, concurrency=1 if name in WAITS else 4)
            for name, receiver in bad.items()
        }
        await office.tasks(TASKS)
        gc.collect()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            async with office.delivering():
                found = {name: await office.attempt(id) for name, id in ids.items()}
                await office.until(
                    lambda rows: sum(r.status == "delivered" for r in rows if r.endpoint == good) == TASKS
                )
            most = tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()
    for name, attempt in found.items():
        _check(name, attempt)
    assert len(kind.seen) == TASKS
    assert (await office.post.standing(good)).state == "healthy"
    assert (await office.post.standing(ids["is gone"])).state == "disabled"
    for name, (least, longest) in WAITS.items():
        until = (await office.post.standing(ids[name])).throttled_until
        ended = found[name].ended_at
        assert until is not None
        assert ended is not None
        assert least <= (until - ended).total_seconds() <= longest + 1, name
    assert most < MOST_BYTES, f"{most} bytes at once"


def _check(name: str, attempt: Attempt) -> None:
    wanted = BAD[name]
    assert (attempt.outcome, attempt.status) == (wanted.outcome, wanted.status), name
    assert attempt.ended_at is not None, name
    assert attempt.reason, name
    assert wanted.reason in attempt.reason, name
    assert attempt.truncated == wanted.truncated, name
    assert len(attempt.response_body or b"") <= 16 * 1024, name
