"""Cleaning that keeps meaning and places: what the rules read is as long as what people are shown.

Traditional characters become simplified ones, look-alikes the characters that they stand for, and what a web page puts
around a text becomes blanks. Only the text of a file that was folded at a fixed width is changed for people too.
"""

import re
import unicodedata
from functools import cache

import opencc

from service.reading.input.furniture import furniture

# Radicals that look like characters and stand for them in PDFs whose fonts name glyphs carelessly. The Kangxi block
# has decompositions; of its supplement only these are whole characters.
_RADICALS = dict(
    zip(
        "⺠⻔⻓⻅⻆⻉⻋⻘⻚⻛⻜⻝⻢⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳⺟⻄⻁⻣⻙⻪⺝",
        "民门长见角贝车青页风飞食马鬼鱼鸟卤麦黄齐齿龙龟母西虎骨韦黾月",
        strict=True,
    )
)
_COMPATIBILITY = (*range(0x2E80, 0x2FE0), *range(0xF900, 0xFB00))
_HALF_WIDTH = {"｡": "。", "｢": "「", "｣": "」", "､": "、"}
_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"), " ")

# Letters that stand for digits in a date: 2O24年1O月, l2月.
_LETTERS_IN_DATES = re.compile(r"(?<![0-9A-Za-z])(?=[OoIl]{0,3}[0-9])[0-9OoIl]{2,4}(?= ?[年月日])")
_DIGITS = str.maketrans("OoIl", "0011")


@cache
def _looks() -> dict[int, str]:
    """Single characters to those that they stand for."""
    whole = {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in _COMPATIBILITY}
    one_to_one = {each: plain for each, plain in whole.items() if len(plain) == 1 and plain != each}
    return str.maketrans({**one_to_one, **_RADICALS, **_HALF_WIDTH})


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def unlike(text: str) -> str:
    """A text with look-alikes put right, character by character: what a PDF meant by ⽉ is 月."""
    return text.translate(_looks())


def simplified(text: str) -> str:
    """A text in simplified characters, exactly as long: 著 is 着 or stays, by the words around it."""
    found: str = _converter().convert(text)
    if len(found) == len(text):
        return found
    return "".join(_same_length(character, _converter().convert(character)) for character in text)


def _same_length(character: str, found: str) -> str:
    return found if len(found) == 1 else character


def clean(text: str) -> tuple[str, tuple[str, ...]]:
    """What the rules read, as long as the text, and notes for whoever checks the draft."""
    plain = simplified(unlike(text).translate(_ZERO_WIDTH))
    plain = _LETTERS_IN_DATES.sub(lambda found: found[0].translate(_DIGITS), plain)
    places = furniture(plain)
    notes = (f"略去{len(places)}处网页或页面文字（分享、打印、页码等）",) if places else ()
    return _blanked(plain, places), notes


def _blanked(text: str, places: list[tuple[int, int]]) -> str:
    pieces, reached = [], 0
    for start, end in places:
        blank = "".join("\n" if each == "\n" else " " for each in text[start:end])
        pieces += [text[reached:start], blank]
        reached = end
    return "".join([*pieces, text[reached:]])


# ── lines that were folded ───────────────────────────────────────────────────────────────────────────────────────────

FEWEST = 8  # lines from which on a width can be seen
WIDEST = 140  # columns; a Chinese character fills two
NARROWEST = 24
SLACK = 5  # columns by which a full line may fall short: punctuation is not put at a line's beginning

_BEGINS = re.compile(
    r"\s|第[一二三四五六七八九十百]{1,4}[章节条]|[(（]?[一二三四五六七八九十百]{1,3}[)）、.．]|[(（]?[0-9]{1,3}[)）、.．]"
    r"|[\u2460-\u2473•·▪■◆●*-]|附件|.{0,12}[:：]$"
)


def unwrapped(text: str) -> tuple[str, tuple[str, ...]]:
    """A text whose lines were folded at a fixed width, with its paragraphs put together; any other as it is.

    A paragraph's line ends go behind it, as blanks: it begins and ends where it did, and what is shown is what is read.
    """
    lines = text.split("\n")
    widths = [_width(line) for line in lines]
    limit = _limit(lines, widths)
    if limit is None:
        return text, ()
    joined = [lines[0]]
    kept = 0  # line ends taken out of the paragraph at hand
    for before, width, line in zip(lines, widths, lines[1:], strict=False):
        if width >= limit - SLACK and _goes_on(before, line):
            joined[-1] += line
            kept += 1
            continue
        joined[-1] += " " * kept
        joined.append(line)
        kept = 0
    joined[-1] += " " * kept
    return "\n".join(joined), ("原文按固定宽度折行，已接续成段",)


def _goes_on(before: str, line: str) -> bool:
    """Whether a line behind a full one is the same paragraph's; one behind a sentence's end may as well be the next."""
    return bool(line.strip()) and not before.endswith(("。", "；", "\t")) and not _BEGINS.match(line)


def _width(line: str) -> int:
    return len(line) + sum(1 for each in line if each > "\u2e7f")


def _limit(lines: list[str], widths: list[int]) -> int | None:
    """The width at which lines were folded: that of the longest, where many come near it without ending a sentence."""
    filled = [width for width in widths if width]
    limit = max(filled, default=0)
    if len(filled) < FEWEST or not NARROWEST <= limit <= WIDEST:
        return None
    full = [
        line
        for line, width in zip(lines, widths, strict=True)
        if width >= limit - SLACK and not line.endswith(("。", "；", "\t"))
    ]
    return limit if len(full) * 3 >= len(filled) and not any("\t" in line or "|" in line for line in full) else None
