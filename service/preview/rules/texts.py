"""The words of a preview in a calendar, Chinese and English. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.feeds.rules.facts import clean_line, clean_text
from service.feeds.rules.subjects import Language
from service.preview.rules.foresight import Expected, Subject
from service.reminders.rules.offsets import Measure, Offset
from service.reminders.rules.planning import Cause, FiringStatus

LONGEST_SUMMARY = 250
LONGEST_DESCRIPTION = 2_000
MOST_NAMES = 10


@dataclass(frozen=True, slots=True)
class Words:
    """The fixed words of one language."""

    days_before: str
    workdays_before: str
    due: str
    days_after: str
    workdays_after: str
    mark: str
    stays: Mapping[str, str]
    other: str
    due_on: str
    plan: str
    units: str
    comma: str
    more: str
    colon: str
    name: str
    about: str


ZH = Words(
    days_before="提前{count}天",
    workdays_before="提前{count}个工作日",
    due="当天到期",
    days_after="逾期{count}天",
    workdays_after="逾期{count}个工作日",
    mark="【{what}】",
    stays={
        "draft": "不发送：计划尚未发布",
        "finished": "不发送：各单位均已完成",
        "overtaken": "不发送：同日另有更新的提醒",
        "digest": "不发送：由后一条提醒一并告知",
        "grace": "不发送：应发时间已过24小时",
        "fired": "已发送",
    },
    other="不发送",
    due_on="期限",
    plan="计划",
    units="单位",
    comma="、",
    more="等{count}家",
    colon="：",
    name="提醒预演",
    about="预计发出的提醒，仅供查看；此日历中的任何内容都不会因查看而发送。",
)

EN = Words(
    days_before="{count} days before",
    workdays_before="{count} workdays before",
    due="Due today",
    days_after="{count} days overdue",
    workdays_after="{count} workdays overdue",
    mark="[{what}] ",
    stays={
        "draft": "stays: the plan is not published",
        "finished": "stays: everybody has finished",
        "overtaken": "stays: a later reminder of that day overtakes it",
        "digest": "stays: a later reminder tells of it",
        "grace": "stays: its time passed more than 24 hours ago",
        "fired": "went out",
    },
    other="stays",
    due_on="Due",
    plan="Plan",
    units="Units",
    comma=", ",
    more=" and others, {count} in all",
    colon=": ",
    name="Preview of reminders",
    about="What would go out, to look at: nothing in this calendar is sent because of it.",
)


def words(lang: Language) -> Words:
    """The fixed words of a language."""
    return ZH if lang is Language.ZH else EN


def offset_words(offset: Offset, lang: Language) -> str:
    """An offset as people say it: 提前7天."""
    told, workdays = words(lang), offset.measure is Measure.WORKDAYS
    if offset.count == 0:
        return told.due
    if offset.count < 0:
        return (told.workdays_before if workdays else told.days_before).format(count=-offset.count)
    return (told.workdays_after if workdays else told.days_after).format(count=offset.count)


def outcome_words(expected: Expected, lang: Language) -> str:
    """Why a notice does not go out, or that it did; empty for one that goes out."""
    if expected.goes_out:
        return ""
    told = words(lang)
    if expected.end.status is FiringStatus.FIRED:
        return told.stays["fired"]
    cause: Cause = expected.end.cause
    return told.stays.get(cause.value, told.other)


def summary(subject: Subject, expected: Expected, lang: Language) -> str:
    """Marks first, then the title: 【提前7天】开展中期评估."""
    told = words(lang)
    marks = [offset_words(expected.planned.offset, lang), outcome_words(expected, lang)]
    text = "".join(told.mark.format(what=mark) for mark in marks if mark)
    return _cut(clean_line(text + subject.title), LONGEST_SUMMARY)


def description(subject: Subject, expected: Expected, units: Sequence[str], lang: Language, *, url: str) -> str:
    """The link, the due date, the plan, who would be told."""
    told = words(lang)
    names = told.comma.join(units[:MOST_NAMES])
    if len(units) > MOST_NAMES:
        names += told.more.format(count=len(units))
    lines = (
        url,
        outcome_words(expected, lang),
        f"{told.due_on}{told.colon}{subject.due_on}",
        f"{told.plan}{told.colon}{subject.plan_title}",
        f"{told.units}{told.colon}{names}" if names else "",
    )
    return _cut(clean_text("\n".join(line for line in lines if line)), LONGEST_DESCRIPTION)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
