"""`/api/v1/endpoints`: making, changing, testing, rotating, reviving and retiring addresses for webhooks."""

import asyncio
import dataclasses
import ipaddress
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import col, select, update

from service.app import Milepost
from service.kit.clock import RealClock
from service.kit.database import Database
from service.settings import Settings
from service.webhooks.actions.endpoints import targets
from service.webhooks.models import Delivery, Endpoint, EndpointStanding
from service.webhooks.rules.signature import spell_secret
from tests.conftest import client
from tests.flows.desk import API, Desk, paths
from tests.kit.outbound.receivers import Line, polite, receiving, saying

HERE = "http://127.0.0.1:9009/milepost?token=open-sesame"
SECRET = spell_secret(b"x" * 24)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Messages may go to this machine."""
    return dataclasses.replace(settings, allow_networks=(ipaddress.ip_network("127.0.0.1/32"),))


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    desk = Desk(api)
    await desk.town()
    await desk.plan()
    return desk


async def _refused(desk: Desk, **wanted: Any) -> httpx.Response:
    answer = await desk.api.post(f"{API}/endpoints", json={"url": HERE} | wanted)
    assert answer.status_code == 422, answer.text
    return answer


async def test_an_endpoint_is_made_and_its_secret_is_shown_once(desk: Desk) -> None:
    made = await desk.make(
        "endpoints", url=HERE, label="办公系统", types=["occurrence.*"], units=["a.x"], plans=["p"], roles=["lead"]
    )
    assert made.pop("secret").startswith("whsec_")
    assert made["id"].startswith("ep_")
    assert (made["url"], made["host"]) == ("http://127.0.0.1:9009/milepost?…", "127.0.0.1:9009")
    assert (made["types"], made["units"], made["roles"]) == (["occurrence.*"], ["a.x"], ["lead"])
    assert (made["standing"]["state"], made["concurrency"], made["paused"]) == ("healthy", 4, False)
    assert await desk.get(f"endpoints/{made['id']}") == made
    assert await desk.items("endpoints") == [made]
    assert await desk.items("endpoints", state="held") == []


async def test_nothing_secret_is_kept_in_the_clear_or_recorded(desk: Desk, database: Database) -> None:
    made = await desk.make("endpoints", url=HERE, headers={"X-Key": "swordfish"}, secret=SECRET)
    assert made["secret"] == SECRET
    assert made["headers"] == ["X-Key"]
    await desk.change(f"endpoints/{made['id']}", headers={"X-Other": "swordfish"})
    rotated = await desk.api.post(f"{API}/endpoints/{made['id']}:rotate-secret")
    robot = await desk.make("endpoints", url=f"{HERE}&robot=1", format="dingtalk", robot_secret="SECswordfish")
    assert (robot["url"], robot["secret"], robot["robot_secret"]) == ("http://127.0.0.1:9009/…", None, True)
    told = json.dumps([await desk.facts(), await desk.items("endpoints")])
    async with database.read() as session:
        rows = await session.exec(select(Endpoint))
        kept = b"".join(
            row.url + (row.headers or b"") + (row.secret or b"") + (row.robot_secret or b"") for row in rows
        )
    for secret in ("open-sesame", "swordfish", SECRET, rotated.json()["secret"]):
        assert secret not in told
        assert secret.encode() not in kept


FORBIDDEN = (
    ("http://10.0.0.1/", "10.0.0.1 leads to a private network (10.0.0.0/8); nothing is sent there."),
    ("http://169.254.169.254/", "metadata"),
    ("https://user:word@127.0.0.1/", "The URL has credentials in it; put them into a header."),
    ("ftp://127.0.0.1/", "begins with https://"),
    ("http://127.0.0.1:9009/milepost?…", "as it is shown"),
)


async def test_an_address_that_may_not_be_reached_is_refused_by_name(desk: Desk) -> None:
    made = await desk.make("endpoints", url=HERE)
    for url, sentence in FORBIDDEN:
        answer = await _refused(desk, url=url)
        assert paths(answer) == ["url"]
        assert sentence in answer.json()["detail"]
        changed = await desk.try_change(f"endpoints/{made['id']}", url=url)
        assert (changed.status_code, paths(changed)) == (422, ["url"])


async def test_every_unknown_name_is_told(desk: Desk) -> None:
    wrong = await _refused(
        desk, types=["plan.*", "plan.gone"], units=["a.x", "a.none"], plans=["q"], jurisdictions=["b"]
    )
    assert paths(wrong) == ["types.1", "jurisdictions.0", "units.1", "plans.0"]
    made = await desk.make("endpoints", url=HERE)
    changed = await desk.try_change(f"endpoints/{made['id']}", units=["a.none"])
    assert (changed.status_code, paths(changed)) == (422, ["units.0"])


CONTRADICTIONS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"headers": {"webhook-id": "1"}}, "headers.webhook-id"),
    ({"headers": {"Host": "x"}}, "headers.Host"),
    ({"headers": {"X-Key": " x"}}, "headers.X-Key"),
    ({"secret": "swordfish"}, "secret"),
    ({"secret": "whsec_c2hvcnQ="}, "secret"),
    ({"secret": SECRET, "signing": "v1a"}, "secret"),
    ({"signing": "v1a", "format": "wecom"}, "signing"),
    ({"robot_secret": "SEC1"}, "robot_secret"),
    ({"handshake": True}, "handshake"),
    ({"concurrency": 0}, "concurrency"),
    ({"digest_at": "25:00"}, "digest_at"),
)


async def test_what_does_not_go_together_is_refused(desk: Desk) -> None:
    for wanted, field in CONTRADICTIONS:
        answer = await _refused(desk, **wanted)
        assert paths(answer) == [field]
        assert "swordfish" not in answer.text


ALLOWED = (
    b"HTTP/1.1 200 OK\r\nWebHook-Allowed-Origin: milepost.test\r\nWebHook-Allowed-Rate: 30\r\nContent-Length: 0\r\n\r\n"
)


async def test_an_address_is_asked_first_where_somebody_wants_that(desk: Desk) -> None:
    async with receiving(saying(ALLOWED)) as there:
        made = await desk.make(
            "endpoints", url=there.url(), format="cloudevents", handshake=True, per_minute=60, headers={"X-Key": "k"}
        )
    assert made["per_minute"] == 30
    (asked,) = there.seen
    assert asked.line == "OPTIONS / HTTP/1.1"
    assert (asked.header("webhook-request-origin"), asked.header("webhook-request-rate")) == (["milepost.test"], ["60"])
    assert asked.header("x-key") == ["k"]


async def test_an_address_that_does_not_want_messages_is_refused(desk: Desk) -> None:
    async with receiving(polite) as there:
        answer = await _refused(desk, url=there.url(), format="cloudevents", handshake=True)
        url = there.url()
    assert paths(answer) == ["handshake"]
    assert paths(await _refused(desk, url=url, format="cloudevents", handshake=True)) == [
        "handshake"
    ]  # nobody is there
    assert await desk.items("endpoints") == []


@pytest.mark.both
async def test_others_can_write_while_an_address_is_asked(desk: Desk) -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slow(line: Line) -> None:
        await line.request()
        asked.set()
        await answer.wait()
        await line.send(ALLOWED)

    async with receiving(slow) as there, asyncio.timeout(20):
        wanted = {"url": there.url(), "format": "cloudevents", "handshake": True}
        making = asyncio.create_task(desk.make("endpoints", **wanted))
        await asked.wait()
        await desk.make("jurisdictions", code="meanwhile", name="同时")
        answer.set()
        assert (await making)["id"]


async def test_a_creation_that_is_repeated_asks_nobody_again(desk: Desk) -> None:
    async with receiving(saying(ALLOWED)) as there:
        wanted = {"url": there.url(), "format": "cloudevents", "handshake": True}
        headers = {"Idempotency-Key": "one"}
        first = await desk.api.post(f"{API}/endpoints", json=wanted, headers=headers)
        again = await desk.api.post(f"{API}/endpoints", json=wanted, headers=headers)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert len(there.seen) == 1


async def test_a_change_names_the_version_that_it_changes(desk: Desk) -> None:
    made = await desk.make("endpoints", url=HERE)
    path = f"endpoints/{made['id']}"
    assert (await desk.try_change(path, if_match=None, paused=True)).status_code == 428
    paused = await desk.change(path, paused=True)
    assert paused["paused"]
    assert (await desk.try_change(path, if_match=made["etag"], paused=False)).status_code == 412
    same = await desk.change(path, paused=True, types=[])
    assert same["etag"] == paused["etag"]
    moved = await desk.change(path, url="http://127.0.0.1:9010/", rhythm="weekly", digest_weekday=4, checkpoint=True)
    assert (moved["url"], moved["host"]) == ("http://127.0.0.1:9010/", "127.0.0.1:9010")
    assert moved["standing"]["digest_at"] == "2024-10-04T00:30:00Z"  # the next Friday, 08:30 in Shanghai
    assert moved["standing"]["checkpoint_at"] == "2024-10-01T00:30:00Z"
    assert [fact["kind"] for fact in await desk.facts(subject=made["id"])] == [
        "endpoint.updated",
        "endpoint.updated",
        "endpoint.created",
    ]


async def test_what_waits_for_a_digest_goes_out_when_no_digest_comes_any_more(desk: Desk, database: Database) -> None:
    made = await desk.make("endpoints", url=HERE, rhythm="daily")
    sent = await _sent(desk, made)
    await _put(database, sent, status="waiting", next_at=None)
    await desk.change(f"endpoints/{made['id']}", rhythm="immediate")
    assert (await desk.get(f"deliveries/{sent}"))["status"] == "pending"


async def _sent(desk: Desk, made: dict[str, Any]) -> str:
    answer = await desk.api.post(f"{API}/endpoints/{made['id']}:test")
    assert answer.status_code == 202, answer.text
    delivery: str = answer.json()["delivery"]
    return delivery


async def _put(database: Database, delivery: str, **values: Any) -> None:
    async with database.write() as session:
        await session.exec(update(Delivery).where(col(Delivery.id) == delivery).values(**values))


async def _stand(database: Database, endpoint: str, **values: Any) -> None:
    async with database.write() as session:
        mine = col(EndpointStanding.endpoint) == endpoint
        await session.exec(update(EndpointStanding).where(mine).values(**values))


async def test_a_retired_endpoint_is_sent_nothing_any_more(desk: Desk) -> None:
    made = await desk.make("endpoints", url=HERE)
    sent = await _sent(desk, made)
    await desk.end(f"endpoints/{made['id']}")
    await desk.end(f"endpoints/{made['id']}")
    gone = await desk.get(f"deliveries/{sent}")
    assert (gone["status"], gone["next_at"]) == ("cancelled", None)
    assert gone["reason"] == "its endpoint was retired by key:MILEPOST_ADMIN_KEY"
    assert (await desk.get(f"endpoints/{made['id']}"))["retired_at"] is not None
    assert await desk.items("endpoints") == []
    assert len(await desk.items("endpoints", retired=True)) == 1
    assert (await desk.try_change(f"endpoints/{made['id']}", paused=True)).status_code == 409
    assert (await desk.api.post(f"{API}/endpoints/{made['id']}:test")).status_code == 409
    assert (await desk.api.post(f"{API}/deliveries/{sent}:replay")).status_code == 409


async def test_a_test_message_is_for_one_endpoint_alone(desk: Desk, database: Database) -> None:
    made, other = await desk.make("endpoints", url=HERE), await desk.make("endpoints", url=HERE)
    sent = await _sent(desk, made)
    delivery = await desk.get(f"deliveries/{sent}")
    assert (delivery["endpoint"], delivery["type"], delivery["status"]) == (made["id"], "endpoint.ping", "pending")
    event = await desk.get(f"events/{delivery['event']}")
    assert (event["number"], event["message"]["data"]["endpoint"]) == (None, made["id"])
    assert event["message"]["data"]["cause"]["kind"] == "request"
    assert await desk.items("deliveries", endpoint=other["id"]) == []
    await desk.change(f"endpoints/{made['id']}", paused=True)
    assert (await desk.api.post(f"{API}/endpoints/{made['id']}:test")).status_code == 409
    await _stand(database, other["id"], state="disabled")
    assert (await desk.api.post(f"{API}/endpoints/{other['id']}:test")).status_code == 409


async def test_after_a_rotation_both_secrets_sign_for_a_day(desk: Desk, app: Milepost, database: Database) -> None:
    made = await desk.make("endpoints", url=HERE)
    rotated = await desk.api.post(f"{API}/endpoints/{made['id']}:rotate-secret", json={"secret": SECRET})
    assert rotated.json()["secret"] == SECRET
    assert rotated.json()["etag"] != made["etag"]
    now = RealClock().now()
    async with database.read() as session:
        seals = app.state.gate.seals
        soon = await targets(session, [made["id"]], seals=seals, now=now + timedelta(hours=23))
        later = await targets(session, [made["id"]], seals=seals, now=now + timedelta(hours=25))
    assert soon[made["id"]].keys == (SECRET, made["secret"])
    assert later[made["id"]].keys == (SECRET,)


async def test_what_shares_no_secret_has_none_to_rotate(desk: Desk) -> None:
    for wanted in ({"signing": "v1a"}, {"format": "wecom"}):
        made = await desk.make("endpoints", url=HERE, **wanted)
        assert made["secret"] is None
        assert (await desk.api.post(f"{API}/endpoints/{made['id']}:rotate-secret")).status_code == 409


async def test_recovery_sends_what_was_held_little_by_little(desk: Desk, database: Database) -> None:
    made = await desk.make("endpoints", url=HERE, per_minute=60)
    sent = [await _sent(desk, made) for _ in range(3)]
    for each in sent[:2]:
        await _put(database, each, status="held", next_at=None)
    await _put(database, sent[2], lease="somebody", next_at=RealClock().now() + timedelta(seconds=20))
    await _stand(database, made["id"], state="held", failures=9, reason="answered 500")
    answer = await desk.api.post(f"{API}/endpoints/{made['id']}:recover")
    assert (answer.json()["state"], answer.json()["failures"]) == ("healthy", 0)
    first, second = [(await desk.get(f"deliveries/{each}")) for each in sent[:2]]
    assert [first["status"], second["status"]] == ["pending", "pending"]
    gap = abs(_at(second["next_at"]) - _at(first["next_at"]))
    assert gap == pytest.approx(1.0)  # sixty a minute
    assert (await desk.get(f"deliveries/{sent[2]}"))["under_way"]
    (fact,) = await desk.facts(kind="endpoint.recovered")
    assert (fact["before"]["state"], fact["after"]["released"]) == ("held", 2)


def _at(text: str) -> float:
    return RealClock().now().fromisoformat(text).timestamp()


async def test_a_disabled_endpoint_is_switched_on_again(desk: Desk, database: Database) -> None:
    made = await desk.make("endpoints", url=HERE)
    enable = f"{API}/endpoints/{made['id']}:enable"
    assert (await desk.api.post(enable)).json()["state"] == "healthy"
    assert await desk.facts(kind="endpoint.enabled") == []  # nothing was done
    await _stand(database, made["id"], state="disabled", reason="answered 410")
    assert (await desk.api.post(enable)).json()["state"] == "healthy"
    (fact,) = await desk.facts(kind="endpoint.enabled")
    assert fact["before"]["reason"] == "answered 410"


async def test_a_bound_key_keeps_to_its_jurisdiction(desk: Desk, app: Milepost) -> None:
    await desk.make("jurisdictions", code="a-town", name="镇", parent="a")
    await desk.make("jurisdictions", code="b", name="辖区b")
    await desk.make("units", code="b.x", name="单位x")
    whole = await desk.make("endpoints", url=HERE)
    key = await desk.make("keys", name="office", scopes=["admin"], jurisdiction="a")
    async with client(app, key["key"]) as bound:
        theirs = Desk(bound)
        made = await theirs.make("endpoints", url=HERE, jurisdictions=["a-town"], units=["a.x"], plans=["p"])
        assert made["jurisdiction"] == "a"
        assert [each["id"] for each in await theirs.items("endpoints")] == [made["id"]]
        assert (await bound.get(f"{API}/endpoints/{whole['id']}")).status_code == 404
        assert paths(await _refused(theirs, jurisdictions=["b"], units=["b.x"])) == ["jurisdictions.0", "units.0"]
        assert (await theirs.try_end(f"endpoints/{whole['id']}")).status_code == 404
        changed = await theirs.try_change(f"endpoints/{made['id']}", units=["b.x"])
        assert paths(changed) == ["units.0"]
    changed = await desk.try_change(f"endpoints/{made['id']}", units=["b.x"])
    assert paths(changed) == ["units.0"]  # not even the whole service's administrator takes it out of its bounds


async def test_endpoints_are_for_administrators(desk: Desk, app: Milepost, nobody: httpx.AsyncClient) -> None:
    key = await desk.make("keys", name="editor", scopes=["edit"])
    async with client(app, key["key"]) as editor:
        assert (await editor.get(f"{API}/endpoints")).status_code == 403
        assert (await editor.post(f"{API}/endpoints", json={"url": HERE})).status_code == 403
    assert (await nobody.get(f"{API}/endpoints")).status_code == 401
