"""`milepost export`: a plan as a plan file, on standard output."""

import argparse
import asyncio
import sys
from typing import Any

from service.cli.opening import opened
from service.planfiles.actions import export_plan
from service.plans import store


def declare(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("export", help="print a plan as a plan file")
    parser.add_argument("plan", help="the plan's slug")
    parser.set_defaults(run=lambda options: asyncio.run(_export(options)))


async def _export(options: argparse.Namespace) -> None:
    async with opened() as house, house.database.read() as session:
        text = await export_plan(session, await store.get(session, options.plan))
    # Bytes, so that no terminal's encoding and no newline habit changes the file.
    sys.stdout.buffer.write(text.encode())
