"""A document as it was handed in: told apart by its first bytes, never by its name, and bounded in every direction."""

from dataclasses import dataclass
from typing import Literal

from service.kit.errors import TooLarge, invalid
from service.reading.input.cleaning import clean, unwrapped
from service.reading.input.decoding import decode
from service.reading.input.docx import docx_text
from service.reading.input.pdf import pdf_text

LARGEST = 10 << 20  # bytes of a file
LONGEST = 400_000  # characters of its text: a book of some 600 pages

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what .doc, .wps and .xls are packed in, and .docx with a password
_OTHERS = (
    (b"{\\rtf", "an RTF file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"Rar!", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"\x1f\x8b", "an archive"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """A document's text, what it was, and what whoever checks the draft should know (Chinese sentences).

    `plain` is what the rules read: in simplified characters, without the furniture of web pages. It is as long as
    `text`, character for character, so that a place found in it is the same place in `text`, which people are shown.
    """

    text: str
    kind: Literal["text", "docx", "pdf"]
    notes: tuple[str, ...]
    plain: str


def read_document(raw: bytes, name: str) -> Document:
    """A file's text. Blocks (a PDF is read by a process of its own): call it from a thread.

    Raises TooLarge, and Invalid for what has no text that we can read: a scan, a password, a format that is not ours.
    """
    if len(raw) > LARGEST:
        raise TooLarge(f"{name}: a document has at most {LARGEST >> 20} MiB, this one has {len(raw) / (1 << 20):.1f}.")
    kind = _kind(raw, name)
    read = {"text": _plain_text, "docx": docx_text, "pdf": pdf_text}[kind]
    text, notes = read(raw, name)
    if len(text) > LONGEST:
        raise TooLarge(f"{name}: a document has at most {LONGEST:,} characters, this one has {len(text):,}.")
    if not text.strip():
        raise invalid("document", f"{name}: there is no text in it.")
    plain, more = clean(text)
    return Document(text, kind, (*notes, *more), plain)


def _kind(raw: bytes, name: str) -> Literal["text", "docx", "pdf"]:
    if b"%PDF-" in raw[:1024]:
        return "pdf"
    if raw.startswith(b"PK"):
        return "docx"
    if raw.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in raw:
            raise invalid("document", f"{name}: it is protected by a password; save it without one.")
        raise invalid("document", f"{name}: this is the old Word or WPS format; save it as .docx.")
    for magic, what in _OTHERS:
        if raw.startswith(magic):
            raise invalid("document", f"{name}: this is {what}; hand in .docx, .pdf or plain text.")
    if raw[:1024].lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith((b"<!doctype html", b"<html")):
        raise invalid("document", f"{name}: this is a web page's source; copy its text, or print it to a PDF.")
    return "text"


def _plain_text(raw: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    text, notes = decode(raw, name)
    text, more = unwrapped(text)
    return text, (*notes, *more)
