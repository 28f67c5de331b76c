"""An event as one line that people read, in Chinese and English."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

_NAMES = {
    "milestone.created": "新增节点 new milestone",
    "milestone.updated": "节点变更 milestone changed",
    "milestone.cancelled": "节点取消 milestone cancelled",
    "occurrence.due_soon": "即将到期 due soon",
    "occurrence.due": "到期 due",
    "occurrence.overdue": "已逾期 overdue",
    "occurrence.rescheduled": "期限调整 rescheduled",
    "progress.updated": "进展更新 progress",
    "plan.published": "计划发布 plan published",
    "feed.stale": "订阅久未更新 feed is stale",
    "endpoint.failing": "推送持续失败 endpoint is failing",
    "endpoint.disabled": "推送已停用 endpoint is disabled",
    "endpoint.ping": "测试 test message",
    "endpoint.checkpoint": "每日核对 checkpoint",
    "endpoint.digest": "汇总 digest",
}
_ROLES = {"lead": "牵头", "responsible": "责任", "support": "配合"}
_MOST_UNITS = 3
_MOST_CHARACTERS = 400


def line(event: Mapping[str, Any]) -> str:
    """One line about an event; whatever is missing or odd in it is left out."""
    about = _mapping(event.get("data"))
    kind = str(event.get("type", "?"))
    parts = (
        _NAMES.get(kind, kind),
        _left(about.get("days_left")),
        _what(about),
        _when(about),
        _who(about.get("units")),
        _list(about.get("entries"), about.get("total")),
        _late(about.get("lateness_s")),
    )
    text = " | ".join(part for part in parts if part)
    # A receiver's log is no place for control characters of somebody's title.
    clean = "".join(each if each.isprintable() else " " for each in text)
    return f"{_at(event.get('timestamp'), _mapping(about.get('occurrence')))} {clean}"[:_MOST_CHARACTERS]


def _at(instant: object, occurrence: Mapping[str, Any]) -> str:
    """The instant on the clocks of where it is due, in UTC where that is not known."""
    try:
        at = datetime.fromisoformat(str(instant))
        return f"{at.astimezone(ZoneInfo(str(occurrence.get('time_zone', 'UTC')))):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return "".join(each for each in str(instant)[:16] if each.isprintable())


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _left(days: object) -> str:
    if not isinstance(days, int):
        return ""
    if days < 0:
        return f"逾期 {-days} 天 {-days} d late"
    return f"还有 {days} 天 {days} d left" if days else "今天 today"


def _what(about: Mapping[str, Any]) -> str:
    milestone, plan = _mapping(about.get("milestone")), _mapping(about.get("plan"))
    title = milestone.get("title") or plan.get("title") or about.get("message") or about.get("host") or ""
    ref = milestone.get("ref")
    return f"{title} ({ref})" if ref else str(title)


def _when(about: Mapping[str, Any]) -> str:
    before, due_on = about.get("previous_due_on"), about.get("due_on")
    if not due_on:
        return ""
    return f"期限 due {before} → {due_on}" if before else f"期限 due {due_on}"


def _who(units: object) -> str:
    if not isinstance(units, list) or not units:
        return ""
    names = [f"{each.get('name')}({_ROLES.get(str(each.get('role')), '')})" for each in _mappings(units)[:_MOST_UNITS]]
    more = f" 等 {len(units)} 家 of {len(units)}" if len(units) > _MOST_UNITS else ""
    return "、".join(names) + more


def _mappings(values: Iterable[object]) -> list[Mapping[str, Any]]:
    return [each for each in values if isinstance(each, Mapping)]


def _list(entries: object, total: object) -> str:
    if not isinstance(entries, list):
        return ""
    titles = "；".join(str(_mapping(each.get("milestone")).get("title", "")) for each in _mappings(entries)[:3])
    return f"{total} 项 items: {titles}"


def _late(seconds: object) -> str:
    return f"晚 {seconds} s late" if isinstance(seconds, int) and seconds >= 60 else ""
