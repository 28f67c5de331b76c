"""Word documents: paragraphs and tables in their order, as a reader sees them with all changes accepted."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn

from service.kit.errors import TooLarge, invalid
from service.reading.input.numbering import Numbering

LARGEST = 96 << 20  # bytes of all parts, unpacked
LARGEST_XML = 24 << 20  # bytes of one part that is parsed
MOST_PARTS = 2_000
MOST_TAGS = 1_000_000  # of one part: parsing takes some 15 microseconds for each

# A damaged or hostile file fails in as many ways as there are layers: zip, package, XML.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    OpcError,
    SyntaxError,  # lxml's errors of XML are such
    KeyError,
    ValueError,
    AttributeError,
    TypeError,
    IndexError,
    EOFError,
    OSError,
    RuntimeError,  # a password on the zip; recursion
    NotImplementedError,
)

_GONE = frozenset(map(qn, ("w:del", "w:moveFrom", "w:pPr", "w:rPr", "w:instrText", "w:delText", "w:rt"))) | {
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",  # says what its Choice says
}
_BOX = qn("w:txbxContent")
_MARKS = {qn("w:tab"): " ", qn("w:ptab"): " ", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_HOLDERS = frozenset(map(qn, ("w:sdt", "w:sdtContent", "w:ins", "w:moveTo", "w:customXml", "w:smartTag")))
_CONTENTS = re.compile(r"toc ?\d|table of contents|目录", re.IGNORECASE)
_UNIT = re.compile(r"[局委办部厅院会处室社府司镇乡心队](?:[(（][^()（）]{1,12}[)）])?$")


def docx_text(raw: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """A .docx file's text: a line a paragraph, a line a row of a table with a tab between cells; and notes.

    Numbers that Word counts are written out; headers, footers, notes and comments, deletions and hidden words are left
    out, insertions stand. A merged cell's text stands once. Raises Invalid and TooLarge.
    """
    try:
        _check_parts(raw, name)
        document = docx.Document(io.BytesIO(raw))
        body = document.element.body
        reader = _Reader(_numbering(document), _contents_styles(document.styles.element))
        lines = [line for line in reader.lines(body) if line.strip()]
    except _BROKEN as reason:
        raise invalid("document", f"{name}: this is no Word document (.docx), or it is damaged.") from reason
    notes = ("修订：已按接受全部修订读取",) if _has_changes(body) else ()
    return "\n".join(lines), notes


def _check_parts(raw: bytes, name: str) -> None:
    """Looks at the parts before any is unpacked. The sizes that a zip declares bind: Python reads no further."""
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        parts = package.infolist()
        xml = [part for part in parts if part.filename.endswith((".xml", ".rels"))]
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST:
            raise TooLarge(f"{name}: unpacked, this document has more than {LARGEST >> 20} MiB or {MOST_PARTS} parts.")
        if any(part.file_size > LARGEST_XML for part in xml):
            raise TooLarge(f"{name}: a part of this document has more than {LARGEST_XML >> 20} MiB.")
        if "word/document.xml" not in package.namelist():
            raise invalid("document", f"{name}: this is no Word document (.docx).")
        for part in xml:
            # ECMA-376 Part 2, 8.2: no part may have a DTD. Without one there are no entities to expand.
            text = package.read(part)
            if text.count(b"<") > MOST_TAGS:
                raise TooLarge(f"{name}: a part of this document has more than {MOST_TAGS:,} tags.")
            if any("<!DOCTYPE".encode(encoding) in text for encoding in ("ascii", "utf-16-le", "utf-16-be")):
                raise invalid("document", f"{name}: a part of it declares a DTD, which no Word document does.")


def _numbering(document: Any) -> Numbering:
    parts = [each for each in document.part.rels.values() if each.reltype == RELATIONSHIP_TYPE.NUMBERING]
    element = parts[0].target_part.element if parts and not parts[0].is_external else None
    return Numbering(element, document.styles.element)


def _contents_styles(styles: Any) -> frozenset[str]:
    """The styles of a table of contents: it repeats every heading, with a page number."""
    return frozenset(
        each.get(qn("w:styleId"))
        for each in styles.findall(qn("w:style"))
        if (title := each.find(qn("w:name"))) is not None and _CONTENTS.match(title.get(qn("w:val")) or "")
    )


def _has_changes(body: Any) -> bool:
    return next(body.iter(qn("w:ins"), qn("w:del"), qn("w:moveFrom")), None) is not None


class _Reader:
    def __init__(self, numbering: Numbering, contents: frozenset[str]) -> None:
        self._numbering = numbering
        self._contents = contents

    def lines(self, holder: Any) -> Iterator[str]:
        """Every paragraph and every row below a body, a cell or a box; what its mark's deletion joins is one."""
        before = ""
        for block in _blocks(holder):
            if block.tag == qn("w:tbl"):
                yield before
                before = ""
                yield from self._rows(block)
                continue
            text = before + self._paragraph(block)
            before = text if _mark_is_deleted(block) else ""
            if not before:
                yield from text.split("\n")
            for box in _boxes(block):
                yield from self.lines(box)
        yield before

    def _paragraph(self, paragraph: Any) -> str:
        style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        if style is not None and style.get(qn("w:val")) in self._contents:
            return ""
        label, text = self._numbering.label(paragraph), "".join(_words(paragraph)).strip()
        return label + text if text else ""

    def _rows(self, table: Any) -> Iterator[str]:
        for row in _below(table, qn("w:tr")):
            if row.find(f"{qn('w:trPr')}/{qn('w:del')}") is None:
                cells = [self._cell(cell) for cell in _below(row, qn("w:tc"))]
                if any(cells):
                    yield "\t".join(cells)

    def _cell(self, cell: Any) -> str:
        """A cell on one line; nothing where it goes on from the one above."""
        merged = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
        if merged is not None and merged.get(qn("w:val")) != "restart":
            return ""
        joined = ""
        for line in self.lines(cell):
            text = line.replace("\t", " ").strip()
            if text:
                between = "、" if _UNIT.search(joined) and _UNIT.search(text) else " "
                joined = joined + between + text if joined else text
        return joined


