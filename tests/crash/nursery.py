"""Where service processes come from: all is imported once, then each process is a fork that runs `milepost serve`.

A service that has to read its modules first needs two seconds to start; a fork a fifth of that, so that ten minutes
hold hundreds of deaths. Nothing has begun when a fork is made: no loop, no thread, no connection.

    {"words": ["serve", …], "environ": {…}, "log": "path"}  →  {"pid": 1234}
                                                 later:  →  {"pid": 1234, "ended": -9} or {"pid": 1234, "stopped": true}
"""

import asyncio
import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from tests.fixtures.programs import ROOT, environment

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
# What is imported only when a server starts.
_LATE = (
    "aiosqlite",
    "apscheduler.executors.asyncio",
    "asyncpg",
    "service.tables",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
)
QUICK = "--quick"
QUICK_LEASE = timedelta(seconds=4)
QUICK_DEADLINE = timedelta(seconds=1.2)


# ── inside the nursery ───────────────────────────────────────────────────────────────────────────────────────────────


def keep() -> None:
    """Fork as told on standard input, report what becomes of the children, until nobody tells anything any more."""
    from service.cli.main import main, parser

    parser()  # imports every command, and with them the whole service
    for name in _LATE:
        importlib.import_module(name)
    if QUICK in sys.argv:
        _hurry()
    gc.collect()
    gc.freeze()  # else the first collection in each child would copy every page
    wakeup, alarm = os.pipe()
    os.set_blocking(alarm, False)
    signal.set_wakeup_fd(alarm)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([sys.stdin, wakeup], [], [])
        if wakeup in ready:
            os.read(wakeup, 4096)
            _report()
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if not line:
                return
            _say(pid=_born(json.loads(line), main))


def _hurry() -> None:
    """Waits that are long in life are short here: else each death would cost the 45 seconds of a lease."""
    from service.runner import attempting, sending
    from service.webhooks.actions import claiming
    from service.webhooks.rules import backoff

    # Whoever dies in the midst of an attempt has used it up; nobody dies thirty times over one message.
    schedule = (timedelta(), *(timedelta(seconds=0.5) for _ in range(29)))
    shortened: tuple[tuple[ModuleType, dict[str, Any]], ...] = (
        (claiming, {"LEASE": QUICK_LEASE, "MOST_TRIES": len(schedule)}),
        (attempting, {"DEADLINE": QUICK_DEADLINE}),
        (sending, {"MOST_AGE": (QUICK_LEASE - 2 * QUICK_DEADLINE).total_seconds()}),
        (backoff, {"SCHEDULE": schedule, "MOST_TRIES": len(schedule), "SHORTEST_GAP": timedelta(seconds=0.3)}),
    )
    for module, values in shortened:
        for name, value in values.items():
            getattr(module, name)  # it must be there: a constant that was renamed would be shortened in vain
            setattr(module, name, value)


def _say(**told: Any) -> None:
    print(json.dumps(told), flush=True)


def _report() -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
            if not pid:
                return
            if os.WIFSTOPPED(status):
                _say(pid=pid, stopped=True)
            else:
                _say(pid=pid, ended=os.waitstatus_to_exitcode(status))


def _born(wanted: Mapping[str, Any], main: Any) -> int:
    pid = os.fork()
    if not pid:
        _live(wanted, main)
    return pid


def _live(wanted: Mapping[str, Any], main: Any) -> NoReturn:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(wanted["environ"])
    code = 1
    try:
        code = main(wanted["words"])
    finally:
        os._exit(code)


# ── outside ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Child:
    """A service process. `ended`: its exit status, negative for a signal; None while it lives."""

    pid: int
    ended: int | None = None
    stopped: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens where it is gone already."""
        if self.ended is None:
            if number is signal.SIGCONT:
                self.stopped = False
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def until(self, *, ended: bool = False, stopped: bool = False, within: float) -> bool:
        """Wait until it has ended, or stands still; whether it did in time (seconds)."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not (self.ended is not None if ended else stopped and self.stopped):
                    if not ended and self.ended is not None:
                        return False
                    self.changed.clear()
                    await self.changed.wait()
                return True
        return False


@dataclass
class Nursery:
    """The nursery, as the harness sees it."""

    process: asyncio.subprocess.Process
    folder: Path
    children: dict[int, Child] = field(default_factory=dict)
    born: asyncio.Queue[Child] = field(default_factory=asyncio.Queue)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self, words: Sequence[str], environ: dict[str, str], *, log: Path) -> Child:
        """A new process that runs `milepost WORDS`; what it says goes into the file `log`."""
        wanted = {"words": words, "environ": environment(self.folder, environ), "log": str(log)}
        assert self.process.stdin
        async with self.turn:
            self.process.stdin.write(json.dumps(wanted).encode() + b"\n")
            await self.process.stdin.drain()
            return await self.born.get()

    async def listen(self) -> None:
        """Hear what becomes of the children, as long as the nursery lives."""
        assert self.process.stdout
        async for line in self.process.stdout:
            told = json.loads(line)
            if told.keys() == {"pid"}:
                child = self.children[told["pid"]] = Child(told["pid"])
                self.born.put_nowait(child)
                continue
            child = self.children[told["pid"]]
            child.ended = told.get("ended")
            child.stopped = told.get("stopped", False)
            child.changed.set()


@contextlib.asynccontextmanager
async def nursery(folder: Path, *words: str) -> AsyncIterator[Nursery]:
    """A nursery whose children work in this folder; all of them are gone at the end. `QUICK`: with short waits."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.crash.nursery",
        *words,
        cwd=folder,
        env=environment(folder) | {"PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    made = Nursery(process, folder)
    listening = asyncio.create_task(made.listen())
    try:
        yield made
    finally:
        process.kill()  # its children die with it
        await process.wait()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


if __name__ == "__main__":
    keep()
