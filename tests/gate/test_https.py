"""http leads to https, where a trusted proxy says that somebody came without."""

import dataclasses
import ipaddress
from collections.abc import AsyncIterator

import httpx
import pytest

from service.app import Milepost, create_app
from service.kit.database import Database
from service.settings import Settings
from tests.conftest import ADMIN_KEY, SECRET
from tests.fixtures.life import living

PUBLIC = "https://milepost.test/plans"
PLAIN = {"X-Forwarded-Proto": "http", "Host": "evil.example"}


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    return Settings(
        database_url=sqlite_url,
        secret=SECRET,
        admin_key=ADMIN_KEY,
        public_url=PUBLIC,
        role="api",
        trusted_proxies=(ipaddress.ip_network("127.0.0.1"),),
    )


async def _in_front(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever stands in front of the service, on the same machine."""
    database = Database(settings.database_url)
    app: Milepost = create_app(settings, database=database)
    async with living(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://inside") as proxy:
            yield proxy
    await database.close()


@pytest.fixture
async def proxy(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async for each in _in_front(settings):
        yield each


@pytest.mark.parametrize(
    ("method", "path", "there", "status"),
    (
        ("GET", "/calendars/mpf_x/y.ics?lang=en", "/calendars/mpf_x/y.ics?lang=en", 301),
        ("HEAD", "/calendars/mpf_x/%E5%B1%80.ics", "/calendars/mpf_x/%E5%B1%80.ics", 301),
        ("GET", "/", "/", 301),
        ("GET", "//elsewhere.example/a%20b?q=%2F", "//elsewhere.example/a%20b?q=%2F", 301),
        ("PROPFIND", "/dav/", "/dav/", 308),
        ("POST", "/api/v1/plans", "/api/v1/plans", 308),
    ),
)
async def test_who_came_without_tls_is_sent_to_https_for_good(
    proxy: httpx.AsyncClient, method: str, path: str, there: str, status: int
) -> None:
    answer = await proxy.request(method, httpx.URL("http://inside").copy_with(raw_path=path.encode()), headers=PLAIN)
    assert (answer.status_code, answer.headers["location"], answer.content) == (status, f"{PUBLIC}{there}", b"")
    assert "strict-transport-security" not in answer.headers
    assert answer.headers["cache-control"] == "private"


async def test_who_came_by_https_or_from_the_house_gets_an_answer(proxy: httpx.AsyncClient) -> None:
    for headers in ({"X-Forwarded-Proto": "https"}, {}):
        assert (await proxy.get("/calendars/mpf_x/y.ics", headers=headers)).status_code == 404
        answer = await proxy.get("/docs", headers=headers)
        assert (answer.status_code, "strict-transport-security" in answer.headers) == (200, True)
    for path in ("/healthz", "/readyz", "/metrics"):
        answer = await proxy.get(path, headers=PLAIN)
        assert (answer.status_code, "strict-transport-security" in answer.headers) == (200, False)
    assert (await proxy.post("/calendars/mpf_x/y.ics", headers=PLAIN)).status_code == 405
    assert 'milepost_feed_polls_total{status="404"} 2.0' in (await proxy.get("/metrics")).text


@pytest.mark.parametrize("change", ({"trusted_proxies": ()}, {"public_url": "http://milepost.test"}))
async def test_nobody_is_sent_in_circles(settings: Settings, change: dict[str, object]) -> None:
    """Without a proxy to trust nobody can know; and a service that is reached by http has no other address."""
    async for proxy in _in_front(dataclasses.replace(settings, **change)):  # type: ignore[arg-type]  # fields of Settings
        assert (await proxy.get("/docs", headers=PLAIN)).status_code == 200
        assert (await proxy.get("/calendars/mpf_x/y.ics", headers=PLAIN)).status_code == 404
