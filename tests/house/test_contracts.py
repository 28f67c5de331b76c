"""The import contracts cover every room, say what docs/house.md says, and bite."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import DOCS, ROOT, SERVICE, contract, domain_rooms, project, river, rooms

# One small house for every contract: the files in it, and which contract must break.
VIOLATIONS: dict[str, dict[str, str]] = {
    "river": {"units/store.py": "import service.plans.store", "plans/store.py": ""},
    "room": {"units/rules.py": "import service.units.models", "units/models.py": ""},
    "pure": {
        "due/expand.py": "import service.kit.tools",
        "kit/tools.py": "import service.kit.clock",
        "kit/clock.py": "",
    },
    "clock": {"units/actions.py": "import service.kit.clock", "kit/clock.py": ""},
    "http": {"units/actions.py": "import fastapi"},
    "httpx": {"webhooks/actions.py": "import httpx"},
    "apscheduler": {"reminders/actions.py": "import apscheduler"},
    "icalendar": {"feeds/store.py": "import icalendar"},
    "defusedxml": {"api/units.py": "import defusedxml"},
    "holidays": {"due/workdays.py": "import chinese_calendar"},
    "jinja2": {"api/units.py": "import jinja2"},
    "documents": {"reading/actions.py": "import pdfplumber"},
    "database": {"units/actions.py": "import sqlmodel"},
    "acyclic": {"kit/one.py": "import service.kit.two", "kit/two.py": "import service.kit.one"},
}


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "lint-imports"
    return subprocess.run(
        [program, "--no-cache", "--no-logo", "--config", ROOT / "pyproject.toml"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def _build(folder: Path, files: dict[str, str]) -> None:
    for name, text in {"__init__.py": "", **files}.items():
        path = folder / "service" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        (path.parent / "__init__.py").touch()


def test_the_house_keeps_its_contracts() -> None:
    answer = _lint(ROOT)
    assert answer.returncode == 0, answer.stdout


def test_every_contract_is_tried() -> None:
    assert set(VIOLATIONS) == {each["id"] for each in project()["tool"]["importlinter"]["contracts"]}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_broken_rule_breaks_its_contract(name: str, tmp_path: Path) -> None:
    _build(tmp_path, VIOLATIONS[name])
    answer = _lint(tmp_path)
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert f"{contract(name)['name']} BROKEN" in answer.stdout


def test_the_river_places_every_room_once() -> None:
    placed = [name for layer in river() for name in layer]
    assert len(placed) == len(set(placed))
    modules = {path.stem for path in SERVICE.glob("*.py")} | {room.name for room in rooms()}
    assert modules - {"__init__"} <= set(placed)


def test_the_contracts_inside_rooms_cover_every_room() -> None:
    assert contract("room")["containers"] == ["service.*"]
    pure = set(contract("pure")["source_modules"])
    assert {"service.*.rules", "service.*.rules.**", "service.due.**", "service.phrases.**"} <= pure
    assert domain_rooms(), "the rooms are where the contracts look for them"


def test_the_page_about_the_house_draws_the_same_river() -> None:
    drawn = re.search(
        r"^```river\n(.*?)^```", (DOCS / "house.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert drawn, "docs/house.md has a block ```river"
    layers = [re.split(r"\s{2,}", line)[0] for line in drawn[1].splitlines() if line.strip()]
    assert [[name.strip() for name in layer.split("|")] for layer in layers] == river()
