"""`milepost demo`: the whole service on a throw-away database, with the seeded plans, at a time of their own.

A receiver of webhooks runs beside it, a process of its own, and prints what arrives.
"""

import argparse
import asyncio
import signal
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from math import inf
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import uvicorn

from service.access.actions import make_secret
from service.app import create_app, prepare
from service.cli.beside import Receiver, enrol, receiver_beside
from service.cli.opening import refuse_busy
from service.cli.serve import how
from service.gate.state import Gate
from service.gate.transaction import change
from service.kit import log
from service.kit.actor import COMMAND
from service.kit.clock import SimulatedClock, fixed, parse_clock
from service.kit.database import Session
from service.kit.memory import keep_what_is_loaded
from service.planfiles.actions import apply_files
from service.planfiles.rules.parse import parse_plan_file
from service.settings import Settings, WrongSettings
from service.units.models import Unit
from service.units.store import units_by_code

AS_OF = "2024-10-01T08:00"
# A day a second, until the mid-term evaluation of October 2024 has been announced, has fallen due and is overdue; then
# the usual pace, so that calendars do not run away from whoever looks at them.
HURRY = 86_400
HURRY_FOR = timedelta(days=38)
FILE_LIMIT = 10 * 1024 * 1024
FEATURED = ("chongming.justice", "chongming.chengqiao", "jinghai.justice", "shanghai.justice", "shenyang.justice")
_HERE = Path(__file__).resolve()
# In an installed package the plans lie inside it; in the repository, beside it.
_SEEDS = (_HERE.parents[1] / "seed_data", _HERE.parents[2] / "seed_data")


