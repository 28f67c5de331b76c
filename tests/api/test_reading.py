"""`POST /plans:read` over HTTP."""

import httpx
import pytest

from service.app import DOCUMENT_LIMIT
from tests.flows.desk import API, Desk

READ = f"{API}/plans:read"
TEXT = """甲区工作方案
一、修路。（责任单位：区交通局、甲局，完成时限：2024年6月）
二、架桥。（责任单位：乙局）
三、通水。（责任单位：甲局）
"""


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    made = Desk(api)
    await made.town()
    return made


async def test_a_document_is_answered_with_a_draft_that_knows_the_units(desk: Desk, api: httpx.AsyncClient) -> None:
    answer = await api.post(READ, content=TEXT.encode(), params={"jurisdiction": "a", "name": "plan.txt"})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["document"]["kind"] == "text"
    assert body["draft"]["plan"]["jurisdiction"] == "a"
    assert [one["key"] for one in body["draft"]["milestones"]] == ["1-1", "2-1", "3-1"]
    assert body["evidence"]["milestones"]["1-1"]["due"][0]["text"] == "2024年6月"
    slug = body["draft"]["plan"]["slug"]
    put = await api.put(
        f"{API}/plans/{slug}", content=body["yaml"], headers={"Content-Type": "application/yaml", "If-Match": "*"}
    )
    assert put.status_code == 200, put.text
    assert (await api.get(f"{API}/plans/{slug}")).json()["status"] == "draft"


@pytest.mark.parametrize(
    ("content", "params", "status"),
    (
        (b"", {}, 422),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), {}, 422),
        (TEXT.encode(), {"jurisdiction": "nowhere"}, 404),
        (b" " * (DOCUMENT_LIMIT + 1), {}, 413),
    ),
    ids=("nothing", "a picture", "no such jurisdiction", "too large"),
)
async def test_what_cannot_be_read_is_a_problem(
    api: httpx.AsyncClient, content: bytes, params: dict[str, str], status: int
) -> None:
    answer = await api.post(READ, content=content, params=params)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
