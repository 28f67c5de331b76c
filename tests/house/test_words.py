"""One word per thing, and no word that could mean anything."""

import ast
from collections.abc import Iterator

from tests.house.tree import name_of, parsed, python_files

FILE_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "manager",
    "managers",
    "service",
    "services",
    "misc",
    "lib",
}
IDENTIFIERS = {"data", "info", "obj", "handle", "process"}

# `path:identifier`: why this one must be called so (a standard's own field, say).
KEPT: dict[str, str] = {}


def test_no_module_is_named_after_nothing() -> None:
    # The top folder itself is called service/: it is one. The rule is about what lies below.
    inside = {
        name_of(path): name_of(path).removesuffix(".py").split("/")[1:] for path in python_files("service", "tests")
    }
    assert [name for name, parts in inside.items() if FILE_NAMES.intersection(parts)] == []


def test_no_identifier_could_mean_anything() -> None:
    found = {
        f"{name_of(path)}:{name}": line
        for path in python_files("service")
        for name, line in _names(parsed(path))
        if name.strip("_").lower() in IDENTIFIERS
    }
    assert {place: line for place, line in found.items() if place not in KEPT} == {}
    assert set(KEPT) - set(found) == set(), "no longer there: take it off the list"


def _names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno
            case ast.alias(asname=str(name)):
                yield name, node.lineno
            case _:
                pass
