"""One act: a database, replicas of the service, a receiver, an editor who goes on working, and somebody who kills."""

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.crash.compare import Books, disagreements, is_late, read_books, unfinished
from tests.crash.database import Stage, scratch, stage
from tests.crash.editor import Editor
from tests.crash.nursery import QUICK, Child, Nursery
from tests.fixtures.programs import ROOT, environment

KEY = "mpk_" + "crash" * 8 + "key"
SECRET = "a secret that only the crash tests know"
SETTLED_WITHIN_S = 240.0
PAUSE_S = 0.2  # of an editor between two tasks
EDITORS = 4
_AFTER_A_STANDSTILL = ("the scheduler was dead", "a tick was stuck", "Error running job")
_IN_AN_OUTAGE = ("The database does not answer at the moment",)
_POINT = re.compile(r'\bfailpoint\("([a-z_.]+)"\)')


def points() -> list[str]:
    """The name of every failpoint of the service, in the order of its files and lines."""
    texts = (path.read_text(encoding="utf-8") for path in sorted((ROOT / "service").rglob("*.py")))
    return sorted({name for text in texts for name in _POINT.findall(text)})


def quiet_port() -> int:
    """A port that nobody listens at, and that the system gives to nobody while its replica is dead."""
    while True:
        port = random.SystemRandom().randrange(18_000, 32_000)  # below the range from which the system takes them
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@dataclass
class Replica:
    """One place where a service process runs, again and again."""

    number: int
    port: int
    folder: Path
    nursery: Nursery
    environ: dict[str, str]
    child: Child | None = None
    starts: int = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, failpoints: str = "") -> Child:
        """Start it; whoever is there already is killed first."""
        await self.kill()
        environ = self.environ | {"MILEPOST_FAILPOINTS": failpoints}
        words = ["serve", "--port", str(self.port)]
        self.child = await self.nursery.start(words, environ, log=self.folder / f"replica-{self.number}.log")
        self.starts += 1
        return self.child

    async def listens(self, *, within: float) -> None:
        """Wait until it answers, or is dead, at most `within` so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self.child is not None and self.child.ended is None:
                    with contextlib.suppress(OSError):
                        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                        writer.close()
                        return
                    await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self.child is not None and self.child.ended is None:
            self.child.send(signal.SIGKILL)
            await self.child.until(ended=True, within=10)


@dataclass
class Act:
    """What is on stage."""

    stage: Stage
    replicas: Sequence[Replica]
    editor: Editor
    chance: random.Random
    receipts: Path
    say: Callable[[str], None]
    tally: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def anybody(self) -> Replica:
        return self.chance.choice(self.replicas)

    async def revive(self, among: Sequence[Replica] = ()) -> None:
        """Start whoever is dead or stands still; `among` these alone, where any are given."""
        for each in among or self.replicas:
            if each.child is None or each.child.ended is not None or each.child.stopped:
                await each.start()

    async def settle(self) -> Books:
        """Let everything come to its end, with all replicas alive."""
        await self.revive()
        await asyncio.sleep(max(self.editor.last_due - time.time(), 0))
        ends = time.monotonic() + SETTLED_WITHIN_S
        while True:
            now = datetime.now(UTC)
            books = await read_books(self.stage.url, self.receipts)
            left = unfinished(books, now=now)
            if not left or time.monotonic() > ends:
                self.faults += disagreements(books, self.editor.stories, self.editor.endpoints, now=now)
                self.faults += _complaints(self.stage.folder, self.tally)
                return books
            self.say(f"{left} still to do")
            await self.stage.strike()
            await asyncio.sleep(0.5)


@contextlib.asynccontextmanager
async def act(
    kind: str, scene: "Scene", where: Nursery, *, seed: int, say: Callable[[str], None]
) -> AsyncIterator[Act]:
    """Everything set up, and the editor ready to begin."""
    chance = random.Random(seed)
    async with scratch() as folder, stage(kind, folder) as made, _receiver(folder, scene, seed) as (address, receipts):
        environ = {
            "MILEPOST_DATABASE_URL": made.url,
            "MILEPOST_SECRET": SECRET,
            "MILEPOST_ADMIN_KEY": KEY,
            "MILEPOST_ALLOW_NETWORKS": "127.0.0.0/8",
            "MILEPOST_LOG_LEVEL": "warning",
            "SSL_CERT_FILE": os.devnull,  # reading all authorities is a fifth of a start
        }
        places = [Replica(number, quiet_port(), folder, where, environ) for number in range(scene.replicas)]
        editor = Editor([each.base for each in places], KEY, random.Random(seed + 1), foreseen=scene.foreseen)
        try:
            await places[0].start()  # the others when a scene wants them
            await editor.set_up(address)
            yield Act(made, places, editor, chance, receipts, say)
        finally:
            await editor.close()
            await asyncio.gather(*(each.kill() for each in places))


@contextlib.asynccontextmanager
async def _receiver(folder: Path, scene: "Scene", seed: int) -> AsyncIterator[tuple[str, Path]]:
    receipts = folder / "receipts.jsonl"
    # At the usual pace the third try comes after five minutes, and a lease that passes is one of them.
    spoils = "6" if QUICK in scene.pace else "0"
    words = ("-m", "tests.crash.receiver", "--file", str(receipts), "--seed", str(seed), "--most-spoilt", spoils)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=ROOT, env=environment(folder), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        port = int(await process.stdout.readline())
        yield f"http://127.0.0.1:{port}", receipts
    finally:
        process.kill()
        await process.wait()


def _complaints(folder: Path, tally: Counter[str]) -> list[str]:
    """What replicas logged as a mistake of ours: whoever is killed or cut off may warn, and no more.

    Who stood still for long finds its scheduler silent or a tick stuck, says so and mends it; who begins in an outage
    says that and ends: that is as it should be.
    """
    found = Counter[str]()
    fitting = (_AFTER_A_STANDSTILL if tally["stops"] else ()) + (_IN_AN_OUTAGE if tally["outages"] else ())
    for path in sorted(folder.glob("replica-*.log")):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            told = json.loads(line) if line.startswith("{") and line.endswith("}") else {"event": line}
            if told.get("level") not in ("warning", "info", "debug"):
                last = str(told.get("exception", "")).splitlines()[-1:]
                if not told["event"].startswith(fitting):
                    found[" ".join([told["event"], *last])] += 1
    return [f"{times} times a replica said: {what}" for what, times in found.most_common(5)]


# ── the whole ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Scene:
    """What is done to the service in an act: `rounds` times `play`."""

    name: str
    rounds: int
    play: Callable[[Act, int], Awaitable[None]]
    replicas: int = 1
    pace: Sequence[str] = (QUICK,)
    foreseen: float = 0.0  # see `Editor`
    kinds: Sequence[str] = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Result:
    """What came of an act."""

    kind: str
    scene: Scene
    rounds: int
    seconds: float
    tally: Counter[str]
    faults: Sequence[str]


async def perform(
    scene: Scene, kind: str, where: Nursery, *, seed: int, seconds: float, say: Callable[[str], None]
) -> Result:
    """Play a scene on one kind of database, for at most so many seconds, and compare in the end.

    `where`: the nursery, of the scene's pace.
    """
    rounds = 0

    def tell(text: str) -> None:
        say(f"{kind}, {scene.replicas} at work, {scene.name} {rounds}/{scene.rounds}: {text}")

    async with act(kind, scene, where, seed=seed, say=tell) as on:
        began, going = time.monotonic(), True
        working = [asyncio.create_task(on.editor.work(lambda: going, pause_s=PAUSE_S)) for _ in range(EDITORS)]
        working.append(asyncio.create_task(_strike(on.stage, lambda: going)))
        try:
            while rounds < scene.rounds and time.monotonic() - began < seconds:
                await scene.play(on, rounds)
                rounds += 1
                tell(f"{len(on.editor.stories)} tasks")
        finally:
            going = False
            await on.revive()
            ended = await asyncio.gather(*working, return_exceptions=True)
        on.faults += [f"an editor gave up: {error!r}" for error in ended if isinstance(error, BaseException)]
        books = await on.settle()
        _count(on, books)
        return Result(kind, scene, rounds, time.monotonic() - began, on.tally, tuple(on.faults))


async def _strike(stage: Stage, goes_on: Callable[[], bool]) -> None:
    while goes_on():
        await stage.strike()
        await asyncio.sleep(1)


def _count(on: Act, books: Books) -> None:
    ended = {one.id: one.ended_at for one in books.deliveries}
    on.tally["starts"] = sum(each.starts for each in on.replicas)
    on.tally["tasks"] = len(on.editor.stories)
    on.tally["firings"] = sum(one.status != "pending" for one in books.firings)
    on.tally["events"] = len(books.events)
    on.tally["deliveries"] = len(books.deliveries)
    on.tally["superseded"] = sum(one.status == "superseded" for one in books.deliveries)
    on.tally["messages"] = len(books.receipts)
    on.tally["repeats"] = len(books.receipts) - len({(one.path, one.id) for one in books.receipts})
    on.tally["abandoned"] = sum(one.outcome == "abandoned" for one in books.attempts)
    on.tally["late settles refused"] = sum(
        is_late(one) and one.ended_at != ended[one.delivery] for one in books.attempts
    )
