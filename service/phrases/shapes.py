"""The little language in which phrases are written down: regular expressions with slots, `(?:{Y}年)?{M}月份?{strong}`.

A space or two may stand around every slot, as copied pages have them. A slot that comes twice is `{M}` and `{M2}`.
"""

import re
from collections.abc import Mapping

from service.phrases.numbers import CHARACTERS

_SMALL = "一二三四五六七八九"

SLOTS: Mapping[str, str] = {
    # A year: of four digits, of two (only where 年 follows), or named from where the writer stands.
    "Y": rf"(?:(?<![0-9])(?:19|20)[0-9]{{2}}|二[0零][0-9零{_SMALL}]{{2}}|今|本|当|明|次|翌)",
    "YY": r"(?<![0-9])[0-9]{2}",
    "M": rf"(?:1[0-2]|(?<![0-9])0?[1-9]|十[一二]?|[{_SMALL}])",
    "D": rf"(?:3[01]|[12][0-9]|0?[1-9]|三十一?|二?十[{_SMALL}]?|[{_SMALL}])",
    "N": rf"[{CHARACTERS}]{{1,5}}",
    "Q": r"[1-4一二三四]",
    "H": r"[上下]",
    "HH": r"[12]",  # 2024年H1
    "P": r"[上中下]",
    "W": r"[1-6一二三四五六日天]",
    "T": r"(?:上午|下午|晚)?(?:[01]?[0-9]|2[0-4])(?:时|点|:)(?:[0-5][0-9]分?)?",
    "F": r"十[一二三四五六七八九]|1[0-9]",  # which five-year plan
    "to": r"(?:-{1,2}|~|至|到)",
    # What bounds a period, and what may be missing.
    # 前后, 前夕 are no bounds.
    "strong": r"(?P<end>底以前|底之前|底前|末前|月底前|底|末|之前|以前|前)(?![后夕])",
    "weak": r"(?P<end>底以前|底之前|底前|末前|底|末|之前|以前|前|内|中|)(?![后夕])",
    "before": r"(?P<end>之前|以前|前|止|截止)(?![后夕])",
}

_PART = re.compile(r"\{([A-Za-z]+)(2?)\}")
_ENDINGS = frozenset({"to", "strong", "weak", "before"})


def compile_shape(shape: str) -> re.Pattern[str]:
    """The expression that finds a shape in folded text. Raises KeyError for a slot that there is not."""
    return re.compile(_PART.sub(_slot, shape))


def literals(shape: str) -> str:
    """Characters without which a shape cannot fit: those outside brackets and slots that may not be missing.

    Looking for them first is many times faster than trying the expression.
    """
    bare = _SLOTS_AND_CLASSES.sub("", shape)
    while (inner := _INNERMOST.sub("", bare)) != bare:
        bare = inner
    if "|" in bare:  # one of several: none of them is needed
        return ""
    return "".join(dict.fromkeys(_HAN.findall(_MISSING.sub("", bare))))


_SLOTS_AND_CLASSES = re.compile(r"\{[A-Za-z]+2?\}|\[[^\]]*\]\??|\\.\??")
_INNERMOST = re.compile(r"\([^()]*\)\??")
_MISSING = re.compile(r".\?")
_HAN = re.compile(r"[\u4e00-\u9fff]")


def _slot(found: re.Match[str]) -> str:
    name, second = found.groups()
    pattern = SLOTS[name]
    return f" ?{pattern}" if name in _ENDINGS else rf" {{0,2}}(?P<{name}{second}>{pattern}) {{0,2}}"
