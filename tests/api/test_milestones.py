"""`/milestones` over HTTP."""

import asyncio

import httpx
import pytest

from service.app import Milepost
from service.kit.database import Database
from tests.conftest import client
from tests.flows.desk import API, Desk, journal, paths

MILESTONES = f"{API}/milestones"


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    made = Desk(api)
    await made.town()
    await made.plan(source={"file": "001.txt"})
    return made


async def test_a_milestone_is_answered_as_others_rely_on(desk: Desk) -> None:
    await desk.make("groups", code="a.g", name="组", members=[{"member": "a.y"}])
    made = await desk.make(
        "milestones",
        plan="p",
        key="2.2.1-1",
        ref="二(二)1",
        title="梳理执法突出问题清单",
        due={"phrase": "2024年10月底前", "value": "2024-10", "boundary": "by_end", "quota": {"count": 2, "unit": "期"}},
        assignments=[{"group": "a.g", "role": "support"}, {"unit": "a.x", "role": "lead"}],
        lines=[38, 40],
    )
    assert made["due"] == {
        "phrase": "2024年10月底前",
        "precision": "month",
        "value": "2024-10",
        "boundary": "by_end",
        "time": None,
        "rrule": None,
        "within_term": None,
        "open": None,
        "on_event": None,
        "quota": made["due"]["quota"],
        "roll": "none",
    }
    assert made["due"]["quota"]["count"] == 2
    # The strongest role first.
    assert [(one["unit"], one["group"], one["role"]) for one in made["assignments"]] == [
        ("a.x", None, "lead"),
        (None, "a.g", "support"),
    ]
    assert made["source"] == {"file": "001.txt", "line": 38, "lines": [38, 40]}
    assert (made["status"], made["kind"], made["cancelled_at"]) == ("active", "task", None)
    assert made["due_sentence"]
    assert await desk.get(f"milestones/{made['id']}") == made


