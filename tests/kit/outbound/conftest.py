"""Both event loops, a client that may reach this machine, and a look at what every test leaves behind."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop

from service.kit.outbound.client import Outbound
from service.kit.outbound.wire import open_tls
from tests.kit.outbound.receivers import LOOPBACK, open_sockets, until


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every test here runs on the standard library's loop and on uvloop, which the service uses."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
async def left_behind() -> AsyncIterator[None]:
    """No test may leave a socket or a task behind: what is torn down after all others looks whether one did."""
    before = open_sockets()
    yield
    await until(lambda: open_sockets() <= before and len(asyncio.all_tasks()) == 1)
    assert open_sockets() <= before
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.fixture(scope="session")
def tls() -> ssl.SSLContext:
    """The system's authorities, read once: that takes longer than most tests."""
    return open_tls()


@pytest.fixture
async def outbound(left_behind: None, tls: ssl.SSLContext) -> AsyncIterator[Outbound]:
    """A client that may reach this machine and no other private address."""
    async with Outbound(allow_networks=LOOPBACK, tls=tls) as client:
        yield client
