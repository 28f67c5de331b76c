"""The words of a feed, Chinese and English: summaries, descriptions, names. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from service.feeds.rules.facts import EntryFacts, clean_line, clean_text
from service.feeds.rules.forms import Content, Language
from service.feeds.rules.phase import Phase
from service.feeds.rules.subjects import Subject, SubjectKind
from service.feeds.rules.window import Window

LONGEST_SUMMARY = 250
LONGEST_DESCRIPTION = 2_000

# CSS3 names (RFC 7986, 5.9).
COLORS: Mapping[str, str] = {"grey": "gray", "green": "seagreen", "yellow": "gold", "red": "crimson"}
FEED_COLOR = "steelblue"
DONE = "✓ "

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Words:
    """The fixed words of one language."""

    roles: Mapping[str, str]
    kinds: Mapping[str, str]
    open_mark: str
    close_mark: str
    moved: str
    cancelled: str
    withdrawn: str
    why_cancelled: str
    why_withdrawn: str
    due: str
    plan: str
    window: str
    hand_in: str
    colon: str
    comma: str
    more: str
    provisional: str
    greeting: str
    greeting_why: str


ZH = Words(
    roles={"lead": "牵头", "responsible": "责任", "support": "配合"},
    kinds={"task": "任务", "duty": "经常性工作", "evaluation": "评估", "window": "时段", "meeting": "会议"},
    open_mark="【",
    close_mark="】",
    moved="改期",
    cancelled="已取消",
    withdrawn="不再承担",
    why_cancelled="此节点已取消，60天后从日历中移除。",
    why_withdrawn="本单位不再承担此节点，60天后从日历中移除。",
    due="时限",
    plan="计划",
    window="时段",
    hand_in="提交",
    colon="：",
    comma="、",
    more="等，另有{count}个",
    provisional="（暂定）",
    greeting="订阅成功",
    greeting_why="目前没有需要办理的节点；一有节点，会自动出现在这里。",
)

EN = Words(
    roles={"lead": "Lead", "responsible": "Responsible", "support": "Support"},
    kinds={"task": "Task", "duty": "Duty", "evaluation": "Evaluation", "window": "Window", "meeting": "Meeting"},
    open_mark="[",
    close_mark="] ",
    moved="Moved",
    cancelled="Cancelled",
    withdrawn="No longer yours",
    why_cancelled="This was cancelled; it leaves the calendar after 60 days.",
    why_withdrawn="Your unit no longer answers for this; it leaves the calendar after 60 days.",
    due="Due",
    plan="Plan",
    window="Window",
    hand_in="Hand in",
    colon=": ",
    comma=", ",
    more=" and {count} more",
    provisional=" (provisional)",
    greeting="Subscribed",
    greeting_why="Nothing is owed at present; whatever comes appears here by itself.",
)


def words(lang: Language) -> Words:
    """The fixed words of a language."""
    return ZH if lang is Language.ZH else EN


def summary(facts: EntryFacts, phase: Phase, lang: Language) -> str:
    """Marks first, then the title: phones cut early. ✓ 【改期 3月31日→4月15日】【牵头】【10月内】开展专项检查."""
    told = words(lang)
    marks = []
    if facts.ended:
        marks.append(told.cancelled if facts.ended == "cancelled" else told.withdrawn)
    if phase.moved and facts.moved_from:
        marks.append(f"{told.moved} {_span(facts.moved_from, facts.due_on, lang)}")
    if facts.role:
        marks.append(told.roles.get(facts.role, facts.role))
    done = DONE if facts.progress == "done" and not facts.ended else ""
    text = done + "".join(f"{told.open_mark}{mark}{told.close_mark}" for mark in marks)
    precision = facts.mark_zh if lang is Language.ZH else facts.mark_en
    spaced = f"{precision} " if precision and lang is Language.EN else precision
    return _cut(clean_line(f"{text}{spaced}{facts.title}"), LONGEST_SUMMARY)


def description(facts: EntryFacts, phase: Phase, lang: Language, *, url: str, content: Content = Content.FULL) -> str:
    """Plain text: the link first, why it is called off, the due phrase, the plan and where in it, who answers, what to
    hand in. At most 2,000 characters. Of a link that lets out less: who answers, or nothing."""
    told = words(lang)
    who = [_labelled(told, told.roles[role], _names(told, getattr(facts, role))) for role in told.roles]
    if content is not Content.FULL:
        shown = who if content is Content.UNITS else []
        return _cut(clean_text("\n".join(line for line in shown if line)), LONGEST_DESCRIPTION)
    lines = [url]
    if facts.ended:
        lines.append(told.why_cancelled if facts.ended == "cancelled" else told.why_withdrawn)
    if phase.moved and facts.moved_from:
        lines.append(f"{told.moved}{told.colon}{_span(facts.moved_from, facts.due_on, lang)}")
    reading = facts.reading_zh if lang is Language.ZH else facts.reading_en
    lines.append(_labelled(told, told.due, reading + (told.provisional if facts.provisional else "")))
    if facts.window_start and facts.due_on and facts.window_start != facts.due_on:
        lines.append(_labelled(told, told.window, f"{facts.window_start} – {facts.due_on}"))
    plan = " ".join(part for part in (facts.plan_title, facts.plan_number, facts.ref) if part)
    lines.append(_labelled(told, told.plan, plan))
    lines += who
    lines.append(_labelled(told, told.hand_in, facts.hand_in))
    return _cut(clean_text("\n".join(line for line in lines if line)), LONGEST_DESCRIPTION)


def categories(facts: EntryFacts, lang: Language) -> tuple[str, ...]:
    """The kind of task and the unit's role."""
    told = words(lang)
    found = [told.kinds.get(facts.kind, facts.kind)]
    return (*found, told.roles.get(facts.role, facts.role)) if facts.role else tuple(found)


