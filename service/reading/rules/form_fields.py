"""Forms in which a task has many fields, of which only some say who answers for it and when it is due.

责任单位：A    整改目标：…    整改时限：12月底    整改措施：…
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from service.reading.rules.assignments import Assignment
from service.reading.rules.outline import Section

FARTHEST = 2_000  # characters between two fields of one task

_FIELD = re.compile(
    r"[ \n]*(?:[0-9]{1,2}[.、]|\([0-9一二三四五六七八九十]{1,3}\)|[【\[])?"
    r"[\u4e00-\u9fff]{0,6}(?:目标|措施|内容|要求|情况|标准|成效|举措|进展|问题描述|任务)[】\]]? ?:"
)


def with_fields(folded: str, said: Sequence[Assignment], holding: Callable[[int], Section | None]) -> list[Assignment]:
    """Assignments of which none is half of one: who (责任单位), other fields, when (整改时限) are one assignment.

    `holding` is the innermost section of a place: both halves must lie in the first one's.
    """
    joined: list[Assignment] = []
    for one in said:
        if joined and _completes(folded, joined[-1], one, holding):
            before = joined[-1]
            who, when = (before, one) if before.units else (one, before)
            joined[-1] = replace(who, start=before.start, end=one.end, due=when.due)
        else:
            joined.append(one)
    return joined


def _completes(folded: str, before: Assignment, one: Assignment, holding: Callable[[int], Section | None]) -> bool:
    """Whether one says when and the other who, and what stands between them begins with another field."""
    if bool(before.units) == bool(one.units) or (before.due is None) == (one.due is None):
        return False
    if one.start - before.end > FARTHEST or not _FIELD.match(folded, before.end, one.start):
        return False
    section = holding(before.start)
    return section is None or one.start < section.end
