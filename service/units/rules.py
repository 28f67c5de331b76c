"""What is true of units and groups. Pure."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from service.kit.search import fold

_WORD = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
JURISDICTION_CODE = re.compile(rf"{_WORD}\Z")
MEMBER_CODE = re.compile(rf"{_WORD}\.{_WORD}\Z")


class UnitKind(StrEnum):
    """What sort of body a unit is."""

    GOVERNMENT = "government"
    DEPARTMENT = "department"
    OFFICE = "office"
    PARTY = "party"
    TOWN = "town"
    COURT = "court"
    INSTITUTION = "institution"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Member:
    """A unit's or group's place in a group; `from_on` and `until_on` are inclusive, None means no bound."""

    code: str
    from_on: date | None = None
    until_on: date | None = None

    def on(self, day: date | None) -> bool:
        """Whether the membership holds on `day` (None: whenever)."""
        if day is None:
            return self.until_on is None
        return (self.from_on is None or self.from_on <= day) and (self.until_on is None or day <= self.until_on)


Membership = Mapping[str, Sequence[Member]]
"""Group code → its members in order; a code that is no key is a unit."""


def units_of(group: str, membership: Membership, *, on: date | None) -> tuple[str, ...]:
    """The units in `group` on a day, groups within groups followed, each once, in order.

    `on=None` asks for what has no date: the members without an end.
    """
    found: dict[str, None] = {}
    seen: set[str] = set()

    def walk(code: str) -> None:
        if code in seen:
            return
        seen.add(code)
        for member in membership[code]:
            if not member.on(on):
                continue
            if member.code in membership:
                walk(member.code)
            else:
                found.setdefault(member.code)

    walk(group)
    return tuple(found)


def member_twice(members: Sequence[Member]) -> int | None:
    """The position of a member that is one already at that time; None where there is none such."""
    earlier: dict[str, list[Member]] = {}
    for place, member in enumerate(members):
        if any(_overlap(one, member) for one in earlier.get(member.code, ())):
            return place
        earlier.setdefault(member.code, []).append(member)
    return None


def _overlap(one: Member, other: Member) -> bool:
    begins = max(one.from_on or date.min, other.from_on or date.min)
    return begins <= min(one.until_on or date.max, other.until_on or date.max)


def circle(membership: Membership) -> tuple[str, ...]:
    """A chain of groups that leads back to its start; empty when there is none."""
    done: set[str] = set()

    def walk(code: str, path: tuple[str, ...]) -> tuple[str, ...]:
        if code in path:
            return (*path[path.index(code) :], code)
        if code in done:
            return ()
        for member in membership.get(code, ()):
            found = walk(member.code, (*path, code))
            if found:
                return found
        done.add(code)
        return ()

    for group in membership:
        found = walk(group, ())
        if found:
            return found
    return ()


def nearest(name: str, known: Iterable[str], *, most: int = 3) -> tuple[str, ...]:
    """The known names that look most like `name`, best first."""
    by_folded = {fold(word): word for word in known}
    close = difflib.get_close_matches(fold(name), by_folded, n=most, cutoff=0.5)
    return tuple(by_folded[word] for word in close)