def feed_description(subject: Subject, name: str, window: Window, lang: Language) -> str:
    """What a feed shows, and from when to when, in one sentence."""
    if lang is Language.EN:
        what = {
            SubjectKind.PLAN: f"the milestones of the plan {name}",
            SubjectKind.JURISDICTION: f"the milestones of all plans of {name}",
        }.get(subject.kind, f"what {name} answers for")
        when = f"in {window.year}" if window.year else f"from {window.back} days ago to {window.ahead} days from now"
        return f"{what[0].upper()}{what[1:]}, due {when}."
    what = {
        SubjectKind.PLAN: f"《{name}》的工作节点",
        SubjectKind.JURISDICTION: f"{name}各项计划的工作节点",
    }.get(subject.kind, f"{name}承担的工作节点")
    if window.year:
        return f"{what}，包括{window.year}年到期的节点。"
    return f"{what}，包括过去{window.back}天至今后{window.ahead}天内到期的节点。"


def overlay_words(region: str, lang: Language) -> tuple[str, str]:
    """The name and the description of a region's statutory days."""
    where = {"CN": ("中国", "China")}.get(region, (region, region))
    if lang is Language.EN:
        return f"Statutory days: {where[1]}", "Days off and make-up workdays of last year, this year and the next."
    return f"{where[0]}法定节假日", "去年、今年和明年的法定节假日与调休上班日。"


def feed_name(name: str, window: Window, lang: Language) -> str:
    """What a calendar is called: after its subject; an archive with its year."""
    if not window.year:
        return name
    return f"{name}（{window.year}年归档）" if lang is Language.ZH else f"{name} (archive {window.year})"


def _span(before: date, after: date | None, lang: Language) -> str:
    full = after is not None and before.year != after.year
    later = _day(after, lang, full=full) if after else ("无日期" if lang is Language.ZH else "no date")
    return f"{_day(before, lang, full=full)}→{later}"


def _day(day: date, lang: Language, *, full: bool) -> str:
    if lang is Language.ZH:
        return f"{f'{day.year}年' if full else ''}{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]}{f' {day.year}' if full else ''}"


def _labelled(told: Words, label: str, text: str) -> str:
    return f"{label}{told.colon}{text}" if text else ""


def _names(told: Words, names: tuple[str, ...]) -> str:
    if names and names[-1].startswith("+"):
        return told.comma.join(names[:-1]) + told.more.format(count=names[-1].removeprefix("+"))
    return told.comma.join(names)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
