"""Making entries anew from what they are made from, and giving those that differ a new revision."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from service.feeds.actions.advancing import Changed
from service.feeds.models import FeedEntry
from service.feeds.rules.entries import Wanted, end, how_far, how_far_together, wanted_entries
from service.feeds.rules.facts import EntryFacts, differs, entry_uid, fingerprint, from_mapping, to_mapping
from service.feeds.rules.phase import Phase, next_change_on, next_stamp, phase_on
from service.feeds.store import entries as entry_store
from service.feeds.store import matter as matter_store
from service.kit.database import Session
from service.progress import store as progress_store


async def revise(
    session: Session, *, milestones: Sequence[str], changed: Changed, zone: ZoneInfo, now: datetime
) -> None:
    """Bring the entries of these milestones up to date, and note in `changed` whose feeds show it.

    1. read what they are made from, and the entries that there are  2. revise those that differ, create those that are
    new  3. withdraw those whose unit no longer answers.
    """
    today = now.astimezone(zone).date()
    matter = await matter_store.read_matter(session, milestones)
    held = await entry_store.entries_of(session, milestones)
    groups = await entry_store.groups_naming(session, milestones)
    for wanted in wanted_entries(matter, zone=zone):
        entry = held.pop(wanted.uid, None)
        if entry is None and wanted.startable:
            entry = _start(wanted, today=today, now=now)
            session.add(entry)
            note(entry, changed=changed, groups=groups, public=entry.public)
        elif entry is not None:
            public = entry.public or wanted.task.public  # leaving the public feed is seen there too
            due_on = entry.sort_on
            if _renew(entry, wanted, today=today, now=now):
                moved = entry.sort_on != due_on and entry.state == "active"
                note(entry, changed=changed, groups=groups, public=public, moved=moved)
    for entry in held.values():
        facts = end(from_mapping(entry.facts), None, today=today)
        if revise_entry(entry, facts=facts, phase=phase_on(facts, today), on=today, at=now):
            note(entry, changed=changed, groups=groups, public=entry.public)


async def revise_progress(
    session: Session, *, said: Collection[tuple[str, str]], changed: Changed, zone: ZoneInfo, now: datetime
) -> None:
    """Bring into entries what units have said of their work, and note in `changed` whose feeds show it.

    `said`: occurrence and unit. Two entries an occurrence are read, the unit's own and the one that everybody else
    shows; nothing but progress has changed, so what else they are made from need not be.
    """
    today = now.astimezone(zone).date()
    occurrences = sorted({occurrence for occurrence, _ in said})
    standings = await progress_store.standings(session, occurrences)
    uids = {entry_uid(occurrence, unit) for occurrence, one in said for unit in (one, None)}
    entries = await entry_store.entries_by_uid(session, sorted(uids))
    groups = await entry_store.groups_naming(session, {each.milestone for each in entries})
    for entry in entries:
        facts = from_mapping(entry.facts)
        if facts.ended:
            continue
        answers = standings[entry.occurrence]
        mine = next((each for each in answers if each.unit == entry.unit), None)
        facts = replace(facts, progress=how_far(mine) if mine else how_far_together(answers))
        if revise_entry(entry, facts=facts, phase=phase_on(facts, today), on=today, at=now):
            note(entry, changed=changed, groups=groups, public=entry.public)


def _start(wanted: Wanted, *, today: date, now: datetime) -> FeedEntry:
    told, phase = to_mapping(wanted.facts), phase_on(wanted.facts, today)
    return FeedEntry(
        uid=wanted.uid,
        occurrence=wanted.occurrence,
        milestone=wanted.task.id,
        plan=wanted.task.plan,
        jurisdiction=wanted.task.jurisdiction,
        unit=wanted.unit,
        sort_on=wanted.facts.sort_on,
        all_day=wanted.facts.due_time is None,
        public=wanted.task.public,
        facts=told,
        state=phase.state,
        light=phase.light,
        moved=phase.moved,
        fingerprint=fingerprint(told, light=phase.light, state=phase.state, moved=phase.moved),
        next_change_on=next_change_on(wanted.facts, today),
        revision=0,
        revised_at=next_stamp(None, now),
        created_at=next_stamp(None, now),
    )


def _renew(entry: FeedEntry, wanted: Wanted, *, today: date, now: datetime) -> bool:
    """Bring an entry up to date. Answers whether any feed shows the difference."""
    was_public, entry.public = entry.public, wanted.task.public
    facts = end(from_mapping(entry.facts), wanted.facts, today=today)
    phase = phase_on(facts, today)
    if entry.state == "left" and phase.state == "left":
        return False  # nobody sees it; when it comes back, it will be made anew
    differs = revise_entry(entry, facts=facts, phase=phase, on=today, at=now)
    return differs or was_public != entry.public


def revise_entry(entry: FeedEntry, *, facts: EntryFacts, phase: Phase, on: date, at: datetime) -> bool:
    """Give an entry these facts; where its text comes to differ, its next revision as of `at`. Answers whether."""
    told = to_mapping(facts)
    print_of_it = fingerprint(told, light=phase.light, state=phase.state, moved=phase.moved)
    upcoming = next_change_on(facts, on)
    if entry.next_change_on != upcoming:
        entry.next_change_on = upcoming
    if print_of_it == entry.fingerprint:
        return False
    if differs(entry.facts, told):
        entry.edited_at = max(entry.revised_at, next_stamp(None, at))
    entry.facts, entry.fingerprint = told, print_of_it
    entry.state, entry.light, entry.moved = phase.state, phase.light, phase.moved
    entry.sort_on, entry.all_day = facts.sort_on, facts.due_time is None
    entry.revision += 1
    # SEQUENCE tells revisions apart; the time has only to be true, and never to go back.
    entry.revised_at = max(entry.revised_at, next_stamp(None, at))
    return True


def note(
    entry: FeedEntry, *, changed: Changed, groups: Mapping[str, set[str]], public: bool, moved: bool = False
) -> None:
    """Whose feeds show this entry. `groups`: milestone → the groups that it names; `public`: the public feed too.

    `moved`: it has another due date now.
    """
    changed.entries.append(entry)
    if entry.unit is not None:
        subjects = [changed.unit(entry.unit, public=public)]
    else:
        subjects = [
            changed.plan(entry.plan, jurisdiction=entry.jurisdiction),
            changed.jurisdiction(entry.jurisdiction),
            *(changed.group(group) for group in sorted(groups.get(entry.milestone, ()))),
        ]
    for subject in subjects if moved else ():
        changed.moved.setdefault(subject, []).append(entry.occurrence)
