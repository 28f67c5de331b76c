"""Due specifications in Chinese."""

import datetime as dt

from service.due.expand import Due
from service.due.periods import Period, Precision, Span, parse_value
from service.due.rule import Frequency, Rule, parse_rule
from service.due.spec.mapping import printed_number
from service.due.values import Bound, Boundary, DueSpec, Form, Quota, Term

_WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_HALVES = ("上半年", "下半年")
_CYCLES = {
    Precision.YEAR: "年",
    Precision.HALF: "半年",
    Precision.QUARTER: "季度",
    Precision.MONTH: "月",
    Precision.WEEK: "周",
    Precision.DAY: "天",
}


def weekday_zh(day: dt.date) -> str:
    """周一 to 周日."""
    return _WEEKDAYS[day.weekday()]


def sentence_zh(spec: DueSpec, due: Due | None = None) -> str:
    """How a specification is read, with its source's words where they differ, and with the date of one due date.

    `「2024年10月前」读作2024年10月前，到期2024-10-31（周四）。`
    """
    reading = _reading(spec)
    parts = [f"「{spec.phrase}」读作{reading}" if spec.phrase not in {"", reading} else reading]
    if spec.quota:
        parts.append(_quota(spec.quota))
    if due and due.due_on:
        parts.append(_due(due))
    return "，".join(parts) + "。"


def mark_zh(spec: DueSpec, due: Due | None = None) -> str:
    """The short mark that a calendar title carries: 【10月内】【年内】【第3季度内】; nothing where the day is exact.

    A recurring duty names its month or quarter once one of its due dates is given.
    """
    match spec.form:
        case Form.OPEN:
            return "【长期】"
        case Form.EVENT:
            return ""
        case Form.TERM:
            return f"【{_term_name(spec.within_term)}】" if spec.within_term else ""
    if spec.precision is Precision.DAY:
        return ""
    ending = "前" if spec.boundary is Boundary.BEFORE else "内"
    key = due.period if due else spec.value
    if key is None:
        return f"【{_CYCLES[spec.precision or Precision.YEAR]}{ending}】"
    span = parse_value(key)
    if span.is_interval:
        return f"【{_short(span.first)}至{_short(span.last)}】"
    if span.precision is Precision.YEAR:
        return "【年内】" if ending == "内" else f"【{span.last.key}年前】"
    return f"【{_short(span.last)}{ending}】"


def _reading(spec: DueSpec) -> str:
    match spec.form:
        case Form.DATED:
            return _span(parse_value(spec.value or ""), spec.boundary)
        case Form.RECURRING:
            return _rule(parse_rule(spec.rrule or ""), spec.boundary)
        case Form.TERM if spec.within_term:
            return _term_name(spec.within_term)
        case Form.OPEN:
            return "长期坚持，不设期限"
        case _:
            return f"{spec.on_event}时"


def _short(period: Period) -> str:
    """A period without its year where it can do without one."""
    match period.precision:
        case Precision.HALF:
            return _HALVES[period.first.month > 6]
        case Precision.QUARTER:
            return f"第{(period.first.month + 2) // 3}季度"
        case Precision.MONTH:
            return f"{period.first.month}月"
        case Precision.WEEK:
            return f"第{period.first.isocalendar().week}周"
        case Precision.DAY:
            return f"{period.first.month}月{period.first.day}日"
        case Precision.YEAR:
            return f"{period.first.year}年"


def _long(period: Period) -> str:
    if period.precision is Precision.YEAR:
        return _short(period)
    year = period.first.isocalendar().year if period.precision is Precision.WEEK else period.first.year
    return f"{year}年{_short(period)}"


def _span(span: Span, boundary: Boundary | None) -> str:
    ending = _ending(span.precision, boundary)
    if not span.is_interval:
        return _long(span.last) + ending
    same_year = span.first.first.year == span.last.first.year and span.precision is not Precision.YEAR
    last = _short(span.last) if same_year else _long(span.last)
    if boundary is Boundary.DURING:
        return f"{_long(span.first)}至{last}"
    return f"自{_long(span.first)}起，{last}{ending}"


