"""`python -m tests.crash`: kill the service as often as there is time for, and compare what is left.

    python -m tests.crash --rounds 200 --seconds 120 --database postgresql --replicas 3

`--rounds` and `--seconds` bound each act. Without `--database` and `--replicas`: all of them. Shows where it stands,
and a table as in docs/reliability.md; ends with 1 when anything disagrees.
"""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from tests.crash.database import scratch
from tests.crash.nursery import nursery
from tests.crash.play import Result, perform
from tests.crash.scenes import scenes

_COLUMNS = ("tasks", "firings", "events", "messages", "repeats", "superseded", "late settles refused")


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.crash", description="Kill the service, count what is left.")
    made.add_argument("--rounds", type=int, default=100, help="of each act (default: %(default)s)")
    made.add_argument("--seconds", type=float, default=60, help="that an act may last (default: %(default)s)")
    made.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    made.add_argument("--replicas", type=int, choices=(1, 2, 3), action="append")
    made.add_argument("--foreseen", type=float, default=0.0, help="share of notices that come with a full minute")
    made.add_argument("--only", default="", help="acts whose name has this in it")
    made.add_argument("--seed", type=int, default=int(time.time()))
    return made


class _Teller:
    """One line that is written over, for people; a line every five seconds where nobody looks."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, text: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[K{text[:150]}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self._last > 5:
            self._last = time.monotonic()
            print(text, file=sys.stderr, flush=True)


async def _run(asked: argparse.Namespace) -> list[Result]:
    say, results = _Teller(), []
    for number, each in enumerate(scenes(asked.rounds)):
        scene = replace(each, foreseen=asked.foreseen)
        if asked.only not in scene.name or (asked.replicas and scene.replicas not in asked.replicas):
            continue
        for kind in scene.kinds:
            if not asked.database or kind in asked.database:
                async with scratch() as folder, nursery(folder, *scene.pace) as where:
                    result = await perform(scene, kind, where, seed=asked.seed + number, seconds=asked.seconds, say=say)
                results.append(result)
                print(f"\r{_row(result)}", flush=True)
                for fault in result.faults[:20]:
                    print(f"    {fault}", flush=True)
    return results


def _row(result: Result) -> str:
    counts = (str(result.tally[each]) for each in _COLUMNS)
    words = (result.kind, str(result.scene.replicas), result.scene.name, str(result.rounds), *counts)
    return f"| {' | '.join(words)} | {len(result.faults)} | {result.seconds:.0f} s |"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything agrees."""
    asked = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left behind
    print(f"seed {asked.seed}")
    heads = ("database", "replicas", "what is done to it", "rounds", *_COLUMNS, "disagreements", "took")
    print(f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}", flush=True)
    results = asyncio.run(_run(asked))
    return 1 if any(each.faults for each in results) else 0


if __name__ == "__main__":
    sys.exit(main())
