"""A clone says nothing about the machine that it was made on, nor where packages come from."""

import re

import pytest

from tests.house.tree import ROOT, texts

# Written so that no pattern finds itself.
FORBIDDEN = {
    "a package registry's host": re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmj[s]|proxy\.golang\.or[g]"),
    "where to find packages": re.compile(
        r"^\s*--(?:extra-)?index-ur[l]|^\s*--find-link[s]|^\s*--trusted-hos[t]", re.MULTILINE
    ),
    "a home folder": re.compile(r"(?<![\w.~-])/(?:root|home|Users)/[A-Za-z.]"),
    "a working folder": re.compile(r"(?<![\w.~-])/wor[k]/|(?<!\w)/tm[p]/[a-z]+_?job|\.\./share[d]"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    found = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1} {match.group()}"
        for name, text in texts()
        if (match := FORBIDDEN[what].search(text))
    ]
    assert found == []


@pytest.mark.parametrize("name", ("requirements.txt", "requirements-dev.txt"))
def test_every_pinned_package_has_a_hash(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert lines
    assert [line for line in lines if not re.match(r"[a-z0-9.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []


def test_both_lock_files_agree() -> None:
    runtime, development = (
        dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert {name: (pin, development.get(name)) for name, pin in runtime.items() if development.get(name) != pin} == {}
