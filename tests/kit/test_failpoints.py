"""Failpoints: off by default, exact when on, and never in a service that others reach."""

import os
import signal
import subprocess
import sys

import pytest

from service.kit.failpoints import Act, Trap, arm, failpoint, parse_failpoints
from service.settings import Settings, WrongSettings
from tests.house.tree import ROOT

WALK = """
import sys
from service.kit.failpoints import arm, failpoint, parse_failpoints
arm(parse_failpoints(sys.argv[1]))
for turn in range(1, 4):
    failpoint("walk.other")
    print(turn, flush=True)
    failpoint("walk.turned")
"""


def _walk(traps: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WALK, traps], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_points_and_what_happens_there_are_read() -> None:
    read = parse_failpoints("deliver.claimed=kill, fire.ended=stop@3")
    assert read == {"deliver.claimed": Trap(Act.KILL), "fire.ended": Trap(Act.STOP, 3)}
    assert parse_failpoints("") == {}


def test_without_traps_nothing_happens() -> None:
    arm({})
    failpoint("anywhere.at_all")


@pytest.mark.parametrize(
    ("traps", "turns"), (("walk.turned=kill", 1), ("walk.turned=kill@3", 3), ("elsewhere=kill", 3))
)
def test_the_process_is_gone_at_the_passing_that_was_named(traps: str, turns: int) -> None:
    with _walk(traps) as walk:
        said, _ = walk.communicate(timeout=30)
    assert said.split() == [str(turn) for turn in range(1, turns + 1)]
    assert walk.returncode == (0 if traps.startswith("elsewhere") else -signal.SIGKILL)


def test_a_process_that_was_stopped_goes_on_when_told() -> None:
    with _walk("walk.turned=stop") as walk:
        _, status = os.waitpid(walk.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        walk.send_signal(signal.SIGCONT)
        said, _ = walk.communicate(timeout=30)
    assert said.split() == ["1", "2", "3"]


@pytest.mark.parametrize("local", ("", "http://localhost:8000", "http://127.0.0.1:9000"))
def test_only_a_service_on_this_machine_takes_them(local: str) -> None:
    told = {"MILEPOST_FAILPOINTS": "a.b=kill", "MILEPOST_PUBLIC_URL": local}
    assert Settings.from_environ(told).failpoints == {"a.b": Trap(Act.KILL)}
    with pytest.raises(WrongSettings, match="MILEPOST_FAILPOINTS: it kills the service"):
        Settings.from_environ(told | {"MILEPOST_PUBLIC_URL": "https://milepost.example.gov.cn"})
