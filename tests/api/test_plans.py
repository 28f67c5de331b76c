"""`/plans` over HTTP."""

import asyncio
import pkgutil
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlmodel import select

from service.app import Milepost, create_app
from service.kit.clock import fixed
from service.kit.database import Database
from service.milestones.models import Milestone
from service.settings import Settings
from tests.conftest import ADMIN_KEY, SECRET, client
from tests.fixtures.life import living
from tests.flows.desk import API, Desk, journal, paths, seed

PLANS = f"{API}/plans"
YAML = {"Content-Type": "application/yaml"}


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    made = Desk(api)
    await made.town()
    return made


async def _put(
    api: httpx.AsyncClient, text: str | bytes, *, slug: str = "p", if_match: str | None = "*", **query: object
) -> httpx.Response:
    headers = YAML | ({"If-Match": if_match} if if_match is not None else {})
    params = {name: str(value).lower() for name, value in query.items()}
    return await api.put(f"{PLANS}/{slug}", content=text, headers=headers, params=params)


FILE = """\
milepost: 1
plan: {slug: p, title: 方案, jurisdiction: a, period: 2024-01-01/2025-12-31}
milestones:
  - {key: '1', title: 甲, due: {value: 2024-10}, lead: [a.x]}
  - {key: '2', title: 乙, due: {value: 2024-11}, lead: [a.y]}
"""


# ── making and changing ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_plan_is_made_with_everything_that_it_can_say(desk: Desk) -> None:
    await desk.plan("above")
    wanted: dict[str, Any] = {
        "issuer": "a.x",
        "number": "甲发〔2024〕1号",
        "status": "draft",
        "visibility": "private",
        "published_on": "2024-02-23",
        "time_zone": "Asia/Urumqi",
        "before_month": "exclusive",
        "superior": "above",
        "source": {"file": "001.txt", "url": "https://example.gov.cn/1", "title": "方案"},
        "note": "第一行\n第二行",
    }
    due = {"phrase": "2024年底前", "value": "2024", "boundary": "by_end"}
    made = await desk.plan(**wanted, default_due=due)
    assert {name: made[name] for name in wanted} == wanted
    assert {name: made["default_due"][name] for name in due} == due
    assert await desk.get("plans/p") == made
    assert made["period"] == {"start": "2024-01-01", "end": "2025-12-31"}


async def test_a_plan_that_is_there_already_is_a_conflict(desk: Desk) -> None:
    await desk.plan()
    again = await desk.api.post(PLANS, json={"slug": "p", "jurisdiction": "a", "title": "另一个"})
    assert again.status_code == 409
    assert (await desk.get("plans/p"))["title"] == "方案"


