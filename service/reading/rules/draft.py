"""A document that was read, as a draft of a plan file, with what each value was taken from."""

import bisect
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from service.due.values import DueSpec, Form
from service.milestones.rules import MilestoneKind
from service.phrases.values import Confidence, Found
from service.planfiles.rules.parse import MOST_MILESTONES
from service.planfiles.rules.shapes import JurisdictionShape, MilestoneShape, PlanFile, PlanShape, SourceShape
from service.reading.rules.document import ReadText
from service.reading.rules.dues import phrases_in
from service.reading.rules.evidence import Evidence, last_of, month_of, of_head, of_phrase, of_quota
from service.reading.rules.items import Item
from service.reading.rules.members import Members
from service.reading.rules.naming import checksum, clause_of, clean, key_of, place_name, title_of
from service.reading.rules.quotas import Counted, quotas
from service.reading.rules.registry import Registry, place_of
from service.reading.rules.review import Flag, flag, in_order
from service.reading.rules.subjects import WHY
from service.reading.rules.unread import unread


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan file that `apply` takes, what each of its values was taken from, what to look at, what gave no task.

    `evidence` is by milestone's key (None: the plan), then by field: `due`, `lead`, `quota`.
    """

    file: PlanFile
    evidence: Mapping[str | None, Mapping[str, tuple[Evidence, ...]]]
    review: tuple[Flag, ...]
    unread: tuple[Evidence, ...]


def draft(found: ReadText, *, registry: Registry, file: str = "", jurisdiction: str | None = None) -> Draft:
    """The draft of a plan. `jurisdiction`: the code of the one whose plan it is; None: the document says so."""
    return _Drafting(found, registry, file, jurisdiction).run()


def telling_of(found: ReadText) -> list[str]:
    """The texts in which a document names whose plan it is, the most telling first."""
    return [*(told.value for told in (found.head.title, found.head.issuer) if told), found.folded[:1500]]


@dataclass(slots=True)
class _Drafting:
    found: ReadText
    registry: Registry
    file: str
    asked: str | None
    flags: list[Flag] = field(default_factory=list)
    evidence: dict[str | None, dict[str, tuple[Evidence, ...]]] = field(default_factory=dict)
    milestones: list[MilestoneShape] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    line_starts: list[int] = field(default_factory=list)
    members: Members = field(init=False)
    place: JurisdictionShape | None = None
    period: tuple[date, date] | None = None

    def run(self) -> Draft:
        """Head, tasks, and what is left over."""
        text = self.found.text
        self.line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        code = self._jurisdiction()
        self.members = Members(self.registry, code)
        self.period = self._period()
        plan = self._plan(code)
        self._consultation()
        for item in self.found.items:
            if len(self.milestones) > MOST_MILESTONES - 20:
                self.flags.append(flag("truncated", len(self.milestones)))
                break
            self._task(item)
        left = [self._left(start, end) for start, end in unread(self.found)]
        whole = PlanFile(
            jurisdictions=(self.place,) if self.place else (),
            units=tuple(self.members.units.values()),
            groups=self.members.new_groups(),
            plan=plan,
            milestones=tuple(self.milestones),
        )
        return Draft(whole, self.evidence, in_order(self.flags), tuple(left))

    # ── the plan ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _jurisdiction(self) -> str:
        if self.asked:
            return self.asked
        telling = telling_of(self.found)
        if known := place_of(self.registry.places, telling):
            return known.code
        name = next((name for text in telling[:2] if (name := place_name(text))), "待定辖区")
        code = f"j{checksum(name)}"
        self.place = JurisdictionShape(code=code, name=name)
        self.flags.append(flag("jurisdiction_new", name))
        return code

    def _plan(self, code: str) -> PlanShape:
        head = self.found.head
        title = head.title.value if head.title else self.file.rpartition(".")[0] or "未命名的计划"
        if head.title is None or head.title.confidence is Confidence.AMBIGUOUS:
            self.flags.append(flag("title_inferred", title))
        if head.published and head.published.confidence is not Confidence.EXACT:
            self.flags.append(flag("published_inferred", head.published.why, line=self._line(head.published.start)))
        issuer = self.members.meant(head.issuer.value).code if head.issuer else None
        years = "".join(f"-{year}" for year in sorted({day.year for day in self.period or ()}))
        told = {
            "title": head.title,
            "issuer": head.issuer,
            "number": head.number,
            "published_on": head.published,
            "period": head.period,
        }
        self.evidence[None] = of_head(self.found.text, told)
        if head.default_due:
            self.evidence[None]["default_due"] = (of_phrase(self.found.text, head.default_due),)
        return PlanShape(
            slug=f"{code[:40]}{years}-{checksum(title + self.found.folded[:2000])}",
            title=clean(title, 200),
            jurisdiction=code,
            issuer=issuer,
            number=clean(head.number.value, 100) if head.number else None,
            status="draft",
            published_on=head.published_on,
            period=self.period,
            default_due=head.default_due.reading.due if head.default_due else None,
            source=SourceShape(file=clean(self.file, 200)) if self.file else None,
        )

    def _period(self) -> tuple[date, date] | None:
        """The document's years; where it names none, the year that it is about: what recurs needs an end."""
        head = self.found.head
        years = head.years or ((head.year, head.year) if head.year else None)
        if years is None:
            return None
        if head.years is None:
            named = [int(last_of(value)[:4]) for item in self.found.items if (value := _value(item))]
            years = years[0], max([years[1], *(year for year in named if year <= years[1] + 10)])
            self.flags.append(
                flag("period_missing", f"{years[0]}年" if len(set(years)) == 1 else f"{years[0]}至{years[1]}年")
            )
        return date(years[0], 1, 1), date(years[1], 12, 31)

    def _consultation(self) -> None:
        window, head = self.found.head.consultation, self.found.head
        if window is None:
            return
        units = (self.members.meant(head.issuer.value).code,) if head.issuer else ()
        self.evidence["consultation"] = {"due": (of_phrase(self.found.text, window),)}
        self.milestones.append(
            MilestoneShape(
                key="consultation",
                title="公开征求意见",
                kind=MilestoneKind.WINDOW.value,
                due=replace(window.reading.due, phrase=clean(window.text, 200)),
                responsible=units,
                lines=(self._line(window.start),),
            )
        )

    # ── a task ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _task(self, item: Item) -> None:
        """A task with its quotas and further dates as parts of it."""
        since = len(self.flags)
        path = key_of(item.path)
        self.counts[path] += 1
        key = f"{path}-{self.counts[path]}" if path else f"t{self.counts[path]}"
        line = self._line_of(item)
        told: dict[str, tuple[Evidence, ...]] = {}
        own = self._dates(item)
        due = self._due(item, own, key, line, told)
        roles = self._roles(item, key, line, told)
        counted = quotas(self.found.folded, self.found.folded, item.start, item.end, self.found.head.setting)
        kept: list[Counted] = []
        for one in counted:
            if due is not None and due.quota is None and self._same_pace(due, one):
                due = replace(due, quota=one.quota)
                told["quota"] = (of_quota(self.found.text, one),)
            elif one.due is not None:
                kept.append(one)
        main = MilestoneShape(
            key=key,
            ref=clean(item.path, 64) or None,
            title=title_of(self.found.text, item.start, item.end),
            kind=_kind(due, self.found.folded[item.start : item.end], own),
            due=due,
            lead=roles.get("lead", ()),
            responsible=roles.get("responsible", ()),
            support=roles.get("support", ()),
            lines=(line,),
        )
        others = self._others(item, due, own)
        if others and due and own and due.value == own[-1].reading.due.value:
            main = replace(main, title=clause_of(self.found.folded, own[-1].start, own[-1].end))
        parts = [self._checkpoint(main, place, one) for place, one in enumerate(others, 1)]
        parts += [self._counted(main, place, one) for place, one in enumerate(kept, 1)]
        self.evidence[key] = told
        self.milestones += [self._noted(main, since), *parts]

    def _dates(self, item: Item) -> list[Found]:
        """The dates in a task's own words, outside its label."""
        label = item.due.start if item.labelled and item.due else item.end
        found = phrases_in(self.found.folded, item.start, min(label, item.end), self.found.head.setting)
        return [one for one in found if one.reading.due.value is not None]

    def _due(
        self, item: Item, own: Sequence[Found], key: str, line: int, told: dict[str, tuple[Evidence, ...]]
    ) -> DueSpec | None:
        chosen = item.due
        if (
            chosen
            and item.labelled
            and len({month_of(one) for one in own}) > 1
            and month_of(own[-1]) == month_of(chosen)
        ):
            chosen = own[-1]  # the label repeats the last of several dates: the words say more
        if chosen is None:
            if self.found.head.default_due is None:
                self.flags.append(flag("due_missing", milestone=key, line=line))
            return None
        due = chosen.reading.due
        if due.form is Form.RECURRING and self.period is None:
            due = DueSpec(phrase=due.phrase, open=True)
        if due.form is Form.TERM and self.period is None and due.within_term and due.within_term.kind == "plan":
            due = DueSpec(phrase=due.phrase, open=True)
        told["due"] = (of_phrase(self.found.text, chosen),)
        self._flag_due(chosen, key, line)
        return replace(due, phrase=clean(self.found.text[chosen.start : chosen.end], 200))

    def _flag_due(self, chosen: Found, key: str, line: int) -> None:
        reading, words = chosen.reading, clean(chosen.text, 60)
        if reading.confidence is Confidence.AMBIGUOUS:
            self.flags.append(flag("due_ambiguous", words, reading.why, milestone=key, line=line))
        elif reading.confidence is Confidence.INFERRED:
            self.flags.append(flag("due_inferred", words, reading.why, milestone=key, line=line))
        published, value = self.found.head.published_on, reading.due.value
        if published and value and len(value) >= 7 and value.rpartition("/")[2][:7] < published.isoformat()[:7]:
            self.flags.append(flag("born_overdue", words, milestone=key, line=line))

    def _roles(
        self, item: Item, key: str, line: int, told: dict[str, tuple[Evidence, ...]]
    ) -> dict[str, tuple[str, ...]]:
        """Codes by role, each once a role."""
        roles: dict[str, dict[str, None]] = {}
        for unit in item.units:
            meant = self.members.meant(unit.name)
            roles.setdefault(unit.role.value, {}).setdefault(meant.code)
            words = self.found.text[unit.start : unit.end]
            sure = not item.in_sentences or meant.confidence is not Confidence.EXACT
            confidence, why = (meant.confidence, meant.why) if sure else (Confidence.INFERRED, WHY)
            if item.in_sentences:
                self.flags.append(flag("unit_inferred", unit.name, WHY, milestone=key, line=line))
            entry = Evidence(meant.code, unit.start, unit.end, words, confidence, why)
            told[unit.role.value] = (*told.get(unit.role.value, ()), entry)
            self.flags += self.members.flags_of(unit.name, milestone=key, line=line)
        if not item.units:
            self.flags.append(flag("units_missing", milestone=key, line=line))
        if item.is_open_list:
            self.flags.append(flag("list_open", milestone=key, line=line))
        return {role: tuple(codes) for role, codes in roles.items()}

    def _others(self, item: Item, due: DueSpec | None, own: Sequence[Found]) -> list[Found]:
        """Further dates of a task, each once; those that its deadline repeats are none."""
        if due is None or due.value is None:
            return []
        seen = {due.value}
        others = []
        for one in own if item.labelled else [each for each in item.others if each.reading.due.value is not None]:
            value = one.reading.due.value or ""
            if value not in seen and last_of(value) < last_of(due.value):
                seen.add(value)
                others.append(one)
        return others if not item.labelled or len({month_of(one) for one in own}) > 1 else []

    def _checkpoint(self, main: MilestoneShape, place: int, one: Found) -> MilestoneShape:
        key = f"{main.key}-p{place}"
        line = self._line(one.start)
        self.flags.append(flag("several_dates", clean(one.text, 40), milestone=main.key, line=line))
        self.evidence[key] = {"due": (of_phrase(self.found.text, one),)}
        title = clause_of(self.found.folded, one.start, one.end)
        due = replace(one.reading.due, phrase=clean(self.found.text[one.start : one.end], 200))
        return replace(main, key=key, title=title, due=due, parent=main.key, lines=(line,), note=None)

    def _counted(self, main: MilestoneShape, place: int, one: Counted) -> MilestoneShape:
        key = f"{main.key}-q{place}"
        line = self._line(one.start)
        self.flags.append(flag("quota_inferred", clean(one.text, 40), milestone=key, line=line))
        self.evidence[key] = {
            "due": (of_phrase(self.found.text, one.frequency),) if one.frequency else (),
            "quota": (of_quota(self.found.text, one),),
        }
        due = one.due
        if due is not None and self.period is None:
            due = DueSpec(phrase=due.phrase, open=True, quota=one.quota)
        kind = MilestoneKind.DUTY.value if due and due.form is Form.RECURRING else MilestoneKind.TASK.value
        title = clause_of(self.found.folded, one.start, one.end)
        return replace(main, key=key, title=title, kind=kind, due=due, parent=main.key, lines=(line,), note=None)

    def _same_pace(self, due: DueSpec, one: Counted) -> bool:
        """Whether a quota is counted as often as its task falls due."""
        if one.due is None:
            return due.form is Form.DATED
        if due.rrule is None or one.due.rrule is None:
            return False
        return due.rrule.partition(";")[0] == one.due.rrule.partition(";")[0]

    def _noted(self, main: MilestoneShape, since: int) -> MilestoneShape:
        """A task with a note of what is doubtful about it: what was flagged since it was begun."""
        said = [one.message_zh for one in self.flags[since:] if one.milestone == main.key and one.code != "due_missing"]
        return replace(main, note=clean("；".join(dict.fromkeys(said)), 1900) or None)

    # ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _line(self, place: int) -> int:
        return bisect.bisect_right(self.line_starts, place)

    def _line_of(self, item: Item) -> int:
        """The line on which the obligation stands: the one behind a heading."""
        lines = [one for one in re.finditer(r"[^\n]+", self.found.folded[item.start : item.end]) if one[0].strip()]
        if not lines:
            return self._line(item.start)
        told = lines[1] if len(lines) > 1 and "。" not in lines[0][0] else lines[0]
        return self._line(item.start + told.start())

    def _left(self, start: int, end: int) -> Evidence:
        words = self.found.text[start:end]
        self.flags.append(flag("obligation_unread", clean(words, 80), line=self._line(start)))
        return Evidence("", start, end, words, Confidence.AMBIGUOUS, "像是一项要求，但没有列入任务")


def _value(item: Item) -> str | None:
    return item.due.reading.due.value if item.due else None


_EVALUATION = re.compile(r"(?:中期|终期|期末|期中|总结|年度|效果)评估")


def _kind(due: DueSpec | None, words: str, own: Sequence[Found]) -> str:
    if due is not None and due.form is Form.RECURRING:
        return MilestoneKind.DUTY.value
    return MilestoneKind.EVALUATION.value if own and _EVALUATION.search(words) else MilestoneKind.TASK.value
