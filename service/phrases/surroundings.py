"""What stands around a phrase that then means no deadline: a look back, a rate of money, a limit of the law.

To add one: a line here, and a line in the test. Both sides must fit where both are given.
"""

import datetime as dt
import re
from dataclasses import dataclass

from service.phrases.values import Kind, Reading, Setting

REACH = 14  # characters that are looked at on each side
SLACK = 2  # years: what counts as a document's day may be that of a later copy

_DATED = frozenset({Kind.DAY, Kind.MONTH, Kind.QUARTER, Kind.HALF, Kind.YEAR})
_TERM = frozenset({Kind.TERM})
_AGAIN = frozenset({Kind.RECURRING})
_ANY = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class _Surroundings:
    kinds: frozenset[Kind]
    before: re.Pattern[str]
    within: re.Pattern[str]
    after: re.Pattern[str]


def _when(kinds: frozenset[Kind], *, before: str = "", within: str = "", after: str = "") -> _Surroundings:
    return _Surroundings(kinds, re.compile(f"(?:{before})$"), re.compile(within), re.compile(after))


_NO_DEADLINE = (
    # Looking back: 截至2023年底，全区共有… · 到2023年底已… · 去年年底前 · 3月前的数据 · 2018年12月31日前出生
    _when(_DATED, within="^截至(?!.*前$)"),
    _when(_DATED, after="^,?(?:全[国省市区县乡镇])?(?:已|共有|共计|有效)"),
    _when(_DATED, before="去年?|前年?|上年?|往年?|跨"),
    _when(_DATED, after="^的"),
    # How long others may take: 缓缴期限延长到2022年底
    _when(_DATED, before="(?:期限|政策)(?:延长|延续|顺延)至?"),
    _when(
        _DATED, within="前$", after="^(?:已经|出生|注册|登记|取得|成立|设立|建成|出台|竣工|入职|参加工作)[^,。;]{0,6}的"
    ),
    # How long something lasts or may be remembered: 近3年内 · 有效期为2年内 · 1年以内的 · 三年内不得…
    _when(_TERM, before="过去|连续|最近|近|之日前|之前|有效期(?:限|为|是)?|期限(?:为|是)?|不超过|少于|在任"),
    _when(_TERM, after="^(?:的|不得|不予|免予|免于|累计|多次|未|无|再次|又|受到?|被|发生|有|部|经济责任|离任)"),
    # Rates: 每人每月300元 · 每月收入 · 每天8小时
    _when(_AGAIN, before="每[人户家名生位亩吨头台辆村校所孩]", after="^[^,。;]{0,12}元"),
    _when(_AGAIN, after="^(?:收入|工资|薪|租金|补贴|补助|津贴|人均|平均|GDP|[0-9]+ ?小时)"),
    # Limits that a law sets to others: 在规定期限内未履行的
    _when(_ANY, within="规定", after="^(?:未|拒|不|仍|逾|无)"),
)

# What was counted up to a day that has passed; of one to come it is a goal: 到2025年,累计建成300公里.
_COUNTED = re.compile("^,?(?:全[国省市区县乡镇])?累计")


def means_none(reading: Reading, folded: str, start: int, end: int, setting: Setting) -> bool:
    """Whether what stands around a phrase in folded text says that it is no deadline."""
    if reading.kind in _DATED and _COUNTED.search(folded[end : end + REACH]):
        return setting.year is None or _last(reading) <= setting.year
    before, within, after = folded[max(0, start - REACH) : start], folded[start:end], folded[end : end + REACH]
    return any(
        reading.kind in each.kinds
        and each.before.search(before)
        and each.within.search(within)
        and each.after.search(after)
        for each in _NO_DEADLINE
    )


def is_past(reading: Reading, setting: Setting) -> bool:
    """Whether a phrase names a year long before the plan began: nothing can be due in it any more."""
    first = min(_beginnings(setting), default=None)
    return (
        reading.year is not None and first is not None and reading.due.rrule is None and _last(reading) < first - SLACK
    )


def _beginnings(setting: Setting) -> list[int]:
    """The years in which a plan may have begun: that of its period, and one before it was published."""
    published = [setting.published_on.year - 1] if setting.published_on else []
    return [*published, *([setting.years[0]] if setting.years else []), *([setting.year - 1] if setting.year else [])]


def _last(reading: Reading) -> int:
    """The last year that a reading means; a very late one where it means none."""
    value = (reading.due.value or "").rpartition("/")[2]
    return int(value[:4]) if value[:4].isdigit() else dt.MAXYEAR
