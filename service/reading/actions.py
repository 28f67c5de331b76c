"""Reading plan documents: bytes to a draft that a person checks."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from service.kit.database import Session
from service.planfiles.rules.shapes import PlanFile
from service.reading.input import Document, read_document
from service.reading.input.cleaning import simplified
from service.reading.rules.answer import to_json, to_yaml
from service.reading.rules.document import ReadText, read_text
from service.reading.rules.draft import Draft, draft, telling_of
from service.reading.rules.known import registry_of
from service.reading.rules.registry import Known, Place, Registry, line_of, place_of
from service.units import store as unit_store
from service.units.models import Jurisdiction, Unit, UnitGroup

EVERY = 100_000  # rows: more jurisdictions than there are


@dataclass(frozen=True, slots=True)
class Drafted:
    """A document, and the draft that was made of it."""

    document: Document
    draft: Draft

    def json(self) -> dict[str, Any]:
        """What the API answers."""
        document = self.document
        return to_json(self.draft, kind=document.kind, notes=document.notes, characters=len(document.text))

    def yaml(self) -> str:
        """What the command prints."""
        return to_yaml(self.draft, self.document.notes)


def read_bytes(raw: bytes, *, name: str) -> tuple[Document, ReadText]:
    """A document as it was handed in. Blocks: call it from a thread. Raises Invalid, TooLarge."""
    document = read_document(raw, name)
    return document, read_text(document.text, document.plain)


def read_beside(raw: bytes, *, name: str, files: Iterable[PlanFile], jurisdiction: str | None = None) -> Drafted:
    """A draft with the units that plan files declare. Blocks. Raises Invalid, TooLarge."""
    document, found = read_bytes(raw, name=name)
    registry = registry_of(files, simplified)
    return Drafted(document, draft(found, registry=registry, file=name, jurisdiction=jurisdiction))


async def read(session: Session, *, raw: bytes, name: str, jurisdiction: str | None = None) -> Drafted:
    """A draft with the units that the service knows; `jurisdiction`: whose plan it is, if not what the document says.

    1. The text is read, in a thread: a PDF takes seconds.
    2. The jurisdiction decides which units are looked up: its own, and those above it.
    3. The draft is made; nothing is stored.

    Raises Invalid, TooLarge, NotFound.
    """
    document, found = await asyncio.to_thread(read_bytes, raw, name=name)
    places = await _places(session)
    if jurisdiction is not None:
        await unit_store.get(session, Jurisdiction, jurisdiction)
    else:
        place = place_of(places, telling_of(found))
        jurisdiction = place.code if place else None
    registry = await _registry(session, jurisdiction, places) if jurisdiction else Registry()
    made = await asyncio.to_thread(draft, found, registry=registry, file=name, jurisdiction=jurisdiction)
    return Drafted(document, made)


async def _places(session: Session) -> list[Place]:
    rows = await unit_store.list_rows(session, Jurisdiction, where=unit_store.RegistryFilter(), after=None, limit=EVERY)
    return [Place(row.code, simplified(row.name), row.parent, tuple(map(simplified, row.aliases))) for row in rows]


async def _registry(session: Session, jurisdiction: str, places: list[Place]) -> Registry:
    """The units and groups of a jurisdiction and of those above it."""
    line = line_of(jurisdiction, places)
    known: list[Known] = []
    for code in line:
        where = unit_store.RegistryFilter(jurisdiction=code)
        units = await unit_store.list_rows(session, Unit, where=where, after=None, limit=EVERY)
        known += [Known(unit.code, simplified(unit.name), tuple(map(simplified, unit.aliases))) for unit in units]
        for group in await unit_store.list_rows(session, UnitGroup, where=where, after=None, limit=EVERY):
            aliases = tuple(map(simplified, group.aliases))
            known.append(Known(group.code, simplified(group.name), aliases, is_group=True, vague=group.vague))
    return Registry(known, [place for place in places if place.code in line])
