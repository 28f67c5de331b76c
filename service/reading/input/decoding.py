"""Bytes to text: UTF-8 and UTF-16, GB18030 (with GBK and GB2312 inside it), Big5.

What has a mark, and what is valid UTF-8, is certain: text of another encoding is practically never valid UTF-8 by
chance. Between GB18030 and Big5, which share most of their byte pairs, charset-normalizer decides.
"""

import codecs
import re

from charset_normalizer import from_bytes

from service.kit.errors import invalid

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHINESE = ("gb18030", "big5hkscs")
_NAMES = {"gb18030": "GB18030", "big5hkscs": "Big5", "utf-8": "UTF-8"}
# First bytes of punctuation, and of the characters that each standard's makers counted as frequent.
_BLOCKS = {"gb18030": ((0xA1, 0xA3), (0xB0, 0xD7)), "big5hkscs": ((0xA1, 0xA3), (0xA4, 0xC6))}
SAMPLE = 1 << 16  # bytes that are enough to tell two encodings apart
MOST_DAMAGE = 0.02  # of a text's characters beyond ASCII
LEAST_READABLE = 0.9
LEAST_FREQUENT = 0.5  # real text is far above, bytes of another alphabet are far below

_NEWLINES = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = dict.fromkeys([*range(9), *range(0x0E, 0x20), *range(0x7F, 0xA0)], " ")
_READABLE = re.compile("[\n\t -~\u2010-\u2027\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")


def decode(raw: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """A file's text with `\\n` alone as line end, and notes. Raises Invalid for what is no text."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _decoded(raw[len(mark) :], (encoding,), name)
    if (text := _strict(raw, "utf-8")) is not None and "\0" not in text:
        return _tidy(text), ()
    if b"\0" in raw:
        return _wide(raw, name)
    if _is_little(lossy := raw.decode("utf-8", errors="replace")):
        return _damaged(lossy, "utf-8")
    return _decoded(raw, _ranked(raw), name)


def _strict(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _decoded(raw: bytes, encodings: tuple[str, ...], name: str) -> tuple[str, tuple[str, ...]]:
    """By the first encoding that fits, else by the first that loses little; text that makes no sense is refused."""
    for encoding in encodings:
        text = _strict(raw, encoding)
        if text is not None and _is_likely(raw, encoding):
            return _tidy(text), _said(encoding)
    for encoding in encodings:
        text = raw.decode(encoding, errors="replace")
        if _is_little(text) and _is_likely(raw, encoding):
            return _damaged(text, encoding)
    raise invalid("document", f"{name}: this is no text in UTF-8, UTF-16, GB18030 or Big5; save it as UTF-8.")


def _damaged(text: str, encoding: str) -> tuple[str, tuple[str, ...]]:
    lost = text.count("\ufffd")
    return _tidy(text), (*_said(encoding), f"有{lost}处字节已损坏，无法识别，原处以“\ufffd”代替")


def _is_little(text: str) -> bool:
    """Whether few characters were lost, of those that could be."""
    beyond = sum(1 for each in text if each > "\x7f")
    return text.count("\ufffd") <= beyond * MOST_DAMAGE


def _is_likely(raw: bytes, encoding: str) -> bool:
    return encoding not in _BLOCKS or _frequent(raw[:SAMPLE], encoding) >= LEAST_FREQUENT


def _said(encoding: str) -> tuple[str, ...]:
    return (f"按{_NAMES[encoding]}编码识别",) if encoding in _CHINESE else ()


def _wide(raw: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """Text with zero bytes in it: UTF-16 that lost its mark, or no text."""
    for encoding in ("utf-16-le", "utf-16-be"):
        text = _strict(raw, encoding)
        if text and len(_READABLE.findall(text[:SAMPLE])) >= LEAST_READABLE * len(text[:SAMPLE]):
            return _tidy(text), ("按无标记的UTF-16编码识别",)
    raise invalid("document", f"{name}: this is no text; hand in .docx, .pdf or plain text.")


def _ranked(raw: bytes) -> tuple[str, ...]:
    """The Chinese encodings, the likelier first."""
    found = from_bytes(_sample(raw), cp_isolation=list(_CHINESE), preemptive_behaviour=False).best()
    if found is None:
        return tuple(sorted(_CHINESE, key=lambda encoding: _frequent(raw[:SAMPLE], encoding), reverse=True))
    return tuple(sorted(_CHINESE, key=lambda encoding: encoding != found.encoding))


def _sample(raw: bytes) -> bytes:
    """The beginning, cut where no character is cut: a line feed is never half of one."""
    if len(raw) <= SAMPLE:
        return raw
    return raw[: raw.rfind(b"\n", 0, SAMPLE) + 1] or raw[:SAMPLE]


def _frequent(raw: bytes, encoding: str) -> float:
    """Which part of a text's characters stand in the standard's blocks of punctuation and of frequent ones."""
    pairs = re.findall(b"[\x81-\xfe][\x40-\xfe]", raw)
    blocks = _BLOCKS[encoding]
    return sum(any(first <= pair[0] <= last for first, last in blocks) for pair in pairs) / (len(pairs) or 1)


def _tidy(text: str) -> str:
    return _NEWLINES.sub("\n", text.removeprefix("\ufeff")).translate(_CONTROLS)
