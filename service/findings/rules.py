"""Every check of a plan, one function each. Pure: a plan as values in, findings out."""

import difflib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from service.due.periods import Precision
from service.due.values import Boundary, DueSpec, TermKind
from service.due.workdays import WorkCalendar
from service.kit.search import fold

CLIFF = 8
ALIKE = 0.85
COMPARED = 50
CLOSE_CALLS = 5


class Code(StrEnum):
    """What a finding is about. `docs/findings.md` has a heading for each."""

    NO_UNIT = "no_unit"
    NO_DATE = "no_date"
    DEFAULT_USED = "default_used"
    AMBIGUOUS_PHRASE = "ambiguous_phrase"
    VAGUE_GROUP = "vague_group"
    TERM_UNKNOWN = "term_unknown"
    BORN_OVERDUE = "born_overdue"
    NON_WORKING_DAY = "non_working_day"
    PROVISIONAL_DATE = "provisional_date"
    DUPLICATE_CLAUSE = "duplicate_clause"
    CLIFF = "cliff"
    TWO_IN_ONE_FIELD = "two_in_one_field"
    OUTSIDE_PERIOD = "outside_period"
    LATER_THAN_SUPERIOR = "later_than_superior"


class Severity(StrEnum):
    """How much it matters: `warning` wants a person's eye, `notice` is worth knowing."""

    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at: `milestone` is a key (None: the plan as a whole), `line` the source's, 0 where unknown."""

    code: Code
    severity: Severity
    milestone: str | None
    line: int
    message: str
    message_zh: str


@dataclass(frozen=True, slots=True)
class DueFact:
    """An occurrence's part in the checks."""

    due_on: date | None
    provisional: bool
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskFact:
    """A milestone's part in the checks.

    `due` is its own specification, `superior_due_on` the due date of the task that it implements.
    """

    key: str
    title: str
    lines: tuple[int, ...]
    due: DueSpec | None
    has_parent: bool
    assigned: tuple[str, ...]
    vague: tuple[str, ...]
    dues: tuple[DueFact, ...]
    superior_due_on: date | None

    @property
    def line(self) -> int:
        """The line where the obligation stands; 0 where unknown."""
        return self.lines[0] if self.lines else 0

    @property
    def days(self) -> list[date]:
        """The due dates, as far as they have one."""
        return [fact.due_on for fact in self.dues if fact.due_on]


@dataclass(frozen=True, slots=True)
class PlanFact:
    """A plan as values: its active milestones only."""

    period: tuple[date, date] | None
    published_on: date | None
    default_due: DueSpec | None
    superior_end: date | None
    tasks: tuple[TaskFact, ...]


def find_all(plan: PlanFact, calendar: WorkCalendar) -> list[Finding]:
    """Every finding, in the plan's order, those of the plan as a whole last."""
    found: list[Finding] = []
    for task in plan.tasks:
        for check in _TASK_CHECKS:
            found += check(plan, task)
        found += _non_working_day(task, calendar)
    return [*found, *_duplicates(plan), *_two_in_one_field(plan), *_cliffs(plan)]


def _warn(code: Code, task: TaskFact, en: str, zh: str) -> Finding:
    return Finding(code, Severity.WARNING, task.key, task.line, en, zh)


def _note(code: Code, task: TaskFact, en: str, zh: str) -> Finding:
    return Finding(code, Severity.NOTICE, task.key, task.line, en, zh)


def _more(days: Sequence[date]) -> str:
    """One finding a task, whatever the number of its dates: a weekly duty falls on a Sunday fifty times a year."""
    return f", and {len(days) - 1} more due dates like it" if len(days) > 1 else ""


def _more_zh(days: Sequence[date]) -> str:
    return f"，另有 {len(days) - 1} 个到期日也是如此" if len(days) > 1 else ""


def _no_unit(_plan: PlanFact, task: TaskFact) -> Iterator[Finding]:
    if not task.assigned:
        yield _warn(Code.NO_UNIT, task, "No unit answers for it.", "没有责任单位。")
    elif empty := [due for due in task.dues if not due.units]:
        named, day = ", ".join(task.assigned), empty[0].due_on
        en = f"{named} had no members when it falls due" + (f" ({day})." if day else ".")
        zh = f"到期时{f'（{day}）' if day else ''} {named} 没有成员单位。"
        yield _warn(Code.NO_UNIT, task, en, zh)


