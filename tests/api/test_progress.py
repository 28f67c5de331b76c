"""`/occurrences/{id}/progress`: what units say, under which conditions, and where it shows."""

from typing import Any

import httpx
import pytest

from service.app import Milepost
from tests.conftest import client
from tests.flows.desk import API, Desk, paths


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    made = Desk(api)
    await made.town()
    await made.plan()
    return made


@pytest.fixture
async def occurrence(desk: Desk) -> str:
    """The id of one that `a.x` leads and `a.y` supports, due on 31 October: the 30th day from now."""
    assignments = [{"unit": "a.x", "role": "lead"}, {"unit": "a.y", "role": "support"}]
    await desk.task(assignments=assignments, due={"value": "2024-10-31"})
    return (await desk.ids())["2024-10-31"]


async def _put(api: httpx.AsyncClient, occurrence: str, unit: str = "a.x", **more: Any) -> httpx.Response:
    headers = more.pop("headers", {})
    return await api.put(f"{API}/occurrences/{occurrence}/progress/{unit}", json=more, headers=headers)


async def test_until_somebody_says_something_every_unit_is_pending(desk: Desk, occurrence: str) -> None:
    page = await desk.get(f"occurrences/{occurrence}/progress")
    assert page["next"] is None
    assert page["items"] == [
        {
            "unit": unit,
            "role": role,
            "status": "pending",
            "finished": False,
            "note": "",
            "evidence": "",
            "said_by": None,
            "said_at": None,
            "etag": '"r0"',
        }
        for unit, role in (("a.x", "lead"), ("a.y", "support"))
    ]


async def test_what_is_said_is_answered_listed_and_shown_with_the_occurrence(desk: Desk, occurrence: str) -> None:
    evidence = "https://oa.example.gov.cn/doc/12"
    answer = await _put(desk.api, occurrence, status="submitted", note="已报送", evidence=evidence)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"r1"')
    said = answer.json()
    assert (said["status"], said["finished"], said["note"], said["evidence"]) == ("submitted", True, "已报送", evidence)
    assert (said["said_by"], said["said_at"], said["role"]) == (
        "key:MILEPOST_ADMIN_KEY",
        "2024-10-01T00:00:00Z",
        "lead",
    )
    assert (await desk.items(f"occurrences/{occurrence}/progress"))[0] == said
    shown = await desk.get(f"occurrences/{occurrence}")
    assert [(one["code"], one["status"], one["light"]) for one in shown["units"]] == [
        ("a.x", "submitted", "green"),
        ("a.y", "pending", "yellow"),
    ]
    assert (await desk.items("occurrences"))[0] == shown


