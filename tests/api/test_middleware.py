"""What happens to every request."""

import io
import json
import re
from collections.abc import AsyncIterator

import httpx

from service.app import Milepost
from service.gate.middleware import BODY_LIMIT
from tests.conftest import ADMIN_KEY

KEYS = "/api/v1/keys"
TOKEN = "mpf_" + "s" * 40


async def test_a_sane_request_id_is_kept_and_any_other_replaced(nobody: httpx.AsyncClient) -> None:
    kept = await nobody.get("/healthz", headers={"X-Request-ID": "trace-0123/abc"})
    assert kept.headers["X-Request-ID"] == "trace-0123/abc"
    for offered in ("short", "x" * 65, "with space", 'quote"quote'):
        answer = await nobody.get("/healthz", headers={"X-Request-ID": offered})
        assert answer.headers["X-Request-ID"].startswith("req_")


async def test_every_request_is_one_log_line_without_secrets(api: httpx.AsyncClient, logged: io.StringIO) -> None:
    await api.get(f"/nothing/{TOKEN}/x.ics", headers={"X-Request-ID": "a-request-id"})
    (line,) = [told for told in map(json.loads, logged.getvalue().splitlines()) if told["event"] == "request"]
    assert line["path"] == "/nothing/mpf_ssss…/x.ics"
    assert line["request_id"] == "a-request-id"
    assert (line["method"], line["status"], line["route"]) == ("GET", 404, "unmatched")
    assert ADMIN_KEY not in logged.getvalue()
    assert TOKEN not in logged.getvalue()


async def test_answers_tell_browsers_to_guess_and_frame_nothing(api: httpx.AsyncClient) -> None:
    for path in (KEYS, "/nothing", "/healthz", "/docs"):
        headers = (await api.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Strict-Transport-Security"].startswith("max-age=")
        assert "server" not in headers
    assert (await api.get(KEYS)).headers["Cache-Control"] == "no-store"


async def test_the_api_page_loads_everything_from_here_and_nothing_in_line(nobody: httpx.AsyncClient) -> None:
    page = await nobody.get("/docs")
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]* src=)", page.text)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 3
    for address in loaded:
        assert address.startswith("/")
        answer = await nobody.get(address)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith(("text/css", "text/javascript"))
    assert (await nobody.get("/docs/other.js")).status_code in (404, 422)


async def test_a_body_that_says_it_is_too_large_is_refused_unread(nobody: httpx.AsyncClient) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b"x" * 65536

    headers = {"Content-Length": str(100 * 65536), "Content-Type": "application/json"}
    answer = await nobody.post(KEYS, content=body(), headers=headers)
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:milepost:problem:too-large"
    assert answer.headers["Connection"] == "close"
    assert read == 0


async def test_a_body_that_says_nothing_is_cut_off_at_the_limit(api: httpx.AsyncClient) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 65536
            yield b"x" * 65536

    answer = await api.post(KEYS, content=body(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:milepost:problem:too-large"
    assert read <= BODY_LIMIT + 2 * 65536


async def test_a_body_at_the_limit_is_read(api: httpx.AsyncClient) -> None:
    frame = json.dumps({"name": "x", "scopes": ["read"], "note": ""}).encode()
    body = frame[:-2] + b"x" * (BODY_LIMIT - len(frame)) + b'"}'
    assert len(body) == BODY_LIMIT
    answer = await api.post(KEYS, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert [each["path"] for each in answer.json()["errors"]] == ["note"]


async def test_requests_are_counted_by_the_route_that_answered(api: httpx.AsyncClient) -> None:
    await api.get(f"{KEYS}/key_one")
    await api.get(f"{KEYS}/key_two")
    await api.get("/nothing")
    await api.request("MADE-UP", "/nothing")
    page = (await api.get("/metrics")).text
    assert 'milepost_http_requests_total{method="GET",route="/api/v1/keys/{key_id}",status="404"} 2.0' in page
    assert 'milepost_http_requests_total{method="GET",route="unmatched",status="404"} 1.0' in page
    assert 'method="other"' in page
    assert "MADE-UP" not in page
    assert "milepost_http_request_duration_seconds_bucket" in page


async def test_alive_and_ready_say_so_without_a_key(nobody: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz"):
        answer = await nobody.get(path)
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")


async def test_the_openapi_document_names_the_problem_and_the_key(nobody: httpx.AsyncClient, app: Milepost) -> None:
    document = (await nobody.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert document["components"]["schemas"]["Problem"]["required"]
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            if path.startswith("/api/"):
                assert "application/problem+json" in operation["responses"]["default"]["content"], (verb, path)
                assert operation["security"] == [{"key": []}], (verb, path)