def declare(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("demo", help="look at it: a throw-away database with the seeded plans")
    parser.add_argument(
        "--as-of", default=AS_OF, metavar="INSTANT", help="the time it begins at (default: %(default)s)"
    )
    parser.add_argument(
        "--speed",
        help="how many times as fast as real time it passes "
        f"(default: a day a second for {HURRY_FOR.days} days, then as fast as real time)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="(default: %(default)s)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Serve until stopped; then nothing is left."""
    refuse_busy(options.host, options.port)
    # uvicorn stops gracefully and then passes the signal on; without this, SIGTERM would leave the folder behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="milepost-demo-") as folder:
        asyncio.run(_demo(options, Path(folder)))


async def _demo(options: argparse.Namespace, folder: Path) -> None:
    key = make_secret()
    print("Loading the plans …", flush=True)
    settings = _settings(options, folder, key)
    log.configure(level=settings.log_level, style=settings.log_format)
    async with receiver_beside() as receiver:
        units = await _load(settings, receiver)
        clock = _clock(settings, hurries=options.speed is None)
        app = create_app(settings, clock=clock)
        lines = _greeting(options, settings, receiver=receiver, units=units, key=key, clock=clock)
        begun = asyncio.Event()

        def announce() -> None:
            print("\n".join(lines), flush=True)
            if receiver is not None:
                receiver.announced.set()
            clock.begin()  # only now: loading and starting take days of its time
            begun.set()

        keep_what_is_loaded()
        telling = asyncio.create_task(_tell_the_end(begun, clock, settings))
        await _Announced(uvicorn.Config(app, **how(settings, options)), announce).serve()
        telling.cancel()


async def _tell_the_end(begun: asyncio.Event, clock: SimulatedClock, settings: Settings) -> None:
    """Say so when the time that hurries is over: nothing may arrive for long then."""
    if clock.until is None:
        return
    await begun.wait()
    await asyncio.sleep((clock.until - clock.now()).total_seconds() / clock.speed)
    until = clock.until.astimezone(ZoneInfo(settings.timezone))
    print(f"\n  It is {until:%Y-%m-%d}, and time goes its usual pace. Whatever you change arrives here.\n", flush=True)


def _greeting(
    options: argparse.Namespace,
    settings: Settings,
    *,
    receiver: Receiver | None,
    units: list[Unit],
    key: str,
    clock: SimulatedClock,
) -> list[str]:
    pace = f"--speed {options.speed}" if options.speed else ""
    if clock.until is not None:
        until = clock.until.astimezone(ZoneInfo(settings.timezone))
        pace = f"A day passes every second until {until:%Y-%m-%d}, then time goes its usual pace."
    return [
        f"Milepost, as of {options.as_of}; everything is gone when you stop it (Ctrl-C).",
        *([pace] if pace else []),
        "",
        f"  the home page      {settings.public_url}/",
        f"  the API            {settings.public_url}/docs",
        *(f"  {_address(settings, unit)}  {unit.name}" for unit in units),
        "",
        f"  an administrator's key: {key}",
        "",
        *_about(receiver),
    ]


def _about(receiver: Receiver | None) -> list[str]:
    if receiver is None:
        return ["  No receiver of webhooks: the package milepost_client is not here."]
    by = "Milepost's own client"
    if receiver.checker == "standardwebhooks":
        by = "standardwebhooks, the library of the Standard Webhooks project"
    return [f"  Webhooks arrive at {receiver.url} and are printed here; signatures are checked by {by}.", ""]


def _clock(settings: Settings, *, hurries: bool) -> SimulatedClock:
    """A clock that stands until it is told to begin."""
    clock = parse_clock(settings.clock, zone=settings.timezone)
    assert isinstance(clock, SimulatedClock), "the demo always says when it is"
    if hurries:
        return SimulatedClock(start=clock.start, speed=HURRY, made=inf, until=clock.start + HURRY_FOR)
    return replace(clock, made=inf)


def _settings(options: argparse.Namespace, folder: Path, key: str) -> Settings:
    environ = {
        "MILEPOST_DATABASE_URL": f"sqlite:///{folder / 'milepost.db'}",
        "MILEPOST_ADMIN_KEY": key,
        "MILEPOST_PUBLIC_URL": f"http://{_reachable(options.host)}:{options.port}",
        "MILEPOST_PUBLIC_READ": "true",
        "MILEPOST_CLOCK": f"{options.as_of}@{options.speed or 1}",
        "MILEPOST_ALLOW_NETWORKS": "127.0.0.1/32",  # where the receiver is
        "MILEPOST_LOG_LEVEL": "warning",
        "MILEPOST_LOG_FORMAT": "text",
    }
    try:
        return Settings.from_environ(environ)
    except WrongSettings as error:
        # Of these only the clock came from outside.
        raise WrongSettings([each.replace("MILEPOST_CLOCK", "--as-of, --speed") for each in error.sentences]) from None


def _reachable(host: str) -> str:
    # Who listens everywhere is still looked at from somewhere.
    return "localhost" if host in ("0.0.0.0", "::", "127.0.0.1") else host  # noqa: S104 - compared with, not listened at


async def _load(settings: Settings, receiver: Receiver | None) -> list[Unit]:
    """Apply every seeded plan, make an endpoint for the receiver; a few units whose feeds are worth a look."""
    now = parse_clock(settings.clock, zone=settings.timezone).now()
    gate: Gate = create_app(settings, clock=fixed(now)).state.gate
    folder = next((each for each in _SEEDS if each.is_dir()), None)
    paths = sorted(folder.glob("*.yaml")) if folder else []
    files = [parse_plan_file(path.read_bytes(), file=path.name, limit=FILE_LIMIT) for path in paths]
    try:
        await prepare(gate)
        async with change(gate.database, now=now, zone=settings.timezone) as session:
            await apply_files(session, COMMAND, files=files, prune=False, now=now)
            if receiver is not None:
                await enrol(session, gate, receiver, now=now)
            return await _some_units(session)
    finally:
        await gate.database.close()


async def _some_units(session: Session) -> list[Unit]:
    found = await units_by_code(session, FEATURED)
    return [found[code] for code in FEATURED if code in found]


def _address(settings: Settings, unit: Unit) -> str:
    return f"{settings.public_url}/calendars/{unit.code.replace('.', '/', 1)}.ics"


class _Announced(uvicorn.Server):
    """A server that says so once it really listens."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._say = announce

    async def startup(self, sockets: Any = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            self._say()
