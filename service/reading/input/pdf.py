"""PDFs with text: pages from a process of its own, put together to paragraphs and rows."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Never

from service.kit.errors import TooLarge, invalid
from service.reading.input import pdf_pages
from service.reading.input.cleaning import unlike
from service.reading.input.paging import Page, joined

SECONDS = 30  # of computing
MEMORY = 1 << 30  # bytes
PATIENCE = 90  # seconds of waiting: on a busy machine computing takes longer
FEWEST_CHARACTERS = 8  # a page with less, and with a picture, is a scan
UNNAMED = "(cid:"  # what a glyph is read as whose font does not say which character it is
MOST_UNNAMED = 0.05

_ROOT = Path(__file__).parents[3]
_SENTENCES = {
    pdf_pages.ENCRYPTED: "this PDF is protected by a password; save it without one.",
    pdf_pages.TOO_MUCH: "this PDF takes too much time or memory to read.",
    pdf_pages.BROKEN: "this is no PDF, or it is damaged.",
}


def pdf_text(raw: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """A PDF's text: a line a paragraph, a line a row of a table with a tab between cells; and notes.

    Page numbers and what every page repeats are left out. Raises Invalid for scans, passwords and what takes too long,
    and TooLarge.
    """
    answer = _asked(raw, name)
    if why := answer.get("refused"):
        _refuse(why, name)
    pages = [_page(each) for each in answer["pages"]]
    scanned = [number for number, page in enumerate(pages, 1) if page.pictures and _length(page) < FEWEST_CHARACTERS]
    if scanned and len(scanned) == len([page for page in pages if page.pictures or page.lines]):
        raise invalid(
            "document", f"{name}: this PDF is a scan, pictures without text; hand in one with text, or .docx."
        )
    text = joined(pages)
    if text.count(UNNAMED) * len(UNNAMED) > len(text) * MOST_UNNAMED:
        raise invalid("document", f"{name}: this PDF's fonts do not say which characters they show; hand in .docx.")
    listed = "、".join(map(str, scanned))
    return text, (f"第{listed}页没有文字，可能是扫描件，未读取",) if scanned else ()


def _asked(raw: bytes, name: str) -> dict[str, Any]:
    """What the other process found. It gets none of our environment: no key, no secret."""
    try:
        ended = subprocess.run(  # noqa: S603 - our own module, by our own interpreter
            [sys.executable, "-m", pdf_pages.__name__, str(SECONDS), str(MEMORY)],
            input=raw,
            capture_output=True,
            timeout=PATIENCE,
            env=environment(),
            check=True,
        )
        answer: dict[str, Any] = json.loads(ended.stdout)
    except (subprocess.SubprocessError, ValueError) as reason:
        raise invalid("document", f"{name}: {_SENTENCES[pdf_pages.TOO_MUCH]}") from reason
    return answer


def environment() -> dict[str, str]:
    """What the other process is told: where our code lies, and nothing else."""
    return {"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1"}


def _refuse(why: str, name: str) -> Never:
    if why == pdf_pages.TOO_MANY_PAGES:
        pages, characters = pdf_pages.MOST_PAGES, pdf_pages.MOST_CHARACTERS
        raise TooLarge(f"{name}: a PDF has at most {pages} pages and {characters:,} characters.")
    raise invalid("document", f"{name}: {_SENTENCES[why]}")


def _page(found: dict[str, Any]) -> Page:
    lines = [(*line[:4], unlike(line[4]).strip()) for line in found["lines"]]
    tables = [(top, [[unlike(cell or "") for cell in row] for row in rows]) for top, rows in found["tables"]]
    return Page(found["height"], lines, tables, found["pictures"])


def _length(page: Page) -> int:
    return sum(len(line[4]) for line in page.lines) + sum(
        len(cell) for _, rows in page.tables for row in rows for cell in row
    )
