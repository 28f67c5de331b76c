"""A receiver that remembers: every message is on disk before it is answered, and not every message is answered well.

`/steady` answers 200. `/moody` spoils the first tries of many messages: an error, a cut connection, a late answer.
A PUT tells it what messages are signed with. Runs as a process of its own, which nobody kills.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from standardwebhooks import Webhook, WebhookVerificationError

from tests.kit.outbound.receivers import OK, Line, Request, receiving

LATE_S = 0.5


@dataclass
class Memory:
    """What has arrived."""

    file: IO[str]
    chance: random.Random
    most_spoilt: int
    secrets: list[str] = field(default_factory=list)
    spoils: dict[tuple[str, str], int] = field(default_factory=dict)  # how many tries of a message are still to fail

    def note(self, request: Request, path: str, manner: str) -> None:
        """Write a message down, and whether an independent library takes it for genuine."""
        told = json.loads(request.body)
        written: dict[str, Any] = {
            "at": time.time(),
            "path": path,
            "manner": manner,
            "id": "".join(request.header("webhook-id")),
            "digest": hashlib.sha256(request.body).hexdigest(),
            "genuine": self._is_genuine(request),
            "type": told["type"],
            "data": told["data"],
        }
        self.file.write(json.dumps(written, ensure_ascii=False) + "\n")
        self.file.flush()

    def _is_genuine(self, request: Request) -> bool:
        headers = {
            name: value
            for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
            for value in request.header(name)
        }
        for secret in self.secrets:
            with contextlib.suppress(WebhookVerificationError):
                Webhook(secret).verify(request.body, headers)
                return True
        return False

    def manner(self, path: str, id: str) -> str:
        """How this message is answered; badly only a few times, some for so long that it may not be true any more."""
        left = self.spoils.setdefault((path, id), min(self.chance.choice((0, 0, 0, 0, 1, 1, 3, 6)), self.most_spoilt))
        if path != "/moody" or not left:
            return "well"
        self.spoils[path, id] = left - 1
        return self.chance.choice(("error", "error", "unanswered", "late"))


async def _answer(line: Line, request: Request, memory: Memory) -> None:
    verb, path, _ = request.line.split(" ", 2)
    if verb == "PUT":
        memory.secrets = json.loads(request.body)
        await line.send(OK)
        return
    manner = memory.manner(path, "".join(request.header("webhook-id")))
    memory.note(request, path, manner)
    if manner == "late":
        await asyncio.sleep(LATE_S)
    if manner == "unanswered":
        line.reset()
        raise ConnectionResetError
    await line.send(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n" if manner == "error" else OK)


async def receive(port: int, path: Path, *, seed: int, most_spoilt: int) -> None:
    """Receive until killed; says on standard output where."""
    with path.open("a", encoding="utf-8") as file:
        memory = Memory(file, random.Random(seed), most_spoilt)

        async def script(line: Line) -> None:
            while True:
                await _answer(line, await line.request(), memory)

        async with receiving(script, port=port) as receiver:
            print(receiver.port, flush=True)
            while True:
                await asyncio.sleep(3600)
                receiver.seen.clear()


if __name__ == "__main__":
    reader = argparse.ArgumentParser()
    reader.add_argument("--port", type=int, default=0)
    reader.add_argument("--file", type=Path, required=True)
    reader.add_argument("--seed", type=int, default=0)
    reader.add_argument("--most-spoilt", type=int, default=6, help="tries of one message that may fail")
    asked = reader.parse_args()
    asyncio.run(receive(asked.port, asked.file, seed=asked.seed, most_spoilt=asked.most_spoilt))
