"""The files that deploy the service fit together and fit the service."""

import re
from typing import Any

import pytest
import yaml

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
