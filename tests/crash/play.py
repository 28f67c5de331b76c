"""One act: a database, replicas of the service, a receiver, an editor who goes on working, and somebody who kills."""

import asyncio
import contextlib
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

from tests.crash.compare import Books, disagreements, read_books, unfinished
from tests.crash.database import Stage, stage
from tests.crash.editor import Editor
from tests.crash.nursery import QUICK, Child, Nursery, nursery
from tests.fixtures.programs import ROOT, environment

KEY = "mpk_" + "crash" * 8 + "key"
SECRET = "a secret that only the crash tests know"
REACHED_WITHIN_S = 30.0
SETTLED_WITHIN_S = 120.0
PAUSE_S = 0.2  # of an editor between two tasks
EDITORS = 3
_POINT = re.compile(r'\bfailpoint\("([a-z_.]+)"\)')


def points() -> list[str]:
    """The name of every failpoint of the service, in the order of its files and lines."""
    texts = (path.read_text(encoding="utf-8") for path in sorted((ROOT / "service").rglob("*.py")))
    return sorted({name for text in texts for name in _POINT.findall(text)})


def quiet_port(chance: random.Random) -> int:
    """A port that nobody listens at, and that the system gives to nobody while its replica is dead."""
    while True:
        port = chance.randrange(18_000, 32_000)  # below the range from which the system takes them
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@dataclass
class Replica:
    """One place where a service process runs, again and again."""

    number: int
    port: int
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
        self.child = await self.nursery.start(words, environ, log=f"replica-{self.number}.log")
        self.starts += 1
        return self.child

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

    async def settle(self) -> Books:
        """Let everything come to its end, with all replicas alive."""
        for each in self.replicas:
            if each.child is None or each.child.ended is not None or each.child.stopped:
                await each.start()
        ends = time.monotonic() + SETTLED_WITHIN_S
        while True:
            now = datetime.now(UTC)
            books = await read_books(self.stage.url, self.receipts)
            left = unfinished(books, now=now)
            if not left or time.monotonic() > ends:
                self.faults += disagreements(books, self.editor.stories, self.editor.endpoints, now=now)
                return books
            self.say(f"{left} still to do")
            await asyncio.sleep(0.5)


@contextlib.asynccontextmanager
async def act(kind: str, scene: "Scene", *, seed: int, say: Callable[[str], None]) -> AsyncIterator[Act]:
    """Everything set up, and the editor ready to begin."""
    chance = random.Random(seed)
    async with (
        stage(kind) as made,
        nursery(made.folder, *scene.pace) as where,
        _receiver(made.folder, seed) as (address, receipts),
    ):
        environ = {
            "MILEPOST_DATABASE_URL": made.url,
            "MILEPOST_SECRET": SECRET,
            "MILEPOST_ADMIN_KEY": KEY,
            "MILEPOST_ALLOW_NETWORKS": "127.0.0.0/8",
            "MILEPOST_LOG_LEVEL": "warning",
        }
        places = [Replica(number, quiet_port(chance), where, environ) for number in range(scene.replicas)]
        editor = Editor([each.base for each in places], KEY, random.Random(seed + 1))
        try:
            await asyncio.gather(*(each.start() for each in places))
            await editor.set_up(address)
            yield Act(made, places, editor, chance, receipts, say)
        finally:
            await editor.close()


@contextlib.asynccontextmanager
async def _receiver(folder: Path, seed: int) -> AsyncIterator[tuple[str, Path]]:
    receipts = folder / "receipts.jsonl"
    words = ("-m", "tests.crash.receiver", "--file", str(receipts), "--seed", str(seed))
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


# ── ways to die ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def at_points(on: Act, names: Sequence[str]) -> None:
    """Kill each replica where it passes a point of its own."""
    await asyncio.gather(*(_at_point(on, *pair) for pair in zip(on.replicas, names, strict=True)))


async def _at_point(on: Act, victim: Replica, name: str) -> None:
    child = await victim.start(f"{name}=kill@{on.chance.choice((1, 1, 2))}")
    if not await child.until(ended=True, within=REACHED_WITHIN_S):
        on.faults.append(f"the point {name} was never reached")
    elif child.ended != -signal.SIGKILL:
        on.faults.append(f"a replica ended by itself with {child.ended} before it reached {name}")
    on.tally["kills"] += 1


