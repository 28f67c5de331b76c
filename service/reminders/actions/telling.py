"""What the fact of a notice that goes out says. Parts that many share are made, and written as JSON, once a batch."""

from collections.abc import Sequence
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, NamedTuple

from service.journal.kinds import Kind
from service.journal.rules import Fact, in_json, to_json
from service.progress.rules import Standing
from service.reminders.rules.ending import Notice
from service.reminders.rules.offsets import NoticeKind
from service.reminders.store.due import Claimed, Subject

_KINDS = {
    NoticeKind.DUE_SOON: Kind.OCCURRENCE_DUE_SOON,
    NoticeKind.DUE: Kind.OCCURRENCE_DUE,
    NoticeKind.OVERDUE: Kind.OCCURRENCE_OVERDUE,
}
_DATING = slice(Subject._fields.index("plan"), Subject._fields.index("status") + 1)


class _Part(NamedTuple):
    told: Any
    text: str


class Teller:
    """Makes the facts of one batch: `now` is the instant at which it goes out."""

    def __init__(self, *, now: datetime) -> None:
        self._now = now
        self._datings: dict[tuple[object, ...], _Part] = {}
        self._notices: dict[tuple[object, ...], _Part] = {}
        self._units: dict[tuple[int, ...], _Part] = {}

    def fact(
        self,
        one: Claimed,
        kind: NoticeKind,
        subject: Subject,
        *,
        standings: Sequence[Standing],
        others: Sequence[Notice],
        today: date,
    ) -> Fact:
        """The occurrence, its milestone and its plan, named as in the occurrence's other facts; who answers; why.

        `others` are those that it tells of, `today` is the civil date where it is due.
        """
        when, units, notice = self._when(subject), self._who(standings), self._why(one, others, today=today)
        told = {
            "id": subject.id,
            "milestone": subject.milestone,
            **when.told,
            "key": subject.key,
            "title": subject.title,
            "kind": subject.kind,
            "plan_title": subject.plan_title,
            "units": units.told,
            "notice": notice.told,
        }
        # Ids hold nothing that JSON would have to escape.
        text = (
            f'{{"id":"{subject.id}","milestone":"{subject.milestone}",{when.text},"key":{in_json(subject.key)},'
            f'"title":{in_json(subject.title)},"kind":"{subject.kind}","plan_title":{in_json(subject.plan_title)},'
            f'"units":{units.text},"notice":{notice.text}}}'
        )
        return Fact(_KINDS[kind], one.occurrence, one.jurisdiction, None, told, text)

    def _when(self, subject: Subject) -> _Part:
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

    def _who(self, standings: Sequence[Standing]) -> _Part:
        # By identity: to compare them would cost more than to tell them; all of them live as long as the batch.
        key = tuple(map(id, standings))
        part = self._units.get(key)
        if part is None:
            told = [{"code": each.unit, "role": str(each.role), "status": str(each.status)} for each in standings]
            part = self._units[key] = _Part(told, to_json(told))
        return part

    def _why(self, one: Claimed, others: Sequence[Notice], *, today: date) -> _Part:
        """What went out and why: the cause of an event. Instants are RFC 3339 in UTC, lateness is in seconds."""
        key = one[3:]  # all but the firing, its occurrence and their jurisdiction
        same = self._notices.get(key)
        if same is None:
            told = _notice(one, now=self._now, today=today)
            same = self._notices[key] = _Part(told, to_json(told)[1:-1])
        also = [{"firing": each.id, "offset": each.offset, "scheduled_for": _instant(each.fire_at)} for each in others]
        text = f'{{"firing":"{one.id}",{same.text},"also":{to_json(also) if also else "[]"}}}'
        return _Part({"firing": one.id, **same.told, "also": also}, text)


def _notice(one: Claimed, *, now: datetime, today: date) -> dict[str, Any]:
    return {
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
