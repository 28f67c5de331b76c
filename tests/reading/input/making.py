"""Files as offices make them, and as nobody should: Word documents and PDFs, made here so that none lies about."""

import io
import zipfile
import zlib
from typing import Any

import docx
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

FONT = "STSong-Light"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def packed(made: Any, /, **parts: bytes) -> bytes:
    """A Word document with some of its parts (`document`, `numbering`, …) replaced."""
    buffer, result = io.BytesIO(), io.BytesIO()
    made.save(buffer)
    replaced = {f"word/{name}.xml": part for name, part in parts.items()}
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, replaced.get(name, old.read(name)))
    return result.getvalue()


def word(body: str = "", numbering: str = "") -> bytes:
    """A Word document from the XML of its body, and of its numbering."""
    parts = {"document": f'<?xml version="1.0"?><w:document {W}><w:body>{body}</w:body></w:document>'.encode()}
    if numbering:
        parts["numbering"] = f'<?xml version="1.0"?><w:numbering {W}>{numbering}</w:numbering>'.encode()
    return packed(docx.Document(), **parts)


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"


class Paper:
    """A PDF page by page; places count in points from the lower left corner of A4 (595 × 842)."""

    def __init__(self, **options: Any) -> None:
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
        self._buffer = io.BytesIO()
        self.canvas = Canvas(self._buffer, **options)

    def page(self, lines: list[tuple[float, float, str]], *, font: str = FONT) -> None:
        self.canvas.setFont(font, 16)
        for x, y, text in lines:
            self.canvas.drawString(x, y, text)
        self.canvas.showPage()

    def grid(self, xs: list[float], ys: list[float]) -> None:
        self.canvas.grid(xs, ys)

    def done(self) -> bytes:
        self.canvas.save()
        return self._buffer.getvalue()


def hostile_pdf(content: bytes, *others: bytes) -> bytes:
    """A PDF of one page with the given stream of commands; `others` are forms named /X0, /X1, …"""
    names = b"".join(b"/X%d %d 0 R" % (place, 5 + place) for place in range(len(others)))
    resources = b"/Resources<</XObject<<" + names + b">>>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R" + resources + b">>"
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, _stream(content)]
    objects += [_stream(each, b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]" + resources) for each in others]
    out, places = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return out + end % (size, table, size, len(out))


def _stream(content: bytes, entries: bytes = b"") -> bytes:
    small = zlib.compress(content, 9)
    return b"<</Length %d/Filter/FlateDecode%b>>stream\n%b\nendstream" % (len(small), entries, small)
