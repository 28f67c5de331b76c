"""Foresight: no due date is passed over, and each notice is judged as it would be when its time comes."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from service.due.workdays import Roll
from service.holidays.rules import CHINA, calendar_of
from service.milestones.rules import Role
from service.preview.rules.foresight import Recorded, Span, Subject, due_between, foresee
from service.progress.rules import ProgressStatus, Standing
from service.reminders.rules.offsets import Measure, Offset
from service.reminders.rules.planning import FiringStatus
from service.reminders.rules.policy import Policy, parse_text
from service.reminders.rules.timing import planned

CALENDAR = calendar_of(CHINA)
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2024, 10, 1, tzinfo=UTC)
YEAR = Span(datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
OFFSETS = st.builds(
    Offset,
    st.integers(-40, 40) | st.sampled_from((-366, -250, 250)).filter(lambda n: abs(n) < 251),
    st.sampled_from(Measure),
)
POLICIES = st.builds(
    Policy, st.lists(OFFSETS, max_size=3).map(tuple), roll=st.sampled_from((Roll.NONE, Roll.PRECEDING))
)


@settings(max_examples=60, deadline=None)
@given(POLICIES, st.dates(date(2024, 1, 1), date(2025, 12, 31)), st.dates(date(2024, 3, 1), date(2025, 10, 31)))
def test_no_due_date_with_a_notice_in_a_span_is_passed_over(policy: Policy, due_on: date, first: date) -> None:
    last = first + timedelta(days=9)
    falls = any(first <= each.day(due_on, roll=policy.roll, calendar=CALENDAR) <= last for each in policy.offsets)
    spans = due_between([policy], first, last, CALENDAR)
    held = any(start <= due_on <= end for start, end in spans)
    assert held or not falls
    if all(each.measure is Measure.DAYS for each in policy.offsets):
        assert held == falls  # exact where it is cheap
    assert all(one[1] + timedelta(days=1) < other[0] for one, other in pairwise(spans))


def _subject(due_on: date, *, status: str = "published") -> Subject:
    return Subject(
        id="oc_1", period="2024-10", due_on=due_on, updated_at=NOW, milestone="ms_1", key="1", title="任务",
        kind="task", plan="p", plan_title="计划", plan_status=status, time_zone=None, jurisdiction="a",
    )  # fmt: skip


def _told(
    line: str,
    due_on: date,
    *,
    status: str = "published",
    said: ProgressStatus = ProgressStatus.PENDING,
    recorded: tuple[Recorded, ...] = (),
    span: Span = YEAR,
    now: datetime = NOW,
) -> list[tuple[str, str]]:
    subject = _subject(due_on, status=status)
    asked = planned(parse_text(line), due_on=due_on, zone=SHANGHAI, calendar=CALENDAR)
    found = foresee(subject, asked, standings=[Standing("a.x", Role.LEAD, said)], recorded=recorded, span=span, now=now)
    return [
        (str(one.planned.offset), f"{one.end.status} {'' if one.goes_out else one.end.cause}".strip()) for one in found
    ]


def test_what_is_to_come_goes_out_and_what_is_long_past_does_not() -> None:
    assert _told("-30d -7d 0d", date(2024, 10, 15)) == [
        ("-30d", "skipped grace"),
        ("-7d", "pending"),
        ("0d", "pending"),
    ]


def test_drafts_and_finished_work_stay_with_their_reason() -> None:
    assert _told("0d", date(2024, 10, 15), status="draft") == [("0d", "cancelled draft")]
    assert _told("0d", date(2024, 10, 15), said=ProgressStatus.SUBMITTED) == [("0d", "cancelled finished")]


def test_of_two_before_a_long_rest_the_later_goes_out() -> None:
    # Both fall into the rest of 1 to 7 October 2024 and move to the last workday before it.
    assert _told("-2d -1d 0d", date(2024, 10, 7), now=NOW - timedelta(days=9)) == [
        ("-2d", "superseded overtaken"),
        ("-1d", "pending"),
        ("0d", "pending"),
    ]


def test_what_the_ledger_says_of_a_notice_holds_unless_it_was_only_planned_otherwise() -> None:
    at = datetime(2024, 10, 15, 1, tzinfo=UTC)

    def row(version: int, status: str, cause: str) -> Recorded:
        due_on = date(2024, 10, 15)
        return Recorded("fi_1", "oc_1", "0d", due_on, at, version, FiringStatus(status), cause, "so it was")

    assert _told("0d", at.date(), recorded=(row(1, "fired", "time"),)) == [("0d", "fired time")]
    assert _told("0d", at.date(), recorded=(row(1, "superseded", "policy"),)) == [("0d", "pending")]
    assert _told("0d", at.date(), recorded=(row(2, "skipped", "passed"), row(1, "pending", ""))) == [
        ("0d", "skipped passed")
    ]


def test_the_end_of_a_span_does_not_belong_to_it() -> None:
    at = datetime(2024, 10, 15, 1, tzinfo=UTC)
    for span, found in ((Span(at, at + timedelta(seconds=1)), 1), (Span(at - timedelta(days=1), at), 0)):
        assert len(_told("0d", at.date(), span=span)) == found