@pytest.mark.parametrize(
    ("wrong", "path"),
    (
        ({"period": {"start": "2025-01-01", "end": "2024-12-31"}}, "period"),
        ({"period": {"start": "2024-02-30", "end": "2024-12-31"}}, "period.start"),
        ({"period": {"start": "20240-01-01", "end": "2024-12-31"}}, "period.start"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"title": "两\n行"}, "title"),
        ({"title": " 空"}, "title"),
        ({"title": ""}, "title"),
        ({"title": "长" * 201}, "title"),
        ({"note": "\x00"}, ""),
        ({"note": "\ud800"}, ""),
        ({"default_due": {"value": "2024-02-30"}}, "default_due.value"),
        ({"default_due": {"rrule": "FREQ=YEARLY"}}, "default_due.rrule"),
        ({"default_due": {"value": "2024", "quota": {"count": 0}}}, "default_due.quota.count"),
        ({"default_due": {"value": "2024", "open": True}}, "default_due"),
        ({"source": {}}, "source"),
        ({"source": {"url": "javascript:alert(1)"}}, "source.url"),
        ({"titel": "x"}, "titel"),
        ({"superior": "p"}, "superior"),
        ({"status": "done"}, "status"),
    ),
)
async def test_what_is_wrong_with_a_plan_is_named(desk: Desk, wrong: dict[str, object], path: str) -> None:
    given = {"slug": "p", "jurisdiction": "a", "title": "方案"} | wrong
    answer = await desk.api.post(PLANS, content=_escaped(given), headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert any(found.startswith(path) for found in paths(answer)), answer.text
    assert await desk.items("plans") == []


def _escaped(given: object) -> bytes:
    import json

    return json.dumps(given).encode()


@pytest.mark.parametrize("field", ("issuer", "superior", "jurisdiction"))
async def test_what_a_plan_names_must_be_there(desk: Desk, field: str) -> None:
    wrong = {"slug": "p", "jurisdiction": "a", "title": "方案"} | {
        field: "a.nobody" if field == "issuer" else "nowhere"
    }
    answer = await desk.api.post(PLANS, json=wrong)
    assert answer.status_code in (409, 422)
    assert paths(answer) == [field]


async def test_plans_never_carry_each_other_out_in_a_circle(desk: Desk) -> None:
    await desk.plan("one")
    await desk.plan("two", superior="one")
    await desk.plan("three", superior="two")
    refused = await desk.try_change("plans/one", superior="three")
    assert (refused.status_code, paths(refused)) == (422, ["superior"])


async def test_null_takes_away_and_leaving_out_keeps(desk: Desk) -> None:
    await desk.plan(issuer="a.x", source={"file": "1.txt"}, default_due={"value": "2024"})
    changed = await desk.change("plans/p", issuer=None, source=None)
    assert (changed["issuer"], changed["source"]) == (None, None)
    assert changed["default_due"]["value"] == "2024"
    refused = await desk.try_change("plans/p", title=None)
    assert (refused.status_code, paths(refused)) == (422, ["title"])


# ── versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_change_without_version_is_refused_and_with_an_old_one_too(desk: Desk) -> None:
    first = (await desk.plan())["etag"]
    assert (await desk.try_change("plans/p", if_match=None, title="新")).status_code == 428
    changed = await desk.try_change("plans/p", if_match=first, title="新")
    assert changed.status_code == 200
    assert changed.headers["ETag"] == changed.json()["etag"] != first
    stale = await desk.try_change("plans/p", if_match=first, title="更新")
    assert (stale.status_code, stale.json()["type"]) == (412, "urn:milepost:problem:stale")
    assert (await desk.get("plans/p"))["title"] == "新"


async def test_a_plan_that_the_reader_has_is_not_sent_again(desk: Desk) -> None:
    tag = (await desk.plan())["etag"]
    known = await desk.api.get(f"{PLANS}/p", headers={"If-None-Match": tag})
    assert (known.status_code, known.content, known.headers["ETag"]) == (304, b"", tag)
    await desk.change("plans/p", title="新")
    assert (await desk.api.get(f"{PLANS}/p", headers={"If-None-Match": tag})).status_code == 200


async def test_a_change_that_changes_nothing_keeps_the_version_and_leaves_no_fact(
    desk: Desk, database: Database
) -> None:
    made = await desk.plan(default_due={"value": "2024"}, source={"file": "1.txt"})
    facts = len(await journal(database))
    same = await desk.change("plans/p", title="方案", default_due={"value": "2024"}, source={"file": "1.txt"})
    assert same["etag"] == made["etag"]
    assert len(await journal(database)) == facts


@pytest.mark.both
async def test_two_editors_with_the_same_version_never_both_win(desk: Desk) -> None:
    tag = (await desk.plan())["etag"]
    answers = await asyncio.gather(
        *(desk.try_change("plans/p", if_match=tag, title=f"第{number}稿") for number in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    (won,) = [answer.json()["title"] for answer in answers if answer.status_code == 200]
    assert (await desk.get("plans/p"))["title"] == won


@pytest.mark.both
async def test_two_documents_for_the_same_version_never_both_win(desk: Desk) -> None:
    await _put(desk.api, FILE, if_match=None)
    tag = (await desk.get("plans/p"))["etag"]
    answers = await asyncio.gather(
        _put(desk.api, FILE.replace("甲", "丙"), if_match=tag), _put(desk.api, FILE.replace("乙", "丁"), if_match=tag)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]


@pytest.mark.both
async def test_a_document_does_not_overwrite_a_milestone_changed_meanwhile(desk: Desk) -> None:
    await _put(desk.api, FILE, if_match=None)
    tag = (await desk.get("plans/p"))["etag"]
    one = (await desk.items("milestones"))[0]
    await desk.change(f"milestones/{one['id']}", title="别人改的")
    stale = await _put(desk.api, FILE.replace("乙", "丁"), if_match=tag)
    assert stale.status_code == 412
    assert [row["title"] for row in await desk.items("milestones")] == ["别人改的", "乙"]


# ── whole documents ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_document_makes_a_plan_and_comes_back(desk: Desk) -> None:
    text = seed("baoshan").replace("    parent: shanghai\n", "")
    slug = "baoshan-law-government-2021"
    answer = await _put(desk.api, text, slug=slug, if_match=None)
    assert answer.status_code == 200, answer.text
    assert answer.json()["applied"] is True
    assert answer.headers["ETag"] == (await desk.get(f"plans/{slug}"))["etag"]
    export = await desk.api.get(f"{PLANS}/{slug}/export")
    assert export.headers["Content-Type"].startswith("application/yaml")
    assert export.content == text.encode()
    again = await _put(desk.api, export.content, slug=slug, if_match=answer.headers["ETag"])
    assert again.json()["difference"]["counts"] | {"keep": 0} == {"create": 0, "update": 0, "cancel": 0, "keep": 0}
    assert again.headers["ETag"] == answer.headers["ETag"]


async def test_a_document_may_be_json(desk: Desk) -> None:
    import json

    document = {
        "milepost": 1,
        "plan": {"slug": "p", "title": "方案", "jurisdiction": "a"},
        "milestones": [{"key": "1", "title": "甲", "due": {"value": "2024-10"}, "lead": ["a.x"]}],
    }
    answer = await desk.api.put(f"{PLANS}/p", content=json.dumps(document))
    assert answer.status_code == 200, answer.text
    assert await desk.dues() == {"2024-10": "2024-10-31"}


@pytest.mark.both
async def test_a_dry_run_answers_the_difference_and_leaves_no_trace(desk: Desk, database: Database) -> None:
    facts = len(await journal(database))
    answer = await _put(desk.api, FILE, if_match=None, dry_run=True)
    assert answer.status_code == 200
    assert answer.json()["applied"] is False
    assert answer.json()["difference"]["counts"]["create"] == 3
    assert "+ milestone 1 甲" in answer.json()["text"]
    assert await desk.items("plans") == []
    async with database.read() as session:
        assert (await session.exec(select(Milestone))).all() == []
    assert len(await journal(database)) == facts
    await _put(desk.api, FILE, if_match=None)
    before = await desk.get("plans/p")
    assert (await _put(desk.api, FILE.replace("甲", "丙"), if_match=None, dry_run=True)).status_code == 200
    assert await desk.get("plans/p") == before


async def test_a_document_that_replaces_a_plan_needs_its_version(desk: Desk) -> None:
    first = await _put(desk.api, FILE, if_match=None)
    assert (await _put(desk.api, FILE, if_match=None)).status_code == 428
    assert (await _put(desk.api, FILE, if_match='"r999"')).status_code == 412
    assert (await _put(desk.api, FILE, if_match=first.headers["ETag"])).status_code == 200


async def test_what_left_the_document_is_cancelled_unless_it_shall_stay(desk: Desk) -> None:
    await _put(desk.api, FILE, if_match=None)
    shorter = FILE[: FILE.index("  - {key: '2'")]
    kept = await _put(desk.api, shorter, prune=False)
    assert kept.json()["difference"]["left"] == ["2"]
    assert set(await desk.dues()) == {"2024-10", "2024-11"}
    await _put(desk.api, shorter)
    assert set(await desk.dues()) == {"2024-10"}


async def test_all_faults_of_a_document_come_at_once_and_nothing_is_stored(desk: Desk) -> None:
    wrong = FILE.replace("2024-10", "2024-02-30").replace("key: '2'", "kye: '2'")
    answer = await _put(desk.api, wrong, if_match=None)
    assert answer.status_code == 422
    assert {(fault["path"], fault["file"], fault["line"]) for fault in answer.json()["errors"]} >= {
        ("milestones[0].due.value", "p.yaml", 4),
        ("milestones[1].kye", "p.yaml", 5),
    }
    assert await desk.items("plans") == []


async def test_a_document_of_another_plan_is_refused(desk: Desk) -> None:
    for text in (FILE.replace("slug: p", "slug: q"), "milepost: 1\n"):
        answer = await _put(desk.api, text, if_match=None)
        assert (answer.status_code, paths(answer)) == (422, ["plan.slug"])


@pytest.mark.parametrize(
    ("body", "status"),
    (
        (b"", 422),
        (b"\xff\xfe\x00", 422),
        (b"milepost: 1\nplan: " + b"[" * 5000, 422),
        (b"milepost: 1\na: &a [x]\nb: [*a, *a]\n", 422),
        (b"milepost: 1\n" + b"units: [" + b"{}," * 200_001 + b"]", 422),
        (b"x" * (1024 * 1024 + 1), 413),
        (b'{"milepost": 1, "plan": {"slug": "p", "title": "\\ud800", "jurisdiction": "a"}}', 422),
        (b'{"milepost": 1' + b"0" * 5000 + b"}", 422),
        (b"{" * 5000, 422),
    ),
)
async def test_hostile_documents_are_refused_whole(desk: Desk, body: bytes, status: int) -> None:
    answer = await _put(desk.api, body, if_match=None)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert await desk.items("plans") == []


async def test_whatever_the_door_takes_its_export_is_a_file_that_changes_nothing(desk: Desk) -> None:
    await desk.make("groups", code="a.g", name="组", members=[{"member": "a.x", "until_on": "2025-01-01"}])
    await desk.plan(default_due={"value": "2025", "roll": "following"}, source={"file": "1.txt", "title": None})
    first = await desk.task(
        ":a.g",
        "a.y",
        key="No.1",
        title="no",
        ref="二(三)1",
        due={"rrule": "freq=yearly;bymonth=3", "quota": {"amount": 60.5, "unit": "学时", "per": "人"}},
        lines=[7, 7],
        hand_in="一\n 二",
        note="# 不是注释: [x]",
    )
    await desk.task(parent=first["id"], due={"within_term": {"years": 3, "from": "2024-01-01"}}, implements="q/1.1")
    text = (await desk.api.get(f"{PLANS}/p/export")).text
    tag = (await desk.get("plans/p"))["etag"]
    answer = await _put(desk.api, text, if_match=tag)
    assert answer.status_code == 200, f"{answer.text}\n{text}"
    assert answer.json()["text"] == "0 to add, 0 to change, 0 to cancel\n"
    assert answer.headers["ETag"] == tag
    assert (await desk.api.get(f"{PLANS}/p/export")).text == text


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "slugs"),
    (
        ({}, ["p-1", "p-2", "q"]),
        ({"q": "执法"}, ["p-1"]),
        ({"q": "ＥＮＦ１００％"}, ["p-2"]),
        ({"q": "enf100%"}, ["p-2"]),
        ({"q": "100_"}, []),
        ({"q": "%"}, ["p-2"]),
        ({"q": "_"}, []),
        ({"q": "甲发〔2024〕7号"}, ["q"]),
        ({"q": "p-"}, ["p-1", "p-2"]),
        ({"jurisdiction": "b"}, ["q"]),
        ({"status": "draft"}, ["p-2"]),
        ({"status": "archived"}, ["gone"]),
    ),
)
@pytest.mark.both
async def test_plans_are_found(desk: Desk, query: dict[str, str], slugs: list[str]) -> None:
    await desk.make("jurisdictions", code="b", name="乙")
    await desk.plan("p-1", title="提升行政执法质量")
    await desk.plan("p-2", title="Enf 100% 方案", status="draft")
    await desk.plan("q", title="别的", jurisdiction="b", number="甲发〔2024〕7号")
    await desk.plan("gone", status="archived")
    assert [plan["slug"] for plan in await desk.items("plans", **query)] == slugs


@pytest.mark.both
async def test_pages_of_plans_hold_each_once(desk: Desk) -> None:
    for number in range(7):
        await desk.plan(f"p-{number}")
    assert [plan["slug"] for plan in await desk.items("plans", limit=2)] == [f"p-{number}" for number in range(7)]


async def test_a_plan_that_is_not_there_is_not_found(desk: Desk) -> None:
    for path in ("plans/none", "plans/none/export", "plans/none/findings"):
        assert (await desk.api.get(f"{API}/{path}")).status_code == 404
    assert (await desk.try_change("plans/none", title="x")).status_code == 404
    assert (await desk.try_end("plans/none")).status_code == 404


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def passer_by(database: Database, database_url: str, desk: Desk) -> AsyncIterator[Desk]:
    """Somebody without a key, where the operator allows public reading."""
    from datetime import UTC, datetime

    settings = Settings(database_url=database_url, secret=SECRET, admin_key=ADMIN_KEY, public_read=True)
    app = create_app(settings, database=database, clock=fixed(datetime(2024, 10, 1, tzinfo=UTC)))
    async with living(app), client(app) as talking:
        yield Desk(talking)


async def test_passers_by_see_public_plans_and_nothing_of_others(desk: Desk, passer_by: Desk) -> None:
    hidden: list[str] = []
    for slug, more in (
        ("open", {}),
        ("draft", {"status": "draft"}),
        ("private", {"visibility": "private"}),
        ("old-private", {"visibility": "private", "status": "archived"}),
    ):
        await desk.plan(slug, **{name: value for name, value in more.items() if value != "archived"})
        made = await desk.task("a.x", plan=slug, due={"value": "2024-11"})
        if more.get("status") == "archived":
            await desk.end(f"plans/{slug}")
        (due,) = await desk.items("occurrences", plan=slug)
        if slug != "open":
            hidden += [f"plans/{slug}", f"plans/{slug}/export", f"plans/{slug}/findings"]
            hidden += [f"milestones/{made['id']}", f"occurrences/{due['id']}"]
    for each in hidden:
        assert (await desk.api.get(f"{API}/{each}")).status_code == 200, each
        assert (await passer_by.api.get(f"{API}/{each}")).status_code == 404, each
    for path in ("milestones", "occurrences"):
        assert [item["plan"] for item in await passer_by.items(path)] == ["open"], path
        assert await passer_by.items(path, plan="draft") == []
        assert await passer_by.items(path, plan="private", unit="a.x") == []
        assert await passer_by.items(path, q="任务", status="cancelled") == []
    assert [plan["slug"] for plan in await passer_by.items("plans")] == ["open"]
    for status in ("draft", "archived"):
        assert await passer_by.items("plans", status=status) == []
    assert (await passer_by.api.get(f"{API}/plans/open/export")).status_code == 200
    assert (await passer_by.try_change("plans/open", title="x")).status_code == 401


async def test_without_public_reading_nobody_sees_anything(desk: Desk, nobody: httpx.AsyncClient) -> None:
    await desk.plan()
    for path in ("plans", "plans/p", "plans/p/export", "plans/p/findings", "milestones", "occurrences", "units"):
        assert (await nobody.get(f"{API}/{path}")).status_code == 401, path


async def test_a_reader_changes_nothing_and_an_editor_only_what_is_theirs(desk: Desk, app: Milepost) -> None:
    await desk.make("jurisdictions", code="below", name="下级", parent="a")
    await desk.make("jurisdictions", code="b", name="别处")
    await desk.plan()
    reading = await desk.make("keys", name="r", scopes=["read"])
    bound = await desk.make("keys", name="e", scopes=["edit"], jurisdiction="a")
    async with client(app, reading["key"]) as reader:
        assert (await reader.get(f"{PLANS}/p")).status_code == 200
        assert (await Desk(reader).try_change("plans/p", title="x")).status_code == 403
        assert (await Desk(reader).try_end("plans/p")).status_code == 403
        assert (await _put(reader, FILE)).status_code == 403
        assert (await reader.post(PLANS, json={})).status_code in (403, 422)
    async with client(app, bound["key"]) as talking:
        editor = Desk(talking)
        await editor.change("plans/p", title="自己的")
        await editor.plan("below-plan", jurisdiction="below")
        for jurisdiction in ("b", "nowhere"):
            wanted = {"slug": "x", "jurisdiction": jurisdiction, "title": "x"}
            assert (await talking.post(PLANS, json=wanted)).status_code == 403
        await desk.plan("theirs", jurisdiction="b")
        assert (await editor.try_change("plans/theirs", title="x")).status_code == 403
        assert (await editor.try_end("plans/theirs")).status_code == 403
        other = "milepost: 1\nplan: {slug: theirs, title: x, jurisdiction: b}\n"
        assert (await _put(talking, other, slug="theirs")).status_code == 403
    assert (await desk.get("plans/theirs"))["title"] == "方案"


async def test_archiving_twice_is_recorded_once(desk: Desk) -> None:
    await desk.plan()
    await desk.end("plans/p")
    await desk.end("plans/p")
    kinds = [fact["kind"] for fact in await desk.facts(subject="p")]
    assert kinds == ["plan.archived", "plan.published", "plan.created"]


# ── what stands beside the plan in its document ──────────────────────────────────────────────────────────────────────


async def test_a_document_never_overwrites_a_unit_that_somebody_changed(desk: Desk) -> None:
    declaring = FILE.replace("plan:", "units: [{code: a.x, name: 单位x}, {code: a.new, name: 新单位}]\nplan:", 1)
    assert (await _put(desk.api, declaring, if_match=None)).status_code == 200
    tag = (await desk.get("plans/p"))["etag"]
    await desk.change("units/a.x", name="改过的名字")
    for dry_run in ("true", "false"):
        answer = await _put(desk.api, declaring.replace("乙", "丙"), if_match=tag, dry_run=dry_run)
        assert (answer.status_code, answer.json()["type"], paths(answer)) == (
            409,
            "urn:milepost:problem:conflict",
            ["units[0].name"],
        )
        assert answer.json()["errors"][0]["line"] == 2
        assert "PATCH /units/a.x" in answer.json()["detail"]
    assert (await desk.get("units/a.x"))["name"] == "改过的名字"
    assert (await desk.get("plans/p"))["etag"] == tag  # nothing of the document was taken
    export = (await desk.api.get(f"{PLANS}/p/export")).text
    assert (await _put(desk.api, export.replace("乙", "丙"), if_match=tag)).status_code == 200


@pytest.mark.parametrize(
    ("section", "path"),
    (
        ("units: [{code: a.z, name: 单位z}]", "units[0]"),
        ("groups: [{code: a.g, name: 组, members: [a.y]}]", "groups[0].members"),
        ("jurisdictions: [{code: a, name: 别名}]", "jurisdictions[0].name"),
    ),
)
async def test_a_document_only_adds_to_the_registry(desk: Desk, section: str, path: str) -> None:
    await desk.end("units/a.z")  # out of use: a document does not bring it back unasked
    await desk.make("groups", code="a.g", name="组", members=[{"member": "a.x"}])
    answer = await _put(desk.api, FILE.replace("plan:", f"{section}\nplan:", 1), if_match=None)
    assert (answer.status_code, paths(answer)) == (409, [path]), answer.text


# ── large documents and everybody else ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("slow", "method"),
    (("service.planfiles.actions.emit_plan_file", "GET"), ("service.api.plans.parse_plan_file", "PUT")),
)
@pytest.mark.both
async def test_others_are_answered_while_a_large_plan_is_written_or_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, slow: str, method: str
) -> None:
    await _put(desk.api, FILE)
    others = threading.Event()
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()
    real = pkgutil.resolve_name(slow)

    def slowly(*given: Any, **named: Any) -> Any:
        """As long as it takes until somebody else has been answered."""
        loop.call_soon_threadsafe(begun.set)
        assert others.wait(timeout=5), "nobody else was answered meanwhile"
        return real(*given, **named)

    monkeypatch.setattr(slow, slowly)
    path = f"{PLANS}/p/export" if method == "GET" else f"{PLANS}/p"
    large = asyncio.create_task(
        desk.api.request(method, path, content=FILE if method == "PUT" else None, headers=YAML | {"If-Match": "*"})
    )
    await begun.wait()
    assert (await desk.api.get("/healthz")).status_code == 200
    assert not large.done()
    others.set()
    assert (await large).status_code == 200
