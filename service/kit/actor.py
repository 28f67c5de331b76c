"""Who does something: handed down with every action, written into the journal."""

from dataclasses import dataclass
from typing import Literal

ActorKind = Literal["key", "command", "service", "public"]


@dataclass(frozen=True, slots=True)
class Actor:
    """An API key, a person at the command line, the service itself, or anybody; what they may do; in which request.

    `scopes` are `read`, `edit`, `admin` and `report:{unit}`. `jurisdiction` bounds what may be changed to one
    jurisdiction and those below it; None: no bound.
    """

    kind: ActorKind
    name: str
    scopes: frozenset[str] = frozenset()
    jurisdiction: str | None = None
    key_id: str | None = None
    request_id: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


SERVICE = Actor(kind="service", name="milepost", scopes=frozenset({"admin"}))
COMMAND = Actor(kind="command", name="command line", scopes=frozenset({"admin"}))
PUBLIC = Actor(kind="public", name="anybody")
