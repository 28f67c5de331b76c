"""An editor's desk at the JSON door, and plan files: what tests of several rooms begin with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from sqlmodel import col, select

from service.journal.models import JournalEntry
from service.kit.actor import Actor
from service.kit.database import Database, Session
from service.planfiles.actions import Applied, apply_files
from service.planfiles.rules.parse import parse_plan_file
from service.planfiles.rules.shapes import PlanFile

API = "/api/v1"
SEEDS = Path(__file__).parents[2] / "seed_data"
SEED_NAMES = ("shanghai", "chongming", "jinghai", "baoshan", "shenyang")


@dataclass(frozen=True)
class Desk:
    """Makes and changes things over HTTP, and fails loudly where the service does not do it."""

    api: httpx.AsyncClient

    async def make(self, path: str, **values: Any) -> dict[str, Any]:
        """POST; the thing that was made."""
        answer = await self.api.post(f"{API}/{path}", json=values)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        """GET; the thing, or a page."""
        answer = await self.api.get(f"{API}/{path}", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def items(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every item of a list, whatever the number of its pages."""
        page = await self.get(path, **query)
        found: list[dict[str, Any]] = list(page["items"])
        while page["next"]:
            page = await self.get(path, **query, cursor=page["next"])
            found += page["items"]
        return found

    async def try_change(self, path: str, *, if_match: str | None = "*", **changes: Any) -> httpx.Response:
        """PATCH; the answer, whatever it is."""
        headers = {"If-Match": if_match} if if_match is not None else {}
        return await self.api.patch(f"{API}/{path}", json=changes, headers=headers)

    async def change(self, path: str, **changes: Any) -> dict[str, Any]:
        """PATCH; the thing as it is now."""
        answer = await self.try_change(path, **changes)
        assert answer.status_code == 200, answer.text
        changed: dict[str, Any] = answer.json()
        return changed

    async def end(self, path: str) -> None:
        """DELETE."""
        answer = await self.try_end(path)
        assert answer.status_code == 204, answer.text

    async def try_end(self, path: str) -> httpx.Response:
        """DELETE; the answer, whatever it is."""
        return await self.api.delete(f"{API}/{path}", headers={"If-Match": "*"})

    async def town(self, code: str = "a", *, units: Iterable[str] = ("x", "y", "z")) -> None:
        """A jurisdiction with some units."""
        await self.make("jurisdictions", code=code, name=f"辖区{code}")
        for word in units:
            await self.make("units", code=f"{code}.{word}", name=f"单位{word}")

    async def plan(self, slug: str = "p", **more: Any) -> dict[str, Any]:
        """A plan of `a` for 2024 and 2025."""
        given = {"jurisdiction": "a", "title": "方案", "period": {"start": "2024-01-01", "end": "2025-12-31"}}
        return await self.make("plans", slug=slug, **(given | more))

    async def task(self, *lead: str, plan: str = "p", title: str = "任务", **more: Any) -> dict[str, Any]:
        """A milestone that these units (or groups, after a `:`) lead."""
        assignments = [
            {"group": code[1:], "role": "lead"} if code.startswith(":") else {"unit": code, "role": "lead"}
            for code in lead
        ]
        return await self.make("milestones", plan=plan, title=title, **({"assignments": assignments} | more))

    async def dues(self, **query: Any) -> dict[str, str | None]:
        """Occurrence period → due date, active ones only."""
        return {one["period"]: one["due_on"] for one in await self.items("occurrences", status="active", **query)}

    async def ids(self, **query: Any) -> dict[str, str]:
        """Occurrence period → id, active ones only."""
        return {one["period"]: one["id"] for one in await self.items("occurrences", status="active", **query)}

    async def answering(self, **query: Any) -> dict[str, list[str]]:
        """Occurrence period → codes of the units that answer for it, active ones only."""
        found = await self.items("occurrences", status="active", **query)
        return {one["period"]: [unit["code"] for unit in one["units"]] for one in found}

    async def facts(self, **query: Any) -> list[dict[str, Any]]:
        """The audit log, newest first."""
        return await self.items("audit", **query)


def paths(answer: httpx.Response) -> list[str]:
    """The fields that a refusal names."""
    return [fault["path"] for fault in answer.json().get("errors", ())]


def seed(name: str) -> str:
    """A seed file's text."""
    return (SEEDS / f"{name}.yaml").read_text(encoding="utf-8")


def parsed(*texts: str) -> list[PlanFile]:
    """Plan files, named `0.yaml`, `1.yaml` and so on."""
    return [parse_plan_file(text, file=f"{place}.yaml", limit=10_000_000) for place, text in enumerate(texts)]


async def apply(session: Session, actor: Actor, *texts: str, now: datetime, prune: bool = False) -> Sequence[Applied]:
    """Apply plan files."""
    return await apply_files(session, actor, files=parsed(*texts), prune=prune, now=now)


async def apply_seeds(session: Session, actor: Actor, *, now: datetime) -> Sequence[Applied]:
    """Apply all five."""
    return await apply(session, actor, *map(seed, SEED_NAMES), now=now)


async def journal(database: Database) -> list[JournalEntry]:
    """Every fact, oldest first."""
    async with database.read() as session:
        return list(await session.exec(select(JournalEntry).order_by(col(JournalEntry.id))))
