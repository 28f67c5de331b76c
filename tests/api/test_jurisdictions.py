"""`/jurisdictions` over HTTP."""

import httpx
import pytest

from service.app import Milepost
from tests.conftest import client
from tests.flows.desk import API, Desk, paths

JURISDICTIONS = f"{API}/jurisdictions"


@pytest.fixture
def desk(api: httpx.AsyncClient) -> Desk:
    return Desk(api)


async def _tree(desk: Desk) -> None:
    await desk.make("jurisdictions", code="shanghai", name="上海市")
    await desk.make("jurisdictions", code="chongming", name="上海市崇明区", parent="shanghai", aliases=["崇明区"])
    await desk.make("jurisdictions", code="tianjin", name="天津市")


@pytest.mark.both
async def test_jurisdictions_form_a_tree_that_can_be_asked(desk: Desk) -> None:
    await _tree(desk)
    assert [one["code"] for one in await desk.items("jurisdictions", limit=1)] == ["chongming", "shanghai", "tianjin"]
    assert [one["code"] for one in await desk.items("jurisdictions", parent="shanghai")] == ["chongming"]
    assert [one["code"] for one in await desk.items("jurisdictions", q="崇明")] == ["chongming"]
    assert (await desk.get("jurisdictions/chongming"))["parent"] == "shanghai"


async def test_nothing_stands_above_itself(desk: Desk) -> None:
    await _tree(desk)
    for parent in ("shanghai", "chongming"):
        refused = await desk.try_change("jurisdictions/shanghai", parent=parent)
        assert (refused.status_code, paths(refused)) == (422, ["parent"])
    assert (await desk.change("jurisdictions/chongming", parent=None))["parent"] is None


@pytest.mark.parametrize("code", ("Shanghai", "上海", "a.b", "-a", "a--b", "a" * 65, ""))
async def test_a_code_is_lower_case_words(desk: Desk, code: str) -> None:
    answer = await desk.api.post(JURISDICTIONS, json={"code": code, "name": "x"})
    assert (answer.status_code, paths(answer)) == (422, ["code"])


async def test_one_that_is_in_use_cannot_go(desk: Desk) -> None:
    await _tree(desk)
    assert (await desk.try_end("jurisdictions/shanghai")).status_code == 409  # one below it
    await desk.make("units", code="chongming.x", name="x")
    await desk.make("groups", code="chongming.g", name="g")
    await desk.plan(jurisdiction="chongming")
    for path in ("plans/p", "units/chongming.x", "groups/chongming.g"):
        assert (await desk.try_end("jurisdictions/chongming")).status_code == 409, path
        await desk.end(path)
    await desk.end("jurisdictions/chongming")
    await desk.end("jurisdictions/shanghai")
    assert [one["code"] for one in await desk.items("jurisdictions")] == ["tianjin"]
    assert (await desk.get("jurisdictions/chongming"))["retired_at"] == "2024-10-01T00:00:00Z"


async def test_nothing_new_belongs_to_one_out_of_use(desk: Desk) -> None:
    await _tree(desk)
    await desk.end("jurisdictions/tianjin")
    for path, body in (
        ("units", {"code": "tianjin.x", "name": "x"}),
        ("groups", {"code": "tianjin.g", "name": "g"}),
        ("plans", {"slug": "p", "jurisdiction": "tianjin", "title": "x"}),
    ):
        answer = await desk.api.post(f"{API}/{path}", json=body)
        assert answer.status_code in (409, 422), path
        assert paths(answer) == ["jurisdiction"]
    assert (await desk.change("jurisdictions/tianjin", name="天津"))["retired_at"] is None


async def test_a_bound_key_makes_things_below_its_own_and_moves_nothing_elsewhere(desk: Desk, app: Milepost) -> None:
    await _tree(desk)
    key = await desk.make("keys", name="sh", scopes=["edit"], jurisdiction="shanghai")
    async with client(app, key["key"]) as talking:
        theirs = Desk(talking)
        await theirs.make("jurisdictions", code="baoshan", name="宝山区", parent="shanghai")
        await theirs.change("jurisdictions/baoshan", parent="chongming")
        for body in ({"code": "x", "name": "x"}, {"code": "x", "name": "x", "parent": "tianjin"}):
            assert (await talking.post(JURISDICTIONS, json=body)).status_code == 403
        assert (await theirs.try_change("jurisdictions/tianjin", parent="shanghai")).status_code == 403
        assert (await theirs.try_change("jurisdictions/baoshan", parent="tianjin")).status_code == 403
        assert (await theirs.try_change("jurisdictions/baoshan", parent=None)).status_code == 403
        assert (await theirs.try_change("jurisdictions/shanghai", name="上海", parent=None)).status_code == 200
    assert (await desk.get("jurisdictions/baoshan"))["parent"] == "chongming"