def _ending(precision: Precision, boundary: Boundary | None) -> str:
    match boundary:
        case Boundary.BY_END:
            endings = {Precision.YEAR: "底前", Precision.MONTH: "底前", Precision.WEEK: "结束前", Precision.DAY: "前"}
            return endings.get(precision, "末前")
        case Boundary.BEFORE:
            return "前"
        case Boundary.DURING:
            return "内"
        case _:
            return ""


def _rule(rule: Rule, boundary: Boundary | None) -> str:
    ending = "" if boundary is Boundary.DURING else _ending(rule.precision, boundary)
    if rule.precision is Precision.YEAR and rule.interval == 1 and boundary is Boundary.BY_END:
        ending = "年底前"  # 每年底前 would read as "every bottom of the year"
    text = _cycle(rule) + _days(rule) + ending
    text += f"，共{rule.count}次" if rule.count else ""
    return text + (f"，至{rule.until}止" if rule.until else "")


def _cycle(rule: Rule) -> str:
    months = "、".join(f"{month}月" for month in rule.months)
    if rule.frequency is Frequency.YEARLY or months:
        return f"每{rule.interval if rule.interval > 1 else ''}年{months}"
    if rule.frequency is Frequency.MONTHLY and rule.interval in {3, 6}:
        return ("每季度" if rule.interval == 3 else "每半年") + ("首月" if rule.names_days else "")
    unit = {Frequency.MONTHLY: "月", Frequency.WEEKLY: "周", Frequency.DAILY: "天"}[rule.frequency]
    if rule.interval == 1:
        return "" if rule.frequency is Frequency.WEEKLY and rule.week_days else f"每{unit}"
    return f"每{rule.interval}{'个月' if unit == '月' else unit}"


def _days(rule: Rule) -> str:
    text = "、".join(f"{day}日" if day > 0 else _from_end(-day) for day in rule.month_days)
    if rule.week_days:
        every = "每" if rule.frequency is Frequency.WEEKLY and rule.interval == 1 else ""
        names = "、".join(_numbered(entry.ordinal) + _WEEKDAYS[entry.day] for entry in rule.week_days)
        text += f"{'且为' if text else every}{names}"
    if rule.positions:
        text += "中的" + "、".join(f"第{place}天" if place > 0 else _from_end(-place) for place in rule.positions)
    return text


def _from_end(place: int) -> str:
    return "最后一天" if place == 1 else f"倒数第{place}天"


def _numbered(ordinal: int) -> str:
    if not ordinal:
        return ""
    return f"第{ordinal}个" if ordinal > 0 else "最后一个" if ordinal == -1 else f"倒数第{-ordinal}个"


def _term_name(term: Term) -> str:
    if term.start is None:
        return {"plan": "计划期内", "office": "任期内"}[term.kind.value]
    return f"自{term.start.year}年{term.start.month}月{term.start.day}日起{term.years}年内"


def _quota(quota: Quota) -> str:
    whom = f"每{quota.per if len(quota.per) == 1 else f'个{quota.per}'}" if quota.per else ""
    number = printed_number(quota.number)
    if quota.bound is Bound.AT_MOST:
        bound = "不超过"
    else:
        bound = "不低于" if quota.ratio else "不少于"
    return f"{whom}{quota.unit}{bound}{number}%" if quota.ratio else f"{whom}{bound}{number}{quota.unit}"


def _due(due: Due) -> str:
    assert due.due_on
    assert due.nominal_due_on
    text = f"到期{due.due_on}（{weekday_zh(due.due_on)}）" + (f"{due.due_time:%H:%M}" if due.due_time else "")
    if due.due_on != due.nominal_due_on:
        moved = "提前" if due.due_on < due.nominal_due_on else "顺延"
        text += f"，由{due.nominal_due_on}（{weekday_zh(due.nominal_due_on)}）{moved}"
    return text + ("，放假安排尚未公布，日期暂定" if due.provisional else "")
