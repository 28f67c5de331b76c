"""What the columns of a table hold, and a row from its cells."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.phrases.values import Found, Setting
from service.reading.rules.dues import from_label, opening
from service.reading.rules.unit_lists import Named, UnitRole, once, read_units
from service.reading.rules.unit_words import is_unit_list, is_unit_name

Place = tuple[int, int]
FEWEST_ROWS = 3
LONGEST_DATE = 16  # characters of a cell that is a date with a word or two: 10月底前完工


class Column(StrEnum):
    """What a column holds."""

    NUMBER = "number"
    TASK = "task"
    LEAD = "lead"
    RESPONSIBLE = "responsible"
    SUPPORT = "support"
    PERSON = "person"
    DUE = "due"
    OTHER = "other"


UNIT_ROLES = {
    Column.LEAD: UnitRole.LEAD,
    Column.RESPONSIBLE: UnitRole.RESPONSIBLE,
    Column.SUPPORT: UnitRole.SUPPORT,
}
# In this order: 牵头责任单位 leads, 工作进度 is a time, 责任人 no unit.
_HEADERS = (
    (Column.NUMBER, r"序号|编号|序|项次"),
    (Column.PERSON, r".{0,6}(?:领导|责任人|负责人|联系人|联络员|电话|签字)"),
    (Column.LEAD, r".{0,4}(?:牵头|主办|主责|主管).{0,8}"),
    (Column.SUPPORT, r".{0,4}(?:配合|协办|参与|协同|协助).{0,8}"),
    (
        Column.RESPONSIBLE,
        r".{0,6}(?:责任|承办|实施|落实|负责|承担|完成|执行|主体)(?:单位|部门|科室|处室|股室|主体|机构)|责任分工|单位|部门|科室|股室",
    ),
    (
        Column.DUE,
        r".{0,6}(?:时间|时限|期限|日期|节点|时间进度|完成进度|进度安排|工作进度|推进计划)(?:要求|安排|节点)?",
    ),
    (Column.OTHER, r".{0,4}(?:备注|考核要点|考核|成果|依据|来源|预期|标准|完成情况|进展|说明|分值).{0,6}"),
    (
        Column.TASK,
        r".{0,8}(?:任务|措施|内容|事项|举措|项目|要点|工作|目标|指标|步骤|要求|问题|任务分解.{0,8}|名称|类别)",
    ),
)
_NO_HEADER = re.compile(r"[:。;!?]")  # 责任部门：城管科 says who, and heads no column
_MORE_THAN_NAMES = re.compile(r"牵头|配合|负责|落实|参与|协助|等|[和及(①-⑳]")  # in a list of units, beside names
_HEADER = tuple((column, re.compile(pattern)) for column, pattern in _HEADERS)


@dataclass(frozen=True, slots=True)
class Row:
    """A row that holds a task: its place, its deadline, its units."""

    start: int
    end: int
    due: Found | None
    units: tuple[Named, ...] = ()
    others: tuple[Found, ...] = ()


def column_of(words: str) -> Column | None:
    """The column that words name; None: they name none."""
    words = re.sub(r"[ \n]|\([^()]*\)", "", words)
    if not 1 <= len(words) <= 14 or _NO_HEADER.search(words):
        return None
    return next((column for column, pattern in _HEADER if pattern.fullmatch(words)), None)


def header(folded: str, cells: Sequence[Place]) -> list[Column] | None:
    """The columns that a line names, without empty ones at its end; None: it is no header."""
    while cells and not folded[slice(*cells[-1])].strip():
        cells = cells[:-1]
    columns = [column_of(folded[a:b]) for a, b in cells]
    named = [column for column in columns if column]
    if len(named) < 2 or len(named) * 3 < len(columns) * 2:
        return None
    return [column or Column.OTHER for column in columns]


def row_of(
    text: str, folded: str, cells: Sequence[Place], columns: list[Column] | None, setting: Setting
) -> Row | None:
    """A row from its cells; what a cell holds is said by its column, or seen where cells are missing."""
    cells, told = _told(text, folded, cells, columns, setting)
    units: list[Named] = []
    due: Found | None = None
    others: tuple[Found, ...] = ()
    for (first, last), column in zip(cells, told, strict=False):
        if column in UNIT_ROLES:
            units += read_units(folded, first, last, UNIT_ROLES[column])[0]
        elif column is Column.DUE and due is None:
            due, others = from_label(text, first, last, setting)
    tasks = [cell for cell, column in zip(cells, told, strict=False) if column in {Column.TASK, Column.OTHER}]
    if not any(re.search(r"[\u4e00-\u9fff]{2}", folded[a:b]) for a, b in tasks):
        return None
    if due is None:
        due = opening(text, folded, cells, setting)
    return Row(cells[0][0], cells[-1][1], due, once(units), others)


def _told(
    text: str, folded: str, cells: Sequence[Place], columns: list[Column] | None, setting: Setting
) -> tuple[Sequence[Place], list[Column]]:
    """The cells, without empty ones behind the last column, and what they hold.

    Cells may be missing at the beginning, where those above were merged, or there may be more of them than the header
    names: then they belong to the last columns, where they look so.
    """
    if columns is None:
        return cells, _seen(text, folded, cells, columns, setting)
    while len(cells) > len(columns) and not folded[slice(*cells[-1])].strip():
        cells = cells[:-1]
    if len(cells) == len(columns):
        if all(fits(text, folded, cell, column, setting) for cell, column in zip(cells, columns, strict=True)):
            return cells, columns
        seen = _seen(text, folded, cells, columns, setting)
        by_name, by_look = (_telling(text, folded, cells, each, setting) for each in (columns, seen))
        return cells, seen if by_look > by_name else columns
    shift = len(cells) - len(columns)
    aligned = [Column.OTHER] * shift + columns if shift > 0 else columns[-shift:]
    if shift < 0 and aligned[0] not in {Column.TASK, Column.OTHER, Column.NUMBER}:
        return cells, _seen(text, folded, cells, columns, setting)
    if all(fits(text, folded, cell, column, setting) for cell, column in zip(cells, aligned, strict=True)):
        return cells, aligned
    return cells, _seen(text, folded, cells, columns, setting)


def _telling(text: str, folded: str, cells: Sequence[Place], told: Sequence[Column], setting: Setting) -> int:
    """How many cells hold units or dates, where their columns are for these."""
    return sum(
        fits(text, folded, cell, column, setting, empty=False)
        for cell, column in zip(cells, told, strict=True)
        if column is Column.DUE or column in UNIT_ROLES
    )


def fits(text: str, folded: str, cell: Place, column: Column, setting: Setting, *, empty: bool = True) -> bool:
    """Whether a cell may hold what its column is for, of units and dates; an empty one may if `empty`."""
    words = folded[slice(*cell)].strip(" -/")
    if not words:
        return empty
    if column in UNIT_ROLES:
        if is_unit_list(words) or not _MORE_THAN_NAMES.search(words):
            return is_unit_list(words)
        units, _ = read_units(folded, *cell, UNIT_ROLES[column])
        return bool(units) and all(is_unit_name(unit.name) for unit in units)
    return column is not Column.DUE or from_label(text, *cell, setting)[0] is not None


def trimmed(text: str, start: int, end: int) -> Place:
    """A place without the blanks at its beginning."""
    while start < end and text[start] in " \u3000":
        start += 1
    return start, end


def stripped(folded: str, start: int, end: int) -> Place:
    """A place without the blanks around it."""
    start, end = trimmed(folded, start, end)
    while end > start and folded[end - 1] == " ":
        end -= 1
    return start, end


def _seen(
    text: str, folded: str, cells: Sequence[Place], columns: list[Column] | None, setting: Setting
) -> list[Column]:
    """What cells hold, by their look."""
    roles = [column for column in columns or () if column in UNIT_ROLES] or [Column.RESPONSIBLE]
    dated = columns is None or Column.DUE in columns
    told: list[Column] = []
    lists = 0
    for first, last in cells:
        words = folded[first:last].strip()
        if re.fullmatch(r"[0-9]{1,3}[.、]?", words):
            told.append(Column.NUMBER)
        elif dated and len(words) <= LONGEST_DATE and from_label(text, first, last, setting)[0]:
            told.append(Column.DUE)
        elif (columns is None or roles) and is_unit_list(words):
            told.append(roles[min(lists, len(roles) - 1)])
            lists += 1
        else:
            told.append(Column.TASK)
    return told
