"""The tree of numbered sections: 一、 (一) 1. (1) ①, also where everything was flattened to one line.

A number at the beginning of a line begins a section. Elsewhere it does so only where it continues a count:
`…2019年11月底三、支持…` begins the third section because the second one came before.
"""

import re
from dataclasses import dataclass, field, replace

from service.phrases.numbers import read_number

_HAN = "一二三四五六七八九十百"
_CIRCLED = {chr(0x2460 + number): number + 1 for number in range(20)}

# What a number counts, if one of these follows: 3家企业 begins no section.
COUNTED = "年月日号个次家名项条座公里亩万亿元时分点周季期人户所台辆篇场件"

# From the outermost level inwards; folded text has ASCII brackets and digits.
_LEVELS: tuple[re.Pattern[str], ...] = (
    re.compile(rf"第(?P<n>[{_HAN}]{{1,4}})[章篇](?:[ :、]|(?=[\u4e00-\u9fff]))"),
    re.compile(rf"第(?P<n>[{_HAN}]{{1,4}})[节条](?:[ :、]|(?=[\u4e00-\u9fff]))"),
    # A heading may have lost its 、 at the beginning of a line: 二工作目标.
    re.compile(
        rf"(?P<n>[{_HAN}]{{1,4}})(?:[、.] ?|"
        rf"(?=(?!是|要|年|月|次|个|批|定|些|般|律|切|方面|把手|[{_HAN}])[\u4e00-\u9fff]{{2,12}}(?:\n|$)))"
    ),
    re.compile(rf"[(\[【]?(?P<n>[{_HAN}]{{1,4}})[)\]】][、.]?"),
    # The steps of a timeline, or tasks by their word, at the beginning of a line: 第一阶段：宣传发动, 任务一：编制规划.
    re.compile(
        rf"(?:第(?=[{_HAN}]{{1,4}}(?:阶段|步))|任务|问题|举措|事项)(?P<n>[{_HAN}]{{1,4}}|[0-9]{{1,3}})"
        r"(?:阶段|步)?(?=[ :、,(])"
    ),
    # A number, or one that was lost: .健全…
    re.compile(
        r"(?P<n>[0-9]{1,3})(?:\.(?=(?:19|20)[0-9]{2} ?[年.])|[.、](?![0-9])"
        rf"|(?=(?![{COUNTED}])[\u4e00-\u9fff]{{2}}))"
        r"|(?<=\n)\.(?=[\u4e00-\u9fff]{2})"
    ),
    re.compile(r"\(?(?P<n>[0-9]{1,3})\)[、.]?"),
    re.compile(rf"(?P<n>[{''.join(_CIRCLED)}])"),
)
_HAN_LEVEL, _STEP, _ARABIC = 2, 4, 5  # the levels of 一、, of 第一阶段 and of 1.
_IN_BRACKETS = frozenset({3, 6})  # and those of (一) and (1)
_BREAKS = "。;；:：)\n 　"  # behind which a section may begin within a line
# How the last value of a task ends, where the next number follows with nothing between: 配合单位：财政局2.建设…
_ENDS_VALUE = "局委办部厅院署会处室社司府镇乡县区市门位底前末月日年内期进持展化"
_NO_HEADING = re.compile(r"[。;,:!?\n]")
LONGEST_HEADING = 40  # characters


@dataclass(slots=True)
class Section:
    """A numbered piece of text: from `start` to `end`, its own words from `body`; `path` is its number: 二(三)1."""

    level: int
    number: int
    start: int
    body: int
    end: int
    path: str = ""
    children: list["Section"] = field(default_factory=list)
    parent: "Section | None" = None

    @property
    def is_leaf(self) -> bool:
        """Whether no section stands inside."""
        return not self.children


@dataclass(frozen=True, slots=True)
class _Mark:
    level: int
    number: int
    start: int
    end: int
    label: str
    at_line_start: bool
    behind_break: bool
    behind_value: bool


