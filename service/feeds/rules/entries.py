"""Which entries an occurrence has, and the facts of each. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from service.due.describe import mark_en, mark_zh, sentence_en, sentence_zh
from service.due.expand import ONCE, Due
from service.due.spec import DueSpec, parse
from service.due.workdays import WEEKENDS, WorkCalendar
from service.feeds.rules.facts import (
    EntryFacts,
    Progress,
    clean_line,
    clean_text,
    entry_uid,
    series_uid,
    shown_names,
)
from service.progress.rules import ProgressStatus, Standing, all_finished, is_finished

ALARM = time(9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A milestone with what its plan lends it. `due` is its own specification, or the plan's default."""

    id: str
    plan: str
    jurisdiction: str
    title: str
    ref: str
    kind: str
    hand_in: str
    parent: str | None
    due: Mapping[str, Any] | None
    plan_title: str
    plan_number: str
    time_zone: str | None
    published: bool
    public: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """An occurrence of a task."""

    id: str
    milestone: str
    period: str
    cycle: str
    window_start: date | None
    nominal_due_on: date | None
    due_on: date | None
    due_time: time | None
    provisional: bool
    dataset: str
    status: str
    moved_from: date | None
    moved_at: datetime | None
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Named:
    """A unit or a group as the document names it for a task."""

    role: str
    name: str
    group: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Everything about some milestones that their entries are made from."""

    tasks: Mapping[str, Task]
    dated: Mapping[str, Sequence[Dated]]  # by milestone, those of parents too
    named: Mapping[str, Sequence[Named]]  # by milestone
    answers: Mapping[str, Sequence[Standing]]  # by occurrence: who answers for it, and how far each has come
    workdays: WorkCalendar = WEEKENDS


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entry as it should be. `startable`: it may be shown to people who have not seen it before."""

    uid: str
    task: Task
    occurrence: str
    unit: str | None
    facts: EntryFacts
    startable: bool


def wanted_entries(matter: Matter, *, zone: ZoneInfo) -> Iterator[Wanted]:
    """Every entry that these milestones have: one an occurrence and unit, and one an occurrence for everybody else."""
    for task in matter.tasks.values():
        spec = parse(task.due) if task.due is not None else None
        parents = matter.dated.get(task.parent, ()) if task.parent else ()
        for dated in matter.dated.get(task.id, ()):
            shared = _facts(task, dated, spec, matter.named.get(task.id, ()), zone)
            if not shared.ended:
                shared = replace(shared, alarm_at=alarm_at(shared, matter.workdays, zone))
            parent = _parent_of(dated, parents)
            startable = task.published and not shared.ended
            answers = matter.answers.get(dated.id, ())
            for one in (None, *answers):
                unit, role = (one.unit, one.role.value) if one else (None, "")
                facts = replace(
                    shared,
                    role=role,
                    progress="" if shared.ended else how_far(one) if one else how_far_together(answers),
                    series=series_uid(task.id, unit) if dated.cycle != ONCE else "",
                    parent=entry_uid(parent, unit) if parent else "",
                )
                yield Wanted(entry_uid(dated.id, unit), task, dated.id, unit, facts, startable)


def how_far(standing: Standing) -> Progress:
    """What a unit's own entry says of its work."""
    if is_finished(standing.status):
        return "done"
    return "started" if standing.status is ProgressStatus.IN_PROGRESS else ""


def how_far_together(standings: Sequence[Standing]) -> Progress:
    """What the entry that plans, groups and jurisdictions show says: done once nobody owes anything any more."""
    if all_finished(standings):
        return "done"
    return "started" if any(how_far(each) for each in standings) else ""


def _facts(task: Task, dated: Dated, spec: DueSpec | None, named: Sequence[Named], zone: ZoneInfo) -> EntryFacts:
    # One that was called off may be of a form that the task has left since: `open` is no period of a dated one.
    due = _due(dated) if dated.nominal_due_on else None
    precision = (spec.precision.value if spec.precision else spec.form.value) if spec else ""
    facts = EntryFacts(
        title=clean_line(task.title),
        kind=task.kind,
        ref=clean_line(task.ref),
        path=f"/occurrences/{dated.id}",
        plan_title=clean_line(task.plan_title),
        plan_number=clean_line(task.plan_number),
        mark_zh=mark_zh(spec, due) if spec else "",
        mark_en=mark_en(spec, due) if spec else "",
        reading_zh=clean_line(sentence_zh(spec, due)) if spec else "",
        reading_en=clean_line(sentence_en(spec, due)) if spec else "",
        precision=precision,
        hand_in=clean_text(task.hand_in).strip(),
        window_start=dated.window_start,
        due_on=dated.due_on,
        due_time=dated.due_time,
        time_zone=(task.time_zone or zone.key) if dated.due_time else "",
        provisional=dated.provisional,
        moved_from=dated.moved_from,
        moved_on=_civil(dated.moved_at, zone),
        lead=_names(named, "lead"),
        responsible=_names(named, "responsible"),
        support=_names(named, "support"),
    )
    if dated.status == "active" and task.published:
        return facts
    return replace(facts, ended="cancelled", ended_on=_civil(dated.cancelled_at, zone))


def alarm_at(facts: EntryFacts, workdays: WorkCalendar, zone: ZoneInfo) -> datetime | None:
    """09:00 of the last workday before the due date, make-up workdays counted; in UTC."""
    if facts.due_on is None or facts.due_on.year <= 1:
        return None
    where = ZoneInfo(facts.time_zone) if facts.time_zone else zone
    return datetime.combine(workdays.previous_workday(facts.due_on), ALARM, where).astimezone(UTC)


def _names(named: Sequence[Named], role: str) -> tuple[str, ...]:
    return shown_names([each.name for each in named if each.role == role])


def _due(dated: Dated) -> Due:
    return Due(
        period=dated.period,
        cycle=dated.cycle,
        window_start=dated.window_start,
        nominal_due_on=dated.nominal_due_on,
        due_on=dated.due_on,
        due_time=dated.due_time,
        provisional=dated.provisional,
        dataset=dated.dataset,
    )


def _parent_of(dated: Dated, parents: Sequence[Dated]) -> str | None:
    """The occurrence of the parent task that this one belongs to: of the same period, else the next to fall due, else
    the last."""
    for each in parents:
        if each.period == dated.period:
            return each.id
    later = [each for each in parents if each.due_on and dated.due_on and each.due_on >= dated.due_on]
    if later:
        return later[0].id
    return parents[-1].id if parents else None


def _civil(at: datetime | None, zone: ZoneInfo) -> date | None:
    return at.astimezone(zone).date() if at is not None else None


def end(before: EntryFacts, after: EntryFacts | None, *, today: date) -> EntryFacts:
    """The facts of an entry that exists already. `after=None`: its unit no longer answers for it.

    What is called off keeps the day on which it was: nothing that happens later makes it stay longer.
    """
    if after is None:
        return before if before.ended else replace(before, ended="withdrawn", ended_on=today)
    if after.ended and before.ended:
        return replace(after, ended_on=before.ended_on)
    return replace(after, ended_on=after.ended_on or today) if after.ended else after
