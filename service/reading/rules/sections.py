"""Which sections of a document hold tasks, and how far their words reach."""

import re
from collections.abc import Sequence

from service.phrases.values import Setting
from service.reading.rules.dues import phrases_in
from service.reading.rules.outline import Section, every

_GOALS = re.compile(
    r"总体要求|指导思想|(?:基本|主要|工作|指导|总体)原则|(?:发展|工作|总体|主要|建设|奋斗|预期|行动|阶段性|任务)目标$|"
    r"(?:发展|总体|主要|建设|奋斗)目标|工作目标|指标体系|重要意义|总体思路|工作思路|适用范围|基本情况|工作背景|现状(?!调查|普查|评估|摸底)|形势|"
    r"编制依据|名词解释|附则|(?:范围|对象)$"
)
_LOOKS_BACK = re.compile(r"成效|存在的?(?:主要)?(?:问题|不足|困难)|薄弱环节|工作回顾|主要做法|取得的|情况$|亮点")
_LOOKS_AHEAD = re.compile(r"打算|计划|安排|下一步|下步|重点|思路|展望|任务")
_REPORT = re.compile(r"报告|总结|汇报|述职")
HEADING = 40  # characters of a heading that are looked at


def heading(folded: str, section: Section) -> str:
    """The words of a section up to the end of its line or first sentence."""
    return re.split(r"[\n。:;]", folded[section.body : section.body + HEADING], maxsplit=1)[0].strip()


def _lineage(section: Section) -> list[Section]:
    found = [section]
    while found[-1].parent is not None:
        found.append(found[-1].parent)
    return found


def holds_tasks(folded: str, section: Section, *, report: bool) -> bool:
    """Whether a section is about what shall be done: not its goals, not what was achieved.

    `report`: the document is one, and only what it says about the time to come is a task.
    """
    titles = [heading(folded, each) for each in _lineage(section)]
    if any(_GOALS.search(title[:12]) for title in titles):
        return False
    if report:
        return any(_LOOKS_AHEAD.search(title) and not _LOOKS_BACK.search(title) for title in titles)
    return not any(re.search(r"存在的?(?:主要)?问题|薄弱环节|工作回顾|主要成效", title) for title in titles)


def is_report(folded: str, title: str | None, tree: Sequence[Section]) -> bool:
    """Whether a document recounts a time that has passed, and also says what comes next."""
    if title is None or not _REPORT.search(title):
        return False
    return any(
        _LOOKS_AHEAD.search(name) and not _LOOKS_BACK.search(name) for name in (heading(folded, s) for s in tree)
    )


def own_words(text: str, folded: str, tree: Sequence[Section], setting: Setting) -> list[tuple[Section, int]]:
    """Every section with where its own words end: all innermost ones, and others whose own words name a deadline."""
    sections = every(list(tree))
    longest = _most_lines(folded, [each for each in sections if each.is_leaf])
    found = []
    for section in sections:
        end = _cut(folded, section, longest) if section.is_leaf else section.children[0].start
        if not text[section.body : end].strip():
            continue
        if section.is_leaf or phrases_in(text, section.body, end, setting):
            found.append((section, end))
    return found


def _lines(folded: str, start: int, end: int) -> int:
    return sum(1 for line in folded[start:end].split("\n") if line.strip())


def _most_lines(folded: str, leaves: Sequence[Section]) -> int:
    """How many lines a section of this document has at most, the last one aside: what follows it is none of its own."""
    return max((_lines(folded, each.body, each.end) for each in leaves[:-1]), default=0) if len(leaves) > 3 else 0


def reach(folded: str, section: Section, leaves: Sequence[Section]) -> int:
    """Where a section's own words end, if it is the last one of the document."""
    return _cut(folded, section, _most_lines(folded, leaves))


_AFTER = re.compile(r"\n[ ]*(?:附件|附表|附:|抄送|主办单位|联系人)")


def _cut(folded: str, section: Section, longest: int) -> int:
    """Where a section ends, if not with the document: before an annex, or after as many lines as others have."""
    end = section.end
    if end < len(folded) or not longest:
        return end
    if annex := _AFTER.search(folded, section.body, end):
        end = annex.start()
    kept = 0
    for line in re.finditer(r"[^\n]*(?:\n|$)", folded[section.body : end]):
        kept += bool(line[0].strip())
        if kept > longest:
            return section.body + line.start()
    return end
