"""What is true of keys and scopes. Pure."""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.kit.actor import Actor
from service.kit.errors import Conflict, Denied, Fault, require

KEY = re.compile(r"mpk_[A-Za-z0-9_-]{32,128}")
SHOWN = 8  # `mpk_` and four more: enough to tell keys apart, useless to guess with
SCOPE = re.compile(r"read|edit|admin|report:[a-z0-9-]+\.[a-z0-9-]+")
SCOPES = "read, edit, admin, report:{unit}"
RESERVED_NAME = re.compile(r"milepost_.*", re.IGNORECASE)

USE_NOTED_EVERY = timedelta(minutes=1)

# Who has the one has the others too.
_IMPLIED = {"admin": frozenset({"admin", "edit", "read"}), "edit": frozenset({"edit", "read"})}


@dataclass(frozen=True, slots=True)
class Standing:
    """Until when a key holds."""

    expires_at: datetime | None
    revoked_at: datetime | None


def holds(standing: Standing, *, now: datetime) -> bool:
    """Whether a key may be used: neither revoked nor expired."""
    if standing.revoked_at is not None:
        return False
    return standing.expires_at is None or now < standing.expires_at


def granted(scopes: Iterable[str]) -> frozenset[str]:
    """The scopes and everything that they imply: admin may edit, edit may read, whoever reports may read."""
    found: set[str] = set()
    for scope in scopes:
        found |= {scope} | _IMPLIED.get(scope, frozenset({"read"}))
    return frozenset(found)


def require_scope(actor: Actor, scope: str) -> None:
    """Raise Denied unless the actor has this scope, or one that implies it (an editor may report for any unit)."""
    has = granted(actor.scopes)
    if scope in has or (scope.startswith("report:") and "edit" in has):
        return
    raise Denied(f"This needs the scope '{scope}'.")


def check_wanted(*, name: str, scopes: Iterable[str]) -> None:
    """Raise Invalid with everything that is wrong with a key that somebody asks for."""
    faults = []
    if not name.strip():
        faults.append(Fault("name", "a key has a name: who or what uses it"))
    wanted = list(scopes)
    if not wanted:
        faults.append(Fault("scopes", f"a key has one scope or more: {SCOPES}"))
    for position, scope in enumerate(wanted):
        if not SCOPE.fullmatch(scope):
            faults.append(Fault(f"scopes.{position}", f"'{scope}' is no scope; there are {SCOPES}"))
    require(faults)


def check_possible(*, name: str, expires_at: datetime | None, now: datetime) -> None:
    """Raise Conflict for a key that is well said, and cannot be had here and now."""
    faults = []
    if RESERVED_NAME.fullmatch(name.strip()):
        faults.append(Fault("name", "names that begin like this are those of keys from the environment"))
    if expires_at is not None and expires_at <= now:
        faults.append(Fault("expires_at", "this has passed already: the key would never work"))
    if faults:
        raise Conflict("; ".join(map(str, faults)), faults=faults)


def check_grant(actor: Actor, *, jurisdiction: str | None) -> None:
    """Nobody gives away more than they have: who is bound to a jurisdiction makes keys for that one. Raises Denied."""
    require_scope(actor, "admin")
    if actor.jurisdiction is not None and jurisdiction != actor.jurisdiction:
        raise Denied(f"This key may only make and revoke keys of '{actor.jurisdiction}'.")


def digest(secret: str) -> str:
    """What is kept of a key: SHA-256 in hex. A key has 256 random bits, so a slow hash would guard nothing more."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same_digest(one: str, other: str) -> bool:
    """Whether two digests are equal, in a time that does not tell how far they agree."""
    return hmac.compare_digest(one, other)


def shown(secret: str) -> str:
    """The recognisable beginning of a key, kept to tell keys apart."""
    return secret[:SHOWN]


def is_well_formed(text: str) -> bool:
    """Whether this could be a key at all; what could not is refused without asking the database."""
    return KEY.fullmatch(text) is not None


def use_is_worth_noting(last_used_at: datetime | None, *, now: datetime) -> bool:
    """Whether the time of last use is old enough to be written again: a busy key must not mean a write a request."""
    return last_used_at is None or now - last_used_at >= USE_NOTED_EVERY
