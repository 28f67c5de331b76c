"""Which language a page is in, and how it says dates."""

from dataclasses import dataclass
from datetime import date

from starlette.requests import Request

from service.due.describe import sentence_en, sentence_zh, weekday_en, weekday_zh
from service.due.periods import MONTHS
from service.due.spec import parse
from service.feeds.rules.subjects import Language
from service.milestones.rules import MilestoneKind, Role
from service.progress.rules import ProgressStatus
from service.reports.rules.board import Dated, Task

_ROLES = {Role.LEAD: ("牵头", "Lead"), Role.RESPONSIBLE: ("责任", "Responsible"), Role.SUPPORT: ("配合", "Support")}
_KINDS = {
    MilestoneKind.TASK: ("任务", "Task"),
    MilestoneKind.DUTY: ("经常性工作", "Recurring duty"),
    MilestoneKind.EVALUATION: ("评估", "Evaluation"),
    MilestoneKind.WINDOW: ("时段", "Window"),
    MilestoneKind.MEETING: ("会议", "Meeting"),
}


_STATUSES = {
    ProgressStatus.PENDING: ("未反馈", "no report"),
    ProgressStatus.IN_PROGRESS: ("进行中", "in progress"),
    ProgressStatus.SUBMITTED: ("已报送", "submitted"),
    ProgressStatus.ACCEPTED: ("已通过", "accepted"),
    ProgressStatus.RETURNED: ("已退回", "returned"),
    ProgressStatus.WAIVED: ("免报", "waived"),
}


def language_of(request: Request) -> Language:
    """What `?lang=` asks for, else what the browser prefers of the two, else Chinese."""
    if asked := asked_for(request):
        return asked
    header = request.headers.get("accept-language", "")
    wanted = {tongue: _quality(header, tongue) for tongue in Language}
    return Language.EN if wanted[Language.EN] > wanted[Language.ZH] else Language.ZH


def asked_for(request: Request) -> Language | None:
    """The language that the address names, if it names one of ours."""
    named = request.query_params.get("lang")
    return next((tongue for tongue in Language if tongue.value == named), None)


def _quality(header: str, tongue: str) -> float:
    """The weight of a language in an Accept-Language header (RFC 9110, 12.5.4), whatever the region."""
    best = 0.0
    for part in header.split(","):
        name, _, weight = part.strip().partition(";")
        if name.strip().lower().partition("-")[0] == tongue:
            best = max(best, _weight(weight))
    return best


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


@dataclass(frozen=True, slots=True)
class Speech:
    """How a page speaks: its language, and the day on which it is read."""

    lang: Language
    today: date

    def say(self, zh: str, en: str) -> str:
        """One of the two."""
        return zh if self.lang is Language.ZH else en

    def day(self, day: date) -> str:
        """10月31日, 31 Oct; with its year where that is another one."""
        year = day.year != self.today.year
        if self.lang is Language.ZH:
            return f"{f'{day.year}年' if year else ''}{day.month}月{day.day}日"
        return f"{day.day} {MONTHS[day.month - 1][:3]}{f' {day.year}' if year else ''}"

    def full_day(self, day: date) -> str:
        """2024年10月31日 周四, Thursday 31 October 2024."""
        if self.lang is Language.ZH:
            return f"{day.year}年{day.month}月{day.day}日 {weekday_zh(day)}"
        return f"{weekday_en(day)} {day.day} {MONTHS[day.month - 1]} {day.year}"

    def weekday(self, day: date) -> str:
        """周四, Thursday."""
        return self.say(weekday_zh(day), weekday_en(day))

    def left(self, dated: Dated) -> str:
        """How far off it is."""
        days = dated.days_left
        if dated.finished:
            return self.say("已完成", "finished")
        if days is None:
            return self.say("无期限", "no date")
        if days == 0:
            return self.say("今天到期", "due today")
        plural = "" if abs(days) == 1 else "s"
        if days > 0:
            return self.say(f"还有 {days} 天", f"{days} day{plural} left")
        return self.say(f"已过 {-days} 天", f"{-days} day{plural} ago")

    def role(self, role: Role) -> str:
        """牵头, 责任, 配合."""
        return self.say(*_ROLES[role])

    def status(self, status: ProgressStatus) -> str:
        """未反馈, 已报送 and so on: how far a unit says it is."""
        return self.say(*_STATUSES[status])

    def kind(self, kind: MilestoneKind) -> str:
        """What sort of task it is."""
        return self.say(*_KINDS[kind])

    def sentence(self, task: Task) -> str:
        """How its due specification is read, in a sentence."""
        if task.due is None:
            return self.say("文件没有写明时间。", "The document does not say when.")
        spec = parse(task.due)
        return self.say(sentence_zh(spec), sentence_en(spec))
