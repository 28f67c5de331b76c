"""Due specifications inside a plan file: `service.due` says what they mean, this where they are wrong."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from service.due.spec import DueSpec, Fault, InvalidDue, parse
from service.planfiles.rules.faults import Faults, Where
from service.planfiles.rules.nodes import Broken, Mapping, Node, Scalar, Sequence

_NUMBERS: Final = frozenset({"count", "amount", "ratio", "years"})
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,15}")
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?")


def read_due(node: Node, path: str, faults: Faults) -> DueSpec | None:
    """The due specification in a node; None after its faults have been noted."""
    try:
        return parse(_plain("", node))
    except InvalidDue as invalid:
        if not holds_broken(node):
            refuse_inside(invalid.faults, path, node, node.where, faults)
        return None


def refuse_inside(found: Iterable[Fault], path: str, node: Node | None, where: Where, faults: Faults) -> None:
    """Note the faults of a value that is written as a mapping, each at the field that it names, or at what holds it."""
    for fault in found:
        place, inner = where if node is None else node.where, node
        for name in fault.path:
            inner = _child(inner, name)
            if inner is None:
                break
            place = inner.where
        steps = (f"[{name}]" if isinstance(name, int) else f".{name}" for name in fault.path)
        faults.add(place, path + "".join(steps), fault.message)


def _child(node: Node | None, name: str | int) -> Node | None:
    if isinstance(node, Sequence) and isinstance(name, int):
        return node.items[name]
    if not isinstance(node, Mapping):
        return None
    return next((value for key, value in node.entries if key.text == name), None)


def _plain(name: str, node: Node) -> object:
    """What `service.due` takes. The field decides what a text is: `value: 2025` and `time: 17:00` stay texts."""
    if isinstance(node, Mapping):
        return {key.text: _plain(key.text, value) for key, value in node.entries}
    if not isinstance(node, Scalar):
        return []
    if node.empty:
        return None
    if node.plain and name == "open" and node.text in ("true", "false"):
        return node.text == "true"
    if node.plain and name in _NUMBERS and _WHOLE.fullmatch(node.text):
        return int(node.text)
    if node.plain and name in _NUMBERS and _DECIMAL.fullmatch(node.text):
        return Decimal(node.text)
    return node.text


def holds_broken(node: Node) -> bool:
    """Whether something in a node was refused already."""
    if isinstance(node, Sequence):
        return any(map(holds_broken, node.items))
    if isinstance(node, Mapping):
        return any(holds_broken(value) for _, value in node.entries)
    return isinstance(node, Broken)
