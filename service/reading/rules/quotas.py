"""How much, and how often: 每年举办2期以上, 每人每年不少于60学时, 3年内至少接受1次, 维持在12%以下."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from service.due.values import Bound, DueSpec, Quota
from service.phrases.numbers import CHARACTERS, read_number
from service.phrases.scan import read
from service.phrases.values import Confidence, Found, Kind, Reading, Setting

_COUNTED = "次|期|篇|场|场次|个|件|项|家|名|人次|人|例|批|轮|份|条|户|所|处|课"
_MEASURED = "学时|课时|小时|天|周|日|个月|万元|亿元|元|公里|亩|万人|万人次|平方米|吨"
_N = rf"(?P<n>[{CHARACTERS}]{{1,5}}) ?"
_SHAPES = (
    re.compile(
        rf"(?:不少于|不低于|不得少于|不得低于|至少|最少|不小于)[^,。;:\n]{{0,16}}?{_N}(?P<unit>{_MEASURED}|{_COUNTED})"
    ),
    re.compile(rf"{_N}(?P<unit>{_MEASURED}|{_COUNTED})(?:\([^)]{{0,6}}\))?(?:及)?以上"),
    # 每年举办一期: a number right behind the frequency and its verb.
    re.compile(
        rf"每(?:年度?|季度|月|半年|周|学期)(?:至少|应|要)?(?:举办|组织|召开|开展|报送|进行|举行|安排|接受|完成|培训|抽查|评选){_N}(?P<unit>{_COUNTED})"
    ),
)
_RATIO = re.compile(
    r"(?:率|比例|比重|覆盖面|占比|达标|满意度)[^,。;:\n]{0,8}?"
    r"(?:达到?|为|不低于|维持在|控制在|保持在|提高到|超过|低于|不超过|在) ?"
    r"(?P<n>[0-9]{1,3}(?:\.[0-9]{1,2})?) ?%(?P<bound>以下|以内|以上)?"
)
_AT_MOST = re.compile(r"控制在|低于|不超过|以下|以内|败诉|发生率|投诉率")
_FREQUENCY = re.compile(
    rf"每半年|每(?:个)?季度|每(?:个)?月|每年度?|年度|每(?:周|星期)|任期(?:之)?内|[{CHARACTERS}]{{1,3}}年(?:之|以)?内|每学期"
)
_PER = (
    (re.compile(r"每人"), "人"),
    (re.compile(r"领导班子"), "领导班子"),
    (re.compile(r"负责人"), "负责人"),
    (re.compile(r"各(?:行政)?(?:执法)?单位|每(?:个)?单位"), "单位"),
    (re.compile(r"各(?:区级|有关|相关)?部门|每(?:个)?部门"), "部门"),
    (re.compile(r"各(?:乡镇|镇街|街镇|乡|镇|街道)|每(?:个)?(?:镇|乡|街道)"), "乡镇街道"),
    (re.compile(r"各(?:中小)?学校|每(?:所)?学校|每校"), "学校"),
)
_SENTENCE = re.compile(r"[^。;\n]+")


@dataclass(frozen=True, slots=True)
class Counted:
    """A quota in a task's own words: what it is, how often, from `start` to `end`. `frequency`: None, it has none."""

    start: int
    end: int
    text: str
    quota: Quota
    frequency: Found | None
    confidence: Confidence = Confidence.EXACT
    why: str = "原文写明"

    @property
    def due(self) -> DueSpec | None:
        """When it is due by its own words: the frequency, with the quota."""
        return None if self.frequency is None else replace(self.frequency.reading.due, quota=self.quota)


def quotas(text: str, folded: str, start: int, end: int, setting: Setting) -> list[Counted]:
    """Every quota in a piece of text, in order."""
    found: list[Counted] = []
    for sentence in _SENTENCE.finditer(folded, start, end):
        found += _in_sentence(text, folded, *sentence.span(), setting)
    return found


def _in_sentence(text: str, folded: str, start: int, end: int, setting: Setting) -> Iterator[Counted]:
    reached = start
    matches = [(match, "count") for shape in _SHAPES for match in shape.finditer(folded, start, end)]
    matches += [(match, "ratio") for match in _RATIO.finditer(folded, start, end)]
    for match, sort in sorted(matches, key=lambda one: (one[0].start(), -one[0].end())):
        if match.start() < reached:
            continue
        quota = _ratio(folded, match) if sort == "ratio" else _count(folded, max(start, reached), match)
        if quota is None:
            continue
        frequency = _frequency(text, folded, max(start, reached), match.end(), setting)
        if frequency is None and sort != "ratio" and (quota.amount is None or match[0].endswith("以上")):
            continue  # 3个以上 in a description: without a frequency nobody owes it
        reached = match.end()
        yield Counted(match.start(), match.end(), text[match.start() : match.end()], quota, frequency)


def _count(folded: str, start: int, match: re.Match[str]) -> Quota | None:
    number, unit = read_number(match["n"]), match["unit"]
    if not number:
        return None
    per = next((word for pattern, word in _PER if pattern.search(folded, start, match.end())), "")
    if re.fullmatch(_MEASURED, unit):
        return Quota(amount=Decimal(number), unit=unit, per=per)
    return Quota(count=number, unit=unit, per=per)


def _ratio(folded: str, match: re.Match[str]) -> Quota | None:
    number = Decimal(match["n"])
    if not 0 < number <= 100:
        return None
    most = _AT_MOST.search(folded, max(0, match.start() - 4), match.end())
    return Quota(ratio=number, bound=Bound.AT_MOST if most and match["bound"] != "以上" else Bound.AT_LEAST)


def _frequency(text: str, folded: str, start: int, end: int, setting: Setting) -> Found | None:
    """The last word of frequency before the number; `年度` means every year."""
    last = max(_FREQUENCY.finditer(folded, start, end), key=re.Match.start, default=None)
    if last is None:
        return None
    value = text[last.start() : last.end()]
    reading: Reading | None = read("每年" if last[0] == "年度" else value, setting)
    if reading is None or reading.kind not in {Kind.RECURRING, Kind.TERM}:
        return None
    return Found(last.start(), last.end(), value, replace(reading, due=replace(reading.due, phrase=value)))
