"""`milepost read`, as it is run."""

import io
import json
from pathlib import Path

import pytest

from service.cli.main import main
from tests.cli.test_apply import house

__all__ = ["house"]

TEXT = """青山区工作要点
一、修路。（责任单位：区交通局，完成时限：2024年6月）
二、架桥。（责任单位：区交通局）
三、通水。（责任单位：区水利局）
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "plan.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_document_becomes_a_plan_file_that_can_be_applied(
    document: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", str(document)]) == 0
    draft = tmp_path / "draft.yaml"
    draft.write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["apply", str(draft)]) == 0
    capsys.readouterr()
    # Now the database knows the units: nothing is new any more.
    assert main(["read", str(document)]) == 0
    assert "\nunits:" not in capsys.readouterr().out


def test_spans_are_places_in_the_text(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", "--format", "spans", str(document)]) == 0
    items = json.loads(capsys.readouterr().out)["items"]
    assert [TEXT[slice(*item["span"])][:2] for item in items] == ["修路", "架桥", "通水"]
    assert items[0]["due"] | {"boundary": None} == {
        "kind": "month",
        "value": "2024-06",
        "boundary": None,
        "recurrence": None,
        "month": None,
    }


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert main(["read", "--format", "spans", "-"]) == 0
    assert len(json.loads(capsys.readouterr().out)["items"]) == 3


def test_json_has_the_draft_and_its_evidence(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", "--format", "json", str(document)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert len(answer["draft"]["milestones"]) == 3
    assert answer["evidence"]["milestones"]["1-1"]["due"][0]["text"] == "2024年6月"


def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", str(tmp_path / "nothing.txt")]) == 1
    empty = tmp_path / "empty.txt"
    empty.write_bytes(b" \n")
    assert main(["read", str(empty)]) == 1
    assert "there is no text in it" in capsys.readouterr().err
