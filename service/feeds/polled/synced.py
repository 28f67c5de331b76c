"""What programs that synchronise are told of a calendar, and what this process told last: while the database is away
they hear it again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from service.feeds.rules.forms import Component
from service.feeds.rules.subjects import Subject

KEPT = 64 * 1024 * 1024  # bytes, about; beyond it those calendars go that nobody asked for longest


@dataclass(frozen=True, slots=True)
class Collection:
    """A link as a calendar. `token` is the state that it is in, `revision` its subject's."""

    subject: Subject
    name: str
    description: str
    created_at: datetime
    changed_at: datetime
    component: Component
    token: str
    revision: int
    zone: bytes


@dataclass(frozen=True, slots=True)
class Member:
    """An entry of a calendar: its name in addresses, and what tells whether a program has it already."""

    name: str
    uid: str
    tag: str
    component: Component
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Resource:
    """An entry with its bytes, and when it begins and ends (a to-do: the instant at which it is due; None: never).

    `lines` are those of the entry alone.
    """

    member: Member
    begins: datetime | None
    ends: datetime | None
    lines: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Changes:
    """What a program has to learn: members that are new or differ, names that are gone. `cut`: and there is more."""

    members: tuple[Member, ...]
    gone: tuple[str, ...]
    token: str
    revision: int
    cut: bool


@dataclass(slots=True, eq=False)
class Told:
    """The state of a calendar, and what was told of it since it was seen in that state.

    Members and resources may be newer than the state, never older: what is newer a program hears of once more, what is
    older it would keep, since its next question begins at the state. So they are dropped with the state, and whoever
    asks for them writes the answer down where it stood when the question was asked.
    """

    collection: Collection
    members: Sequence[Member] | None = None
    resources: dict[str, Resource] = field(default_factory=dict)
    weight: int = 0

    def all_of(self, names: Iterable[str]) -> list[Resource] | None:
        """These entries; None where one of them was not told: it may be there all the same."""
        wanted = list(names)
        return [self.resources[name] for name in wanted] if all(name in self.resources for name in wanted) else None

    def since(self, token: str) -> Changes | None:
        """Nothing, for whoever has seen this very state; None for anybody else."""
        state = self.collection
        return Changes((), (), token, state.revision, cut=False) if token == state.token else None


class Memory:
    """What was told last, by link. Some `kept` bytes of it."""

    def __init__(self, *, kept: int = KEPT) -> None:
        self._kept = kept
        self._weight = 0
        self._by_link: dict[str, Told] = {}

    def of(self, link: str) -> Told | None:
        """What was told of a link."""
        return self._by_link.get(link)

    def note_state(self, link: str, collection: Collection) -> None:
        """The state of a calendar was read; it becomes the one that was asked for last."""
        told = self._by_link.pop(link, None)
        if told is not None and told.collection.token != collection.token:
            self._weight -= told.weight
            told = None
        if told is None:
            told = Told(collection)
        told.collection = collection
        self._by_link[link] = told
        self._weigh(link, told)

    def note_members(self, link: str, told: Told, members: Sequence[Member]) -> None:
        """Its entries were listed. `told`: what stood here before they were asked for."""
        told.members = members
        self._weigh(link, told)

    def note_resources(self, link: str, told: Told, resources: Iterable[Resource]) -> None:
        """Some of its entries were rendered."""
        told.resources.update({each.member.name: each for each in resources})
        self._weigh(link, told)

    def _weigh(self, link: str, told: Told) -> None:
        if self._by_link.get(link) is not told:  # another state was read meanwhile
            return
        entries = sum(len(each.body) + len(each.lines) + 800 for each in told.resources.values())
        before, told.weight = told.weight, 2_000 + 600 * len(told.members or ()) + entries
        self._weight += told.weight - before
        while self._weight > self._kept:
            self._weight -= self._by_link.pop(next(iter(self._by_link))).weight
