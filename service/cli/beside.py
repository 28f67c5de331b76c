"""A receiver of webhooks that runs beside the demo, a process of its own."""

import asyncio
import contextlib
import importlib.util
import os
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from service.gate.state import Gate
from service.kit.actor import COMMAND
from service.kit.database import Session
from service.webhooks.actions.enrolling import Address, Setting, create_endpoint, make_secret
from service.webhooks.rules.asking import Asked

# In the repository the client lies beside the service; elsewhere it may be installed.
_CLIENT = Path(__file__).resolve().parents[2] / "clients" / "python"
_LATE = re.compile(r" \| 晚 \d+ s late")
_LISTENING = re.compile(r"(http://\S+) \((\w+)\)")


@dataclass(frozen=True)
class Receiver:
    """The receiver beside us. `announced`: from then on what it says may be shown."""

    url: str
    checker: str
    secret: str
    announced: asyncio.Event


@contextlib.asynccontextmanager
async def receiver_beside() -> AsyncIterator[Receiver | None]:
    """A receiver in a process of its own, for as long as the block lasts; None where there is none to run."""
    beside = [str(_CLIENT)] if _CLIENT.is_dir() else []
    if not beside and importlib.util.find_spec("milepost_client") is None:
        yield None
        return
    secret = make_secret()
    inherited = os.environ.get("PYTHONPATH", "")
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "milepost_client.receiver",
        "--port",
        "0",
        "--secret",
        secret,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(filter(None, [*beside, inherited])), "PYTHONIOENCODING": "utf-8"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert running.stdout
    showing = None
    try:
        said = _LISTENING.search((await running.stdout.readline()).decode())
        if said is None:
            yield None
            return
        made = Receiver(said[1], said[2], secret, asyncio.Event())
        showing = asyncio.create_task(_show(running.stdout, made))
        yield made
    finally:
        if showing is not None:
            showing.cancel()
        with contextlib.suppress(ProcessLookupError):
            running.terminate()
        await running.wait()


async def _show(stream: asyncio.StreamReader, receiver: Receiver) -> None:
    """Print what the receiver says, once it has been said what it is."""
    await receiver.announced.wait()
    async for line in stream:
        # Where a day passes in a second, a moment is hours: how late something came would only puzzle.
        print(_LATE.sub("", line.decode(errors="replace")), end="", flush=True)


async def enrol(session: Session, gate: Gate, receiver: Receiver, *, now: datetime) -> None:
    """An endpoint that asks for every notice."""
    setting = Setting(gate.seals, gate.settings.timezone, gate.host_clock.now())
    await create_endpoint(
        session,
        COMMAND,
        address=Address(receiver.url, receiver.url.removeprefix("http://").rstrip("/")),
        asked=Asked(secret=receiver.secret),
        headers={},
        values={"label": "本机接收程序 the local receiver", "types": ["occurrence.*"], "concurrency": 8},
        setting=setting,
        now=now,
    )
