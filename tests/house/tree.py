"""What the repository holds: the files that are tracked or soon will be, and the Python among them as syntax trees."""

import ast
import functools
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SERVICE = ROOT / "service"
DOCS = ROOT / "docs"

FOUR_WORDS = {"models", "rules", "store", "actions"}
DOORS = {"app", "api", "caldav", "web", "cli", "runner"}
GROUND = {"kit", "settings"}


@functools.cache
def files() -> tuple[Path, ...]:
    """Every file that git tracks, or would add: what a clone gets."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    paths = sorted({ROOT / name for name in listed.split("\0") if name})
    return tuple(path for path in paths if path.is_file())


def texts() -> Iterator[tuple[str, str]]:
    """Name and text of every file that is text."""
    for path in files():
        try:
            yield name_of(path), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def name_of(path: Path) -> str:
    """A file's path inside the repository."""
    return path.relative_to(ROOT).as_posix()


def python_files(*folders: str) -> list[Path]:
    """The Python files below these folders."""
    roots = tuple(ROOT / folder for folder in folders)
    return [path for path in files() if path.suffix == ".py" and any(path.is_relative_to(root) for root in roots)]


@functools.cache
def parsed(path: Path) -> ast.Module:
    """A Python file as a syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def rooms() -> list[Path]:
    """The folders of service/ that hold code, doors and kit among them."""
    return sorted(
        {SERVICE / path.relative_to(SERVICE).parts[0] for path in python_files("service") if path.parent != SERVICE}
    )


def domain_rooms() -> list[Path]:
    """The rooms that belong to the domain: neither doors nor the gate nor the ground they stand on."""
    return [room for room in rooms() if room.name not in DOORS | GROUND | {"gate"}]


@functools.cache
def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def contract(name: str) -> dict[str, Any]:
    """One import-linter contract by its id."""
    contracts: list[dict[str, Any]] = project()["tool"]["importlinter"]["contracts"]
    return next(each for each in contracts if each["id"] == name)


def river() -> list[list[str]]:
    """The layers from the top, neighbours together."""
    return [[name.strip(" ()") for name in layer.split("|")] for layer in contract("river")["layers"]]
