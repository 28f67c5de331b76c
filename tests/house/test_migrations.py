"""The schema has one linear history."""

import re

import pytest
from alembic.script import ScriptDirectory

from tests.house.tree import ROOT, python_files


@pytest.fixture(name="history")
def script_directory() -> ScriptDirectory:
    if not (ROOT / "migrations" / "env.py").exists():
        pytest.skip("no migrations yet")
    return ScriptDirectory(str(ROOT / "migrations"))


def test_the_history_is_one_line(history: ScriptDirectory) -> None:
    assert len(history.get_heads()) == 1
    assert len(history.get_bases()) == 1
    revisions = list(history.walk_revisions())
    assert [each.revision for each in revisions if each.is_merge_point or each.is_branch_point] == []


def test_every_step_can_be_taken_back(history: ScriptDirectory) -> None:
    for path in python_files("migrations/versions"):
        text = path.read_text(encoding="utf-8")
        down = re.search(r"^def downgrade\(\).*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
        assert down, path.name
        assert "pass" not in down[0].split(), path.name
