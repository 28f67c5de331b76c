"""An event as a short Chinese card: a headline, a title, a few labelled lines, a link; for a digest a list besides."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from service.webhooks.rules.digest import counts
from service.webhooks.rules.events import (
    Cadence,
    Checkpoint,
    Digest,
    DigestEntry,
    EndpointDisabled,
    EndpointFailing,
    Event,
    EventType,
    FeedStale,
    MilestoneNews,
    OccurrenceNotice,
    Ping,
    PlanPublished,
    ProgressNews,
    Rescheduled,
)
from service.webhooks.rules.formats.text import cut, one_line
from service.webhooks.rules.formats.wording import (
    LONGEST_TITLE,
    MOST_CHANGES,
    STATUS,
    Card,
    Line,
    Urgency,
    change_line,
    chinese_date,
    civil,
    due_line,
    labelled,
    remaining,
    unit_lines,
)

REHEARSAL = "【演练】"
_MILESTONE_NEWS = {
    EventType.MILESTONE_CREATED: "新增节点",
    EventType.MILESTONE_UPDATED: "节点有变更",
    EventType.MILESTONE_CANCELLED: "节点已取消",
}
_SHORT = {
    EventType.MILESTONE_CREATED: "新增",
    EventType.MILESTONE_UPDATED: "变更",
    EventType.MILESTONE_CANCELLED: "取消",
    EventType.OCCURRENCE_RESCHEDULED: "调期",
    EventType.PROGRESS_UPDATED: "进展",
    EventType.PLAN_PUBLISHED: "发布",
}


def card(event: Event, *, zone: str) -> Card:
    """The card of an event; instants are told in `zone` (IANA name)."""
    made = _card(event, zone=zone)
    return replace(made, headline=REHEARSAL + made.headline) if event.is_rehearsal else made


def _card(event: Event, *, zone: str) -> Card:
    about = event.about
    match about:
        case OccurrenceNotice():
            return _notice(about)
        case Rescheduled():
            return _rescheduled(about)
        case ProgressNews():
            return _progress(about)
        case MilestoneNews():
            return _milestone(event.type, about)
        case PlanPublished():
            return _plan(about)
        case Digest():
            return _digest(about)
        case _:
            return _channel(about, ZoneInfo(zone))


# ── work ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_About = OccurrenceNotice | Rescheduled | ProgressNews | MilestoneNews


def _notice(about: OccurrenceNotice) -> Card:
    headline, urgency = remaining(about.days_left)
    return Card(
        headline=headline,
        urgency=urgency,
        title=_title(about),
        lines=(_plan_line(about), *due_line("期限", about.due_on), *unit_lines(about.units)),
        link=about.occurrence.url,
    )


def _rescheduled(about: Rescheduled) -> Card:
    return Card(
        headline="期限调整",
        urgency=Urgency.SOON,
        title=_title(about),
        lines=(
            _plan_line(about),
            *due_line("原期限", about.previous_due_on),
            *(due_line("新期限", about.due_on) or (Line("新期限", "无"),)),
            *unit_lines(about.units),
        ),
        link=about.occurrence.url,
    )


def _progress(about: ProgressNews) -> Card:
    before, after = STATUS[about.previous_status], STATUS[about.unit.status]
    note = (labelled("说明", about.note),) if about.note else ()
    return Card(
        headline="进展更新",
        title=_title(about),
        lines=(
            _plan_line(about),
            *due_line("期限", about.due_on),
            labelled("单位", f"{about.unit.name}：{before} → {after}"),
            *note,
        ),
        link=about.occurrence.url,
    )


def _milestone(event_type: EventType, about: MilestoneNews) -> Card:
    phrase = (labelled("原文", about.milestone.phrase),) if about.milestone.phrase else ()
    return Card(
        headline=_MILESTONE_NEWS[event_type],
        title=_title(about),
        lines=(
            _plan_line(about),
            *phrase,
            *due_line("期限", about.due_on),
            *unit_lines(about.units),
            *(change_line(change) for change in about.changes[:MOST_CHANGES]),
        ),
        link=about.url,
    )


def _plan(about: PlanPublished) -> Card:
    span = (
        (Line("期限范围", f"{chinese_date(about.first_due_on)} 至 {chinese_date(about.last_due_on)}"),)
        if about.first_due_on and about.last_due_on
        else ()
    )
    return Card(
        headline="计划发布",
        title=cut(one_line(about.plan.title), LONGEST_TITLE),
        lines=(Line("节点", f"{about.milestones} 个"), *span),
        link=about.url,
    )


def _title(about: _About) -> str:
    ref = one_line(about.milestone.ref)
    suffix = f"（{ref}）" if ref else ""
    return cut(one_line(about.milestone.title) + cut(suffix, 100), LONGEST_TITLE)


def _plan_line(about: _About) -> Line:
    return labelled("计划", about.plan.title)


# ── many at once ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _digest(about: Digest) -> Card:
    days = f"{about.from_on.month}月{about.from_on.day}日"
    if about.to_on != about.from_on:
        days += f"至{about.to_on.month}月{about.to_on.day}日"
    name = "每日汇总" if about.cadence is Cadence.DAILY else "每周汇总"
    part = f" {about.part}/{about.parts}" if about.parts > 1 else ""
    found = counts(about.entries)
    return Card(
        headline=f"{name}（{days}）{part}",
        urgency=Urgency.LATE if found["overdue"] else Urgency.TODAY if found["today"] else Urgency.CALM,
        lines=(Line("合计", f"{about.total} 项{_tally(found)}"),),
        entries=tuple(_digest_line(entry) for entry in about.entries),
    )


def _tally(found: dict[str, int]) -> str:
    words = {"overdue": "逾期", "today": "今天到期", "soon": "即将到期", "other": "其他动态"}
    said = "，".join(f"{word} {found[key]}" for key, word in words.items() if found[key])
    return f"（{said}）" if said else ""


def _digest_line(entry: DigestEntry) -> str:
    """`逾期3天｜三年行动计划中期评估｜10月31日｜区司法局 等 2 家`"""
    state = _SHORT.get(entry.type) or _left(entry.days_left)
    title = cut(one_line((entry.milestone or entry.plan).title), 120)
    due = f"{entry.due_on.month}月{entry.due_on.day}日" if entry.due_on else ""
    first = cut(one_line(entry.units[0].name), 60) if entry.units else ""
    units = f"{first} 等 {len(entry.units)} 家" if len(entry.units) > 1 else first
    return "｜".join(part for part in (state, title, due, units) if part)


def _left(days: int | None) -> str:
    if days is None:
        return "提醒"
    return f"逾期{-days}天" if days < 0 else f"{days}天后" if days else "今天"


# ── the channel itself ───────────────────────────────────────────────────────────────────────────────────────────────


def _channel(about: FeedStale | EndpointFailing | EndpointDisabled | Ping | Checkpoint, zone: ZoneInfo) -> Card:
    match about:
        case FeedStale():
            return Card(
                headline="日历订阅久未更新",
                title=cut(one_line(about.label or about.subject), LONGEST_TITLE),
                lines=(
                    labelled("订阅内容", about.subject),
                    Line("已改期", f"{about.moved} 项"),
                    Line("未更新", f"{about.idle_days} 天"),
                ),
            )
        case EndpointFailing():
            return Card(
                headline="推送持续失败",
                urgency=Urgency.LATE,
                lines=(
                    labelled("接收地址", about.host),
                    Line("连续失败", f"{about.failures} 次，始于 {civil(about.since, zone)}"),
                    Line("暂停推送", f"{civil(about.holds_at, zone)} 起，消息保留"),
                ),
            )
        case EndpointDisabled():
            return Card(
                headline="推送已停用",
                urgency=Urgency.LATE,
                lines=(labelled("接收地址", about.host), Line("保留消息", f"{about.held} 条")),
            )
        case Checkpoint():
            following = civil(about.next_at, zone) if about.next_at else "暂无安排"
            return Card(
                headline="每日核对",
                lines=(
                    Line("最近编号", str(about.last_sequence) if about.last_sequence is not None else "无"),
                    Line("今天到期", f"{about.due_today} 项"),
                    Line("下次提醒", following),
                ),
            )
        case Ping():
            return Card(headline="测试消息", title=cut(one_line(about.message), LONGEST_TITLE))
