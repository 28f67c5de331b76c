"""`milepost apply`: make the service hold what plan files say, the difference shown first."""

import argparse
import asyncio
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from service.cli.opening import opened
from service.findings.rules import Severity
from service.journal.actions import undo
from service.kit.actor import COMMAND
from service.kit.errors import Fault, Invalid, invalid
from service.planfiles import actions
from service.planfiles.rules.difference import render_difference
from service.planfiles.rules.parse import parse_plan_file
from service.planfiles.rules.shapes import PlanFile

LIMIT_BYTES = 10 * 1024 * 1024
_ENDINGS = (".yaml", ".yml", ".json")


def declare(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("apply", help="make the service hold what plan files say; shows the difference first")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="plan files, or folders of them")
    parser.add_argument("--dry-run", action="store_true", help="show the difference, change nothing")
    parser.add_argument(
        "--prune", action="store_true", help="cancel the milestones that their plan's file does not have"
    )
    parser.set_defaults(run=lambda options: asyncio.run(_apply(options)))


async def _apply(options: argparse.Namespace) -> None:
    files = read_files(plan_paths(options.paths))
    async with opened() as house, house.change() as (session, now):
        applied = await actions.apply_files(session, COMMAND, files=files, prune=options.prune, now=now)
        for one in applied:
            _show(one)
        if options.dry_run:
            await undo(session)
    print("Nothing was changed: this was a dry run." if options.dry_run else "Done.")


def plan_paths(paths: Iterable[Path]) -> list[Path]:
    """The plan files among paths: files, and those in folders. Raises Invalid where there is none."""
    found: list[Path] = []
    for path in paths:
        found += sorted(each for each in path.iterdir() if each.suffix in _ENDINGS) if path.is_dir() else [path]
    if not found:
        raise invalid("PATH", "there is no plan file here (.yaml, .yml, .json)")
    return found


def read_files(paths: Sequence[Path]) -> list[PlanFile]:
    """Every file parsed; the faults of all of them are raised together."""
    files, faults = [], list[Fault]()
    for path in paths:
        try:
            with path.open("rb") as file:  # one byte more than the limit tells a file that is too large
                files.append(parse_plan_file(file.read(LIMIT_BYTES + 1), file=str(path), limit=LIMIT_BYTES))
        except Invalid as error:
            faults += error.faults or [Fault("", error.message, str(path))]
    if faults:
        raise Invalid("; ".join(map(str, faults)), faults=faults)
    return files


def _show(one: actions.Applied) -> None:
    print(render_difference(one.difference))
    for finding in one.findings:
        if finding.severity is Severity.WARNING:
            print(f"! {finding.milestone or 'plan'}: {finding.message}")
    notices = sum(finding.severity is Severity.NOTICE for finding in one.findings)
    if notices and one.file.plan:
        print(f"  {notices} more notices: milepost findings {one.file.plan.slug}")
    print()
    sys.stdout.flush()
