"""Servers to be measured, each a process on one core: `python -m tests.benchmarks.serving KIND PORT …`.

`milepost`: what `milepost serve` serves, as it does; `application`: the same application on the server alone; `bare`;
`simulated`: as `milepost`, with the settings of a file (`database`, `clock`, `core`).
"""

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import uvicorn

from service.app import create_app
from service.cli.serve import how
from service.kit import log
from service.kit.memory import keep_what_is_loaded
from service.settings import Settings

SECRET = "a secret that only the benchmarks know, long enough"
ADMIN_KEY = "mpk_" + "k" * 43
AS_OF = datetime.now(ZoneInfo("Asia/Shanghai")).replace(microsecond=0)


def settings_for(database: Path, *, clock: str = "") -> Settings:
    """The settings under which feeds are measured: those of a process that answers, beside one that sends notices."""
    return Settings(
        database_url=f"sqlite:///{database}",
        secret=SECRET,
        public_url="https://milepost.test",
        public_read=True,
        admin_key=ADMIN_KEY,
        clock=clock,
        role="api",
    )


def bare(answers: dict[str, Any]) -> Any:
    """An ASGI application that does nothing but send prepared bytes: what no application can be faster than."""
    empty = {"type": "http.response.body", "body": b""}
    prepared = {}
    for path, answer in answers.items():
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer["headers"]]
        body = Path(answer["body"]).read_bytes() if answer["body"] else b""
        start = {"type": "http.response.start", "status": answer["status"], "headers": headers}
        prepared[path] = (start, {"type": "http.response.body", "body": body} if body else empty)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        start, body = prepared[scope["path"]]
        await send(start)
        await send(body)

    return app


def main() -> None:
    """Serve until stopped, on the first core, with what the service itself is served with."""
    kind, port, given = sys.argv[1:4]
    told: dict[str, Any] = json.loads(Path(given).read_text(encoding="utf-8")) if kind in ("bare", "simulated") else {}
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {told.get("core", 0)})
    settings = settings_for(Path(told.get("database", given)), clock=told.get("clock", ""))
    as_served = how(settings, argparse.Namespace(host="127.0.0.1", port=int(port)))
    log.configure(level="warning", style=settings.log_format)
    if kind == "bare":
        app: Any = bare(told)
        as_served |= {"http": "httptools", "lifespan": "off"}
    else:
        app = create_app(settings)
        keep_what_is_loaded()
        as_served |= {"http": "httptools"} if kind == "application" else {}
    uvicorn.run(app, **as_served)


@contextlib.contextmanager
def serving(kind: str, given: Path) -> Iterator[tuple[int, int]]:
    """A server in a process of its own: its port and pid."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "tests.benchmarks.serving", kind, str(port), str(given)]
    with subprocess.Popen(command) as process:
        try:
            wait_for(port)
            yield port, process.pid
        finally:
            process.terminate()


def wait_for(port: int, *, seconds: float = 60.0) -> None:
    """Wait until somebody listens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nobody listens on port {port}")


if __name__ == "__main__":
    main()
