"""What is wrong with a due specification, said so that a person can mend it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

SHOWN = 40  # characters of somebody's input that a message repeats


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where in the mapping (`("quota", "count")`), and one English sentence that says what."""

    path: tuple[str | int, ...]
    message: str

    def under(self, *prefix: str | int) -> "Fault":
        """The same fault, seen from further outside: `fault.under("milestones", 3, "due")`."""
        return Fault((*prefix, *self.path), self.message)

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}: {self.message}" if self.path else self.message


class InvalidDue(ValueError):
    """A due specification that cannot be accepted; `faults` says everything that is wrong with it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


def shown(value: object) -> str:
    """What a message calls somebody's input: short, printable, whatever it is.

    Nothing here may raise: `repr` of a huge int does, and that of a list which holds itself is no sentence.
    """
    match value:
        case None | bool():
            return f"'{str(value).lower()}'"
        case str():
            return f"'{clipped(value)}'"
        case int() | float():
            return "a very large number" if abs(value) >= 10**12 else f"{value}"
        case Mapping():
            return "a mapping"
        case Sequence() | set() | frozenset():
            return "a list"
        case _:
            return f"a value of type {type(value).__name__}"


def clipped(text: str) -> str:
    """At most `SHOWN` characters of a text, with what cannot be printed escaped."""
    head = text[:SHOWN]
    printable = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in head)
    return printable + "…" if len(text) > SHOWN else printable


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'boundary'?`, or a full stop when nothing known is near."""
    spellings = {spelling.lower(): spelling for spelling in known}
    found = get_close_matches(word[:SHOWN].lower(), spellings, n=1)
    return f"; did you mean '{spellings[found[0]]}'?" if found else "."