def _blocks(holder: Any) -> Iterator[Any]:
    for each in holder:
        if each.tag in {qn("w:p"), qn("w:tbl")}:
            yield each
        elif each.tag in _HOLDERS:
            gallery = each.find(f"{qn('w:sdtPr')}/{qn('w:docPartObj')}/{qn('w:docPartGallery')}")
            if gallery is None or not _CONTENTS.match(gallery.get(qn("w:val")) or ""):
                yield from _blocks(each)


def _below(holder: Any, tag: str) -> Iterator[Any]:
    """Rows or cells, those inside content controls too."""
    for each in holder:
        if each.tag == tag:
            yield each
        elif each.tag in _HOLDERS:
            yield from _below(each, tag)


def _words(element: Any) -> Iterator[str]:
    """A paragraph's text, piece by piece, without what is deleted, hidden or said elsewhere."""
    for each in element:
        tag = each.tag
        if tag in _GONE or tag == _BOX:
            continue
        if tag == qn("w:t"):
            yield each.text or ""
        elif tag in _MARKS:
            yield _MARKS[tag]
        elif tag == qn("w:br"):
            yield "\n" if each.get(qn("w:type")) in {None, "textWrapping"} else ""
        elif tag != qn("w:r") or not _is_hidden(each):
            yield from _words(each)


def _is_hidden(run: Any) -> bool:
    hidden = run.find(f"{qn('w:rPr')}/{qn('w:vanish')}")
    return hidden is not None and hidden.get(qn("w:val")) not in {"0", "false", "off"}


def _mark_is_deleted(paragraph: Any) -> bool:
    return paragraph.find(f"{qn('w:pPr')}/{qn('w:rPr')}/{qn('w:del')}") is not None


def _boxes(paragraph: Any) -> Iterator[Any]:
    """The text boxes that hang on a paragraph, each once."""
    for box in paragraph.iter(_BOX):
        above = list(box.iterancestors())
        if not any(each.tag in _GONE or each.tag == _BOX for each in above[: above.index(paragraph)]):
            yield box
