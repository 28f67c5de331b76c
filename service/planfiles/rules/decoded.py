"""Values that somebody else has decoded from JSON, as nodes without positions."""

from datetime import date
from typing import Any

from service.planfiles.rules.faults import Faults, Where
from service.planfiles.rules.nodes import DEEPEST, MOST_NODES, Broken, Mapping, Node, Scalar, Sequence


def nodes_of(decoded: object, faults: Faults) -> Node:
    """The tree of a decoded value, within the same bounds as a text. Raises PlanFileFaults beyond them."""
    return _Builder(faults).node(decoded, 0)


class _Builder:
    def __init__(self, faults: Faults) -> None:
        self.faults, self.count, self.where = faults, 0, Where(faults.file)

    def node(self, value: object, depth: int) -> Node:
        self.count += 1
        if self.count > MOST_NODES:
            self._stop(f"The file has more than {MOST_NODES:,} values; split it.")
        if depth > DEEPEST:
            self._stop(f"Lists and mappings stand more than {DEEPEST} deep; a plan file needs five at most.")
        match value:
            case dict():
                return Mapping(self._entries(value, depth), self.where)
            case list() | tuple():
                return Sequence(tuple(self.node(item, depth + 1) for item in value), self.where)
            case str():
                return Scalar(value, plain=False, where=self.where)
            case None | bool():
                return Scalar(_WORDS[value], plain=True, where=self.where)
            case date():
                return Scalar(value.isoformat(), plain=True, where=self.where)
            case int() | float():
                return Scalar(_number(value), plain=True, where=self.where)
            case _:
                self.faults.add(self.where, "", f"A value of type {type(value).__name__} cannot stand in a plan file.")
                return Broken(self.where)

    def _entries(self, value: dict[Any, Any], depth: int) -> tuple[tuple[Scalar, Node], ...]:
        entries: dict[str, tuple[Scalar, Node]] = {}
        for name, inner in value.items():
            key = self.node(name, depth + 1)
            if isinstance(key, Scalar) and key.text not in entries:
                entries[key.text] = (key, self.node(inner, depth + 1))
            else:
                self.faults.add(self.where, "", "The name of a field is one text, and stands once; correct it.")
        return tuple(entries.values())

    def _stop(self, message: str) -> None:
        self.faults.add(self.where, "", message)
        self.faults.raise_if_any()


_WORDS = {None: "null", True: "true", False: "false"}


def _number(value: int | float) -> str:
    """Digits as JSON writes them; a number beyond all use stays recognisable without being written out."""
    if isinstance(value, int) and abs(value) >= 10**18:
        return "a very large number"
    return str(value)
