"""Nodes to values, one function per kind of field.

Whatever is wrong becomes a fault and the nearest harmless value: the file is refused in the end, but what refers to a
faulty item must not be reported as well. A code that breaks its pattern therefore stays what was written.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, assert_never
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from service.due.periods import parse_day
from service.planfiles.rules import fields as f
from service.planfiles.rules.due_nodes import read_due
from service.planfiles.rules.faults import Faults, Where
from service.planfiles.rules.nodes import Broken, Mapping, Node, Scalar, Sequence
from service.planfiles.rules.reminder_nodes import read_reminders
from service.planfiles.rules.shapes import MemberShape, SourceShape

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LOOSE_DAY: Final = re.compile(r"([0-9]{4})[年/.-]([0-9]{1,2})[月/.-]([0-9]{1,2})日?")
_WHOLE: Final = re.compile(r"[1-9][0-9]{0,9}")
_EMPTY: Final[dict[type, Any]] = {f.Text: "", f.Coded: "", f.Flag: False, f.Several: (), f.Lines: (), f.Members: ()}


@dataclass(slots=True)
class Reading:
    """One file on its way from nodes to values; `nodes` finds the node of a path again, for what is checked later."""

    faults: Faults
    nodes: dict[str, Node] = field(default_factory=dict)

    def refuse(self, node: Node, path: str, message: str) -> None:
        """Note what is wrong with a node."""
        self.faults.add(node.where, path, message)

    def refuse_at(self, path: str, message: str, *, otherwise: Where) -> None:
        """Note what is wrong with the field at `path`, wherever it stands."""
        node = self.nodes.get(path)
        self.faults.add(node.where if node else otherwise, path, message)


def read_item(
    node: Node, table: tuple[f.Field, ...], path: str, called: str, reading: Reading
) -> dict[str, Any] | None:
    """The fields of one mapping by their names, defaults filled in; None when it is no mapping at all."""
    if not isinstance(node, Mapping):
        if not isinstance(node, Broken):
            reading.refuse(node, path, f"{_capital(called)} is written as fields, such as '{table[0].name}: …'.")
        return None
    known = {row.name: row for row in table}
    found: dict[str, Any] = {}
    for name, value in node.entries:
        row = known.get(name.text)
        if row is None:
            refuse_unknown(name, path, called, known, reading)
        elif not (isinstance(value, Scalar) and value.empty):  # absent, if it is needed, is said once below
            inner = f"{path}.{name.text}" if path else name.text
            reading.nodes[inner] = value
            found[name.text] = read_value(row.kind, value, inner, reading)
    for row in table:
        if row.name not in found:
            if row.required:
                reading.faults.add(node.where, path, f"{_capital(called)} needs a '{row.name}'; add '{row.name}: …'.")
            found[row.name] = "" if row.required else row.default
        elif found[row.name] in ("", None):
            found[row.name] = "" if row.required else row.default
    return found


def refuse_unknown(name: Scalar, path: str, called: str, known: Iterable[str], reading: Reading) -> None:
    """Note a field that is not in the format, with the one that was probably meant."""
    if reading.faults.full:
        reading.faults.add(name.where, path, "")
        return
    inner = f"{path}.{shown(name.text)}" if path else shown(name.text)
    close = difflib.get_close_matches(name.text.lower()[:40], list(known), n=1)
    meant = f"did you mean '{close[0]}'?" if close else f"the fields are {', '.join(known)}."
    reading.refuse(name, inner, f"'{shown(name.text)}' is no field of {called}; {meant}")


def read_value(kind: f.Kind, node: Node, path: str, reading: Reading) -> Any:
    """What a node says in a field of this kind."""
    if isinstance(node, Broken):
        return _EMPTY.get(type(kind))
    match kind:
        case f.Several():
            return _several(kind, node, path, reading)
        case f.Members():
            return _members(node, path, reading)
        case f.Lines():
            return _lines(node, path, reading)
        case f.Source():
            return _source(node, path, reading)
        case f.Due():
            return read_due(node, path, reading.faults)
        case f.Reminders():
            return read_reminders(node, path, reading.faults)
        case _:
            return _one(kind, node, path, reading)


def _one(kind: f.OneKind, node: Node, path: str, reading: Reading) -> Any:
    """A field that is written as one text."""
    if not isinstance(node, Scalar):
        found = "list" if isinstance(node, Sequence) else "mapping"
        reading.refuse(node, path, f"A single value belongs here, not a {found}.")
        return _EMPTY.get(type(kind))
    try:
        match kind:
            case f.Text():
                return text(node.text, kind)
            case f.Coded():
                return coded(node.text, kind)
            case f.Choice():
                return _choice(node.text, kind)
            case f.Flag():
                return _flag(node)
            case f.Day():
                return day(node.text)
            case f.Days():
                return days(node.text)
            case f.Zone():
                return _zone(node.text)
            case _:
                assert_never(kind)
    except ValueError as wrong:
        reading.refuse(node, path, str(wrong))
        return node.text if isinstance(kind, f.Coded) else _EMPTY.get(type(kind))


def _capital(called: str) -> str:
    return called[0].upper() + called[1:]


def shown(written: str) -> str:
    """Somebody's input inside a message: short and printable."""
    clean = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in written[:60])
    return clean + "…" if len(written) > 60 else clean