def _no_date(plan: PlanFact, task: TaskFact) -> Iterator[Finding]:
    if task.due is None and plan.default_due is None:
        yield _warn(
            Code.NO_DATE, task, "It says no date, and the plan has no default.", "没有完成时间，计划也没有统一期限。"
        )


def _default_used(plan: PlanFact, task: TaskFact) -> Iterator[Finding]:
    if task.due is None and plan.default_due is not None:
        what = plan.default_due.phrase or plan.default_due.value or ""
        yield _note(
            Code.DEFAULT_USED,
            task,
            f"It takes the plan's default ({what}).",
            f"未写明时间，按计划的统一期限（{what}）。",
        )


def _ambiguous_phrase(_plan: PlanFact, task: TaskFact) -> Iterator[Finding]:
    due = task.due
    if due and due.boundary is Boundary.BEFORE and due.precision is not Precision.DAY:
        day = next((fact.due_on for fact in task.dues if fact.due_on), None)
        en = f"'{due.phrase}' may end with that period or before it; it is read as due {day}."
        yield _warn(Code.AMBIGUOUS_PHRASE, task, en, f"“{due.phrase}”可含可不含该时段，现按 {day} 到期。")


def _vague_group(_plan: PlanFact, task: TaskFact) -> Iterator[Finding]:
    for group in task.vague:
        en = f"The document does not say who belongs to {group}; all its members are taken."
        yield _warn(Code.VAGUE_GROUP, task, en, f"文件未写明“{group}”包括哪些单位，暂按全部成员。")


def _term_unknown(_plan: PlanFact, task: TaskFact) -> Iterator[Finding]:
    if task.due and task.due.within_term and task.due.within_term.kind is TermKind.OFFICE:
        en = "Due within a term of office, whose dates nobody has said: it has no due date."
        yield _note(Code.TERM_UNKNOWN, task, en, "任期起止未知，没有到期日。")


def _born_overdue(plan: PlanFact, task: TaskFact) -> Iterator[Finding]:
    published = plan.published_on
    if days := [day for day in task.days if published and day < published]:
        en = f"Due {days[0]}, before the plan was published ({published}){_more(days)}."
        yield _warn(Code.BORN_OVERDUE, task, en, f"{days[0]} 到期，早于计划公布日 {published}{_more_zh(days)}。")


def _provisional(_plan: PlanFact, task: TaskFact) -> Iterator[Finding]:
    if days := [fact.due_on for fact in task.dues if fact.provisional and fact.due_on]:
        en = f"{days[0]} is provisional: that year's statutory days are not published yet{_more(days)}."
        zh = f"{days[0]} 为暂定日期：当年节假日安排尚未公布{_more_zh(days)}。"
        yield _note(Code.PROVISIONAL_DATE, task, en, zh)


def _outside_period(plan: PlanFact, task: TaskFact) -> Iterator[Finding]:
    if plan.period is None:
        return
    start, end = plan.period
    if days := [day for day in task.days if not start <= day <= end]:
        en = f"Due {days[0]}, outside the plan's period ({start} to {end}){_more(days)}."
        zh = f"{days[0]} 到期，不在计划期限（{start} 至 {end}）内{_more_zh(days)}。"
        yield _warn(Code.OUTSIDE_PERIOD, task, en, zh)


def _later_than_superior(plan: PlanFact, task: TaskFact) -> Iterator[Finding]:
    limit = task.superior_due_on or plan.superior_end
    if days := [day for day in task.days if limit and day > limit]:
        what = "the task that it carries out" if task.superior_due_on else "the superior plan"
        en = f"Due {days[0]}, later than {what} allows ({limit}){_more(days)}."
        yield _warn(Code.LATER_THAN_SUPERIOR, task, en, f"{days[0]} 到期，晚于上级计划的 {limit}{_more_zh(days)}。")


_TASK_CHECKS: tuple[Callable[[PlanFact, TaskFact], Iterator[Finding]], ...] = (
    _no_unit,
    _no_date,
    _default_used,
    _ambiguous_phrase,
    _vague_group,
    _term_unknown,
    _born_overdue,
    _provisional,
    _outside_period,
    _later_than_superior,
)

_WEEKDAYS = "一二三四五六日"


