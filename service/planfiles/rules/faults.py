"""What is wrong with a plan file, and where: everything at once, in the order of the text."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from service.kit.errors import Fault, Invalid, TooLarge

MOST_FAULTS = 200


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file: line and column count from 1; 0 where there is no text to point at."""

    file: str = ""
    line: int = 0
    column: int = 0


class PlanFileFaults(Invalid):
    """The plan file cannot be taken."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        found = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in found), faults=found)


class PlanFileTooLarge(PlanFileFaults, TooLarge):
    """The plan file is too large to be read."""


@dataclass(slots=True)
class Faults:
    """Collects the faults of one file.

    Only the first `MOST_FAULTS` are kept and the rest counted: a hostile file with a hundred thousand faults must
    cost neither the memory nor the time that wording them would take.
    """

    file: str
    kept: list[Fault] = field(default_factory=list)
    left_out: int = 0

    def add(self, where: Where, path: str, message: str) -> None:
        """Note one fault."""
        if self.full:
            self.left_out += 1
        else:
            self.kept.append(Fault(path, message, self.file, where.line, where.column))

    def take(self, others: "Faults") -> None:
        """Add what another collector of the same file has found."""
        room = MOST_FAULTS - len(self.kept)
        self.kept += others.kept[:room]
        self.left_out += others.left_out + len(others.kept[room:])

    @property
    def full(self) -> bool:
        """True when further faults are only counted, so that nobody needs to word them."""
        return len(self.kept) >= MOST_FAULTS

    def raise_if_any(self) -> None:
        """Raise `PlanFileFaults` with everything collected, sorted by position."""
        if not self.kept:
            return
        faults = sorted(self.kept, key=lambda fault: (fault.line, fault.column))
        if self.left_out:
            last = faults[-1]
            message = f"{self.left_out:,} more faults follow; correct these first."
            faults.append(Fault("", message, self.file, last.line, last.column))
        raise PlanFileFaults(faults)
