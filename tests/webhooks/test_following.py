"""What becomes an event, in the transaction of its fact; and what was announced and is no longer true."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from service.gate.transaction import change
from service.kit.actor import COMMAND
from service.kit.database import Session
from service.milestones import store as milestone_store
from service.milestones.actions.editing import update_milestone
from service.webhooks.models import WebhookEvent
from service.webhooks.rules.events import OccurrenceNotice, ProgressNews, Rescheduled
from service.webhooks.rules.payload import event_body
from service.webhooks.rules.stored import event_of
from tests.reminders.world import GROUP, PLAN, at
from tests.webhooks.world import Post, only


def told(row: WebhookEvent) -> Any:
    """What an event is about."""
    return event_of(row.id, row.message).about


@pytest.fixture
async def task(post: Post) -> str:
    """A task due on 7 November, with its first notice on 31 October."""
    return await post.milestone("2024-11-07")


async def test_a_plan_that_becomes_valid_is_told_of_once_and_its_milestones_with_it(post: Post) -> None:
    await post.fan()
    assert await post.types() == ["plan.published"]
    assert [row.number for row in await post.events()] == [1]


async def test_a_notice_becomes_an_event_with_the_bytes_that_the_rules_would_write(post: Post, task: str) -> None:
    await post.policy("-7d -1d 0d")
    await post.fire("2024-10-31T09:00:03")
    row = next(row for row in await post.events() if row.type == "occurrence.due_soon")
    event = event_of(row.id, row.message)
    assert event_body(event) == row.message.encode()
    assert isinstance(event.about, OccurrenceNotice)
    assert (event.about.days_left, event.about.offset, event.lateness_s) == (7, "-7d", 3)
    assert [(unit.code, unit.role) for unit in event.about.units] == [("demo.justice", "lead")]
    assert event.about.occurrence.url == f"/occurrences/{row.occurrence}"
    assert event.scheduled_for == row.scheduled_for == at("2024-10-31T09:00")
    assert row.not_after == at("2024-11-06T09:00"), "when the next notice says it better"
    assert row.units == [["demo.justice", "lead"]]
    assert event.cause.id == row.firing


async def test_the_last_notice_has_nothing_that_overtakes_it(post: Post, task: str) -> None:
    await post.policy("0d")
    await post.fire("2024-11-07T09:00")
    row = next(row for row in await post.events() if row.type == "occurrence.due")
    assert row.not_after is None


async def test_changes_are_told_with_what_they_changed(post: Post, task: str) -> None:
    await post.edit(task, title="新任务", due="2024-11-14")
    await post.say(task, "in_progress")
    await post.edit(task, status="cancelled")
    found = {row.type: told(row) for row in await post.events()}
    assert set(found) == {
        "plan.published",
        "milestone.created",
        "milestone.updated",
        "occurrence.rescheduled",
        "progress.updated",
        "milestone.cancelled",
    }
    assert [each.field for each in found["milestone.updated"].changes] == ["title", "due"]
    moved, said = found["occurrence.rescheduled"], found["progress.updated"]
    assert isinstance(moved, Rescheduled)
    assert (moved.previous_due_on, moved.due_on) == (date(2024, 11, 7), date(2024, 11, 14))
    assert isinstance(said, ProgressNews)
    assert (said.previous_status, said.unit.status, said.unit.role) == ("pending", "in_progress", "lead")


async def test_a_draft_is_nobodys_business_and_its_publication_tells_all(post: Post) -> None:
    await post.plan("draft", status="draft")
    await post.milestone("2024-12-05", plan="draft")
    await post.milestone("2024-12-19", plan="draft")
    assert await post.types() == ["plan.published"]
    await post.change_plan("draft", status="published")
    about = told((await post.events())[-1])
    assert (about.milestones, about.first_due_on, about.last_due_on) == (2, date(2024, 12, 5), date(2024, 12, 19))


async def test_loading_a_plan_from_the_past_tells_nobody(post: Post) -> None:
    await post.plan("past", period_start=date(2020, 1, 1), period_end=date(2023, 12, 31))
    assert await post.types() == ["plan.published"], "of the plan that was there before"


async def test_who_takes_back_a_change_takes_back_its_event(post: Post, task: str) -> None:
    class Broken(Exception):
        pass

    async def break_it(session: Session) -> None:
        raise Broken

    async def fail() -> None:
        async with change(post.database, now=post.now, lastly=break_it) as session:
            row = await milestone_store.get_locked(session, task)
            await update_milestone(session, COMMAND, row, changes={"title": "anders"}, now=post.now)

    before = await post.types()
    with pytest.raises(Broken):
        await fail()
    assert await post.types() == before


@pytest.mark.parametrize(
    ("what", "reason"),
    (
        ("moved", "the due date moved"),
        ("cancelled", "it is no longer owed"),
        ("finished", "everybody who has to has finished"),
        ("draft", "its plan is not published"),
        ("left", "everybody who has to has finished"),
    ),
)
async def test_what_was_announced_and_is_no_longer_true_is_not_delivered(post: Post, what: str, reason: str) -> None:
    roles = {GROUP: "lead"} if what == "left" else {"demo.justice": "lead"}
    task = await post.milestone("2024-11-07", roles=roles)
    await post.endpoint(types=["occurrence.due_soon"])
    await post.fire("2024-10-31T09:00")
    assert await post.states() == [("occurrence.due_soon", "pending")]
    match what:
        case "moved":
            await post.edit(task, due="2024-11-14")
        case "cancelled":
            await post.edit(task, status="cancelled")
        case "finished":
            await post.say(task, "submitted")
        case "draft":
            await post.change_plan(PLAN, status="draft")
        case "left":  # whoever has not finished is no longer a member
            await post.say(task, "submitted")
            assert await post.states() == [("occurrence.due_soon", "pending")]
            await post.members("demo.justice")
    row = only(await post.deliveries())
    assert (row.status, row.reason, row.next_at) == ("superseded", reason, None)
    assert await post.claim() == []


async def test_an_edit_that_changes_nothing_about_it_leaves_the_notice_alone(post: Post, task: str) -> None:
    await post.endpoint(types=["occurrence.due_soon"])
    await post.fire("2024-10-31T09:00")
    await post.edit(task, title="anders")
    await post.say(task, "in_progress")
    assert await post.states() == [("occurrence.due_soon", "pending")]


@pytest.mark.parametrize("status", (204, 500))
async def test_what_is_on_its_way_cannot_be_called_back_but_is_not_repeated(post: Post, task: str, status: int) -> None:
    await post.endpoint(types=["occurrence.due_soon"])
    await post.fire("2024-10-31T09:00")
    one = only(await post.claim())
    await post.edit(task, due="2024-11-14")
    assert only(await post.deliveries()).overtaken == "the due date moved"
    await post.end(post.answered(one, status))
    row = only(await post.deliveries())
    assert row.status == ("delivered" if status == 204 else "superseded")


async def test_a_notice_that_nobody_was_told_of_yet_is_superseded_at_its_fan_out(post: Post, task: str) -> None:
    await post.endpoint(types=["occurrence.due_soon"])
    await post.fan()
    await post.tick("2024-10-31T09:00")
    await post.edit(task, due="2024-11-14")
    await post.fan()
    assert await post.states() == [("occurrence.due_soon", "superseded")]


async def test_an_event_is_kept_as_json_that_any_program_reads(post: Post, task: str) -> None:
    await post.fire("2024-10-31T09:00")
    for row in await post.events():
        assert set(json.loads(row.message)) == {"type", "timestamp", "data"}
        assert row.created_at - row.at < timedelta(seconds=1)