def _non_working_day(task: TaskFact, calendar: WorkCalendar) -> Iterator[Finding]:
    days = [day for day in task.days if not calendar.is_workday(day)]
    if not days:
        return
    en = f"Due {days[0]} ({days[0]:%A}), which is no working day{_more(days)}."
    zh = f"{days[0]}（周{_WEEKDAYS[days[0].weekday()]}）到期，不是工作日{_more_zh(days)}。"
    yield _note(Code.NON_WORKING_DAY, task, en, zh)


def _duplicates(plan: PlanFact) -> Iterator[Finding]:
    """One obligation that the document states twice, or two that are one: much the same words, the same due dates."""
    for task in plan.tasks:
        if len(task.lines) > 1:
            lines = ", ".join(map(str, task.lines))
            en, zh = f"The document states it more than once (lines {lines}).", f"文件中重复出现（第 {lines} 行）。"
            yield _note(Code.DUPLICATE_CLAUSE, task, en, zh)
    by_dates: dict[tuple[date | None, ...], list[TaskFact]] = defaultdict(list)
    for task in plan.tasks:
        by_dates[tuple(fact.due_on for fact in task.dues)].append(task)
    for tasks in by_dates.values():
        yield from _alike(tasks)


def _alike(tasks: Sequence[TaskFact]) -> Iterator[Finding]:
    """Each task is compared with the next ones in the order of their titles, and names the first that it is like.

    Not with all: of 5,000 tasks due on one day there are twelve million pairs, and a plan that says the same sentence
    5,000 times would have as many findings.
    """
    titles = sorted((fold(task.title), place) for place, task in enumerate(tasks))
    pairs = []
    for rank, (title, place) in enumerate(titles):
        found = _first_alike(title, [other for other, _ in titles[rank + 1 : rank + 1 + COMPARED]])
        if found is not None:
            pairs.append(sorted((place, titles[rank + 1 + found][1])))
    for place, like in sorted(pairs):
        task, other = tasks[place], tasks[like]
        en = f"Much the same as '{other.title}' ({other.key}), due on the same day."
        yield _warn(Code.DUPLICATE_CLAUSE, task, en, f"与“{other.title}”（{other.key}）几乎相同，且同日到期。")


def _first_alike(title: str, others: Sequence[str]) -> int | None:
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(title)
    close = 0
    for place, other in enumerate(others):
        matcher.set_seq1(other)
        # The cheap upper bounds first. What passes them and is not alike costs a millisecond: enough of that.
        if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE:
            if matcher.ratio() >= ALIKE:
                return place
            close += 1
            if close == CLOSE_CALLS:
                return None
    return None


def _two_in_one_field(plan: PlanFact) -> Iterator[Finding]:
    """Several milestones from one line that are no parts of each other: one field of the document, several dates."""
    by_line: dict[int, list[TaskFact]] = defaultdict(list)
    for task in plan.tasks:
        if task.line and not task.has_parent and task.due is not None:
            by_line[task.line].append(task)
    for line, tasks in by_line.items():
        dates = {tuple(fact.due_on for fact in task.dues) for task in tasks}
        if len(tasks) > 1 and len(dates) > 1:
            keys = ", ".join(task.key for task in tasks)
            en, zh = f"Line {line} holds several milestones: {keys}.", f"第 {line} 行含多个节点：{keys}。"
            yield _note(Code.TWO_IN_ONE_FIELD, tasks[0], en, zh)


def _cliffs(plan: PlanFact) -> Iterator[Finding]:
    load: dict[date, Counter[str]] = defaultdict(Counter)
    for task in plan.tasks:
        for fact in task.dues:
            if fact.due_on:
                load[fact.due_on].update(fact.units)
    for day, counts in sorted(load.items()):
        heavy = {unit: count for unit, count in counts.items() if count > CLIFF}
        if heavy:
            unit, most = max(heavy.items(), key=lambda item: (item[1], item[0]))
            en = f"{len(heavy)} units have more than {CLIFF} tasks due on {day}; {unit} has {most}."
            zh = f"{day} 有 {len(heavy)} 个单位同日到期任务超过 {CLIFF} 项，最多的是 {unit}（{most} 项）。"
            yield Finding(Code.CLIFF, Severity.WARNING, None, 0, en, zh)
