"""Points at which a test ends or stops this process: where dying would hurt most.

Off, a point costs one look at an empty mapping. `MILEPOST_FAILPOINTS` turns them on, for the crash tests alone: a
service that others reach does not start with it.
"""

import os
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    """What happens at a point."""

    KILL = "kill"  # SIGKILL: gone at once, nothing is tidied up
    STOP = "stop"  # SIGSTOP: stands still until somebody sends SIGCONT


_SIGNALS = {Act.KILL: signal.SIGKILL, Act.STOP: signal.SIGSTOP}
_WORD = re.compile(r"(?P<name>[a-z_.]+)=(?P<act>[a-z]+)(?:@(?P<time>[1-9][0-9]{0,8}))?")


@dataclass(slots=True)
class Trap:
    """What happens at a point, and at which passing of it (1: the first)."""

    act: Act
    passes: int = 1


_armed: dict[str, Trap] = {}


def parse_failpoints(text: str) -> dict[str, Trap]:
    """Read `deliver.claimed=kill,settle.written=stop@3`: points, and what happens there. Raises ValueError."""
    traps = {}
    for part in filter(None, re.split(r"[,\s]+", text)):
        found = _WORD.fullmatch(part)
        if not found or found["act"] not in tuple(Act):
            raise ValueError(f"'{part}' is no failpoint; write name=kill or name=stop, and @3 for the third passing")
        traps[found["name"]] = Trap(Act(found["act"]), int(found["time"] or 1))
    return traps


def arm(traps: Mapping[str, Trap]) -> None:
    """Set the traps of this process; whatever was set before is gone."""
    _armed.clear()
    _armed.update((name, Trap(trap.act, trap.passes)) for name, trap in traps.items())


def failpoint(name: str) -> None:
    """Pass a point. Its name is written out where it is called: the crash tests look for them there."""
    if not _armed or (trap := _armed.get(name)) is None:
        return
    trap.passes -= 1
    if trap.passes == 0:
        os.kill(os.getpid(), _SIGNALS[trap.act])
