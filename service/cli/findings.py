"""`milepost findings`: what a careful reader would question in a plan."""

import argparse
import asyncio
from typing import Any

from service.cli.opening import opened
from service.findings.actions import find
from service.plans import store


def declare(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("findings", help="what a careful reader would question in a plan")
    parser.add_argument("plan", help="the plan's slug")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="(default: %(default)s)")
    parser.set_defaults(run=lambda options: asyncio.run(_find(options)))


async def _find(options: argparse.Namespace) -> None:
    async with opened() as house, house.database.read() as session:
        found = await find(session, await store.get(session, options.plan))
    for one in found:
        place = f"line {one.line}" if one.line else "-"
        message = one.message_zh if options.lang == "zh" else one.message
        print("\t".join((one.severity, one.code, one.milestone or "-", place, message)))
    print(f"{len(found)} findings")
