"""`milepost findings`, as it is run."""

import pytest

from service.cli.main import main
from tests.cli.test_apply import house
from tests.flows.desk import SEEDS

__all__ = ["house"]

CHONGMING = "chongming-enforcement-2023-2025"


def test_findings_are_lines_of_five_columns_and_a_count(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["apply", str(SEEDS)]) == 0
    capsys.readouterr()
    assert main(["findings", CHONGMING]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert last == f"{len(lines)} findings"
    assert all(line.count("\t") == 4 for line in lines)
    assert (
        "warning\tborn_overdue\t2.2.1-1\tline 38\tDue 2023-12-31, before the plan was published (2024-02-23)." in lines
    )
    assert any(line.startswith("warning\tcliff\t-\t-\t") for line in lines)
    assert main(["findings", CHONGMING, "--lang", "zh"]) == 0
    assert "2023-12-31 到期，早于计划公布日 2024-02-23。" in capsys.readouterr().out


def test_a_plan_that_is_not_there_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["findings", "nowhere"]) == 1
    assert capsys.readouterr().err == "There is no plan 'nowhere'.\n"
