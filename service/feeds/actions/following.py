"""What feeds do when something upstream changes: they pull it from the journal, in the same transaction."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from service.feeds.actions.advancing import Changed, advance, lock
from service.feeds.actions.revising import revise, revise_progress
from service.feeds.store import matter as matter_store
from service.journal.kinds import NOTICES, Kind
from service.journal.models import Recorded
from service.kit.database import Session
from service.units import store as unit_store

BATCH = 200

Listed = TypeVar("Listed")

# What entries are made from. Dates reach us as facts of their own, and a notice that has gone out changes nothing.
_TOLD_OF_PLANS = ("title", "number", "status", "visibility", "time_zone", "default_due")
_TOLD_OF_MILESTONES = ("ref", "title", "kind", "due", "parent", "hand_in", "status", "assignments")
_DATES = frozenset({Kind.OCCURRENCE_CREATED, Kind.OCCURRENCE_RESCHEDULED, Kind.OCCURRENCE_CANCELLED})
_NOTICES = frozenset(NOTICES)  # they come by the ten thousand, and no calendar shows them


async def follow(session: Session, facts: Sequence[Recorded], *, now: datetime) -> None:
    """Bring entries up to what these facts say, and give every feed that shows them a new revision.

    1. which milestones are touched  2. lock their jurisdictions  3. make their entries anew, in batches  4. bring in
    what units have said of other occurrences  5. advance the subjects whose entries or names changed. Facts that no
    feed shows cause nothing of this, above all no lock. `now` comes in the service's time zone, whose civil date
    decides about lights and marks.
    """
    facts = [fact for fact in facts if fact.kind not in _NOTICES]
    if not facts:
        return
    zone = now.tzinfo if isinstance(now.tzinfo, ZoneInfo) else ZoneInfo("UTC")
    changed = Changed()
    _note_names(facts, changed)
    _note_holidays(facts, changed)
    touched = await _touched(session, facts)
    ledgers: dict[str, int] = {}
    for batch in _batches(sorted(touched)):
        homes = set(await matter_store.jurisdictions_of(session, batch)) - set(ledgers)
        ledgers |= await lock(session, jurisdictions=homes)
        await revise(session, milestones=batch, changed=changed, zone=zone, now=now)
    for said in _batches([fact for fact in facts if _tells_progress(fact) and _milestone_of(fact) not in touched]):
        homes = {fact.jurisdiction or "" for fact in said} - set(ledgers)
        ledgers |= await lock(session, jurisdictions=homes)
        pairs = {(fact.subject, str((fact.after or {}).get("unit"))) for fact in said}
        await revise_progress(session, said=pairs, changed=changed, zone=zone, now=now)
    await _note_former_groups(session, facts, changed)
    if changed.jurisdictions:
        await advance(session, changed=changed, ledgers=ledgers, at=now)


def _batches(listed: Sequence[Listed]) -> Iterator[Sequence[Listed]]:
    for start in range(0, len(listed), BATCH):
        yield listed[start : start + BATCH]


def _tells_progress(fact: Recorded) -> bool:
    """Whether a unit has come further, or back: another note or piece of evidence stands in no calendar."""
    return fact.subject_kind == "progress" and _differs(fact, ("status",))


def _milestone_of(fact: Recorded) -> str:
    return str((fact.after or fact.before or {}).get("milestone", ""))


def _note_names(facts: Sequence[Recorded], changed: Changed) -> None:
    """A feed is named after its subject: a new name is a change even where no entry mentions it."""
    for fact in facts:
        if not _differs(fact, ("name", "title")):
            continue
        match fact.subject_kind:
            case "unit":
                changed.unit(fact.subject, public=True)
            case "group":
                changed.group(fact.subject)
            case "jurisdiction":
                changed.jurisdiction(fact.subject)
            case "plan":
                changed.plan(fact.subject, jurisdiction=fact.jurisdiction or "")
            case _:
                pass


def _note_holidays(facts: Sequence[Recorded], changed: Changed) -> None:
    """The overlay shows another notice at once; alarms that depend on it follow when entries are made anew."""
    for fact in facts:
        if fact.kind == Kind.HOLIDAYS_UPDATED:
            changed.holidays(fact.subject.partition("/")[0])


def _differs(fact: Recorded, names: Sequence[str]) -> bool:
    before, after = fact.before or {}, fact.after or {}
    return any(before.get(name) != after.get(name) for name in names)


async def _touched(session: Session, facts: Sequence[Recorded]) -> set[str]:
    """The milestones whose entries may differ after these facts."""
    touched: set[str] = set()
    named: set[str] = set()
    groups: set[str] = set()
    for fact in facts:
        match fact.subject_kind:
            case "milestone" if _differs(fact, _TOLD_OF_MILESTONES):
                touched.add(fact.subject)
            case "occurrence" if fact.kind in _DATES:
                touched.add(_milestone_of(fact))
            case "plan" if fact.before is not None and _differs(fact, _TOLD_OF_PLANS):
                touched |= set(await matter_store.milestones_of_plan(session, fact.subject))
            case "unit" if fact.before is not None and _differs(fact, ("name",)):
                named.add(fact.subject)
            case "group" if fact.before is not None and _differs(fact, ("name", "members")):
                groups.add(fact.subject)
            case _:
                pass
    if groups:
        named |= groups | await unit_store.groups_containing(session, groups)
    if named:
        touched |= set(await matter_store.milestones_naming(session, named))
    return touched | await _children(session, facts)


async def _children(session: Session, facts: Sequence[Recorded]) -> set[str]:
    """Entries refer to an occurrence of the parent task: when those come and go, the children's entries may differ."""
    parents = {_milestone_of(fact) for fact in facts if fact.kind in _DATES}
    found: set[str] = set()
    for batch in _batches(sorted(parents)):
        found |= set(await matter_store.children_of(session, batch))
    return found


async def _note_former_groups(session: Session, facts: Sequence[Recorded], changed: Changed) -> None:
    """A group that no longer answers for a milestone loses its entry, which itself may not have changed."""
    former: set[str] = set()
    for fact in facts:
        if fact.subject_kind == "milestone" and fact.before is not None:
            former |= _codes(fact.before) - _codes(fact.after or {})
    for group in sorted(await _groups_among(session, former)):
        changed.group(group)


def _codes(snapshot: Mapping[str, object]) -> set[str]:
    held = snapshot.get("assignments")
    return {str(one["code"]) for one in held} if isinstance(held, list) else set()


async def _groups_among(session: Session, codes: Collection[str]) -> set[str]:
    return set(await unit_store.groups_by_code(session, codes)) if codes else set()