async def at_random(on: Act) -> None:
    """Kill a replica at any instant, and start it again."""
    victim = on.anybody()
    await asyncio.sleep(on.chance.uniform(0.0, 1.5))
    if victim.child is not None and victim.child.ended is not None:
        on.faults.append(f"a replica ended by itself with {victim.child.ended}")
    await victim.start()
    on.tally["kills"] += 1


async def stopped_past_its_lease(on: Act, name: str, *, lease_s: float) -> None:
    """Stop a replica at this point, let its lease pass while another one works, and let it go on."""
    victim = on.anybody()
    child = await victim.start(f"{name}=stop")
    if not await child.until(stopped=True, within=REACHED_WITHIN_S):
        on.faults.append(f"the point {name} was never reached")
        return
    await asyncio.sleep(lease_s + 1)
    child.send(signal.SIGCONT)
    await asyncio.sleep(1)
    on.tally["stops"] += 1


async def without_database(on: Act) -> None:
    """Stop PostgreSQL, as a crash or in order, and start it again a moment later."""
    await on.stage.stop(at_once=on.chance.random() < 0.5)
    await asyncio.sleep(on.chance.uniform(0.0, 1.5))
    await on.stage.start()
    await asyncio.sleep(on.chance.uniform(0.5, 3.0))
    on.tally["outages"] += 1


async def cut_off(on: Act) -> None:
    """Cut every connection to PostgreSQL at any instant."""
    await asyncio.sleep(on.chance.uniform(0.0, 1.0))
    on.tally["connections cut"] += await on.stage.cut()


# ── the whole ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Scene:
    """What is done to the service in an act: `rounds` times `play`."""

    name: str
    rounds: int
    play: Callable[[Act, int], Awaitable[None]]
    replicas: int = 1
    pace: Sequence[str] = (QUICK,)
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


async def perform(scene: Scene, kind: str, *, seed: int, seconds: float, say: Callable[[str], None]) -> Result:
    """Play a scene on one kind of database, for at most so many seconds, and compare in the end."""
    rounds = 0

    def tell(text: str) -> None:
        say(f"{kind}, {scene.replicas} at work, {scene.name} {rounds}/{scene.rounds}: {text}")

    async with act(kind, scene, seed=seed, say=tell) as on:
        began, going = time.monotonic(), True
        working = [asyncio.create_task(on.editor.work(lambda: going, pause_s=PAUSE_S)) for _ in range(EDITORS)]
        try:
            while rounds < scene.rounds and time.monotonic() - began < seconds:
                await scene.play(on, rounds)
                rounds += 1
                tell(f"{len(on.editor.stories)} tasks")
        finally:
            going = False
            for replica in on.replicas:
                if replica.child is None or replica.child.ended is not None:
                    await replica.start()
            await asyncio.gather(*working)
        books = await on.settle()
        _count(on, books)
        return Result(kind, scene, rounds, time.monotonic() - began, on.tally, tuple(on.faults))


def _count(on: Act, books: Books) -> None:
    ended = {one.id: one for one in books.deliveries}
    on.tally["starts"] = sum(each.starts for each in on.replicas)
    on.tally["tasks"] = len(on.editor.stories)
    on.tally["firings"] = sum(one.status != "pending" for one in books.firings)
    on.tally["events"] = len(books.events)
    on.tally["deliveries"] = len(books.deliveries)
    on.tally["superseded"] = sum(one.status == "superseded" for one in books.deliveries)
    on.tally["messages"] = len(books.receipts)
    on.tally["repeats"] = len(books.receipts) - len({(one.path, one.id) for one in books.receipts})
    on.tally["abandoned"] = sum(one.outcome == "abandoned" for one in books.attempts)
    # What a worker learned after its lease had passed stands on its attempt; the delivery was another one's by then.
    on.tally["late settles refused"] = sum(
        one.ended_at is not None
        and one.outcome not in (None, "abandoned")
        and one.ended_at > one.lease_until
        and ended[one.delivery].tries > one.number
        for one in books.attempts
    )
