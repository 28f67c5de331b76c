"""Programs that speak CalDAV, run against the application on a port of this machine."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn

from service.app import Milepost
from tests.fixtures.programs import free_port

VDIRSYNCER = Path(sys.executable).parent / "vdirsyncer"


@contextlib.asynccontextmanager
async def listening(app: Milepost) -> AsyncIterator[str]:
    """An application that lives already, at an address where other programs find it."""
    port = free_port()
    config = uvicorn.Config(app, port=port, lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    serving = asyncio.create_task(server.main_loop())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
        await server.shutdown()


async def run(*words: str, folder: Path, answer: str = "") -> str:
    """A program in a folder, and what it said. Fails where it does."""
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=folder,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONWARNINGS": "ignore"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(answer.encode())
    text = said.decode(errors="replace")
    assert process.returncode == 0, text
    return text
