"""What stands on each page of a PDF. Run as a program of its own: bytes on standard input, JSON on standard output.

A PDF is a language, its readers are large, and a small file can ask for any amount of time and memory. So it is read by
a process that the operating system stops at a limit, that knows no secret, and whose end harms nobody.
"""

import io
import json
import logging
import sys
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfplumber.utils.exceptions import PdfminerException

MOST_PAGES = 200
MOST_CHARACTERS = 500_000
SMALLEST_TABLE = 2  # rows, and columns: what is less is a frame

ENCRYPTED, TOO_MANY_PAGES, TOO_MUCH, BROKEN = "encrypted", "pages", "memory", "broken"

# [x0, x1, top, bottom, text] of a line; top and rows of a table; both in points from the page's upper left corner.
Line = tuple[float, float, float, float, str]
Table = tuple[float, list[list[str | None]]]


def read_pages(raw: bytes) -> dict[str, Any]:
    """`{"pages": [{"height", "lines", "tables", "pictures"}]}`, or `{"refused": why}` with one of the words above."""
    try:
        with pdfplumber.open(io.BytesIO(raw)) as file:
            if len(file.pages) > MOST_PAGES:
                return {"refused": TOO_MANY_PAGES}
            pages, characters = [], 0
            for page in file.pages:
                found = _page(page)
                pages.append(found)
                page.close()  # or it keeps every character as an object
                characters += sum(len(line[4]) for line in found["lines"])
                if characters > MOST_CHARACTERS:
                    return {"refused": TOO_MANY_PAGES}
            return {"pages": pages}
    except PdfminerException as reason:
        is_locked = any(isinstance(each, PDFPasswordIncorrect) for each in (reason, *reason.args))
        return {"refused": ENCRYPTED if is_locked else BROKEN}
    except (MemoryError, RecursionError):
        return {"refused": TOO_MUCH}
    except Exception:  # noqa: BLE001 - damaged files fail in every way there is; the parent says so in one sentence
        return {"refused": BROKEN}


def _page(page: Any) -> dict[str, Any]:
    tables = [
        each for each in page.find_tables() if len(each.rows) >= SMALLEST_TABLE and len(each.columns) >= SMALLEST_TABLE
    ]
    boxes = [each.bbox for each in tables]
    upright = page.filter(lambda each: each["object_type"] != "char" or (each["upright"] and not _inside(each, boxes)))
    lines = [
        (line["x0"], line["x1"], line["top"], line["bottom"], line["text"])
        for line in upright.extract_text_lines(return_chars=False)
    ]
    return {
        "height": float(page.height),
        "lines": lines,
        "tables": [(each.bbox[1], each.extract()) for each in tables],
        "pictures": len(page.images),
    }


def _inside(character: dict[str, Any], boxes: list[tuple[float, float, float, float]]) -> bool:
    across, down = (character["x0"] + character["x1"]) / 2, (character["top"] + character["bottom"]) / 2
    return any(x0 <= across < x1 and top <= down < bottom for x0, top, x1, bottom in boxes)


def _limit(seconds: int, memory: int) -> None:
    """Has the operating system stop us: after seconds of computing, beyond bytes of memory."""
    try:
        import resource  # noqa: PLC0415 - there is none on Windows, where the parent's patience is the only limit
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def main() -> None:
    """Reads a PDF from standard input; its arguments are seconds and bytes."""
    _limit(*map(int, sys.argv[1:3]))
    logging.disable(logging.CRITICAL)  # what a careless font made the library say
    sys.stdout.write(json.dumps(read_pages(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
