"""The files that deploy the service fit together and fit the service."""

import argparse
import asyncio
import contextlib
import ipaddress
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
import yaml

from service.api.wire import CALENDARS
from service.app import create_app
from service.cli.serve import how
from service.kit.database import Database
from service.settings import Settings
from tests.conftest import SECRET
from tests.fixtures.life import living
from tests.fixtures.programs import free_port
from tests.house.tree import ROOT


@pytest.fixture(name="services")
def compose_services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    return services


def test_nginx_sends_to_web_processes_that_exist_and_to_nothing_else(services: dict[str, Any]) -> None:
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    upstream = set(re.findall(r"^\s*server ([a-z0-9-]+):8000", text, re.MULTILINE))
    web = {name for name, each in services.items() if each.get("environment", {}).get("MILEPOST_ROLE") == "api"}
    assert upstream == web
    assert len(web) == 2


def test_every_process_waits_for_the_schema(services: dict[str, Any]) -> None:
    ours = {name: each for name, each in services.items() if each.get("image", "").startswith("milepost")}
    assert ours.keys() >= {"migrate", "worker"}
    for name in ours.keys() - {"migrate"}:
        assert ours[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert services["database"]["healthcheck"]


def test_no_secret_has_a_default(services: dict[str, Any]) -> None:
    environment = services["worker"]["environment"]
    for name in ("MILEPOST_SECRET", "MILEPOST_ADMIN_KEY"):
        assert environment[name].startswith(f"${{{name}:?")


def test_the_image_has_no_root_and_knows_whether_it_is_well() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER (?!root)\w+", text, re.MULTILINE)
    assert "/healthz" in text[text.index("HEALTHCHECK") :]
    assert "--require-hashes" in text


def test_the_image_leaves_out_what_it_copies_not() -> None:
    copied = set(
        re.findall(r"^COPY (?!--from)(\w[\w.-]*)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    let_in = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    assert {name for name in copied if name not in let_in and not name.startswith("alembic")} == set()


@contextlib.asynccontextmanager
async def _answering(port: int, status: int) -> AsyncIterator[None]:
    """A service that has this answer to everything."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", port):
        yield


@contextlib.contextmanager
def _in_front_of(port: int, folder: Path) -> Iterator[str]:
    """nginx with our configuration in front of a service at this port; the address at which it listens."""
    own = free_port()
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    for before, after in (
        (r"/tmp/nginx.pid", f"{folder}/nginx.pid"),
        (r"http \{", f"http {{ {temporary}"),
        (r"/dev/std(out|err)", rf"{folder}/\1.log"),
        (r"server api-1:8000[^;]*;", f"server 127.0.0.1:{port} max_fails=0;"),
        (r"server api-2:8000[^;]*;", ""),
        (r"listen 8080;", f"listen 127.0.0.1:{own};"),
    ):
        text, count = re.subn(before, after, text)
        assert count, before
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    words = ["nginx", "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    subprocess.run(words, check=True, capture_output=True)  # it listens when this returns
    try:
        yield f"http://127.0.0.1:{own}"
    finally:
        subprocess.run([*words, "-s", "stop"], check=True, capture_output=True)


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed: apt-get install nginx")
async def test_where_no_process_has_an_answer_calendar_programs_get_none_from_nginx(tmp_path: Path) -> None:
    port = free_port()
    with _in_front_of(port, tmp_path) as address:
        async with httpx.AsyncClient(base_url=address) as program:
            for status in (200, 304, 404, 410):
                async with _answering(port, status):
                    assert (await program.get("/calendars/token/justice.ics")).status_code == status
            async with _answering(port, 503):
                assert (await program.get("/api/v1/plans")).status_code == 503
                with pytest.raises(httpx.RemoteProtocolError):
                    await program.get("/calendars/token/justice.ics")
            assert (await program.get("/api/v1/plans")).status_code == 502
            with pytest.raises(httpx.RemoteProtocolError):
                await program.get("/calendars/token/justice.ics")


@contextlib.asynccontextmanager
async def _served(settings: Settings) -> AsyncIterator[int]:
    """The service as it is served, in this process; its port."""
    database = Database(settings.database_url)
    app = create_app(settings, database=database)
    options = argparse.Namespace(host="127.0.0.1", port=free_port())
    config = uvicorn.Config(app, **how(settings, options) | {"lifespan": "off", "loop": "none"})
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    server.lifespan.state = {CALENDARS: app.calendars}
    async with living(app):
        await server.startup()
        serving = asyncio.create_task(server.main_loop())
        yield options.port
        server.should_exit = True
        await serving
        await server.shutdown()
    await database.close()


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed: apt-get install nginx")
async def test_behind_nginx_http_leads_to_https(sqlite_url: str, tmp_path: Path) -> None:
    public, proxies = "https://milepost.test", (ipaddress.ip_network("127.0.0.1"),)
    settings = Settings(database_url=sqlite_url, secret=SECRET, public_url=public, role="api", trusted_proxies=proxies)
    async with _served(settings) as port:
        with _in_front_of(port, tmp_path) as address:
            async with httpx.AsyncClient(base_url=address) as program:
                for path, status in (("/calendars/mpf_x/y.ics?lang=en", 404), ("/docs", 200)):
                    moved = await program.get(path)
                    assert (moved.status_code, moved.headers["location"]) == (301, f"{public}{path}")
                    assert (await program.get(path, headers={"X-Forwarded-Proto": "https"})).status_code == status
                assert (await program.get("/healthz")).status_code == 200