def outline(folded: str) -> list[Section]:
    """Every section in the order of the text, as a list of the outermost ones."""
    roots: list[Section] = []
    stack: list[Section] = []
    for mark in _accepted(_marks(folded), folded):
        while stack and stack[-1].level >= mark.level:
            stack.pop().end = mark.start
        parent = stack[-1] if stack else None
        section = Section(mark.level, mark.number, mark.start, mark.end, len(folded), parent=parent)
        section.path = (parent.path if parent else "") + _shown(mark)
        (parent.children if parent else roots).append(section)
        stack.append(section)
    return roots


def leaves(sections: list[Section]) -> list[Section]:
    """The innermost sections, in order."""
    found: list[Section] = []
    for section in sections:
        found += [section] if section.is_leaf else leaves(section.children)
    return found


def every(sections: list[Section]) -> list[Section]:
    """Every section, outer ones before what they hold."""
    return [each for section in sections for each in (section, *every(section.children))]


def _shown(mark: _Mark) -> str:
    """A number as a path shows it, in one spelling: `四)` is (四), `3、` is 3."""
    number = mark.label.strip("()[]【】.、:　 ")
    return f"({number})" if mark.level in _IN_BRACKETS else number


def _marks(folded: str) -> list[_Mark]:
    found: list[_Mark] = []
    for level, pattern in enumerate(_LEVELS):
        for match in pattern.finditer(folded):
            number = 0 if match["n"] is None else _CIRCLED.get(match["n"]) or read_number(match["n"])
            if number is None:
                continue
            start = match.start()
            line = folded.rfind("\n", max(0, start - 80), start) + 1 or max(0, start - 80)
            at_line_start = not folded[line:start].strip(" 　#*-·•")
            if not at_line_start and (
                level == _STEP
                or match.end() == match.end("n")
                or (match[0].endswith((")", "]", "】")) and not match[0].startswith(("(", "[", "【")))
            ):
                continue  # a bare number, or one with half a bracket, is one only at the beginning of a line
            behind = start == 0 or folded[start - 1] in _BREAKS
            end = start if level == _STEP else match.end()  # what a step is called belongs to its words
            glued = start > 0 and folded[start - 1] in _ENDS_VALUE
            found.append(_Mark(level, number, start, end, match[0], at_line_start, behind, glued))
    return sorted(found, key=lambda mark: (mark.start, -mark.end))


def _runs_on(mark: _Mark, accepted: list[_Mark], folded: str) -> bool:
    """Whether a number within a line that carries on a count is a section's, though no break stands before it."""
    if mark.number > 1 and mark.level == _HAN_LEVEL:
        return True
    if mark.level == _ARABIC and mark.number > 1 and mark.behind_value:
        return True
    if not accepted or accepted[-1].level >= mark.level or mark.start - accepted[-1].end > LONGEST_HEADING:
        return False
    return not _NO_HEADING.search(folded, accepted[-1].end, mark.start)  # a heading alone stands between


def _accepted(marks: list[_Mark], folded: str) -> list[_Mark]:
    """The marks that count. Numbers may run on through outer sections (1. to 29. through (一) to (五))."""
    accepted: list[_Mark] = []
    reached = 0
    last: dict[int, int] = {}
    for mark in marks:
        if mark.start < reached:
            continue
        before = last.get(mark.level, 0)
        if mark.number == 0:  # lost: it counts on
            mark = replace(mark, number=before + 1, label=f"{before + 1}")
        follows = mark.number == before + 1 or (mark.number == 1 and before > 0)
        trusted = mark.at_line_start or (mark.behind_break and follows)
        if not trusted and not (follows and _runs_on(mark, accepted, folded)):
            continue
        if mark.level == _ARABIC and not follows and not (mark.at_line_start and mark.number <= before + 3):
            continue
        accepted.append(mark)
        reached = mark.end
        last[mark.level] = mark.number
        for inner in [level for level in last if level > mark.level and level != _ARABIC]:
            del last[inner]
    return accepted