async def test_the_address_and_the_version_come_with_what_was_made(desk: Desk) -> None:
    answer = await desk.api.post(MILESTONES, json={"plan": "p", "title": "任务"})
    assert answer.headers["Location"] == f"{MILESTONES}/{answer.json()['id']}"
    assert answer.headers["ETag"] == answer.json()["etag"]
    again = await desk.api.get(answer.headers["Location"], headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


async def test_a_creation_sent_again_makes_one_milestone(desk: Desk, database: Database) -> None:
    body = {"plan": "p", "title": "任务", "due": {"value": "2024-10"}}
    first = await desk.api.post(MILESTONES, json=body, headers={"Idempotency-Key": "k"})
    facts = len(await journal(database))
    again = await desk.api.post(MILESTONES, json=body, headers={"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["Location"] == first.headers["Location"]
    assert len(await desk.items("milestones")) == 1
    assert len(await journal(database)) == facts


async def test_milestones_without_a_key_are_numbered(desk: Desk) -> None:
    await desk.task(key="n2")
    assert [(await desk.task())["key"] for _ in range(3)] == ["n1", "n3", "n4"]


@pytest.mark.both
async def test_many_made_at_once_all_get_keys_of_their_own(desk: Desk) -> None:
    answers = await asyncio.gather(
        *(desk.api.post(MILESTONES, json={"plan": "p", "title": f"任务{n}"}) for n in range(8))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["key"] for answer in answers}) == 8


async def test_the_same_key_again_is_a_conflict(desk: Desk) -> None:
    await desk.task(key="1")
    again = await desk.api.post(MILESTONES, json={"plan": "p", "key": "1", "title": "x"})
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("wrong", "path"),
    (
        ({"due": {"value": "2024-02-30"}}, "due.value"),
        ({"due": {"value": "2023-02-29"}}, "due.value"),
        ({"due": {"value": "12024-01"}}, "due.value"),
        ({"due": {"value": "2024-13"}}, "due.value"),
        ({"due": {"value": "2024-03-24/2024-02-23"}}, "due.value"),
        ({"due": {"rrule": "FREQ=SECONDLY"}}, "due.rrule"),
        ({"due": {"rrule": "FREQ=YEARLY;BYMONTH=13"}}, "due.rrule"),
        ({"due": {"rrule": "nonsense"}}, "due.rrule"),
        ({"due": {"value": "2024", "quota": {"count": 0}}}, "due.quota.count"),
        ({"due": {"value": "2024", "quota": {"count": -1}}}, "due.quota.count"),
        ({"due": {"value": "2024", "quota": {"amount": 0}}}, "due.quota.amount"),
        ({"due": {"value": "2024", "quota": {"ratio": 0}}}, "due.quota.ratio"),
        ({"due": {"value": "2024", "quota": {"ratio": 101}}}, "due.quota.ratio"),
        ({"due": {"value": "2024", "quota": {}}}, "due.quota"),
        ({"due": {}}, "due"),
        ({"due": {"value": "2024", "rrule": "FREQ=YEARLY"}}, "due"),
        ({"due": {"value": "2024-10", "time": "24:00"}}, "due.time"),
        ({"due": {"value": "2024", "precision": "month"}}, "due.precision"),
        ({"due": {"within_term": {"years": 0, "from": "2024-01-01"}}}, "due.within_term"),
        ({"title": ""}, "title"),
        ({"title": "a\u2028b\x07"}, "title"),
        ({"key": "-x"}, "key"),
        ({"key": "k" * 65}, "key"),
        ({"ref": "长" * 65}, "ref"),
        ({"implements": "no slash"}, "implements"),
        ({"lines": [0]}, "lines.0"),
        ({"lines": [10**30]}, "lines.0"),
        ({"lines": [1.5]}, "lines.0"),
        ({"kind": "party"}, "kind"),
        ({"assignments": [{"unit": "a.x", "role": "boss"}]}, "assignments.0.role"),
        ({"assignments": [{"unit": "a.x", "role": "lead"}] * 2}, "assignments.1"),
        ({"assignments": [{"role": "lead"}]}, "assignments.0"),
        ({"assignments": [{"unit": "a.x", "group": "a.x", "role": "lead"}]}, "assignments.0"),
        ({"status": "active"}, "status"),
    ),
)
async def test_what_is_wrong_with_a_milestone_is_named(desk: Desk, wrong: dict[str, object], path: str) -> None:
    answer = await desk.api.post(MILESTONES, json={"plan": "p", "title": "任务"} | wrong)
    assert answer.status_code == 422, answer.text
    assert any(found.startswith(path) for found in paths(answer)), answer.text
    assert await desk.items("milestones") == []


@pytest.mark.parametrize(
    ("wrong", "path"),
    (
        ({"plan": "nowhere"}, "plan"),
        ({"parent": "ms_nobody"}, "parent"),
        ({"assignments": [{"unit": "a.xx", "role": "lead"}]}, "assignments.0"),
        ({"assignments": [{"group": "a.nobody", "role": "lead"}]}, "assignments.0"),
    ),
)
async def test_what_a_milestone_names_must_be_there(desk: Desk, wrong: dict[str, object], path: str) -> None:
    answer = await desk.api.post(MILESTONES, json={"plan": "p", "title": "任务"} | wrong)
    assert answer.status_code in (409, 422), answer.text
    assert paths(answer) == [path]
    assert await desk.items("milestones") == []


async def test_an_unknown_unit_is_answered_with_the_nearest_names(desk: Desk) -> None:
    wrong = {"plan": "p", "title": "任务", "assignments": [{"unit": "a.xx", "role": "lead"}]}
    answer = await desk.api.post(MILESTONES, json=wrong)
    assert "the nearest known are" in answer.json()["detail"]


async def test_a_rule_without_end_needs_a_period(desk: Desk) -> None:
    await desk.plan("endless", period=None)
    wrong = {"plan": "endless", "title": "任务", "due": {"rrule": "FREQ=YEARLY"}}
    answer = await desk.api.post(MILESTONES, json=wrong)
    assert (answer.status_code, paths(answer)) == (422, ["due.rrule"])


async def test_a_rule_with_more_dates_than_anybody_keeps_is_refused(desk: Desk) -> None:
    await desk.plan("long", period={"start": "1900-01-01", "end": "2999-12-31"})
    wrong = {"plan": "long", "title": "任务", "due": {"rrule": "FREQ=DAILY"}}
    answer = await desk.api.post(MILESTONES, json=wrong)
    assert (answer.status_code, paths(answer)) == (422, ["due.rrule"])


async def test_a_milestone_is_never_a_part_of_itself(desk: Desk) -> None:
    one = await desk.task()
    two = await desk.task(parent=one["id"])
    three = await desk.task(parent=two["id"])
    for parent in (one["id"], two["id"], three["id"]):
        refused = await desk.try_change(f"milestones/{one['id']}", parent=parent)
        assert refused.status_code in (409, 422)
        assert paths(refused) == ["parent"]
    await desk.plan("q")
    other = await desk.task(plan="q")
    refused = await desk.try_change(f"milestones/{one['id']}", parent=other["id"])
    assert refused.status_code in (409, 422)
    assert (await desk.change(f"milestones/{two['id']}", parent=None))["parent"] is None


@pytest.mark.both
async def test_two_editors_with_the_same_version_never_both_win(desk: Desk) -> None:
    made = await desk.task("a.x", due={"value": "2024-10"})
    path, tag = f"milestones/{made['id']}", made["etag"]
    answers = await asyncio.gather(
        desk.try_change(path, if_match=tag, due={"value": "2024-11"}),
        desk.try_change(path, if_match=tag, title="另一位的"),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    now = await desk.get(path)
    assert (now["title"], now["due"], now["etag"]) == (won["title"], won["due"], won["etag"])
    facts = [fact for fact in await desk.facts(subject=made["id"]) if fact["kind"] == "milestone.updated"]
    assert len(facts) == 1


async def test_a_star_means_any_version_and_nothing_means_none(desk: Desk) -> None:
    made = await desk.task()
    path = f"milestones/{made['id']}"
    assert (await desk.try_change(path, if_match=None, title="x")).status_code == 428
    assert (await desk.try_change(path, if_match=f"W/{made['etag']}", title="x")).status_code == 412
    assert (await desk.try_change(path, if_match="*", title="x")).status_code == 200
    assert (await desk.api.delete(f"{API}/{path}")).status_code == 428


async def test_a_change_says_who_from_what_to_what_and_in_which_request(desk: Desk) -> None:
    made = await desk.task("a.x", due={"value": "2024-10"})
    await desk.api.patch(
        f"{MILESTONES}/{made['id']}",
        json={"title": "新名", "assignments": [{"unit": "a.y", "role": "support"}]},
        headers={"If-Match": "*", "X-Request-ID": "request-of-mine"},
    )
    (fact,) = [fact for fact in await desk.facts(subject=made["id"]) if fact["kind"] == "milestone.updated"]
    assert (fact["actor"], fact["request_id"]) == ("key:MILEPOST_ADMIN_KEY", "request-of-mine")
    assert (fact["before"]["title"], fact["after"]["title"]) == ("任务", "新名")
    assert fact["before"]["assignments"] == [{"code": "a.x", "role": "lead"}]
    assert fact["after"]["assignments"] == [{"code": "a.y", "role": "support"}]
    assert fact["jurisdiction"] == "a"


async def test_a_change_that_changes_nothing_leaves_no_fact(desk: Desk, database: Database) -> None:
    made = await desk.task("a.x", due={"value": "2024-10"})
    facts = len(await journal(database))
    same = await desk.change(
        f"milestones/{made['id']}",
        title=made["title"],
        due={"value": "2024-10", "precision": "month", "roll": "none"},
        assignments=[{"unit": "a.x", "role": "lead"}],
    )
    assert same["etag"] == made["etag"]
    assert len(await journal(database)) == facts


@pytest.mark.parametrize(
    ("query", "keys"),
    (
        ({}, ["1", "2", "3", "4", "5"]),
        ({"plan": "p"}, ["1", "2", "3", "4"]),
        ({"unit": "a.x"}, ["1", "3"]),
        ({"unit": "a.y"}, ["2", "3", "4", "5"]),
        ({"unit": "a.z"}, []),
        ({"unit": "a.y", "role": "support"}, ["2"]),
        ({"unit": "a.x", "role": "support"}, []),
        ({"role": "support"}, ["2"]),
        ({"kind": "duty"}, ["3"]),
        ({"jurisdiction": "nowhere"}, []),
        ({"due_from": "2024-11-01"}, ["2", "3"]),
        ({"due_to": "2024-10-31"}, ["1", "3"]),
        ({"due_from": "2025-03-31", "due_to": "2025-03-31"}, ["3"]),
        ({"status": "cancelled"}, ["5"]),
        ({"status": "active", "unit": "a.y"}, ["2", "3", "4"]),
        ({"q": "案卷"}, ["1"]),
        ({"q": "ＡＢＣ"}, ["2"]),
        ({"q": "a b c"}, ["2"]),
        ({"q": "100%"}, ["2"]),
        ({"q": "%"}, ["2"]),
        ({"q": "_"}, ["4"]),
        ({"q": "\\"}, []),
        ({"q": "每年三月"}, ["3"]),
        ({"q": "二(三)"}, ["1"]),
    ),
)
@pytest.mark.both
async def test_milestones_are_found(desk: Desk, query: dict[str, str], keys: list[str]) -> None:
    await desk.make("groups", code="a.g", name="组", members=[{"member": "a.y"}])
    await desk.task("a.x", key="1", title="案卷评查", ref="二（三）1", due={"value": "2024-10"})
    support = [{"unit": "a.y", "role": "support"}]
    await desk.task(key="2", title="Abc 100% 覆盖", due={"value": "2024-12"}, assignments=support)
    yearly = {"phrase": "每年三月", "rrule": "FREQ=YEARLY;BYMONTH=3"}
    await desk.task("a.x", ":a.g", key="3", kind="duty", title="计划", due=yearly)
    await desk.task(":a.g", key="4", title="未定_日期")
    await desk.plan("q")
    gone = await desk.task("a.y", plan="q", key="5", title="作废", due={"value": "2024-06"})
    await desk.end(f"milestones/{gone['id']}")
    found = await desk.items("milestones", **query)
    if query == {"due_to": "2024-10-31"}:
        keys = [*keys, "5"]  # what was called off keeps its date
    assert [one["key"] for one in found] == keys


async def test_a_milestone_is_not_found_by_a_date_or_a_unit_that_it_had_before(desk: Desk) -> None:
    made = await desk.task("a.x", due={"rrule": "FREQ=YEARLY"})
    await desk.change("plans/p", period={"start": "2024-01-01", "end": "2024-12-31"})
    await desk.change(f"milestones/{made['id']}", assignments=[{"unit": "a.y", "role": "lead"}])
    assert await desk.items("milestones", due_from="2025-01-01") == []
    assert await desk.items("milestones", unit="a.x") == []
    assert len(await desk.items("milestones", unit="a.y")) == 1


@pytest.mark.both
async def test_pages_hold_every_milestone_once_in_the_plans_order(desk: Desk) -> None:
    await desk.plan("q")
    for number in range(5):
        await desk.task(plan="q", key=f"q{number}")
        await desk.task(plan="p", key=f"p{number}")
    expected = [f"{plan}{number}" for plan in "pq" for number in range(5)]
    for limit in (1, 3, 500):
        assert [one["key"] for one in await desk.items("milestones", limit=limit)] == expected


@pytest.mark.parametrize(
    "query",
    (
        {"limit": "0"},
        {"limit": "501"},
        {"limit": "9" * 30},
        {"cursor": "x"},
        {"cursor": "WyJwIiwgMSwgIm1zIl0x"},
        {"cursor": "WyJwIiwiMSIsIm0iXQ"},
        {"cursor": "WyJwIixudWxsLCJtIl0"},
        {"due_from": "2024-02-30"},
        {"due_to": "20240-01-01"},
        {"due_to": "9" * 400},
        {"role": "boss"},
        {"plan": "../x"},
        {"q": "x" * 101},
    ),
)
async def test_questions_that_mean_nothing_are_refused(desk: Desk, query: dict[str, str]) -> None:
    answer = await desk.api.get(MILESTONES, params=query)
    assert answer.status_code == (404 if paths(answer) == ["cursor"] else 422), answer.text
    assert answer.json()["errors"]


@pytest.mark.both
async def test_huge_numbers_in_a_cursor_end_the_list(desk: Desk) -> None:
    from service.kit.paging import encode_cursor

    await desk.task()
    answer = await desk.api.get(MILESTONES, params={"cursor": encode_cursor(("p", 2**62, "m"))})
    assert (answer.status_code, answer.json()["items"]) == (200, [])


@pytest.mark.parametrize(
    ("content", "kind", "statuses"),
    (
        (b"plan=p&title=x", "application/x-www-form-urlencoded", {415, 422}),
        (b'{"plan": "p", "title": "x"}', "text/plain", {415, 422}),
        (b"{", "application/json", {400, 422}),
        (b"[]", "application/json", {422}),
        (b'{"plan": "p", "title": "\xff"}', "application/json", {400, 422}),
        (b"[" * 100_000, "application/json", {400, 422}),
        (b'{"plan": "p", "title": "x", "lines": [' + b"9" * 5000 + b"]}", "application/json", {400, 422}),
        (b'{"plan": "p", "title": "\\u0000"}', "application/json", {422}),
        (b'{"plan": "p", "title": "\\ud83d"}', "application/json", {422}),
        (b'{"plan": "p", "title": "x", "n\\ud83d": 1}', "application/json", {422}),
        (b'{"title": "' + b"x" * (1024 * 1024) + b'"}', "application/json", {413}),
    ),
)
async def test_bodies_that_are_no_milestone_are_refused(
    desk: Desk, content: bytes, kind: str, statuses: set[int]
) -> None:
    answer = await desk.api.post(MILESTONES, content=content, headers={"Content-Type": kind})
    assert answer.status_code in statuses, answer.text[:500]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert await desk.items("milestones") == []


async def test_an_archived_plan_takes_no_new_milestones(desk: Desk) -> None:
    await desk.end("plans/p")
    answer = await desk.api.post(MILESTONES, json={"plan": "p", "title": "x"})
    assert answer.status_code in (409, 422)
    assert paths(answer) == ["plan"]


async def test_a_key_of_another_jurisdiction_changes_no_milestone(desk: Desk, app: Milepost) -> None:
    await desk.make("jurisdictions", code="b", name="乙")
    made = await desk.task("a.x", due={"value": "2024-10"})
    key = await desk.make("keys", name="b", scopes=["edit"], jurisdiction="b")
    async with client(app, key["key"]) as talking:
        theirs = Desk(talking)
        assert (await theirs.get(f"milestones/{made['id']}"))["title"] == "任务"
        assert (await theirs.try_change(f"milestones/{made['id']}", title="x")).status_code == 403
        assert (await theirs.try_end(f"milestones/{made['id']}")).status_code == 403
        assert (await talking.post(MILESTONES, json={"plan": "p", "title": "x"})).status_code == 403
    assert (await desk.get(f"milestones/{made['id']}"))["etag"] == made["etag"]
