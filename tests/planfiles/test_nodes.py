"""Text to nodes: what is refused before it means anything, where it stands, and at what cost."""

import json
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from service.planfiles.rules import nodes
from service.planfiles.rules.faults import Faults, PlanFileFaults
from service.planfiles.rules.json_events import NotJson, json_events
from service.planfiles.rules.nodes import Mapping, Node, Scalar, Sequence, read_nodes

SECONDS = 10  # each takes well under one; what is quadratic in ten million characters takes hours
MILLION = 1_000_000


def fault_of(text: str | bytes) -> tuple[int, int, str]:
    refused = refusal(text)
    assert refused is not None
    first = refused.faults[0]
    return first.line, first.column, first.message


def refusal(text: str | bytes) -> PlanFileFaults | None:
    faults = Faults("f")
    try:
        read_nodes(text, faults, limit=11 * MILLION)
        faults.raise_if_any()
    except PlanFileFaults as found:
        return found
    return None


def plain(node: Node) -> object:
    match node:
        case Scalar():
            return node.text
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key.text: plain(value) for key, value in node.entries}
    raise AssertionError(node)


def read(text: str | bytes) -> object:
    return plain(read_nodes(text, Faults("f"), limit=11 * MILLION))


def test_scalars_keep_the_text_that_was_written() -> None:
    assert read("{a: 2.10, b: NO, c: 1_000, d: 2024-02-23, e: '01', f: }") == {
        "a": "2.10",
        "b": "NO",
        "c": "1_000",
        "d": "2024-02-23",
        "e": "01",
        "f": "",
    }


def test_positions_count_characters_from_one() -> None:
    root = read_nodes("区: 崇明\nb:\n  - [x, 司法]\n", Faults("f"), limit=100)
    assert isinstance(root, Mapping)
    (_, district), (_, rows) = root.entries
    assert (district.where.line, district.where.column) == (1, 4)
    assert isinstance(rows, Sequence)
    assert isinstance(rows.items[0], Sequence)
    assert (rows.items[0].items[1].where.line, rows.items[0].items[1].where.column) == (3, 9)


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    (
        ("a: &x 1", 1, 4, "The anchor &x is refused"),
        ("a: 1\nb: *x", 2, 4, "The alias *x is refused"),
        ("a: !!python/object:os.system x", 1, 4, "The tag tag:yaml.org,2002:python/object:os.system is refused"),
        ("a: ! x", 1, 4, "The tag ! is refused"),
        ("a: 1\n---\nb: 2", 2, 1, "A second document begins here"),
        ("a: 1\na: 2", 2, 1, "'a' stands twice here, first on line 1"),
        ('{"a": 1, "a": 2}', 1, 10, "'a' stands twice here, first on line 1"),
        ("? [a]\n: 1", 1, 3, "A list or mapping cannot be the name of a field"),
        (b"a: 1\nb: \xff", 2, 4, "This is not UTF-8"),
        ("a: 1\nb: x\x07", 2, 5, "The control character U+0007 cannot stand"),
        ("a: x\x00", 1, 5, "The control character U+0000 cannot stand"),
        ("a: x\u2028", 1, 5, "The control character U+2028 cannot stand"),
        ("a: \ud800", 1, 4, "The control character U+D800 cannot stand"),
        ("a:\n\tb: 1", 2, 1, "indent with spaces, not with tabs"),
        ("title：x\nb: 1", 2, 2, "followed by the half-width ':' and a space"),
        ("a: b: c", 1, 5, "a text that contains ': ' needs quotes around it"),
        ("a: @b", 1, 4, "a text that begins so needs quotes around it"),
        ("a: [1, 2", 1, 9, "The YAML cannot be read here"),
        ('{"a": 1,}}', 1, 10, "The YAML cannot be read here"),
        ("", 1, 1, "The file is empty"),
        ("# only a comment", 1, 1, "The file is empty"),
    ),
)
def test_what_is_no_plain_document_is_refused_where_it_goes_wrong(
    text: str | bytes, line: int, column: int, says: str
) -> None:
    found = fault_of(text)
    assert found[:2] == (line, column)
    assert says in found[2]


def test_the_pure_python_reader_refuses_and_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "_LOADER", yaml.SafeLoader)
    assert read("a: [2.10, 'x']") == {"a": ["2.10", "x"]}
    assert fault_of("a: &x 1")[:2] == (1, 4)
    assert fault_of("[" * MILLION)[:2] == (1, 21)


def test_depth_is_bounded() -> None:
    assert read("[" * 20 + "]" * 20)
    assert fault_of("[" * 21 + "]" * 21)[:2] == (1, 21)


def test_the_number_of_nodes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "MOST_NODES", 1_000)
    assert read("[" + "a," * 999 + "]")
    assert "more than 1,000 values" in fault_of("[" + "a," * 1_000 + "]")[2]
    assert "more than 1,000 values" in fault_of('{"a": [' + "1," * 1_000 + "1]}")[2]


@pytest.mark.parametrize(
    "bomb",
    (
        "[" * MILLION,
        "{" * MILLION,
        '{"a":' * MILLION,
        "- " * MILLION,
        "? " * MILLION,
        "a: " * MILLION,
        "&a " * MILLION,
        "!a " * MILLION,
        "---\n" * MILLION,
        "a: " + "x" * 10 * MILLION,
        '{"a": "' + "x" * 10 * MILLION + '"}',
        '{"a": "' + "\\n" * 5 * MILLION + '"',
        '{"' + "k" * 10 * MILLION + '": 1}',
        '{"a": ' + "1" * 10 * MILLION + "}",
        "{" + " " * 10 * MILLION,
        "'" * 10 * MILLION,
        "[" + "a," * 5 * MILLION,
        "a: 1\n" * MILLION,
        "#" * 10 * MILLION,
    ),
    ids=lambda bomb: f"{bomb[:8]!r} x {len(bomb)}",
)
def test_a_hostile_text_ends_quickly(bomb: str) -> None:
    began = time.process_time()
    refused = refusal(bomb)
    assert refused is None or len(str(refused)) < 100_000
    assert time.process_time() - began < SECONDS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, max_size=4), st.sampled_from((None, 1, "\t")), st.booleans())
def test_whatever_is_json_is_read_as_json(value: object, indent: int | str | None, ascii_only: bool) -> None:
    def words(node: object) -> object:
        match node:
            case dict():
                return {key: words(inner) for key, inner in node.items()}
            case list():
                return [words(inner) for inner in node]
            case str():
                return node
        return json.dumps(node)

    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    refused = refusal(text)
    if refused is None:
        assert read(text) == words(value)
    else:  # so few leaves are never too deep: only a character that no plan file may hold is left
        assert "control character" in str(refused)


@given(st.text(alphabet='{}[]",:\\ntrue1.e-0 \n', max_size=30))
def test_what_json_refuses_json_events_refuse(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        with pytest.raises(NotJson):
            list(json_events(text))
    else:
        assert list(json_events(text))
