"""A small tree of domain words. A docstring is its class's default message; the gate knows the status codes."""

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what was sent: where (`due.value`, `milestones.3.key`), and a sentence."""

    path: str
    message: str
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: " if self.line else ""
        return f"{place}{self.path}: {self.message}" if self.path else f"{place}{self.message}"


class MilepostError(Exception):
    """Something went wrong."""

    def __init__(self, message: str = "", *, faults: Iterable[Fault] = ()) -> None:
        self.faults = tuple(faults)
        self.message = message or inspect.cleandoc(type(self).__doc__ or "")
        super().__init__(self.message)


class NotFound(MilepostError):
    """There is no such thing here."""


class Invalid(MilepostError):
    """What was sent cannot be accepted."""


class TooLarge(Invalid):
    """What was sent is too large."""


class Conflict(MilepostError):
    """This contradicts what is already here."""


class Unmet(Conflict):
    """This refers to something that is not here."""


class InUse(Conflict):
    """Something open still depends on this."""


class Stale(MilepostError):
    """Somebody else changed this since you read it: read it again, then repeat your change."""


class Unguarded(MilepostError):
    """A change must say which version it changes: send If-Match with the ETag that you read."""


class Unknown(MilepostError):
    """Who are you? Send a valid API key as 'Authorization: Bearer mpk_…'."""


class Denied(MilepostError):
    """This key may not do that."""


class Throttled(MilepostError):
    """Too many failed attempts: wait a little, then try again."""

    def __init__(self, message: str = "", *, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds


class Unavailable(MilepostError):
    """The database does not answer at the moment: try again in a little while."""


def require(faults: Sequence[Fault], as_: type["Invalid | Conflict"] | None = None) -> None:
    """Raise Invalid (or what `as_` says) with all of these faults, if there are any."""
    if faults:
        raise (as_ or Invalid)("; ".join(map(str, faults)), faults=faults)


def unmet(path: str, message: str) -> Unmet:
    """An Unmet with one fault: the field, and what it names in vain."""
    fault = Fault(path, message)
    return Unmet(str(fault), faults=[fault])


def invalid(path: str, message: str) -> Invalid:
    """An Invalid with one fault: the field and the sentence."""
    fault = Fault(path, message)
    return Invalid(str(fault), faults=[fault])
