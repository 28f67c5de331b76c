"""Every link from one of our pages to another file, or to a heading in it, leads somewhere."""

import itertools
import re
from pathlib import Path

from tests.house.tree import ROOT, files, name_of

LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"`[^`\n]+`")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$", re.MULTILINE)

# Links to what is still to be made; each leaves this list when it is there.
AWAITED: set[str] = set()


def _pages() -> list[Path]:
    return [path for path in files() if path.suffix == ".md"]


def _prose(path: Path) -> str:
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def _anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    anchors: set[str] = set()
    for heading in HEADING.findall(_prose(path)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", words).strip().replace(" ", "-")
        again = itertools.chain([anchor], (f"{anchor}-{number}" for number in itertools.count(1)))
        anchors.add(next(each for each in again if each not in anchors))
    return anchors


def _dead_links(page: Path) -> list[str]:
    dead = []
    for target in LINK.findall(INLINE_CODE.sub("", _prose(page))):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        if file and name_of(path) in AWAITED:
            continue
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in _anchors(path)):
            dead.append(f"{name_of(page)} -> {target}")
    return dead


def test_links_between_pages_lead_somewhere() -> None:
    assert [link for page in _pages() for link in _dead_links(page)] == []


def test_what_is_awaited_is_still_missing() -> None:
    assert {name for name in AWAITED if (ROOT / name).exists()} == set()


def test_every_page_of_docs_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or not page.exists():
            continue
        reached.add(page)
        targets = (target.partition("#")[0] for target in LINK.findall(_prose(page)))
        waiting += [
            (page.parent / target).resolve() for target in targets if target.endswith(".md") and ":" not in target
        ]
    assert [name_of(page) for page in _pages() if page.is_relative_to(ROOT / "docs") and page not in reached] == []
