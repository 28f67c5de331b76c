"""What an entry's lines say, property by property: for CalDAV's filters, which ask about any of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from icalendar import Component


@dataclass(frozen=True, slots=True)
class Spoken:
    """A component: its properties as text (name in capitals → values), and the components inside it."""

    name: str
    properties: Mapping[str, tuple[str, ...]]
    inside: tuple["Spoken", ...] = ()


def spoken(lines: bytes) -> Spoken:
    """An entry's lines, read."""
    return _spoken(Component.from_ical(lines.decode()))


def _spoken(component: Any) -> Spoken:
    said: dict[str, tuple[str, ...]] = {}
    for name, value in component.items():
        each = value if isinstance(value, list) else [value]
        said[name.upper()] = tuple(_text(one) for one in each)
    inside: Iterable[Any] = component.subcomponents
    return Spoken(component.name, said, tuple(_spoken(one) for one in inside))


def _text(value: Any) -> str:
    if hasattr(value, "cats"):
        return ",".join(str(each) for each in value.cats)
    return str(value) if isinstance(value, str) else str(value.to_ical().decode())
