"""JSON as YAML's events: the same tree through the same composer, with positions, and without recursion.

YAML is said to contain JSON, but its readers are not: libyaml refuses the surrogate pairs in which JSON writes rare
characters (`"\\ud840\\udc0b"`), and names of more than 1,024 characters. What is JSON is therefore read as JSON.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

# Possessive throughout: a token either matches or does not, and never looks back over ten million characters.
_TOKEN: Final = re.compile(
    r"""(?P<mark>[{}\[\],:])
    | (?P<string>"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+")
    | (?P<plain>(?:-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+|true|false|null)(?![\w.+-]))""",
    re.VERBOSE,
)
_SPACE: Final = re.compile(r"[ \t\r\n]*+")
_CLOSING: Final = {"{": "}", "[": "]"}
_VALUE, _NAME, _COLON, _AFTER = "value", "name", "colon", "after"


class NotJson(ValueError):
    """The text is not JSON (it may still be YAML)."""


def json_events(text: str) -> Iterator[Any]:
    """The events of one JSON document; raises NotJson where it stops being one, so that the caller can start again."""
    opened: list[str] = []
    expected, may_close = _VALUE, False
    for token, mark in _tokens(text):
        first = token[0]
        if opened and first == _CLOSING[opened[-1]] and (expected == _AFTER or may_close):
            yield (yaml.MappingEndEvent if opened.pop() == "{" else yaml.SequenceEndEvent)(mark, mark)
            expected, may_close = _AFTER, False
        elif expected == _AFTER and first == "," and opened:
            expected, may_close = (_NAME if opened[-1] == "{" else _VALUE), False
        elif expected == _COLON and first == ":":
            expected = _VALUE
        elif expected == _VALUE and first in "{[":
            yield _opening(first, mark)
            opened.append(first)
            expected, may_close = (_NAME if first == "{" else _VALUE), True
        elif (first == '"' and expected == _NAME) or (expected == _VALUE and first not in "}],:"):
            yield _scalar(token, mark)
            expected, may_close = (_COLON if expected == _NAME else _AFTER), False
        else:
            raise NotJson(mark)
    if opened or expected != _AFTER:
        raise NotJson(text[-20:])


def _tokens(text: str) -> Iterator[tuple[str, yaml.Mark]]:
    line, line_begins, index = 0, 0, 0
    while True:
        space = _SPACE.match(text, index)
        end = space.end() if space else index
        if breaks := text.count("\n", index, end):
            line += breaks
            line_begins = text.rfind("\n", index, end) + 1
        if end == len(text):
            return
        found = _TOKEN.match(text, end)
        if not found:
            raise NotJson(text[end : end + 20])
        yield found[0], yaml.Mark("", end, line, end - line_begins, None, 0)
        index = found.end()


def _opening(bracket: str, mark: yaml.Mark) -> Any:
    kind = yaml.MappingStartEvent if bracket == "{" else yaml.SequenceStartEvent
    return kind(None, None, implicit=True, start_mark=mark, end_mark=mark, flow_style=True)


def _scalar(token: str, mark: yaml.Mark) -> yaml.ScalarEvent:
    quoted = token[0] == '"'
    text = json.loads(token) if quoted else token
    return yaml.ScalarEvent(None, None, (not quoted, quoted), text, mark, mark, style='"' if quoted else None)
