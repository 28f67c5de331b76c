"""Somebody who goes on working while the service dies: makes tasks that fall due at once, moves, finishes, drops them.

Every edit is repeated until it is answered, as a careful client does, so that in the end each has happened once, and
the editor knows when: not before it was first sent, not after it was answered.
"""

import asyncio
import contextlib
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

API = "/api/v1"
PLAN = "crash-plan"
HERE = ZoneInfo("Asia/Shanghai")
DIGEST = "/digest"
PATIENCE_S = 240.0
AGAIN_S = 0.05


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit that was answered: when it was first sent and when its answer came, in seconds since 1970."""

    sent_at: float
    answered_at: float


@dataclass
class Story:
    """One task and what was done to it. `notice`: the type of the one event that its policy asks for."""

    kind: str
    notice: str
    title: str
    milestone: str = ""
    occurrence: str = ""
    made: Edit | None = None
    withdrawn: Edit | None = None  # moved, finished or cancelled: its notice no longer holds

    @property
    def is_told(self) -> bool:
        """Whether its notice must arrive, whatever happens."""
        return self.made is not None and self.withdrawn is None


# kind → the type of its notice, days from today to the due date, the offset.
KINDS = {
    "due": ("occurrence.due", 0, "0d"),
    "overdue": ("occurrence.overdue", -1, "+1d"),
    "soon": ("occurrence.due_soon", 1, "-1d"),
    "moved": ("occurrence.due", 0, "0d"),
    "finished": ("occurrence.due", 0, "0d"),
    "cancelled": ("occurrence.due", 0, "0d"),
}


@dataclass
class Editor:
    """The editor. `bases`: the addresses of the replicas, any of which may be away; `foreseen`: of how many tasks (0
    to 1) the notice comes with the next full minute, so that it is made ready before.
    """

    bases: Sequence[str]
    key: str
    chance: random.Random
    foreseen: float = 0.0
    last_due: float = 0.0  # seconds since 1970: when the notice of the last task comes
    stories: list[Story] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    endpoints: dict[str, str] = field(default_factory=dict)  # id → path at the receiver
    refusals: Counter[int] = field(default_factory=Counter)  # answers after which an edit was repeated
    answered: asyncio.Event = field(default_factory=asyncio.Event)  # set whenever an edit is
    _client: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self._client = httpx.AsyncClient(headers={"Authorization": f"Bearer {self.key}"}, timeout=10, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def edit(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, done: Sequence[int] = ()
    ) -> tuple[dict[str, Any], Edit]:
        """An edit, repeated until it is answered. `done`: answers that say that an earlier one of the tries did it."""
        sent_at, tries = time.time(), 0
        headers = {"Idempotency-Key": uuid.uuid4().hex} if method == "POST" else {}
        if method in ("PATCH", "DELETE"):
            headers["If-Match"] = "*"
        async with asyncio.timeout(PATIENCE_S):
            while True:
                tries += 1
                address = f"{self.chance.choice(self.bases)}{API}{path}"
                with contextlib.suppress(httpx.TransportError):
                    answer = await self._client.request(method, address, json=body, headers=headers)
                    if answer.is_success or (tries > 1 and answer.status_code in done):
                        told = answer.json() if answer.is_success and answer.content else {}
                        self.answered.set()
                        return told, Edit(sent_at, time.time())
                    # 409: somebody else was at it; a 5xx: nothing was changed, or nobody knows.
                    if answer.status_code < 500 and answer.status_code != 409:
                        raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}")
                    self.refusals[answer.status_code] += 1
                await asyncio.sleep(AGAIN_S)

    async def until_answered(self, *, within: float) -> None:
        """Wait until another edit is answered, at most `within` so many seconds: whatever the machine does beside."""
        self.answered.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self.answered.wait()

    async def set_up(self, receiver: str) -> None:
        """A town, a unit, a plan without reminders; endpoints that ask for everything: two at once, one in digests."""
        today = datetime.now(HERE).date()
        period = {"start": str(today - timedelta(days=400)), "end": str(today + timedelta(days=400))}
        await self.edit("POST", "/jurisdictions", {"code": "crash", "name": "试验区"})
        await self.edit("POST", "/units", {"code": "crash.office", "name": "办公室"})
        await self.edit("POST", "/plans", {"slug": PLAN, "jurisdiction": "crash", "title": "方案", "period": period})
        await self.edit("PUT", f"/plans/{PLAN}/reminders", {"offsets": []})
        for path in ("/steady", "/moody", DIGEST):
            wanted = {"url": receiver + path, "types": ["*"], "label": path, "numbered": True, "concurrency": 16}
            if path == DIGEST:
                wanted |= {"rhythm": "daily", "numbered": False}
            made, _ = await self.edit("POST", "/endpoints", wanted)
            self.endpoints[made["id"]] = path
            self.secrets.append(made["secret"])
        answer = await self._client.put(receiver, json=self.secrets)
        answer.raise_for_status()

    async def work(self, goes_on: Callable[[], bool], *, pause_s: float) -> None:
        """One story after the other."""
        while goes_on():
            await self.story(self.chance.choice(tuple(KINDS)))
            await asyncio.sleep(self.chance.uniform(0, 2 * pause_s))

    async def story(self, kind: str) -> None:
        """A task whose notice comes due now; some of them are moved, finished or cancelled a moment later."""
        notice, days, offset = KINDS[kind]
        story = Story(kind, notice, f"任务 {uuid.uuid4().hex}")
        self.stories.append(story)
        # The minute that has begun: its notice is due, and not yet old. Or the next one.
        now = datetime.now(HERE)
        if self.chance.random() < self.foreseen:
            now += timedelta(minutes=1)
        self.last_due = max(self.last_due, now.replace(second=0).timestamp() + 1)
        due = now.date() + timedelta(days=days)
        wanted = {
            "plan": PLAN,
            "title": story.title,
            "due": {"value": str(due)},
            "assignments": [{"unit": "crash.office", "role": "lead"}],
        }
        made, _ = await self.edit("POST", "/milestones", wanted)
        story.milestone = made["id"]
        found, _ = await self.edit("GET", f"/occurrences?q={story.title.split()[1]}")
        story.occurrence = found["items"][0]["id"]
        policy = {"offsets": [offset], "at": f"{now:%H:%M}", "roll": "none"}
        _, story.made = await self.edit("PUT", f"/milestones/{story.milestone}/reminders", policy, done=(428,))
        if kind in ("moved", "finished", "cancelled"):
            await asyncio.sleep(self.chance.choice((0, self.chance.uniform(0, 0.3), self.chance.uniform(0, 3))))
            story.withdrawn = await self._withdraw(story, due + timedelta(days=30))

    async def _withdraw(self, story: Story, later: Any) -> Edit:
        if story.kind == "moved":
            _, edit = await self.edit("PATCH", f"/milestones/{story.milestone}", {"due": {"value": str(later)}})
        elif story.kind == "finished":
            path = f"/occurrences/{story.occurrence}/progress/crash.office"
            _, edit = await self.edit("PUT", path, {"status": "accepted"}, done=(428,))
        else:
            _, edit = await self.edit("DELETE", f"/milestones/{story.milestone}", done=(404,))
        return edit
