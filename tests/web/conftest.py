"""People in front of a browser, and a small jurisdiction with a public, a private and a draft plan."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import datetime

import httpx
import pytest

from service.app import Milepost
from service.gate.transaction import change
from service.kit.actor import Actor
from service.kit.database import Database
from service.settings import Settings
from tests.conftest import ADMIN_KEY, client
from tests.flows.desk import apply

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

REGISTRY = """\
milepost: 1
jurisdictions:
  - {code: a, name: 甲区}
units:
  - {code: a.justice, name: 区司法局, aliases: [司法行政部门]}
  - {code: a.finance, name: 区财政局}
  - {code: a.idle, name: 区档案局}
groups:
  - {code: a.all, name: 各部门, members: [a.justice, a.finance]}
"""

OPEN = """\
milepost: 1
plan: {slug: open, title: 公开的方案, jurisdiction: a, period: 2024-01-01/2025-12-31, published_on: 2024-01-10}
milestones:
  - key: "1"
    ref: 二(一)
    title: 梳理清单
    due: {phrase: 2024年10月底前, value: 2024-10, boundary: by_end}
    lead: [a.justice]
    support: [a.finance]
  - {key: "2", title: 中期评估, due: {phrase: 2024年6月, value: 2024-06}, responsible: [a.all]}
  - {key: "3", title: 终期评估, due: {value: 2025-10}, lead: [a.justice]}
  - {key: "4", title: 长期任务, due: {phrase: 长期坚持, open: true}, lead: [a.justice]}
  - {key: "5", title: 未写时间, responsible: [a.all]}
  - {key: "6", title: <script>alert(1)</script>, due: {phrase: "<b>年底</b>", value: 2024-12}, lead: [a.justice]}
"""

CLOSED = """\
milepost: 1
plan: {slug: closed, title: 内部方案, jurisdiction: a, visibility: private, period: 2024-01-01/2025-12-31}
milestones:
  - {key: "1", title: 内部任务, due: {value: 2024-10}, lead: [a.justice]}
  - {key: "2", title: 内部无期限任务, lead: [a.justice]}
"""

DRAFT = """\
milepost: 1
plan: {slug: draft, title: 起草中的方案, jurisdiction: a, status: draft, period: 2024-01-01/2025-12-31}
milestones:
  - {key: "1", title: 起草中的任务, due: {value: 2024-10}, lead: [a.justice]}
"""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Public reading is on."""
    return dataclasses.replace(settings, public_read=True)


@pytest.fixture
async def town(database: Database, actor: Actor, now: datetime) -> None:
    """The small jurisdiction."""
    async with change(database, now=now) as session:
        await apply(session, actor, REGISTRY, OPEN, CLOSED, DRAFT, now=now)


@pytest.fixture
async def browser(app: Milepost) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without a key, who reads Chinese."""
    async with client(app) as talking:
        talking.headers.update({"Accept": ACCEPT, "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"})
        yield talking


@pytest.fixture
async def insider(app: Milepost) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator whose browser sends the key."""
    async with client(app, ADMIN_KEY) as talking:
        talking.headers.update({"Accept": ACCEPT, "Accept-Language": "zh-CN"})
        yield talking


async def read(browser: httpx.AsyncClient, path: str) -> str:
    """A page that must be there."""
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text
