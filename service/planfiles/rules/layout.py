"""How the canonical form looks: PyYAML's emitter, told which fields stand on one line and which texts need quotes."""

import re
from decimal import Decimal
from typing import Any, Final

import yaml

# What these fields hold cannot be mistaken by whoever knows the format, though some YAML readers make dates of it.
_UNQUOTED: Final = frozenset({"value", "from", "until", "published_on", "period"})
# 08:30 is a text to every reader, 17:00 is 1,020 to some: one habit is easier to keep than two.
_QUOTED: Final = frozenset({"time"})
_ONE_LINE: Final = frozenset(
    {"aliases", "members", "source", "default_due", "due", "lead", "responsible", "support", "lines"}
)
_TEXT: Final = "tag:yaml.org,2002:str"


class _Dumper(yaml.SafeDumper):
    """The pure Python emitter: libyaml's would make the bytes depend on what is installed."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002 - PyYAML calls it so
        """Lists stand two spaces in, also under their field."""
        super().increase_indent(flow, indentless=False)


# PyYAML knows YAML 1.1's numbers; these are YAML 1.2's, which it would write without quotes.
_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z"),
    list("-+.0123456789"),
)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z"), ["0"])


def layout(name: str, section: Any) -> str:
    """One section of a file: its name, and what stands under it."""
    root = yaml.MappingNode("tag:yaml.org,2002:map", [(_text(name), _node(name, section))], flow_style=False)
    written: str = yaml.serialize(root, Dumper=_Dumper, allow_unicode=True, width=float("inf"), indent=2)
    return written


def _node(name: str, value: Any, *, one_line: bool = False) -> yaml.Node:
    one_line = one_line or name in _ONE_LINE
    match value:
        case dict():
            pairs = [(_text(key), _node(key, inner, one_line=one_line)) for key, inner in value.items()]
            return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=one_line)
        case list():
            items = [_node("", inner, one_line=one_line) for inner in value]
            return yaml.SequenceNode("tag:yaml.org,2002:seq", items, flow_style=one_line)
        case bool():
            return _unquoted("true" if value else "false")
        case int():
            return _unquoted(str(value))
        case float():
            return _unquoted(f"{Decimal(str(value)):f}")
        case str() if name in _UNQUOTED:
            return _unquoted(value)
        case str():
            return _text(value, style="'" if name in _QUOTED else "|" if "\n" in value else None)
        case _:
            raise TypeError(f"{name} cannot be written: {value!r}")


def _text(value: str, *, style: str | None = None) -> yaml.ScalarNode:
    return yaml.ScalarNode(_TEXT, value, style=style)


def _unquoted(value: str) -> yaml.ScalarNode:
    """A scalar that stands without quotes: its tag is the one that PyYAML would give it."""
    for resolves in _Dumper.yaml_implicit_resolvers.get(value[:1], []):
        tag, pattern = resolves
        if pattern.match(value):
            return yaml.ScalarNode(tag, value)
    return yaml.ScalarNode(_TEXT, value)
