"""`milepost apply`, as it is run."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from service.cli.main import main
from service.kit.database import Database
from service.milestones.models import Milestone
from tests.conftest import SECRET
from tests.flows.desk import SEEDS, journal

REGISTRY = "milepost: 1\njurisdictions:\n  - {code: a, name: 甲区}\nunits:\n  - {code: a.x, name: 区司法局}\n"
PLAN = """\
milepost: 1
plan: {slug: p, title: 方案, jurisdiction: a, period: 2024-01-01/2025-12-31}
milestones:
  - {key: '1', title: 甲, due: {value: 2024-10}, lead: [a.x]}
  - {key: '2', title: 乙, due: {value: 2024-11}, lead: [a.x]}
"""


@pytest.fixture(autouse=True)
def house(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MILEPOST_DATABASE_URL", database_url)
    monkeypatch.setenv("MILEPOST_SECRET", SECRET)
    monkeypatch.setenv("MILEPOST_CLOCK", "2024-10-01T08:00@0")
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = list(root.handlers), root.level
    yield database_url
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


def _write(folder: Path, **texts: str) -> list[str]:
    paths = [folder / f"{name}.yaml" for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return [str(path) for path in paths]


def _kinds(url: str) -> list[str]:
    async def ask() -> list[str]:
        database = Database(url)
        try:
            return [f"{fact.actor} {fact.kind}" for fact in await journal(database)]
        finally:
            await database.close()

    return asyncio.run(ask())


def _statuses(url: str) -> dict[str, str]:
    async def ask() -> dict[str, str]:
        from sqlmodel import select

        database = Database(url)
        try:
            async with database.read() as session:
                return {row.key: row.status for row in await session.exec(select(Milestone))}
        finally:
            await database.close()

    return asyncio.run(ask())


def test_the_seeds_apply_from_their_folder_and_a_second_time_nothing_changes(
    capsys: pytest.CaptureFixture[str], house: str
) -> None:
    assert main(["apply", str(SEEDS)]) == 0
    shown = capsys.readouterr().out
    assert "+ plan chongming-enforcement-2023-2025" in shown
    assert "! 2.2.1-1: Due 2023-12-31, before the plan was published (2024-02-23)." in shown
    assert shown.endswith("Done.\n")
    facts = len(_kinds(house))
    assert main(["apply", str(SEEDS)]) == 0
    again = capsys.readouterr().out
    assert again.count("0 to add, 0 to change, 0 to cancel") == 5
    assert len(_kinds(house)) == facts


@pytest.mark.both
def test_a_dry_run_shows_the_difference_and_changes_nothing(
    capsys: pytest.CaptureFixture[str], house: str, tmp_path: Path
) -> None:
    paths = _write(tmp_path, plan=PLAN, registry=REGISTRY)
    assert main(["apply", "--dry-run", *paths]) == 0
    shown = capsys.readouterr().out
    assert "+ milestone 1 甲" in shown
    assert shown.endswith("Nothing was changed: this was a dry run.\n")
    assert _kinds(house) == []
    assert _statuses(house) == {}


def test_every_fault_of_every_file_is_named_with_its_place(
    capsys: pytest.CaptureFixture[str], house: str, tmp_path: Path
) -> None:
    wrong = PLAN.replace("2024-10", "2024-02-30").replace("title: 乙", "titel: 乙")
    paths = _write(tmp_path, plan=wrong, registry=REGISTRY.replace("code: a.x", "code: x"))
    assert main(["apply", *paths]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    places = [line.partition(": ")[0] for line in err.splitlines()]
    assert places == [f"{paths[0]}:4:39", f"{paths[0]}:5:5", f"{paths[0]}:5:16", f"{paths[1]}:5:12"]
    assert "February 2024 has 29 days" in err
    assert _kinds(house) == []


def test_a_unit_that_nobody_knows_is_refused_with_the_nearest_names(
    capsys: pytest.CaptureFixture[str], house: str, tmp_path: Path
) -> None:
    paths = _write(
        tmp_path, registry=REGISTRY, plan=PLAN.replace("甲, due: {value: 2024-10}, lead: [a.x]", "甲, lead: [a.xx]")
    )
    assert main(["apply", *paths]) == 1
    assert capsys.readouterr().err == (
        f"{paths[1]}:4:5: milestones[0].lead: nobody knows 'a.xx'; the nearest known are a.x\n"
    )
    assert _kinds(house) == []


def test_pruning_cancels_what_left_the_file(capsys: pytest.CaptureFixture[str], house: str, tmp_path: Path) -> None:
    paths = _write(tmp_path, registry=REGISTRY, plan=PLAN)
    assert main(["apply", *paths]) == 0
    (path,) = _write(tmp_path, plan=PLAN[: PLAN.index("  - {key: '2'")])
    assert main(["apply", path]) == 0
    assert "1 not in the file and left as they are: 2" in capsys.readouterr().out
    assert _statuses(house) == {"1": "active", "2": "active"}
    assert main(["apply", "--prune", path]) == 0
    assert "- milestone 2 乙  (cancelled)" in capsys.readouterr().out
    assert _statuses(house) == {"1": "active", "2": "cancelled"}
    assert "command:command line milestone.cancelled" in _kinds(house)


@pytest.mark.parametrize("kind", ("missing", "empty", "large", "binary"))
def test_what_cannot_be_read_is_said_in_a_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "x.yaml"
    match kind:
        case "empty":
            path = tmp_path / "folder"
            path.mkdir()
        case "large":
            path.write_bytes(b"#" * (10 * 1024 * 1024 + 1))
        case "binary":
            path.write_bytes(b"\xff\xfe\x00\x01")
    assert main(["apply", str(path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err
