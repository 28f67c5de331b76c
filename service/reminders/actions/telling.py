"""What the fact of a notice that goes out says. Parts that many share are made, and written as JSON, once a batch.

All but when it went out can be said before its time has come: that is a draft.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, NamedTuple

from service.journal.kinds import Kind
from service.journal.rules import Fact, in_json, to_json
from service.progress.rules import Standing
from service.reminders.rules.ending import FIRE, Notice, Owed, ending
from service.reminders.rules.offsets import NoticeKind
from service.reminders.rules.planning import End
from service.reminders.store.due import Claimed, Near, Subject

_KINDS = {
    NoticeKind.DUE_SOON.value: Kind.OCCURRENCE_DUE_SOON,
    NoticeKind.DUE.value: Kind.OCCURRENCE_DUE,
    NoticeKind.OVERDUE.value: Kind.OCCURRENCE_OVERDUE,
}
_DATING = slice(Subject._fields.index("plan"), Subject._fields.index("status") + 1)


class Draft(NamedTuple):
    """A notice as far as it can be told before it goes out, and how it would end if no other counted beside it.

    `today` is the civil date where it is due, which both depend on. `told` is JSON, `text` the same up to what the
    notice itself says; both are empty where it would not go out. `alike`: all that it says of itself but its name; many
    have the very same object. `near`: None, nobody has looked.
    """

    one: Claimed
    end: End
    today: date
    told: Mapping[str, Any]
    text: str
    alike: tuple[object, ...]
    near: Near | None = None

    def ahead(self) -> dict[str, Any]:
        """What its fact will say, and of the notice what does not depend on when it goes out."""
        return {**self.told, "notice": notice(self.one, now=self.one.fire_at, today=self.today)}


class Drafter:
    """Makes the drafts of one batch."""

    def __init__(self) -> None:
        self._datings: dict[tuple[object, ...], _Part] = {}
        self._units: dict[tuple[int, ...], _Part] = {}
        self._alike: dict[tuple[object, ...], tuple[object, ...]] = {}

    def draft(self, one: Claimed, subject: Subject, standings: Sequence[Standing], *, today: date) -> Draft:
        """The occurrence, its milestone and its plan, named as in the occurrence's other facts; who answers."""
        owed = Owed(subject.status == "active", subject.plan_status == "published", subject.due_on)
        end = ending(one.notice, owed, standings, today=today)
        said = (*one[3:], today)  # without the firing, its occurrence and their jurisdiction
        alike = self._alike.setdefault(said, said)
        if end is not FIRE:
            return Draft(one, end, today, {}, "", alike)
        when, units = self._when(subject), self._who(standings)
        told = {
            "id": subject.id,
            "milestone": subject.milestone,
            **when.told,
            "key": subject.key,
            "title": subject.title,
            "kind": subject.kind,
            "plan_title": subject.plan_title,
            "units": units.told,
        }
        # Ids hold nothing that JSON would have to escape.
        text = (
            f'{{"id":"{subject.id}","milestone":"{subject.milestone}",{when.text},"key":{in_json(subject.key)},'
            f'"title":{in_json(subject.title)},"kind":"{subject.kind}","plan_title":{in_json(subject.plan_title)},'
            f'"units":{units.text},"notice":{{"firing":"{one.id}",'
        )
        return Draft(one, end, today, told, text, alike)

    def _when(self, subject: Subject) -> "_Part":
        """The plan, the period and its dates, which many occurrences have in common."""
        key = tuple(subject)[_DATING]
        part = self._datings.get(key)
        if part is None:
            told = {
                name: value.isoformat() if isinstance(value, date | time) else value
                for name, value in zip(Subject._fields[_DATING], key, strict=True)
            }
            part = self._datings[key] = _Part(told, to_json(told)[1:-1])
        return part

    def _who(self, standings: Sequence[Standing]) -> "_Part":
        # By identity: to compare them would cost more than to tell them; all of them live as long as the batch.
        key = tuple(map(id, standings))
        part = self._units.get(key)
        if part is None:
            told = [{"code": each.unit, "role": str(each.role), "status": str(each.status)} for each in standings]
            part = self._units[key] = _Part(told, to_json(told))
        return part


class Teller:
    """Makes the facts of one batch: `now` is the instant at which it goes out."""

    def __init__(self, *, now: datetime) -> None:
        self._now = now
        self._last: object = None
        self._same = _Part({}, "")

    def fact(self, draft: Draft, *, others: Sequence[Notice] = (), next_at: datetime | None = None) -> Fact:
        """What a draft says when it goes out, and why: the cause of an event. `others` are those that it tells of,
        `next_at` is for when the next notice of its occurrence is planned.
        """
        one = draft.one
        if draft.alike is not self._last:  # neighbours nearly always are
            same = notice(one, now=self._now, today=draft.today)
            self._last, self._same = draft.alike, _Part(same, to_json(same).partition(",")[2][:-1])  # but the firing
        then, also, tail = None, list[dict[str, Any]](), '"next_at":null,"also":[]'
        if others or next_at is not None:
            also = [
                {"firing": each.id, "offset": each.offset, "scheduled_for": _instant(each.fire_at)} for each in others
            ]
            then = _instant(next_at) if next_at is not None else None
            tail = f'"next_at":{to_json(then)},"also":{to_json(also)}'
        told = {**draft.told, "notice": {**self._same.told, "firing": one.id, "next_at": then, "also": also}}
        text = f"{draft.text}{self._same.text},{tail}}}}}"
        return Fact(_KINDS[one.kind], one.occurrence, one.jurisdiction, None, told, text)


class _Part(NamedTuple):
    told: Any
    text: str


def notice(one: Claimed, *, now: datetime, today: date) -> dict[str, Any]:
    """What is told of the notice itself. Instants are RFC 3339 in UTC, lateness is in seconds."""
    return {
        "firing": one.id,
        "kind": one.kind,
        "offset": one.offset,
        "due_version": one.due_version,
        "scheduled_for": _instant(one.fire_at),
        "fired_at": _instant(now),
        "lateness_s": round((now - one.fire_at).total_seconds(), 3),
        "days_left": (one.due_on - today).days,
        "time_zone": one.time_zone,
        "local_time": one.local_time,
    }


@lru_cache(maxsize=1_000)
def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
