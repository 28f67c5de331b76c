"""`milepost export`, as it is run."""

import pytest

from service.cli.main import main
from tests.cli.test_apply import house
from tests.flows.desk import SEED_NAMES, SEEDS, seed

__all__ = ["house"]

SLUGS = {
    "shanghai": "shanghai-law-government-2021-2025",
    "chongming": "chongming-enforcement-2023-2025",
    "jinghai": "jinghai-law-government-2021-2025",
    "baoshan": "baoshan-law-government-2021",
    "shenyang": "shenyang-law-administration-2011-2015",
}


def test_every_seed_is_printed_byte_for_byte(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["apply", str(SEEDS)]) == 0
    capfdbinary.readouterr()
    for name in SEED_NAMES:
        assert main(["export", SLUGS[name]]) == 0
        assert capfdbinary.readouterr().out == seed(name).encode(), name


def test_a_plan_that_is_not_there_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "nowhere"]) == 1
    assert capsys.readouterr() == ("", "There is no plan 'nowhere'.\n")
