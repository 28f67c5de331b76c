"""Who has finished, who still owes, who may say what."""

from datetime import date, timedelta

import pytest

from service.milestones.rules import Light, Role
from service.progress.rules import (
    FINISHED,
    ProgressStatus,
    Standing,
    all_finished,
    light,
    owing,
    refusal,
    unfinished,
)

TODAY = date(2024, 10, 31)
OPEN = frozenset(ProgressStatus) - FINISHED


def _standings(**status: str) -> list[Standing]:
    """`lead="submitted"`: a unit named after its role."""
    return [Standing(name, Role(name.rstrip("12")), ProgressStatus(each)) for name, each in status.items()]


def test_handed_in_accepted_and_waived_are_finished_and_nothing_else_is() -> None:
    assert {str(each) for each in FINISHED} == {"submitted", "accepted", "waived"}


@pytest.mark.parametrize("status", sorted(FINISHED))
def test_finished_is_green_even_after_the_due_date(status: ProgressStatus) -> None:
    assert light(status, due_on=TODAY - timedelta(days=9), cancelled=False, today=TODAY) is Light.GREEN
    assert light(status, due_on=None, cancelled=False, today=TODAY) is Light.GREEN


@pytest.mark.parametrize("status", sorted(OPEN))
@pytest.mark.parametrize(("days", "shown"), ((-1, Light.RED), (0, Light.YELLOW), (30, Light.YELLOW), (31, Light.GREEN)))
def test_what_is_not_finished_shows_what_the_date_says(status: ProgressStatus, days: int, shown: Light) -> None:
    assert light(status, due_on=TODAY + timedelta(days=days), cancelled=False, today=TODAY) is shown


@pytest.mark.parametrize("status", sorted(ProgressStatus))
def test_what_was_called_off_is_grey_whatever_was_said(status: ProgressStatus) -> None:
    assert light(status, due_on=TODAY, cancelled=True, today=TODAY) is Light.GREY


def test_a_unit_that_supports_is_not_waited_for() -> None:
    standings = _standings(lead="accepted", responsible="submitted", support="pending")
    assert all_finished(standings)
    assert unfinished(standings) == ()


def test_each_unit_that_leads_or_is_responsible_is_waited_for() -> None:
    standings = _standings(lead1="accepted", lead2="in_progress", responsible="returned", support="pending")
    assert not all_finished(standings)
    assert unfinished(standings) == ("lead2", "responsible")


def test_where_all_only_support_all_are_waited_for() -> None:
    standings = _standings(support1="submitted", support2="pending")
    assert [each.unit for each in owing(standings)] == ["support1", "support2"]
    assert unfinished(standings) == ("support2",)


def test_where_nobody_answers_nobody_has_finished() -> None:
    assert not all_finished([])


@pytest.mark.parametrize("before", ("pending", "in_progress", "submitted", "returned"))
@pytest.mark.parametrize("after", ("pending", "in_progress", "submitted"))
def test_a_unit_says_itself_how_far_it_is(before: str, after: str) -> None:
    assert refusal(ProgressStatus(before), ProgressStatus(after)) == ""


@pytest.mark.parametrize("after", ("accepted", "returned", "waived"))
def test_a_unit_does_not_judge_its_own_work(after: str) -> None:
    assert "scope 'edit'" in refusal(ProgressStatus.SUBMITTED, ProgressStatus(after))


@pytest.mark.parametrize("before", ("accepted", "waived"))
def test_a_unit_does_not_open_again_what_was_decided(before: str) -> None:
    assert before in refusal(ProgressStatus(before), ProgressStatus.IN_PROGRESS)
