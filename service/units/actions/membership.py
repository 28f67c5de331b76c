"""What a group's members must be before they are written."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from service.kit.database import Session
from service.kit.errors import invalid, unmet
from service.units import rules, store
from service.units.models import Registered, Unit, UnitGroup


@dataclass(frozen=True, slots=True)
class Known:
    """What members of groups refer to, read at once: rows by code, and the members of groups that are there."""

    units: Mapping[str, Unit]
    groups: dict[str, UnitGroup]
    below: Mapping[str, Sequence[rules.Member]]

    def registered(self, code: str) -> Registered | None:
        """The unit or group with this code."""
        return self.units.get(code) or self.groups.get(code)


async def read_known(session: Session, codes: Collection[str]) -> Known:
    """The units and groups of these codes, which stay in use until this transaction ends."""
    units = await store.held(session, Unit, codes)
    groups = await store.held(session, UnitGroup, set(codes) - set(units))
    return Known(units, groups, await store.membership_below(session, groups))


def check_members(members: Sequence[rules.Member], *, known: Known, today: date) -> None:
    """Raise Unmet for unknown members, and for retired ones from today on."""
    for position, member in enumerate(members):
        row = known.registered(member.code)
        if row is None:
            raise unmet(f"members.{position}", f"there is no unit or group '{member.code}'")
        if row.retired_at is not None and (member.until_on is None or member.until_on >= today):
            raise unmet(f"members.{position}", f"'{member.code}' is retired")


def check_periods(members: Sequence[rules.Member]) -> None:
    """Raise Invalid for a membership that ends before it begins, and for one that another covers."""
    for position, member in enumerate(members):
        if member.from_on and member.until_on and member.from_on > member.until_on:
            raise invalid(f"members.{position}", f"'{member.code}' leaves before it joins")
    twice = rules.member_twice(members)
    if twice is not None:
        raise invalid(f"members.{twice}", f"'{members[twice].code}' is a member twice at the same time")


def refuse_circle(below: Mapping[str, Sequence[rules.Member]]) -> None:
    """Raise Invalid for a group that contains itself. `below`: the members of every group concerned."""
    chain = rules.circle(below)
    if chain:
        raise invalid("members", f"a group cannot contain itself: {' → '.join(chain)}")
