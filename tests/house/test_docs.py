"""What a user can set, call, type or receive has a heading in docs/, and no heading promises what is not there."""

import argparse
import dataclasses
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.house.tree import DOCS, files, python_files

CODE = re.compile(r"`([^`]+)`")
HEADING = re.compile(r"^#{2,6}\s+(.*)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
VARIABLE = re.compile(r"\bMILEPOST_[A-Z][A-Z_]*[A-Z]\b")
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

# Variables that start like the service's and are somebody else's: compose's outer port, the test suite's server.
OF_OTHERS = {"MILEPOST_PORT", "MILEPOST_TEST_DATABASE_URL"}


def _headings(*pages: Path) -> list[str]:
    chosen = pages or tuple(path for path in files() if path.suffix == ".md" and path.is_relative_to(DOCS))
    return [line for page in chosen for line in HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8")))]


def _code_in_headings(*pages: Path) -> set[str]:
    return {code.strip() for heading in _headings(*pages) for code in CODE.findall(heading)}


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _variables_of_the_service() -> set[str]:
    settings = pytest.importorskip("service.settings").Settings
    fields = (
        {field.name for field in dataclasses.fields(settings)}
        if dataclasses.is_dataclass(settings)
        else set(settings.model_fields)
    )
    named = {name for path in python_files("service") for name in VARIABLE.findall(path.read_text(encoding="utf-8"))}
    return {f"MILEPOST_{field.upper()}" for field in fields} | named


def test_every_setting_has_a_heading_and_every_heading_a_setting() -> None:
    documented = {code for code in _code_in_headings(DOCS / "settings.md") if code.startswith("MILEPOST_")}
    assert documented - OF_OTHERS == _variables_of_the_service() - OF_OTHERS


def test_no_page_or_deployment_file_names_a_setting_that_is_not_there() -> None:
    known = {code for code in _code_in_headings(DOCS / "settings.md") if code.startswith("MILEPOST_")}
    deployment = {"compose.yaml", "Dockerfile", "Makefile"}
    named = {
        name
        for path in files()
        if path.suffix == ".md" or path.name in deployment
        for name in VARIABLE.findall(path.read_text(encoding="utf-8"))
    }
    assert named - known - OF_OTHERS == set()


# ── routes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _routes_of_the_service() -> set[str]:
    create_app = pytest.importorskip("service.app").create_app
    needs = [each for each in inspect.signature(create_app).parameters.values() if each.default is each.empty]
    app = create_app(importlib.import_module("service.settings").Settings()) if needs else create_app()
    paths: dict[str, dict[str, Any]] = app.openapi()["paths"]
    return {
        f"{verb.upper()} {_short(path)}" for path, verbs in paths.items() for verb in verbs if verb.upper() in VERBS
    }


def _short(path: str) -> str:
    """A path as the pages write it: without the prefix that every route has, parameters by any name."""
    return re.sub(r"\{[^}]*\}", "{}", path.removeprefix("/api/v1"))


def _documented_routes() -> Iterator[str]:
    # A heading names verbs and path: ## `GET, POST /units`
    for code in _code_in_headings():
        if found := re.fullmatch(r"((?:[A-Z]+)(?:\s*[,|·]\s*[A-Z]+)*)\s+(/\S*)", code):
            for verb in re.findall(r"[A-Z]+", found[1]):
                yield f"{verb} {_short(found[2])}"


def test_every_route_has_a_heading() -> None:
    assert sorted(_routes_of_the_service() - set(_documented_routes())) == []


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _parser_of_the_service() -> argparse.ArgumentParser:
    main = pytest.importorskip("service.cli.main")
    for _, function in inspect.getmembers(main, inspect.isfunction):
        returns = inspect.signature(function).return_annotation
        if returns in (argparse.ArgumentParser, "argparse.ArgumentParser", "ArgumentParser"):
            parser = function()
            assert isinstance(parser, argparse.ArgumentParser)
            return parser
    pytest.fail("service.cli.main has a function that returns the ArgumentParser")


def _commands(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[str]:
    branches = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if words and not branches:
        yield " ".join(("milepost", *words))
    for branch in branches:
        for word, child in branch.choices.items():
            yield from _commands(child, (*words, word))


def test_every_command_has_a_heading_and_every_heading_a_command() -> None:
    documented = {code for code in _code_in_headings() if code.startswith("milepost ")}
    assert documented == set(_commands(_parser_of_the_service()))


# ── facts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_kind_of_fact_has_a_heading_and_every_heading_a_kind() -> None:
    kinds = {str(kind) for kind in importlib.import_module("service.journal.kinds").Kind}
    documented = {code for code in _code_in_headings(DOCS / "events.md") if re.fullmatch(r"[a-z_]+\.[a-z_]+", code)}
    assert documented == kinds
