"""Whoever silences a checker says which rule, and why."""

import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from tests.house.tree import name_of, python_files

SILENCES = {
    "noqa": re.compile(r"#\s*noqa:\s*(?P<codes>[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)*)(?P<reason>.*)"),
    "type: ignore": re.compile(r"#\s*type:\s*ignore\[(?P<codes>[a-z-]+(?:,\s*[a-z-]+)*)\](?P<reason>.*)"),
    "pragma": re.compile(r"#\s*pragma:\s*no (?P<codes>cover|branch)(?P<reason>.*)"),
}
SILENCE = re.compile(r"#\s*(noqa|type:\s*ignore|pragma|ruff:\s*noqa|mypy:\s*ignore|nosec)", re.IGNORECASE)


def _comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _says_why(comment: str) -> bool:
    for pattern in SILENCES.values():
        if found := pattern.search(comment):
            return len(re.findall(r"\w+", found["reason"])) >= 2
    return False


def test_every_silence_has_its_code_and_its_reason() -> None:
    unexplained = [
        f"{name_of(path)}:{line} {comment}"
        for path in python_files("service", "tests", "migrations", "clients", "scripts")
        for line, comment in _comments(path.read_text(encoding="utf-8"))
        if SILENCE.match(comment) and not _says_why(comment)
    ]
    assert unexplained == []


@pytest.mark.parametrize(
    ("comment", "enough"),
    (
        ("# noqa: S608  # the table's name is ours", True),
        ("# type: ignore[arg-type]  # the library has no types", True),
        ("# pragma: no cover - only on Windows", True),
        ("# noqa", False),
        ("# noqa: S608", False),
        ("# type: ignore", False),
        ("# type: ignore[arg-type]", False),
        ("# ruff: noqa", False),
    ),
)
def test_a_reason_is_told_from_none(comment: str, enough: bool) -> None:
    assert SILENCE.match(comment)
    assert _says_why(comment) is enough
