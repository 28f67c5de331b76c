"""One example of every event type, for the documentation and for test messages: a real task of a real plan."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from service.milestones.rules import MilestoneKind, Role
from service.progress.rules import ProgressStatus
from service.webhooks.rules.events import (
    About,
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
from service.webhooks.rules.parts import (
    Cause,
    CauseKind,
    Change,
    MilestonePart,
    OccurrencePart,
    PlanPart,
    UnitPart,
)

_DUE = date(2024, 10, 31)
_SITE = "https://milepost.example"
_ENDPOINT = "ep_5k2wq3xlyq7ha6e4mzr2tnv3ci"

PLAN = PlanPart(
    slug="chongming-enforcement-2023-2025",
    title="崇明区提升行政执法质量三年行动工作方案",
    jurisdiction="chongming",
)
MILESTONE = MilestonePart(
    id="ms_o4wz5l6bq2c3kqk7g5h2tr4b7e",
    ref="三(四)",
    title="三年行动计划中期评估",
    kind=MilestoneKind.EVALUATION,
    phrase="2024年10月底前",
)
OCCURRENCE = OccurrencePart(
    id="oc_7tq3x2m5nwl4ya6bd2hk5v3jze",
    period="2024-10",
    window_start=date(2024, 10, 1),
    nominal_due_on=_DUE,
    due_on=_DUE,
    time_zone="Asia/Shanghai",
    url=f"{_SITE}/occurrences/oc_7tq3x2m5nwl4ya6bd2hk5v3jze",
)
UNITS = (
    UnitPart(code="chongming.justice", name="区司法局", role=Role.LEAD, status=ProgressStatus.IN_PROGRESS),
    UnitPart(code="chongming.urban-management", name="区城管执法局", role=Role.RESPONSIBLE),
)


def example(event_type: EventType) -> Event:
    """An event of this type."""
    scheduled_for, cause = _WHY.get(event_type, (None, Cause(kind=CauseKind.HEALTH)))
    at = scheduled_for or datetime(2024, 10, 8, 1, 30, tzinfo=UTC)
    return Event(
        id="evt_3mzx5w2q7kbn4yh6cd2tr5v7le",
        type=event_type,
        timestamp=at,
        about=_ABOUT[event_type](),
        cause=cause,
        scheduled_for=scheduled_for,
        fired_at=at,
    )


def _notice(offset: str, days_left: int) -> Callable[[], About]:
    return lambda: OccurrenceNotice(
        occurrence=OCCURRENCE,
        milestone=MILESTONE,
        plan=PLAN,
        due_on=_DUE,
        days_left=days_left,
        units=UNITS,
        offset=offset,
    )


def _milestone(*changes: Change) -> Callable[[], About]:
    return lambda: MilestoneNews(
        milestone=MILESTONE,
        plan=PLAN,
        due_on=_DUE,
        days_left=23,
        units=UNITS,
        changes=changes,
        url=f"{_SITE}/milestones/{MILESTONE.id}",
    )


def _rescheduled() -> About:
    return Rescheduled(
        occurrence=OCCURRENCE,
        milestone=MILESTONE,
        plan=PLAN,
        due_on=_DUE,
        previous_due_on=date(2024, 10, 15),
        days_left=23,
        units=UNITS,
    )


def _progress() -> About:
    return ProgressNews(
        occurrence=OCCURRENCE,
        milestone=MILESTONE,
        plan=PLAN,
        due_on=_DUE,
        days_left=23,
        units=UNITS,
        unit=UNITS[0],
        previous_status=ProgressStatus.PENDING,
        note="已印发评估方案",
    )


def _digest() -> About:
    entry = DigestEntry(
        id="evt_3mzx5w2q7kbn4yh6cd2tr5v7le",
        type=EventType.OCCURRENCE_DUE_SOON,
        timestamp=datetime(2024, 10, 24, 1, tzinfo=UTC),
        occurrence=OCCURRENCE.id,
        period=OCCURRENCE.period,
        milestone=MILESTONE,
        plan=PLAN,
        due_on=_DUE,
        days_left=7,
        units=UNITS,
        url=OCCURRENCE.url,
    )
    day = date(2024, 10, 24)
    return Digest(endpoint=_ENDPOINT, cadence=Cadence.DAILY, from_on=day, to_on=day, total=1, entries=(entry,))


_ABOUT: dict[EventType, Callable[[], About]] = {
    EventType.MILESTONE_CREATED: _milestone(),
    EventType.MILESTONE_UPDATED: _milestone(Change(field="due", before="2024年10月", after="2024年10月底前")),
    EventType.MILESTONE_CANCELLED: _milestone(),
    EventType.OCCURRENCE_DUE_SOON: _notice("-7d", 7),
    EventType.OCCURRENCE_DUE: _notice("0d", 0),
    EventType.OCCURRENCE_OVERDUE: _notice("+1d", -1),
    EventType.OCCURRENCE_RESCHEDULED: _rescheduled,
    EventType.PROGRESS_UPDATED: _progress,
    EventType.PLAN_PUBLISHED: lambda: PlanPublished(
        plan=PLAN,
        milestones=59,
        first_due_on=date(2024, 3, 24),
        last_due_on=date(2025, 12, 31),
        url=f"{_SITE}/plans/{PLAN.slug}",
    ),
    EventType.FEED_STALE: lambda: FeedStale(
        feed="fd_2hk5v3jzx7tq3m5nwl4ya6bd2e",
        subject="unit:chongming.justice",
        jurisdiction="chongming",
        label="区司法局办公室",
        last_fetched_at=datetime(2024, 9, 8, 2, tzinfo=UTC),
        idle_days=30,
        unit="chongming.justice",
        program="google",
        moved_at=datetime(2024, 10, 6, 2, tzinfo=UTC),
        moved=2,
        occurrences=("oc_7s2qk4m3xv5dw2zt6nbh4yjc3a", "oc_5wq3n6tzk2ylf7rs4dxm3vbh2e"),
    ),
    EventType.ENDPOINT_FAILING: lambda: EndpointFailing(
        endpoint=_ENDPOINT,
        host="oa.example.cn",
        jurisdiction="chongming",
        failures=6,
        since=datetime(2024, 10, 8, 0, 50, tzinfo=UTC),
        reason="answered 502: a gateway without its server",
        holds_at=datetime(2024, 10, 9, 0, 50, tzinfo=UTC),
    ),
    EventType.ENDPOINT_DISABLED: lambda: EndpointDisabled(
        endpoint=_ENDPOINT,
        host="oa.example.cn",
        jurisdiction="chongming",
        reason="answered 410: it wants no more messages",
        held=3,
    ),
    EventType.ENDPOINT_PING: lambda: Ping(endpoint=_ENDPOINT),
    EventType.ENDPOINT_CHECKPOINT: lambda: Checkpoint(
        endpoint=_ENDPOINT,
        as_of=datetime(2024, 10, 8, 1, 30, tzinfo=UTC),
        last_sequence=418,
        last_sent_at=datetime(2024, 10, 7, 1, 0, 2, tzinfo=UTC),
        next_at=datetime(2024, 10, 24, 1, tzinfo=UTC),
    ),
    EventType.ENDPOINT_DIGEST: _digest,
}

_CHANGE = Cause(kind=CauseKind.CHANGE, id="1843", actor="key:law-office")
_FIRING = Cause(kind=CauseKind.FIRING, id="fi_4ya6bd2hk5v3jzx7tq3m5nwl2e")
_CLOCK = Cause(kind=CauseKind.CLOCK)

_WHY: dict[EventType, tuple[datetime | None, Cause]] = {
    EventType.OCCURRENCE_DUE_SOON: (datetime(2024, 10, 24, 1, tzinfo=UTC), _FIRING),
    EventType.OCCURRENCE_DUE: (datetime(2024, 10, 31, 1, tzinfo=UTC), _FIRING),
    EventType.OCCURRENCE_OVERDUE: (datetime(2024, 11, 1, 1, tzinfo=UTC), _FIRING),
    EventType.ENDPOINT_DIGEST: (datetime(2024, 10, 24, 1, tzinfo=UTC), _CLOCK),
    EventType.ENDPOINT_CHECKPOINT: (datetime(2024, 10, 8, 1, 30, tzinfo=UTC), _CLOCK),
    EventType.ENDPOINT_PING: (None, Cause(kind=CauseKind.REQUEST, actor="key:law-office")),
    EventType.MILESTONE_CREATED: (None, _CHANGE),
    EventType.MILESTONE_UPDATED: (None, _CHANGE),
    EventType.MILESTONE_CANCELLED: (None, _CHANGE),
    EventType.OCCURRENCE_RESCHEDULED: (None, _CHANGE),
    EventType.PROGRESS_UPDATED: (None, _CHANGE),
    EventType.PLAN_PUBLISHED: (None, _CHANGE),
}
