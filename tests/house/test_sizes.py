"""Small is kind: a long file or function is a smell. Who keeps one says here why it is clearer so."""

import ast

from tests.house.tree import name_of, parsed, python_files

LINES_A_FILE = 350
LINES_A_FUNCTION = 60

LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}


def test_files_are_short_or_say_why_not() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files("service")}
    long = {name: lines for name, lines in lengths.items() if lines > LINES_A_FILE}
    assert {name: lines for name, lines in long.items() if name not in LONG_FILES} == {}
    assert set(LONG_FILES) - set(long) == set(), "no longer long: take it off the list"


def test_functions_are_short_or_say_why_not() -> None:
    lengths = {
        f"{name_of(path)}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in python_files("service")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    long = {name: lines for name, lines in lengths.items() if lines > LINES_A_FUNCTION}
    assert {name: lines for name, lines in long.items() if name not in LONG_FUNCTIONS} == {}
    assert set(LONG_FUNCTIONS) - set(long) == set(), "no longer long: take it off the list"
