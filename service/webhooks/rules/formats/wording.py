"""What a card is, and the words on it: how dates, units and the time that is left are said in Chinese.

Texts are on one line and bounded, and otherwise as they came: each format makes them harmless in its own way.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from service.milestones.rules import Role
from service.progress.rules import ProgressStatus
from service.webhooks.rules.formats.text import cut, one_line
from service.webhooks.rules.parts import Change, UnitPart

KEYWORD = "期限提醒"
"""Stands in every card: what an office enters where a robot's safety settings ask for a keyword (自定义关键词)."""

LONGEST_TITLE, LONGEST_VALUE = 300, 360  # bytes
MOST_UNITS = 5
MOST_CHANGES = 4


class Urgency(StrEnum):
    """How loud a card is."""

    CALM = "calm"
    SOON = "soon"
    TODAY = "today"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Line:
    """A label of ours and a value that may come from anybody."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What people read."""

    headline: str
    urgency: Urgency = Urgency.CALM
    title: str = ""
    lines: tuple[Line, ...] = ()
    entries: tuple[str, ...] = ()
    link: str | None = None


ROLES = {Role.LEAD: "牵头单位", Role.RESPONSIBLE: "责任单位", Role.SUPPORT: "配合单位"}
STATUS = {
    ProgressStatus.PENDING: "未反馈",
    ProgressStatus.IN_PROGRESS: "进行中",
    ProgressStatus.SUBMITTED: "已报送",
    ProgressStatus.ACCEPTED: "已完成",
    ProgressStatus.RETURNED: "已退回",
    ProgressStatus.WAIVED: "免办",
}
FIELDS = {
    "title": "名称",
    "due": "期限",
    "assignments": "分工",
    "ref": "编号",
    "kind": "类型",
    "hand_in": "报送要求",
    "note": "备注",
    "status": "状态",
    "parent": "上级节点",
    "implements": "落实依据",
}


def remaining(days: int | None) -> tuple[str, Urgency]:
    """How long there is left, in words."""
    if days is None:
        return "期限提醒", Urgency.CALM
    if days < 0:
        return f"已逾期 {-days} 天", Urgency.LATE
    if days == 0:
        return "今天到期", Urgency.TODAY
    return ("明天到期" if days == 1 else f"还有 {days} 天到期"), Urgency.SOON


def labelled(label: str, value: str) -> Line:
    """A line whose value may be long."""
    return Line(label, cut(one_line(value), LONGEST_VALUE))


def due_line(label: str, day: date | None) -> tuple[Line, ...]:
    """The line of a date; none where there is no date."""
    return (Line(label, chinese_date(day)),) if day else ()


def unit_lines(units: Iterable[UnitPart]) -> tuple[Line, ...]:
    """One line a role; many units are counted."""
    held, lines = tuple(units), []
    for role, label in ROLES.items():
        inside = [unit for unit in held if unit.role is role]
        if inside:
            names = "、".join(f"{cut(one_line(unit.name), 60)}{_mark(unit)}" for unit in inside[:MOST_UNITS])
            more = f" 等 {len(inside)} 家" if len(inside) > MOST_UNITS else ""
            lines.append(Line(label, cut(names, LONGEST_VALUE - 30) + more))
    return tuple(lines)


def _mark(unit: UnitPart) -> str:
    return "" if unit.status is ProgressStatus.PENDING else f"（{STATUS[unit.status]}）"


def chinese_date(day: date) -> str:
    """A day as people write it: 2024年10月31日（周四）."""
    return f"{day.year}年{day.month}月{day.day}日（周{'一二三四五六日'[day.weekday()]}）"


def civil(at: datetime, zone: ZoneInfo) -> str:
    """An instant as people in a zone write it: 10月31日 09:00."""
    here = at.astimezone(zone)
    return f"{here.month}月{here.day}日 {here:%H:%M}"


def change_line(change: Change) -> Line:
    """What changed, from what to what."""
    before, after = (cut(one_line(text or "无"), 150) for text in (change.before, change.after))
    return labelled(f"{FIELDS.get(change.field, '其他')}变更", f"{before} → {after}")
