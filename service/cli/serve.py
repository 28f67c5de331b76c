"""`milepost serve`: the service."""

import argparse
import asyncio
import os
import sys
from typing import Any

import uvicorn

from service.access.actions import ensure_admin_key
from service.api.wire import PolledFirst
from service.app import create_app, prepare
from service.cli.opening import refuse_busy
from service.kit import log
from service.kit.errors import Unavailable
from service.settings import Settings

GRACE_SECONDS = 20


def declare(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("serve", help="run the service")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="(default: %(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="web processes (default: %(default)s)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Prepare the database once, then serve until stopped."""
    settings = Settings.from_environ(os.environ)
    refuse_busy(options.host, options.port)
    log.configure(level=settings.log_level, style=settings.log_format)
    first_key = asyncio.run(_prepare(settings))
    if first_key:
        print(f"The first administrator's key, shown this once: {first_key}", file=sys.stderr)
    uvicorn.run("service.app:from_environ", factory=True, workers=options.workers, **how(settings, options))


def how(settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    """How uvicorn serves, whoever starts it."""
    return {
        "host": options.host,
        "port": options.port,
        "http": PolledFirst,
        "loop": "uvloop" if sys.platform != "win32" else "auto",
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": [str(network) for network in settings.trusted_proxies],
        "timeout_graceful_shutdown": GRACE_SECONDS,
    }


async def _prepare(settings: Settings) -> str | None:
    """Do what each web process would do, so that what is wrong is said once; make a first key where there is none."""
    app = create_app(settings)
    gate = app.state.gate
    try:
        try:
            await prepare(gate)
        except Unavailable:
            if not app.state.desk.reserve.is_there:
                raise
            return None  # the web process says so, and sends what it has
        if settings.admin_key is not None:
            return None
        now = gate.clock.now()
        async with gate.database.write() as session:
            return await ensure_admin_key(session, configured=None, now=now)
    finally:
        await gate.database.close()