@pytest.mark.parametrize(
    ("headers", "status"),
    (
        ({}, 200),
        ({"If-None-Match": "*"}, 200),
        ({"If-Match": '"r0"'}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"r1"'}, 412),
    ),
)
async def test_the_first_report_needs_no_condition(
    desk: Desk, occurrence: str, headers: dict[str, str], status: int
) -> None:
    assert (await _put(desk.api, occurrence, status="in_progress", headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    (
        ({}, 428),
        ({"If-None-Match": "*"}, 412),
        ({"If-Match": '"r0"'}, 412),
        ({"If-Match": '"r1"'}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": 'W/"r1"'}, 412),
        ({"If-Match": '"r1"', "If-None-Match": "*"}, 412),
    ),
)
@pytest.mark.both
async def test_a_later_report_says_which_version_it_replaces(
    desk: Desk, occurrence: str, headers: dict[str, str], status: int
) -> None:
    await _put(desk.api, occurrence, status="in_progress")
    assert (await _put(desk.api, occurrence, status="submitted", headers=headers)).status_code == status


async def test_a_report_replaces_all_that_was_said(desk: Desk, occurrence: str) -> None:
    await _put(desk.api, occurrence, status="in_progress", note="起草中", evidence="https://a.example")
    answer = await _put(desk.api, occurrence, status="submitted", headers={"If-Match": '"r1"'})
    assert (answer.json()["note"], answer.json()["evidence"], answer.headers["etag"]) == ("", "", '"r2"')


@pytest.mark.parametrize(
    ("sent", "path"),
    (
        ({}, "status"),
        ({"status": "done"}, "status"),
        ({"status": None}, "status"),
        ({"status": "submitted", "note": 1}, "note"),
        ({"status": "submitted", "note": "x" * 2001}, "note"),
        ({"status": "submitted", "evidence": "javascript:alert(1)"}, "evidence"),
        ({"status": "submitted", "evidence": "https://a b"}, "evidence"),
        ({"status": "submitted", "evidence": "https://" + "a" * 500}, "evidence"),
        ({"status": "submitted", "statsu": "x"}, "statsu"),
    ),
)
async def test_what_cannot_be_meant_is_refused_by_field(
    desk: Desk, occurrence: str, sent: dict[str, Any], path: str
) -> None:
    answer = await _put(desk.api, occurrence, **sent)
    assert (answer.status_code, paths(answer)) == (422, [path])


async def test_who_does_not_answer_for_it_and_what_is_not_there_are_404(desk: Desk, occurrence: str) -> None:
    for missing, unit in ((occurrence, "a.z"), (occurrence, "a.nobody"), ("oc_none", "a.x")):
        assert (await _put(desk.api, missing, unit, status="submitted")).status_code == 404
    assert (await desk.api.get(f"{API}/occurrences/oc_none/progress")).status_code == 404


async def test_a_unit_that_no_longer_answers_keeps_what_it_said(desk: Desk, occurrence: str) -> None:
    await _put(desk.api, occurrence, status="submitted")
    task = (await desk.items("milestones"))[0]["id"]
    await desk.change(f"milestones/{task}", assignments=[{"unit": "a.y", "role": "lead"}])
    items = await desk.items(f"occurrences/{occurrence}/progress")
    assert [(one["unit"], one["role"], one["status"]) for one in items] == [
        ("a.y", "lead", "pending"),
        ("a.x", None, "submitted"),
    ]


async def test_a_units_own_key_reports_for_it_alone(desk: Desk, occurrence: str, app: Milepost) -> None:
    key = (await desk.make("keys", name="the office of x", scopes=["report:a.x"]))["key"]
    async with client(app, key) as clerk:
        assert (await _put(clerk, occurrence, status="submitted")).json()["said_by"] == "key:the office of x"
        assert (await _put(clerk, occurrence, "a.y", status="submitted")).status_code == 403
        refused = await _put(clerk, occurrence, status="accepted", headers={"If-Match": "*"})
        assert (refused.status_code, "scope 'edit'" in refused.json()["detail"]) == (403, True)
        assert (await clerk.get(f"{API}/occurrences/{occurrence}/progress")).status_code == 200


async def test_nobody_reports_or_reads_notes_without_a_key(occurrence: str, nobody: httpx.AsyncClient) -> None:
    assert (await _put(nobody, occurrence, status="submitted")).status_code == 401
    assert (await nobody.get(f"{API}/occurrences/{occurrence}/progress")).status_code == 401


async def test_what_was_called_off_is_grey_and_takes_no_report(desk: Desk, occurrence: str) -> None:
    await _put(desk.api, occurrence, status="submitted")
    task = (await desk.items("milestones"))[0]["id"]
    await desk.end(f"milestones/{task}")
    assert (await _put(desk.api, occurrence, status="accepted", headers={"If-Match": "*"})).status_code == 409
    assert {one["light"] for one in (await desk.get(f"occurrences/{occurrence}"))["units"]} == {"grey"}


async def test_the_audit_has_every_report(desk: Desk, occurrence: str) -> None:
    await _put(desk.api, occurrence, status="in_progress")
    await _put(desk.api, occurrence, status="submitted", headers={"If-Match": '"r1"'})
    facts = await desk.facts(kind="progress.updated", subject=occurrence)
    assert [(fact["before"]["status"], fact["after"]["status"]) for fact in facts] == [
        ("in_progress", "submitted"),
        ("pending", "in_progress"),
    ]
