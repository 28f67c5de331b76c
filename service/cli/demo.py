"""`milepost demo`: the whole service on a throw-away database, with the seeded plans, at a time of their own."""

import argparse
import asyncio
import contextlib
import dataclasses
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import uvicorn

from service.access.actions import make_secret
from service.app import Milepost, create_app, prepare
from service.cli.serve import how
from service.kit import log
from service.settings import Settings, WrongSettings

AS_OF = "2024-10-01T08:00"
_HERE = Path(__file__).resolve()
# In an installed package the plans lie inside it; in the repository, beside it.
_SEEDS = (_HERE.parents[1] / "seed_data", _HERE.parents[2] / "seed_data")


def declare(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("demo", help="look at it: a throw-away database with the seeded plans")
    parser.add_argument("--as-of", default=AS_OF, metavar="INSTANT", help="the time it begins at (default: %(default)s)")
    parser.add_argument("--speed", default="1", help="how many times as fast as real time it passes (default: 1)")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="(default: %(default)s)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Serve until stopped; then nothing is left."""
    with tempfile.TemporaryDirectory(prefix="milepost-demo-") as folder:
        asyncio.run(_demo(options, Path(folder)))


async def _demo(options: argparse.Namespace, folder: Path) -> None:
    key = make_secret()
    settings = _settings(options, folder, key)
    log.configure(level="warning", style="text")
    _refuse_busy(options.host, options.port)
    app = create_app(settings)
    await prepare(app.state.gate)
    server = _Announced(uvicorn.Config(app, **how(settings, options)), lambda: _announce(settings, key))
    with contextlib.suppress(KeyboardInterrupt):
        await server.serve()


def _settings(options: argparse.Namespace, folder: Path, key: str) -> Settings:
    environ = {
        "MILEPOST_DATABASE_URL": f"sqlite:///{folder / 'milepost.db'}",
        "MILEPOST_ADMIN_KEY": key,
        "MILEPOST_PUBLIC_URL": f"http://{_shown(options.host)}:{options.port}",
        "MILEPOST_PUBLIC_READ": "true",
        "MILEPOST_CLOCK": f"{options.as_of}@{options.speed}",
        "MILEPOST_LOG_LEVEL": "warning",
    }
    try:
        return Settings.from_environ(environ)
    except WrongSettings as error:
        # The only ones that came from outside: --as-of and --speed.
        raise WrongSettings([each.replace("MILEPOST_CLOCK", "--as-of, --speed") for each in error.sentences]) from None
