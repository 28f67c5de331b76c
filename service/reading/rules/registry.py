"""Names in a document, and the units and groups that are known: short forms, prefixes, former names."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.kit.search import fold
from service.phrases.values import Confidence
from service.reading.rules.departments import plain_name
from service.units.rules import nearest

_BRACKETED = re.compile(r"[(\[].*?[)\]]")
_TIER = re.compile(r"^(自治区|省|市|区|县|州|旗|镇|乡|街道)(?!级|直)(?=[\u4e00-\u9fff]{2})")
Stem = tuple[str, str]
"""Which tier a name puts its unit on (`区`; nothing: it does not say), and the rest in its shortest form."""


@dataclass(frozen=True, slots=True)
class Known:
    """A unit or group that is in the registry; `vague`: its members are not named exactly."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    is_group: bool = False
    vague: bool = False

    @property
    def jurisdiction(self) -> str:
        """The part of its code before the dot."""
        return self.code.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Place:
    """A jurisdiction that is in the registry."""

    code: str
    name: str
    parent: str | None = None
    aliases: tuple[str, ...] = ()


class How(StrEnum):
    """How a name was found."""

    NAME = "name"
    ALIAS = "alias"
    SHORT = "short"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Match:
    """The unit or group that a name means, how sure that is, and why (Chinese)."""

    known: Known
    how: How
    confidence: Confidence
    why: str


def stem_of(name: str, places: Sequence[Place]) -> Stem:
    """A name without what it shares with its neighbours: `崇明区司法局` and `区司法局` are (区, 司法局)."""
    stem = fold(_BRACKETED.sub("", name))
    tier = ""
    for prefix in sorted(
        {one for place in places for one in (place.name, *place.aliases) if one}, key=len, reverse=True
    ):
        if stem.startswith(fold(prefix)) and len(stem) > len(fold(prefix)) + 1:
            stem, tier = stem.removeprefix(fold(prefix)), prefix[-1]
            break
    if match := _TIER.match(stem):
        stem, tier = stem[match.end() :], match[1]
    return tier, plain_name(stem)


def same_tier(one: Stem, other: Stem) -> bool:
    """Whether two stems may be of one unit: 司法局 may be 区司法局, 市司法局 is not."""
    return not one[0] or not other[0] or one[0] == other[0]


def place_of(places: Sequence[Place], texts: Iterable[str]) -> Place | None:
    """The jurisdiction with the longest name in the texts, the most telling text first."""
    for text in texts:
        found = [
            (-len(name), place.code, place)
            for place in places
            for name in (place.name, *place.aliases)
            if name and name in text
        ]
        if found:
            return min(found, key=lambda one: one[:2])[2]
    return None


def line_of(code: str, places: Sequence[Place]) -> list[str]:
    """A jurisdiction and those above it, the nearest first."""
    above = {place.code: place.parent for place in places}
    line: list[str] = []
    here: str | None = code
    while here and here not in line:
        line.append(here)
        here = above.get(here)
    return line


class Registry:
    """What is known to a jurisdiction and to those above it, as it is looked up."""

    def __init__(self, known: Iterable[Known] = (), places: Iterable[Place] = ()) -> None:
        self.places = tuple(places)
        self.known = tuple(known)
        self.codes = {one.code: one for one in self.known}
        self._names: dict[str, list[Known]] = {}
        self._stems: dict[str, list[tuple[Stem, Known]]] = {}
        for one in self.known:
            for name in (one.name, *one.aliases):
                self._names.setdefault(fold(name), []).append(one)
                stem = stem_of(name, self.places)
                self._stems.setdefault(stem[1], []).append((stem, one))

    def find(self, name: str, jurisdiction: str) -> Match | None:
        """The unit or group that a document of a jurisdiction means by a name; None: nobody, or more than one."""
        line = line_of(jurisdiction, self.places)
        if exact := _nearest_of(self._names.get(fold(name), ()), line):
            own = exact.jurisdiction == jurisdiction
            how = How.ELSEWHERE if not own else How.NAME if fold(exact.name) == fold(name) else How.ALIAS
            why = "与登记名称一致" if how is How.NAME else "登记的别名" if own else "登记在上级辖区"
            return Match(exact, how, Confidence.EXACT if own else Confidence.INFERRED, why)
        stem = stem_of(name, self.places)
        alike = [one for other, one in self._stems.get(stem[1], ()) if same_tier(stem, other)]
        if short := _nearest_of(alike, line):
            return Match(short, How.SHORT, Confidence.INFERRED, f"按简称归到“{short.name}”")
        return None

    def nearest(self, name: str, jurisdiction: str) -> tuple[str, ...]:
        """The known names of a jurisdiction, and of those above it, that look most like one nobody knows."""
        line = set(line_of(jurisdiction, self.places))
        return nearest(name, [one.name for one in self.known if one.jurisdiction in line])


def _nearest_of(found: Sequence[Known], line: Sequence[str]) -> Known | None:
    """The one of the nearest jurisdiction; None where that one has several, or none of the line has any."""
    for code in line:
        here = {one.code: one for one in found if one.jurisdiction == code}
        if here:
            return next(iter(here.values())) if len(here) == 1 else None
    return None