def text(written: str, kind: f.Text) -> str:
    """Words without what surrounds them. Raises ValueError: too long, broken over lines, unprintable."""
    words = written.strip()
    if len(words) > kind.longest:
        raise ValueError(f"This text has {len(words):,} characters, but at most {kind.longest:,} are kept; shorten it.")
    for letter in words:
        if letter == "\n":
            if not kind.several_lines:
                raise ValueError("This text breaks over several lines; write it on one line.")
        elif unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") or letter in "\ufeff\ufffe\uffff":
            raise ValueError(f"This text contains the control character U+{ord(letter):04X}; remove it.")
    return words


def coded(written: str, kind: f.Coded) -> str:
    """A code, slug or key. Raises ValueError."""
    if len(written) > kind.longest:
        raise ValueError(f"'{shown(written)}' is too long for a {kind.called}; {kind.longest} characters are kept.")
    if not kind.pattern.match(written):
        raise ValueError(f"'{shown(written)}' is no {kind.called}; write one like '{kind.like}'.")
    return written


def _choice(written: str, kind: f.Choice) -> str:
    if written not in kind.values:
        raise ValueError(f"'{shown(written)}' is none of the allowed values; write {one_of(kind.values)}.")
    return written


def one_of(values: Iterable[str]) -> str:
    """`draft, published or archived`."""
    *others, last = values
    return f"{', '.join(others)} or {last}" if others else last


def _flag(node: Scalar) -> bool:
    if node.plain and node.text.lower() in ("true", "false"):
        return node.text.lower() == "true"
    raise ValueError(f"'{shown(node.text)}' is neither true nor false; write one of them, without quotes.")


def day(written: str) -> date:
    """A date. Raises ValueError: not written as one, not in the calendar."""
    if not _DAY.fullmatch(written):
        loose = _LOOSE_DAY.fullmatch(written.strip())
        like = f"{loose[1]}-{int(loose[2]):02d}-{int(loose[3]):02d}" if loose else "2024-02-23"
        raise ValueError(f"'{shown(written)}' is no date; write year, month and day as '{like}'.")
    return parse_day(written)


def days(written: str) -> tuple[date, date]:
    """First and last day. Raises ValueError: not two dates, or the wrong way round."""
    first, slash, last = written.partition("/")
    if not slash:
        raise ValueError(f"'{shown(written)}' is no period; write its first and last day as '2023-01-01/2025-12-31'.")
    period = day(first), day(last)
    if period[1] < period[0]:
        raise ValueError(f"The period ends on {last}, before it begins on {first}; write the first day first.")
    return period


def _zone(written: str) -> str:
    try:
        ZoneInfo(written)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{shown(written)}' is no IANA time zone; write one like 'Asia/Shanghai'.") from None
    return written


def _items(node: Node, path: str, reading: Reading) -> list[tuple[int, Node]]:
    """The entries of a list, each with its place in it; what is empty or was refused already is left out."""
    if isinstance(node, Sequence):
        found: list[tuple[int, Node]] = []
        for index, item in enumerate(node.items):
            if isinstance(item, Scalar) and item.empty:
                reading.refuse(item, f"{path}[{index}]", "This entry is empty; remove it.")
            elif not isinstance(item, Broken):
                found.append((index, item))
        return found
    reading.refuse(node, path, "A list belongs here; write it as [one, two].")
    return []


def _several(kind: f.Several, node: Node, path: str, reading: Reading) -> tuple[str, ...]:
    """A list in which nothing stands twice."""
    found: dict[str, None] = {}
    for index, item in _items(node, path, reading):
        inner = f"{path}[{index}]"
        reading.nodes[inner] = item
        value = _one(kind.of, item, inner, reading)
        if value in found:
            reading.refuse(item, inner, f"'{shown(value)}' stands twice in this list; remove one.")
        elif value:
            found[value] = None
    if kind.at_most is not None and len(found) > kind.at_most:
        reading.refuse(node, path, f"This list has {len(found):,} entries; at most {kind.at_most} are kept.")
    return tuple(found)


def _lines(node: Node, path: str, reading: Reading) -> tuple[int, ...]:
    found = []
    for index, item in _items(node, path, reading):
        number = int(item.text) if isinstance(item, Scalar) and _WHOLE.fullmatch(item.text) else 0
        if not 1 <= number <= f.LAST_LINE:
            written = shown(item.text) if isinstance(item, Scalar) else "this"
            reading.refuse(item, f"{path}[{index}]", f"'{written}' is no line number; write a whole number from 1.")
        found.append(number)
    return tuple(found)


def _members(node: Node, path: str, reading: Reading) -> tuple[MemberShape, ...]:
    found = []
    for index, item in _items(node, path, reading):
        inner = f"{path}[{index}]"
        reading.nodes[inner] = item
        if isinstance(item, Scalar):
            found.append(MemberShape(member=_one(f.MEMBER, item, inner, reading), where=item.where))
        elif (fields := read_item(item, f.MEMBER_FIELDS, inner, "a member", reading)) is not None:
            from_on, until_on = fields["from"], fields["until"]
            if from_on and until_on and until_on < from_on:
                reading.refuse(item, inner, f"The membership ends on {until_on}, before it begins on {from_on}.")
            found.append(MemberShape(member=fields["member"], from_on=from_on, until_on=until_on, where=item.where))
    return tuple(found)


def _source(node: Node, path: str, reading: Reading) -> SourceShape | None:
    fields = read_item(node, f.SOURCE_FIELDS, path, "a source", reading)
    if fields is None or not any(fields.values()):
        return None
    if fields["url"] and not fields["url"].startswith(("http://", "https://")):
        reading.refuse_at(f"{path}.url", "A source's url begins with http:// or https://.", otherwise=node.where)
    return SourceShape(**fields)
