"""The rule that compares what is wanted with what stands in the ledger."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from service.reminders.rules.planning import (
    ALL_FINISHED,
    GRACE,
    HORIZON,
    Cause,
    End,
    FiringStatus,
    Held,
    Replanning,
    replan,
)
from service.reminders.rules.policy import DEFAULT, Policy, parse_text
from service.reminders.rules.timing import Planned, planned
from tests.due.strategies import CHINA
from tests.reminders.strategies import policies

NOW = datetime(2024, 10, 1, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def _wanted(due_on: date | None, policy: Policy = DEFAULT) -> tuple[Planned, ...]:
    return planned(policy, due_on=due_on, zone=SHANGHAI, calendar=CHINA) if due_on else ()


class Ledger:
    """Firings in memory, as the tables would keep them."""

    def __init__(self) -> None:
        self.rows: dict[str, Held] = {}
        self.version = 0
        self.extend_at: datetime | None = None

    def plan(
        self,
        due_on: date | None,
        policy: Policy = DEFAULT,
        *,
        now: datetime = NOW,
        stopped: End | None = None,
    ) -> Replanning:
        """Ask the rule, and write what it says."""
        said = replan(
            _wanted(due_on, policy),
            list(self.rows.values()),
            due_on=due_on,
            due_version=self.version,
            stopped=stopped,
            now=now,
        )
        for id, end in said.ends:
            assert self.rows[id].status is FiringStatus.PENDING
            self.end(id, end)
        for each in said.opens:
            assert due_on
            wanted, id = each.planned, f"{each.planned.offset} v{each.due_version}"
            assert id not in self.rows, "the unique key"
            self.rows[id] = Held(
                id=id,
                offset=str(wanted.offset),
                due_version=each.due_version,
                due_on=due_on,
                civil_on=wanted.on,
                civil_at=wanted.at,
                time_zone=wanted.zone,
                fire_at=wanted.fire_at,
                status=FiringStatus.PENDING,
                cause="",
            )
            if each.end:
                self.end(id, each.end)
        self.version, self.extend_at = said.due_version, said.extend_at
        return said

    def end(self, id: str, end: End) -> None:
        self.rows[id] = replace(self.rows[id], status=end.status, cause=end.cause)

    def fire(self, *ids: str) -> None:
        for id in ids:
            self.end(id, End(FiringStatus.FIRED, Cause.TIME, "."))

    @property
    def pending(self) -> list[str]:
        return [id for id, row in self.rows.items() if row.status is FiringStatus.PENDING]

    def causes(self, ids: Sequence[str]) -> set[str]:
        return {self.rows[id].cause for id in ids}


def test_a_second_look_changes_nothing() -> None:
    ledger = Ledger()
    ledger.plan(date(2024, 12, 31))
    rows = dict(ledger.rows)
    said = ledger.plan(date(2024, 12, 31), now=NOW + timedelta(hours=1))
    assert (said.ends, said.opens, ledger.version, ledger.rows) == ((), (), 1, rows)


def test_what_is_older_than_the_grace_period_is_written_down_as_skipped() -> None:
    ledger = Ledger()
    ledger.plan(date(2024, 9, 29))
    assert ledger.pending == ["+1d v1", "+7d v1"]  # planned for 30 September at 9, 23 hours ago; and for 8 October
    assert {id: row.cause for id, row in ledger.rows.items() if row.cause} == {
        "-30d v1": "grace",
        "-7d v1": "grace",
        "-1d v1": "grace",
        "0d v1": "grace",
    }


def test_exactly_the_grace_period_is_not_older() -> None:
    policy = parse_text("0d at 08:00")
    for late, status in ((timedelta(0), "pending"), (timedelta(seconds=1), "skipped")):
        ledger = Ledger()
        ledger.plan(date(2024, 9, 30), policy, now=NOW + late)  # NOW is 08:00 in Shanghai
        assert [str(row.status) for row in ledger.rows.values()] == [status]


def test_a_moved_date_gets_a_new_version_and_the_reason_names_both_dates() -> None:
    ledger = Ledger()
    ledger.plan(date(2024, 10, 31))
    said = ledger.plan(date(2024, 11, 30))
    assert {end.reason for _, end in said.ends} == {"the due date moved from 2024-10-31 to 2024-11-30"}
    assert {each.due_version for each in said.opens} == {2}
    assert all(id.endswith("v2") for id in ledger.pending)


def test_what_went_out_for_a_date_is_not_said_again_when_the_date_comes_back() -> None:
    ledger = Ledger()
    ledger.plan(date(2024, 10, 31))
    ledger.fire("-7d v1")
    ledger.plan(date(2024, 11, 30), now=NOW + timedelta(days=24))
    ledger.plan(date(2024, 10, 31), now=NOW + timedelta(days=24, hours=1))
    assert ledger.pending == ["-1d v3", "0d v3", "+1d v3", "+7d v3"]


def test_finished_ends_everything_and_unfinished_opens_what_is_still_to_come() -> None:
    ledger = Ledger()
    ledger.plan(date(2024, 10, 31))
    said = ledger.plan(date(2024, 10, 31), stopped=ALL_FINISHED)
    assert {end for _, end in said.ends} == {ALL_FINISHED}
    assert (said.opens, ledger.version, said.extend_at) == ((), 1, None)
    ledger.plan(date(2024, 10, 31), now=NOW + timedelta(days=29))  # the 30th, 8 o'clock
    assert ledger.pending == ["-1d v2", "0d v2", "+1d v2", "+7d v2"]
    assert ledger.rows["-7d v2"].cause == "grace"


def test_a_new_offset_joins_the_version_that_holds() -> None:
    ledger = Ledger()
    ledger.plan(date(2024, 12, 31), parse_text("-7d 0d"))
    said = ledger.plan(date(2024, 12, 31), parse_text("-7d 0d +3d"))
    assert (said.ends, ledger.pending, ledger.version) == ((), ["-7d v1", "0d v1", "+3d v1"], 1)


def test_another_time_of_day_plans_everything_anew() -> None:
    ledger = Ledger()
    ledger.plan(date(2024, 12, 31), parse_text("-7d 0d"))
    said = ledger.plan(date(2024, 12, 31), parse_text("-7d 0d at 17:00"))
    assert {end.cause for _, end in said.ends} == {Cause.POLICY}
    assert ledger.pending == ["-7d v2", "0d v2"]


def test_what_only_some_offsets_lose_only_they_lose() -> None:
    ledger = Ledger()
    ledger.plan(date(2025, 2, 5), parse_text("-1d 0d"))
    said = ledger.plan(date(2025, 2, 5), parse_text("-1d 0d at 09:00 roll none"))
    assert [(id, str(end.cause)) for id, end in said.ends] == [("-1d v1", "workdays")]
    assert ledger.pending == ["0d v1", "-1d v2"]


def test_a_date_that_is_taken_away_ends_everything() -> None:
    ledger = Ledger()
    ledger.plan(date(2024, 10, 31))
    said = ledger.plan(None)
    assert ledger.pending == []
    assert {end.reason for _, end in said.ends} == {"the due date of 2024-10-31 was taken away"}


def test_what_lies_beyond_the_horizon_waits_for_it() -> None:
    ledger = Ledger()
    due_on = (NOW + HORIZON).date()
    ledger.plan(due_on, parse_text("-1d +1d +30d at 08:00 roll none"))
    assert ledger.pending == ["-1d v1"]
    assert ledger.extend_at == NOW + timedelta(days=1)
    ledger.plan(due_on, parse_text("-1d +1d +30d at 08:00 roll none"), now=ledger.extend_at)
    assert ledger.pending == ["-1d v1", "+1d v1"]
    assert ledger.version == 1


def test_what_was_too_old_by_a_clock_that_ran_ahead_is_planned_when_the_clock_is_right() -> None:
    ledger = Ledger()
    ledger.plan(date(2024, 12, 31), now=datetime(2030, 1, 1, tzinfo=UTC))
    assert ledger.pending == []
    ledger.plan(date(2024, 12, 31), now=NOW)
    assert len(ledger.pending) == 6


_moments = st.integers(-40, 60).map(lambda days: NOW + timedelta(days=days))
_steps = st.lists(
    st.tuples(
        _moments,
        st.none() | st.dates(date(2024, 9, 1), date(2024, 12, 31)),
        policies | st.just(DEFAULT),
        st.sampled_from([None, ALL_FINISHED]),
        st.booleans(),
    ),
    max_size=8,
)


@given(_steps)
def test_whatever_happens_pending_is_what_is_wanted_and_was_not_said(
    steps: list[tuple[datetime, date | None, Policy, End | None, bool]],
) -> None:
    ledger = Ledger()
    said: set[tuple[str, date, datetime]] = set()
    for now, due_on, policy, stopped, fires in steps:
        ledger.plan(due_on, policy, now=now, stopped=stopped)
        wanted = {(str(each.offset), each.fire_at) for each in _wanted(due_on, policy) if not stopped}
        pending = {(ledger.rows[id].offset, ledger.rows[id].fire_at) for id in ledger.pending}
        assert pending <= wanted
        for offset, fire_at in wanted - pending:
            assert due_on
            assert (offset, due_on, fire_at) in said or fire_at < now - GRACE or fire_at > now + HORIZON
        again = ledger.plan(due_on, policy, now=now, stopped=stopped)
        assert (again.ends, again.opens) == ((), ())
        if fires:
            for id in ledger.pending:
                row = ledger.rows[id]
                if row.fire_at <= now:
                    assert (row.offset, row.due_on, row.fire_at) not in said, "said twice"
                    said.add((row.offset, row.due_on, row.fire_at))
                    ledger.fire(id)
