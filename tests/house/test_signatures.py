"""Signatures read aloud: `session, actor`, then keywords only; and what an action must leave to its door."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import domain_rooms, name_of, parsed, python_files


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _actions() -> list[Path]:
    return [
        path
        for room in domain_rooms()
        for path in python_files(name_of(room))
        if path.relative_to(room).parts[0] in ("actions", "actions.py")
    ]


def _reads_aloud(positional: list[str]) -> bool:
    """`session, actor`, either of which may be missing, then at most one thing that is acted upon."""
    rest = list(positional)
    for first in ("session", "actor"):
        if rest[:1] == [first]:
            rest.pop(0)
    return len(rest) <= 1 and not {"session", "actor"} & set(rest)


def test_actions_take_session_and_actor_then_one_thing_then_keywords_only() -> None:
    wrong = {
        f"{name_of(path)}:{node.lineno} {node.name}": positional
        for path in _actions()
        for node in parsed(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
        if not _reads_aloud(positional := [arg.arg for arg in [*node.args.posonlyargs, *node.args.args]])
    }
    assert wrong == {}


def test_nobody_takes_whatever_keywords_come() -> None:
    assert [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in python_files("service")
        for node in _functions(path)
        if node.args.kwarg
    ] == []


def test_only_doors_commit() -> None:
    commits = [
        f"{name_of(path)}:{node.lineno}"
        for room in domain_rooms()
        for path in python_files(name_of(room))
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert commits == []
