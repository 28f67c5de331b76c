"""The numbers that Word writes by itself before paragraphs: they stand in no text, only in the rules for them.

ECMA-376 Part 1, 17.9: a paragraph names a `num`, that an `abstractNum` with nine levels; each level has a first number,
a format and a text such as `（%1）`, and a number begins again below every number of an outer level.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from docx.oxml.ns import qn

_DIGITS = "零一二三四五六七八九"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_ROMAN = {"m": 1000, "cm": 900, "d": 500, "cd": 400, "c": 100, "xc": 90, "l": 50, "xl": 40} | {
    "x": 10, "ix": 9, "v": 5, "iv": 4, "i": 1,
}  # fmt: skip
LARGEST = 9_999  # beyond which a number is written in digits
LEVELS = 9


def counted(number: int) -> str:
    """A number as Chinese counts: 十二, 二十, 一百零八."""
    if not 0 < number <= LARGEST:
        return str(number)
    written, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            written += ("零" if gap and written else "") + _DIGITS[digit] + name
        gap = not digit
    return written.removeprefix("一") if written.startswith("一十") else written


def _roman(number: int) -> str:
    written = ""
    for letters, value in _ROMAN.items():
        count, number = divmod(number, value)
        written += letters * count
    return written


def _letters(number: int) -> str:
    return chr(ord("a") + (number - 1) % 26) * min((number - 1) // 26 + 1, 9)


def _circled(number: int) -> str:
    return chr(0x2460 + number - 1) if 1 <= number <= 20 else str(number)


_FORMATS: dict[str, Callable[[int], str]] = {
    "chineseCounting": counted,
    "chineseCountingThousand": counted,
    "chineseLegalSimplified": counted,
    "taiwaneseCounting": counted,
    "taiwaneseCountingThousand": counted,
    "japaneseCounting": counted,
    "ideographDigital": counted,
    "ideographTraditional": lambda number: _STEMS[(number - 1) % 10],
    "decimalEnclosedCircle": _circled,
    "decimalEnclosedCircleChinese": _circled,
    "decimalZero": lambda number: f"{number:02d}",
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerLetter": _letters,
    "upperRoman": lambda number: _roman(number).upper(),
    "lowerRoman": _roman,
}
_WITHOUT = frozenset({"bullet", "none"})


@dataclass(slots=True)
class _Level:
    start: int = 1
    style: str = "decimal"
    text: str = ""
    plain: bool = False  # whether outer numbers are written in digits (isLgl)


@dataclass(slots=True)
class _List:
    """A `num`: where it counts (lists of one abstractNum count on together), its levels, and where it starts anew."""

    counts: dict[int, int]
    levels: dict[int, _Level]
    restarts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Counts through a document: `label` for each paragraph in its order."""

    def __init__(self, numbering: Any, styles: Any) -> None:
        self._styles = {each.get(qn("w:styleId")): each for each in _all(styles, "w:style")}
        abstracts = {each.get(qn("w:abstractNumId")): each for each in _all(numbering, "w:abstractNum")}
        levels = {key: _levels(each) for key, each in abstracts.items()}
        counts: dict[str, dict[int, int]] = {key: {} for key in abstracts}
        self._by_style = {
            level.get(qn("w:val")): number
            for each in abstracts.values()
            for number, one in enumerate(_all(each, "w:lvl"))
            if (level := one.find(qn("w:pStyle"))) is not None
        }
        self._lists: dict[str, _List] = {}
        for one in _all(numbering, "w:num"):
            key = _value(one.find(qn("w:abstractNumId")))
            if key in abstracts:
                self._lists[one.get(qn("w:numId"))] = _List(counts[key], levels[key], _restarts(one))

    def label(self, paragraph: Any) -> str:
        """What Word writes before a paragraph: `（三）`, `1.`; nothing for a bullet or where there is none."""
        found, level = self._place(paragraph)
        one = self._lists.get(found)
        if one is None or level not in one.levels:
            return ""
        self._count(one, level)
        return _written(one, level)

    def _place(self, paragraph: Any) -> tuple[str, int]:
        """The list and the level that a paragraph, its style, or one that this is based on, names."""
        properties = paragraph.find(qn("w:pPr"))
        style = _value(properties.find(qn("w:pStyle"))) if properties is not None else ""
        own = style
        seen: set[str] = set()
        while properties is not None or style:
            numbers = properties.find(qn("w:numPr")) if properties is not None else None
            if numbers is not None and (found := _value(numbers.find(qn("w:numId")))):
                level = _value(numbers.find(qn("w:ilvl")))
                return found, _whole(level, self._by_style.get(own, 0))
            if not style or style in seen or style not in self._styles:
                return "", 0
            seen.add(style)
            element = self._styles[style]
            properties = element.find(qn("w:pPr"))
            style = _value(element.find(qn("w:basedOn")))
        return "", 0

    def _count(self, one: _List, level: int) -> None:
        if level in one.restarts:
            one.counts.pop(level, None)
            start = one.restarts.pop(level)
        else:
            start = one.levels[level].start
        one.counts[level] = one.counts[level] + 1 if level in one.counts else start
        for deeper in [each for each in one.counts if each > level]:
            del one.counts[deeper]


def _written(one: _List, level: int) -> str:
    rule = one.levels[level]
    if rule.style in _WITHOUT:
        return ""
    text = rule.text
    for place in range(LEVELS):
        if f"%{place + 1}" in text and place in one.levels:
            outer = one.levels[place]
            number = one.counts.get(place, outer.start)
            style = "decimal" if rule.plain else outer.style
            text = text.replace(f"%{place + 1}", _FORMATS.get(style, str)(number) if number > 0 else str(number))
    return text + " " if text[-1:].isalnum() else text


def _levels(abstract: Any) -> dict[int, _Level]:
    return {
        _whole(one.get(qn("w:ilvl")), 0): _Level(
            start=_whole(_value(one.find(qn("w:start"))), 1),
            style=_value(one.find(qn("w:numFmt"))) or "decimal",
            text=_value(one.find(qn("w:lvlText"))),
            plain=one.find(qn("w:isLgl")) is not None,
        )
        for one in _all(abstract, "w:lvl")
    }


def _restarts(num: Any) -> dict[int, int]:
    return {
        _whole(each.get(qn("w:ilvl")), 0): _whole(_value(start), 1)
        for each in _all(num, "w:lvlOverride")
        if (start := each.find(qn("w:startOverride"))) is not None
    }


def _all(element: Any, name: str) -> list[Any]:
    return [] if element is None else element.findall(qn(name))


def _value(element: Any) -> str:
    return "" if element is None else element.get(qn("w:val")) or ""


def _whole(text: str | None, otherwise: int) -> int:
    """A small number; whatever a damaged file has instead counts as missing."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 6 else otherwise
