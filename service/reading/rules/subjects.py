"""Who answers for a task that has no label and no bracket, from its sentences, where these say it in so many words.

由A、B牵头，C配合。      A、B为责任单位。      各乡镇要于4月15日前报送。
"""

import re
from collections.abc import Iterator

from service.reading.rules.unit_lists import Named, UnitRole, once, read_units
from service.reading.rules.unit_words import is_unit_list, is_unit_name

WHY = "取自任务正文的句子，没有单列责任单位"

# What is set up (建立由A牵头的机制) is a task, not an assignment; 牵头人, 负责制, 负责同志 are words of their own.
_BY = re.compile(
    r"(?<!建立)(?<!成立)(?<!组建)(?<!健全)(?<!形成)(?<!构建)由(?P<names>[^,。;:!?\n由]{2,60}?)"
    r"(?:共同|联合|具体|统一|统筹|分别|组织)?(?:(?P<lead>牵头|主办)|负责|承办|组织实施)(?![的人同部单制])"
    r"(?:负责|落实|实施)?(?:,(?P<support>[^,。;:!?\n]{2,60}?)(?:积极|协同)?(?:配合|参与|协助))?"
)
_AS = re.compile(
    r"(?<![^,。;:\n ])(?P<names>[^,。;:\n]{2,60}?)(?:为|是)"
    r"(?:(?P<lead>牵头|主办|主责)|(?P<support>配合|协办)|责任|实施|承办)(?:单位|部门)"
)
# Whoever shall do something by a day: the subject of a sentence, with 要, 应, 须 and a date, or with a date alone.
_SUBJECT = re.compile(
    r"(?<![^。;\n])[ ]?(?P<names>[^,。;:\n]{2,60}?)(?:要|应当?|必须|须|需)?(?:于|在|每)"
    r"(?=(?:[0-9]{4}年|今年|本年|年底|每年)?(?:[0-9]{1,2}月|年|季度|月|周|第[一二三四]季度)[^,。;\n]{0,8}(?:前|底|内|末|报送|开展))"
)


def in_sentences(folded: str, start: int, end: int) -> tuple[Named, ...]:
    """The units that sentences of a task name, each once; none where a list holds what is no name of a unit."""
    return once(sorted(_named(folded, start, end), key=lambda unit: unit.start))


def at_end(folded: str, start: int, end: int) -> tuple[Named, ...]:
    """The units behind the last blank of a line: `三月 宣传周 县司法局、各镇`."""
    first = folded.rfind(" ", start, end) + 1
    return tuple(_list(folded, first, end, UnitRole.RESPONSIBLE)) if first and is_unit_list(folded[first:end]) else ()


def _named(folded: str, start: int, end: int) -> Iterator[Named]:
    for pattern in (_BY, _AS, _SUBJECT):
        for found in pattern.finditer(folded, start, end):
            caught = found.groupdict()
            alone = pattern is _AS and caught["support"]
            role = UnitRole.LEAD if caught.get("lead") else UnitRole.SUPPORT if alone else UnitRole.RESPONSIBLE
            yield from _list(folded, *found.span("names"), role)
            if pattern is _BY and caught["support"]:
                yield from _list(folded, *found.span("support"), UnitRole.SUPPORT)


def _list(folded: str, start: int, end: int, role: UnitRole) -> list[Named]:
    """The names of a list; nothing unless all of them are names."""
    units, _ = read_units(folded, start, end, role)
    return units if all(is_unit_name(unit.name) for unit in units) else []
