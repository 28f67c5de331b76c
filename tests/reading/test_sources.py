"""The documents that `seed_data/` was made from, where they lie beside the repository: not ours to copy."""

from pathlib import Path

import pytest

from service.cli.main import main
from service.due.spec import print_text
from service.planfiles.rules.parse import parse_plan_file
from service.planfiles.rules.shapes import MilestoneShape, PlanFile
from service.reading.actions import read_beside
from tests.flows.desk import SEED_NAMES, SEEDS, seed

DOCUMENTS = Path(__file__).parents[3] / "shared" / "seeds"
SOURCES = sorted(DOCUMENTS.glob("*.txt"))

pytestmark = pytest.mark.skipif(not SOURCES, reason="the source documents do not lie beside the repository")


def _files() -> list[PlanFile]:
    return [parse_plan_file(seed(name).encode(), file=name, limit=1 << 24) for name in SEED_NAMES]


def _task(milestone: MilestoneShape) -> tuple[object, ...]:
    due = print_text(milestone.due) if milestone.due else None
    return milestone.ref, milestone.kind, milestone.lead, milestone.responsible, milestone.support, due, milestone.lines


def test_chongming_is_read_as_people_have_read_it() -> None:
    truth = next(file for file in _files() if file.plan and file.plan.jurisdiction == "chongming")
    assert truth.plan
    assert truth.plan.source
    assert truth.plan.source.file
    source = DOCUMENTS / truth.plan.source.file
    found = read_beside(source.read_bytes(), name=source.name, files=_files()).draft.file
    assert sorted(map(_task, found.milestones), key=str) == sorted(map(_task, truth.milestones), key=str)
    assert found.units == ()
    assert found.plan
    assert (found.plan.issuer, found.plan.published_on, found.plan.period) == (
        truth.plan.issuer,
        truth.plan.published_on,
        truth.plan.period,
    )


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name[:3])
def test_a_draft_is_accepted_by_a_fresh_database(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MILEPOST_DATABASE_URL", f"sqlite:///{tmp_path}/fresh.db")
    assert main(["read", str(source)]) == 0
    file = tmp_path / "draft.yaml"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["apply", str(file)]) == 0
    assert "Done." in capsys.readouterr().out


def test_the_registry_may_be_a_folder_of_plan_files(capsys: pytest.CaptureFixture[str]) -> None:
    source = next(path for path in SOURCES if path.name.startswith("001"))
    assert main(["read", str(source), "--registry", str(SEEDS)]) == 0
    assert "responsible: [chongming.justice" in capsys.readouterr().out
