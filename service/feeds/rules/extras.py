"""Entries that are nobody's occurrence: one for many on a day, what changed this week, word about the link. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from service.feeds.rules.facts import EntryFacts, made_uid
from service.feeds.rules.forms import Language
from service.feeds.rules.phase import Phase
from service.feeds.rules.runs import Place
from service.feeds.rules.subjects import Subject
from service.feeds.rules.texts import LONGEST_DESCRIPTION, summary

_DAY = timedelta(days=1)
_LIGHTS = ("red", "yellow", "green", "grey")  # the first that any member has is that of all
_ROLES = ("lead", "responsible", "support", "")
_MORE_ROOM = 40  # characters for how many more there are

What = Literal["new", "moved", "cancelled", "done", "changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """An entry that is made for one feed: everything that its bytes are made from. `until` is its last day."""

    uid: str
    on: date
    until: date
    revision: int
    created_at: datetime
    revised_at: datetime
    summary: str
    description: str
    url: str
    category: str
    light: str = ""
    status: Literal["CONFIRMED", "TENTATIVE"] = "CONFIRMED"
    alarm_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """The feed that extras stand in: how often it has changed, when last, and where people see the same things."""

    subject: Subject
    lang: Language
    revision: int
    created_at: datetime
    changed_at: datetime
    url: str

    def say(self, zh: str, en: str) -> str:
        """One of the two."""
        return zh if self.lang is Language.ZH else en


class Line(NamedTuple):
    """An entry as one line among others. Lines sort by role, then by what they say."""

    rank: int
    text: str
    light: str
    done: bool
    alarm_at: datetime | None


def cliffs(places: Mapping[str, Place], *, above: int) -> dict[date, list[str]]:
    """The days on which more entries fall than anybody reads in a calendar, each with its entries."""
    found: dict[date, list[str]] = defaultdict(list)
    for uid, place in places.items():
        if place.rolls:
            found[place.sort_on].append(uid)
    return {day: uids for day, uids in found.items() if len(uids) > above}


def line_of(facts: EntryFacts, phase: Phase, lang: Language) -> Line:
    """An entry as one line among others."""
    done = facts.progress == "done"
    return Line(_ROLES.index(facts.role), summary(facts, phase, lang), phase.light, done, facts.alarm_at)


def rolled_up(feed: Feed, day: date, lines: Iterable[Line]) -> Extra:
    """One entry for all that fall on a day. Its revision is the feed's: anything less would not tell who has gone."""
    ordered = sorted(lines, key=lambda line: line[:2])
    count, done = len(ordered), sum(line.done for line in ordered)
    finished = feed.say(f"（已完成{done}项）", f" ({done} done)") if done else ""
    head = feed.say(f"当日到期{count}项{finished}：", f"{count} due on this day{finished}:")
    return Extra(
        uid=made_uid("fr", str(feed.subject), day.isoformat()),
        on=day,
        until=day,
        revision=feed.revision,
        created_at=feed.created_at,
        revised_at=feed.changed_at,
        summary=feed.say(f"【汇总】当日到期{count}项{finished}", f"[Roll-up] {count} due on this day{finished}"),
        description=_listed([feed.url, head], [f"· {line.text}" for line in ordered], feed),
        url=feed.url,
        category=feed.say("汇总", "Roll-up"),
        light=min((line.light for line in ordered), key=_LIGHTS.index),
        alarm_at=None if done == count else min((line.alarm_at for line in ordered if line.alarm_at), default=None),
    )


@dataclass(frozen=True, slots=True)
class Edit:
    """What happened to an entry since a day, as one line."""

    what: What
    text: str


def edit_since(
    facts: EntryFacts, phase: Phase, lang: Language, *, created_at: datetime, since_on: date, since: datetime
) -> Edit:
    """What happened to an entry that came or was changed since a day; what matters most, where several things did."""
    what: What = "changed"
    if facts.ended:
        what = "cancelled"
    elif created_at >= since:
        what = "new"
    elif facts.moved_on is not None and facts.moved_on >= since_on:
        what = "moved"
    elif facts.progress == "done":
        what = "done"
    return Edit(what, summary(facts, phase, lang))


_EDITS: Mapping[What, tuple[str, str]] = {
    "moved": ("改期", "Moved"),
    "cancelled": ("取消", "Cancelled"),
    "new": ("新增", "New"),
    "changed": ("修改", "Changed"),
    "done": ("完成", "Done"),
}


def changes_of_the_week(feed: Feed, monday: date, edits: Sequence[Edit]) -> Extra:
    """What changed this week, from Monday to Sunday across the top of the calendar."""
    told = [f"{feed.say(*_EDITS[what])} {count}" for what in _EDITS if (count := _count(edits, what))]
    lines = [f"· {feed.say(*_EDITS[what])} {each.text}" for what in _EDITS for each in edits if each.what == what]
    return Extra(
        uid=made_uid("fw", str(feed.subject), monday.isoformat()),
        on=monday,
        until=monday + 6 * _DAY,
        revision=feed.revision,
        created_at=feed.created_at,
        revised_at=feed.changed_at,
        summary=feed.say(f"【本周变更】{'、'.join(told)}", f"[Changes this week] {', '.join(told)}"),
        description=_listed([feed.url], lines, feed),
        url=feed.url,
        category=feed.say("变更", "Changes"),
    )


def _count(edits: Sequence[Edit], what: What) -> int:
    return sum(each.what == what for each in edits)


class Notice(NamedTuple):
    """Word that an address was replaced: of which link, when, and the last day on which it works."""

    feed: str
    generation: int
    at: datetime
    on: date
    until: date


def notice(feed: Feed, told: Notice) -> Extra:
    """An entry in the feed of a replaced address, across all days that it still has. It does not say the new one:
    addresses are replaced when they have come into wrong hands."""
    last = feed.say(f"{told.until.month}月{told.until.day}日", told.until.isoformat())
    why = feed.say(
        f"这个订阅地址已经更换，{last}以后失效。请向给您地址的人索取新地址，重新订阅。",
        f"This address was replaced and works until {last}. Ask whoever gave it to you for the new one.",
    )
    return Extra(
        uid=made_uid("fn", told.feed, str(told.generation)),
        on=told.on,
        until=told.until,
        revision=0,
        created_at=told.at,
        revised_at=told.at,
        summary=feed.say(f"【请更换订阅地址】{last}失效", f"[Subscribe anew] this address works until {last}"),
        description=f"{feed.url}\n{why}",
        url=feed.url,
        category=feed.say("订阅", "Subscription"),
    )


def _listed(head: Sequence[str], lines: Sequence[str], feed: Feed) -> str:
    """Lines as long as there is room, and then how many more there are."""
    told, length = list(head), sum(len(line) + 1 for line in head)
    for number, line in enumerate(lines):
        if length + len(line) + _MORE_ROOM > LONGEST_DESCRIPTION:
            left = len(lines) - number
            told.append(feed.say(f"……另有{left}项，见上面的链接", f"… and {left} more: see the link above"))
            break
        told.append(line)
        length += len(line) + 1
    return "\n".join(told)
