"""Text to positioned nodes: YAML or JSON, taken event by event, so that a hostile file is refused before it costs much.

PyYAML's own composer recurses and guesses types; this one does neither. Scalars keep the text that was written, because
only the field knows how to read it: `key: 2.10` is the key 2.10, and `NO` is a name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from service.planfiles.rules.faults import Faults, PlanFileTooLarge, Where
from service.planfiles.rules.json_events import NotJson, json_events

MOST_NODES: Final = 200_000
DEEPEST: Final = 20

# C0 and C1 controls but tab and line breaks, halves of surrogates, and what only YAML 1.1 takes for a line break.
_UNREADABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text as it stands; `plain` when it stands without quotes, so that it may be a number or null."""

    text: str
    plain: bool
    where: Where

    @property
    def empty(self) -> bool:
        """True for no text, and for what YAML calls null (`~` or `null` without quotes): as good as absent."""
        return not self.text.strip() or (self.plain and self.text in ("~", "null", "Null", "NULL"))


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple["Node", ...]
    where: Where


@dataclass(frozen=True, slots=True)
class Mapping:
    """Fields in the order of the text; no name stands twice."""

    entries: tuple[tuple[Scalar, "Node"], ...]
    where: Where


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that has been refused already: whoever meets it says nothing more."""

    where: Where


Node = Scalar | Sequence | Mapping | Broken


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet; a mapping's names and values alternate in `children`."""

    mapping: bool
    where: Where
    children: list[Node] = field(default_factory=list)


def read_nodes(text: bytes | str, faults: Faults, *, limit: int) -> Node:
    """The one document in `text`, of at most `limit` bytes.

    Notes in `faults` what is refused but can be passed over (anchors, aliases, tags, names that stand twice); raises
    PlanFileFaults where reading cannot go on, PlanFileTooLarge where it must not begin.
    """
    readable = _decode(text, faults, limit=limit)
    if readable.lstrip().startswith("{"):
        attempt = Faults(faults.file)
        try:
            root = _compose(json_events(readable), attempt)
        except NotJson:
            pass  # YAML's flow style begins with the same bracket
        else:
            faults.take(attempt)
            return root
    try:
        return _compose(yaml.parse(readable, Loader=_LOADER), faults)
    except yaml.YAMLError as error:
        where, message = _syntax(error, readable, faults.file)
        return _refuse(faults, where, message)


def _refuse(faults: Faults, where: Where, message: str) -> Node:
    faults.add(where, "", message)
    faults.raise_if_any()
    return Broken(where)


def _decode(text: bytes | str, faults: Faults, *, limit: int) -> str:
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    start = Where(faults.file, 1, 1)
    if len(raw) > limit:
        faults.add(start, "", f"The file has {len(raw):,} bytes, but at most {limit:,} are read; split it.")
        raise PlanFileTooLarge(faults.kept)
    try:
        decoded = raw.decode("utf-8-sig", "surrogatepass" if isinstance(text, str) else "strict")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        _refuse(faults, _place(before, len(before), faults.file), "This is not UTF-8; save the file in UTF-8 encoding.")
        raise
    if found := _UNREADABLE.search(decoded):
        where = _place(decoded, found.start(), faults.file)
        _refuse(faults, where, f"The control character U+{ord(found[0]):04X} cannot stand in a plan file; remove it.")
    return decoded


def _place(text: str, index: int, file: str) -> Where:
    before = text[:index].replace("\r\n", "\n").replace("\r", "\n")
    return Where(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def _compose(events: Iterator[Any], faults: Faults) -> Node:
    """Build the tree without recursion: `opened` is the way from the root to here."""
    opened: list[_Open] = [_Open(mapping=False, where=Where(faults.file, 1, 1))]
    count = 0
    for event in events:
        where = Where(faults.file, event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.DocumentStartEvent) and opened[0].children:
            _refuse(faults, where, "A second document begins here, but a plan file is one document; split the file.")
        if isinstance(event, yaml.NodeEvent):
            count += 1
            if count > MOST_NODES:
                _refuse(faults, where, f"The file has more than {MOST_NODES:,} values; split it.")
            _begin(event, where, opened, faults)
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            _end(opened, faults)
    if not opened[0].children:
        return _refuse(faults, opened[0].where, "The file is empty; a plan file begins with 'milepost: 1'.")
    return opened[0].children[0]


def _begin(event: Any, where: Where, opened: list[_Open], faults: Faults) -> None:
    if isinstance(event, yaml.AliasEvent):
        faults.add(where, "", f"The alias *{event.anchor:.40} is refused; write out what it stands for.")
        opened[-1].children.append(Broken(where))
        return
    if event.anchor is not None:
        faults.add(where, "", f"The anchor &{event.anchor:.40} is refused; remove it.")
    if event.tag is not None:
        faults.add(where, "", f"The tag {event.tag:.60} is refused; remove it, each field knows its own type.")
    if isinstance(event, yaml.ScalarEvent):
        plain = event.style in (None, "")
        opened[-1].children.append(Scalar(event.value, plain, where))
        return
    if len(opened) > DEEPEST:
        _refuse(faults, where, f"Lists and mappings stand more than {DEEPEST} deep; a plan file needs five at most.")
    opened.append(_Open(isinstance(event, yaml.MappingStartEvent), where))


def _end(opened: list[_Open], faults: Faults) -> None:
    done = opened.pop()
    children = done.children
    if not done.mapping:
        opened[-1].children.append(Sequence(tuple(children), done.where))
        return
    entries: dict[str, tuple[Scalar, Node]] = {}
    for name, value in zip(children[::2], children[1::2], strict=True):
        if not isinstance(name, Scalar):
            if not isinstance(name, Broken):
                faults.add(name.where, "", "A list or mapping cannot be the name of a field; write a plain name.")
        elif name.text in entries:
            first = entries[name.text][0].where.line
            faults.add(name.where, "", f"'{name.text:.60}' stands twice here, first on line {first}; keep one of them.")
        else:
            entries[name.text] = (name, value)
    opened[-1].children.append(Mapping(tuple(entries.values()), done.where))


def _syntax(error: yaml.YAMLError, text: str, file: str) -> tuple[Where, str]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it ends too early"
    where = Where(file, mark.line + 1, mark.column + 1) if mark else Where(file, 1, 1)
    lines = text.split("\n", where.line)[: where.line]
    if where.line > len(lines):  # libyaml puts the end of the text on a line of its own
        where = Where(file, len(lines), len(lines[-1]) + 1)
    context = getattr(error, "context", None)
    message = f"The YAML cannot be read here: {problem}" + (f" ({context})" if context else "")
    return where, message + _advice(lines, where.column, problem) + "."


def _advice(lines: list[str], column: int, problem: str) -> str:
    """What most often lies behind YAML's own words."""
    line = lines[-1]
    if any("：" in near and ": " not in near for near in lines[-2:]):
        return "; a field's name is followed by the half-width ':' and a space"
    if line[column - 1 : column] == "\t" or line.startswith("\t"):
        return "; indent with spaces, not with tabs"
    if "mapping values are not allowed" in problem:
        return "; a text that contains ': ' needs quotes around it"
    if line[column - 1 : column] in ("@", "`", "%"):
        return "; a text that begins so needs quotes around it"
    return ""
