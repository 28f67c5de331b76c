"""How a firing ends whose time has come; and what becomes of several that come due at once."""

from datetime import UTC, date, datetime, timedelta

import pytest

from service.milestones.rules import Role
from service.progress.rules import ProgressStatus, Standing
from service.reminders.rules.ending import CATCH_UP, FIRE, CatchUp, Notice, Owed, catch_up, ending, told_with
from service.reminders.rules.offsets import NoticeKind, parse_offset
from service.reminders.rules.planning import ALL_FINISHED, NO_LONGER_OWED, NOT_PUBLISHED, Cause, FiringStatus

DUE_ON = date(2024, 10, 31)
OWED = Owed(active=True, published=True, due_on=DUE_ON)
NOW = datetime(2024, 11, 20, tzinfo=UTC)


def _notice(
    offset: str, *, status: FiringStatus = FiringStatus.PENDING, cause: str = "", due_on: date = DUE_ON, hour: int = 1
) -> Notice:
    day = due_on + timedelta(days=parse_offset(offset).count)
    return Notice(
        id=f"{offset} {status}",
        occurrence="oc",
        offset=offset,
        kind=parse_offset(offset).kind,
        due_on=due_on,
        fire_at=datetime(day.year, day.month, day.day, hour, tzinfo=UTC),
        status=status,
        cause=cause,
    )


def _standing(status: str) -> list[Standing]:
    return [Standing("u", Role.LEAD, ProgressStatus(status)), Standing("v", Role.SUPPORT)]


def _all(policy: CatchUp) -> dict[NoticeKind, CatchUp]:
    return dict.fromkeys(NoticeKind, policy)


@pytest.mark.parametrize("offset", ("-7d", "0d", "+1d"))
def test_what_is_owed_of_a_published_plan_and_unfinished_goes_out(offset: str) -> None:
    assert ending(_notice(offset), OWED, _standing("in_progress"), today=DUE_ON) is FIRE
    assert ending(_notice(offset), OWED, [], today=DUE_ON) is FIRE


@pytest.mark.parametrize("offset", ("-7d", "0d", "+1d"))
def test_what_is_called_off_unpublished_moved_or_finished_does_not(offset: str) -> None:
    notice, standing = _notice(offset), _standing("pending")
    assert ending(notice, Owed(False, True, DUE_ON), standing, today=DUE_ON) is NO_LONGER_OWED
    assert ending(notice, Owed(True, False, DUE_ON), standing, today=DUE_ON) is NOT_PUBLISHED
    moved = ending(notice, Owed(True, True, DUE_ON + timedelta(days=1)), standing, today=DUE_ON)
    assert (moved.status, moved.cause) == (FiringStatus.SUPERSEDED, Cause.MOVED)
    for status in ("submitted", "accepted", "waived"):
        assert ending(notice, OWED, _standing(status), today=DUE_ON) is ALL_FINISHED
    assert ending(notice, OWED, _standing("returned"), today=DUE_ON) is FIRE


def test_a_reminder_does_not_announce_a_date_that_has_passed() -> None:
    late = DUE_ON + timedelta(days=1)
    assert ending(_notice("-7d"), OWED, _standing("pending"), today=DUE_ON) is FIRE
    assert ending(_notice("-7d"), OWED, _standing("pending"), today=late).cause is Cause.PASSED
    assert ending(_notice("0d"), OWED, _standing("pending"), today=late) is FIRE


def _outcomes(*notices: Notice, policy: dict[NoticeKind, CatchUp] | None = None, now: datetime = NOW) -> list[str]:
    chosen = policy or dict(CATCH_UP)
    return [str(catch_up(each, notices, now=now, policy=chosen).cause) for each in notices]


def test_of_several_reminders_only_the_latest_goes_out() -> None:
    assert _outcomes(_notice("-30d"), _notice("-7d"), _notice("-1d")) == ["overtaken", "overtaken", "time"]


def test_a_due_notice_overtakes_reminders_and_is_not_overtaken_itself() -> None:
    found = _outcomes(_notice("-7d"), _notice("0d"), _notice("+1d"), _notice("+7d"))
    assert found == ["overtaken", "time", "overtaken", "time"]


def test_what_went_out_already_overtakes_too_and_what_was_called_off_does_not() -> None:
    assert _outcomes(_notice("-7d"), _notice("-1d", status=FiringStatus.FIRED))[0] == "overtaken"
    for status in (FiringStatus.CANCELLED, FiringStatus.SUPERSEDED, FiringStatus.SKIPPED):
        assert _outcomes(_notice("-7d"), _notice("-1d", status=status))[0] == "time"


def test_notices_of_another_due_date_overtake_nothing() -> None:
    other = _notice("-1d", due_on=DUE_ON + timedelta(days=3))
    assert _outcomes(_notice("-7d"), other)[0] == "time"


def test_of_two_at_one_instant_the_one_closer_to_the_date_or_further_after_it_goes_out() -> None:
    same = [_notice(offset)._replace(fire_at=NOW) for offset in ("-7d", "-1d")]
    assert _outcomes(*same) == ["overtaken", "time"]
    assert _outcomes(*reversed(same)) == ["time", "overtaken"]


def test_where_all_are_wanted_all_go_out() -> None:
    found = _outcomes(_notice("-7d"), _notice("-1d"), _notice("+1d"), _notice("+7d"), policy=_all(CatchUp.ALL))
    assert found == ["time"] * 4


def test_what_is_skipped_is_what_is_older_than_the_grace_period() -> None:
    day_after = datetime(2024, 11, 1, 1, tzinfo=UTC)
    policy = _all(CatchUp.SKIP)
    assert _outcomes(_notice("0d"), policy=policy, now=day_after) == ["time"]
    assert _outcomes(_notice("0d"), policy=policy, now=day_after + timedelta(seconds=1)) == ["grace"]
    assert _outcomes(_notice("-1d"), _notice("0d"), policy=policy, now=day_after) == ["grace", "time"]


def test_a_digest_tells_of_those_left_to_it_since_the_last_that_went_out() -> None:
    policy = _all(CatchUp.DIGEST)
    told_before = _notice("-60d", status=FiringStatus.SUPERSEDED, cause="digest")
    fired = _notice("-30d", status=FiringStatus.FIRED, cause="time")
    ended_by_another = _notice("-14d", status=FiringStatus.SUPERSEDED, cause="digest")
    moved = _notice("-10d", status=FiringStatus.SUPERSEDED, cause="moved")
    waiting, last, after = _notice("-7d"), _notice("-1d"), _notice("+1d")
    everything = [after, last, moved, waiting, ended_by_another, fired, told_before]
    assert [each.offset for each in told_with(last, everything, policy=policy)] == ["-14d", "-7d"]
    assert str(catch_up(waiting, everything, now=NOW, policy=policy).cause) == "digest"
    assert told_with(last, everything, policy=_all(CatchUp.LATEST)) == ()
    assert told_with(after, everything, policy=policy) == ()
