"""Tables whose cells stand together with nothing between them: `…3月区经发局区环土局`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from service.phrases.values import Setting
from service.reading.rules.columns import FEWEST_ROWS, UNIT_ROLES, Column, Place, Row, column_of, stripped
from service.reading.rules.dues import from_label
from service.reading.rules.outline import COUNTED
from service.reading.rules.unit_lists import Named, UnitRole, once, read_units
from service.reading.rules.unit_words import is_unit_name

LONGEST_ROW = 400
_BEFORE_NUMBER = re.compile(r"(?:[ 局委办部院会处室司团镇乡街府位心]|[一二三四五六七八九十]、[\u4e00-\u9fff]{2,20})$")
_HEADING = re.compile(r" ?[一二三四五六七八九十]{1,3}、")
_DATE_BEFORE_UNITS = re.compile(
    r"(?:20[0-9]{2} ?年 ?)?(?:(?<![0-9])[0-9]{1,2} ?月(?: ?[0-9]{1,2} ?日)?(?:底前|底|前|末)?"
    r"|年底前|年底|[上下]半年|[一二三四]季度|全年|持续推进|长期坚持)"
    r" ?(?=[市区县省州各][\u4e00-\u9fff])"
)
# 序号工作内容完成时限牵头单位责任单位
_NAMES = re.compile(
    r"序号|(?:工作|主要|重点)?(?:任务|内容|目标|措施|事项)|项目(?:名称)?|(?:完成|工作)(?:时限|时间|期限)|时间节点|"
    r"(?:牵头|责任|配合|实施|承办|主办|协办)(?:单位|部门|科室)|备注"
)


def glued_rows(text: str, folded: str, setting: Setting) -> list[Row]:
    """Lines that end in a date and units with nothing between them; who does what is said by the header's order."""
    rows = []
    roles: list[UnitRole] = []
    for start, end in _pieces(folded):
        if end - start > LONGEST_ROW:
            continue
        if columns := _header(folded[start:end]):
            roles = [UNIT_ROLES[column] for column in columns if column in UNIT_ROLES]
            continue
        for found in _DATE_BEFORE_UNITS.finditer(folded, start, end):
            heading = _HEADING.search(folded, found.end(), end)
            units, _ = read_units(folded, found.end(), heading.start() if heading else end, UnitRole.RESPONSIBLE)
            if units and all(is_unit_name(unit.name) for unit in units):
                due, _ = from_label(text, *found.span(), setting)
                rows.append(Row(start, end, due, once(_with_roles(units, roles))))
                break
    return rows if len(rows) >= FEWEST_ROWS else []


def _pieces(folded: str) -> Iterator[Place]:
    """Lines; one that is too long is cut where its running numbers go on: `…区经发局2 完成…`."""
    for line in re.finditer(r"[^\n]+", folded):
        start, end = stripped(folded, *line.span())
        number = 1
        while end - start > LONGEST_ROW // 4 or number > 1:
            place = _place_of(number, folded, start, end)
            if place is None:
                break
            yield start, place
            start, number = place, number + 1
        yield start, end


def _place_of(number: int, folded: str, start: int, end: int) -> int | None:
    """Where a running number begins a row: behind names, a blank or a heading, and counting nothing."""
    for found in re.finditer(rf"(?<![0-9.]){number} ?(?![{COUNTED}])(?=[\u4e00-\u9fff“\"])", folded[start:end]):
        place = start + found.start()
        if _BEFORE_NUMBER.search(folded, max(start, place - 26), place):
            return place
    return None


def _header(line: str) -> list[Column]:
    """The columns that a line names one behind the other with nothing between them; none where it says more."""
    names = _NAMES.findall(line.replace(" ", ""))
    if len(names) < FEWEST_ROWS or "".join(names) != line.replace(" ", ""):
        return []
    return [column for name in names if (column := column_of(name))]


def _with_roles(units: Sequence[Named], roles: Sequence[UnitRole]) -> list[Named]:
    """Each unit with the role of its column: the first one of the first, and so on; the last column has the rest."""
    if not roles:
        return list(units)
    return [replace(unit, role=roles[min(place, len(roles) - 1)]) for place, unit in enumerate(units)]
