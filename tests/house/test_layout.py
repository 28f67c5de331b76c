"""Four words a room, and tests that mirror the house."""

import ast

from tests.house.tree import (
    FOUR_WORDS,
    ROOT,
    SERVICE,
    domain_rooms,
    name_of,
    parsed,
    python_files,
    rooms,
)

# What a room holds beside models, rules, store and actions; `docs/house.md` has the same list.
PIECES: dict[str, set[str]] = {
    "feeds": {"render", "cache", "polled"},
    "holidays": {"calendar", "statutory"},
    "journal": {"kinds"},
    "reading": {"input"},
    "reports": {"files"},
    "webhooks": {"signature", "backoff", "formats"},
}

# Rooms that are rules through and through: every file in them is pure, so the files are named after what they know.
PURE = {"due", "phrases"}

# Folders of tests/ that mirror no single room, and what they hold.
CROSSING = {
    "api": "the JSON door, over HTTP",
    "flows": "whole ways through several rooms",
    "house": "the house itself",
    "crash": "what survives kill -9",
    "benchmarks": "measurements, run by `make bench`",
    "conformance": "what programs of others read, and the matrix of docs/compatibility.md",
    "clients": "the packages for those who talk to the service",
    "migrations": "the schema, up and down",
    "fixtures": "what the four shared fixtures stand on",
}

# Rooms whose tests stand elsewhere, and where.
TESTED_ELSEWHERE: dict[str, str] = {}


def test_a_room_holds_the_four_words_and_its_own_pieces() -> None:
    stray = {
        room.name: strangers
        for room in domain_rooms()
        if room.name not in PURE
        if (strangers := _contents(room.name) - FOUR_WORDS - PIECES.get(room.name, set()))
    }
    assert stray == {}


def _contents(room: str) -> set[str]:
    inside = (path.relative_to(SERVICE / room) for path in python_files(f"service/{room}"))
    return {path.parts[0].removesuffix(".py") for path in inside} - {"__init__"}


def test_a_rooms_init_file_only_says_what_the_room_is() -> None:
    # Code in it would be imported by whoever imports any part of the room. Inside a room, the __init__ of a file that
    # has become a folder may hand on what the file had.
    busy = [
        name_of(path)
        for path in python_files("service")
        if path.name == "__init__.py" and path.parent in rooms() and not _is_only_a_docstring(parsed(path))
    ]
    assert busy == []


def _is_only_a_docstring(tree: ast.Module) -> bool:
    return bool(ast.get_docstring(tree)) and len(tree.body) == 1


def test_every_room_has_tests() -> None:
    tested = {
        path.relative_to(ROOT / "tests").parts[0] for path in python_files("tests") if path.name.startswith("test_")
    }
    untested = {room.name for room in rooms() if room.name not in tested}
    assert untested - set(TESTED_ELSEWHERE) == set()


def test_every_folder_of_tests_mirrors_a_room_or_says_what_it_is() -> None:
    folders = {
        path.relative_to(ROOT / "tests").parts[0] for path in python_files("tests") if path.parent != ROOT / "tests"
    }
    assert folders - {room.name for room in rooms()} - set(CROSSING) == set()


def test_test_files_hold_tests_that_are_sentences() -> None:
    terse = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in python_files("tests")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        if len(node.name.split("_")) < 4
    ]
    assert terse == []
