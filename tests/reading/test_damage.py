"""Texts of every form, damaged as copies are: letters lost and put in. They are read in their places, and alike."""

from hypothesis import given, settings
from hypothesis import strategies as st

from service.reading.rules.document import read_text
from service.reading.rules.spans import to_spans
from tests.reading.test_forms import BRACKETS, CLAUSES, FIELDS, GLUED, LABELS, ONE_LINE, SENTENCES, SLASHES, STACKED
from tests.reading.test_tables import BARS_ALONE, EMPTY_CELLS, MORE_CELLS

WHOLE = (
    BRACKETS,
    CLAUSES,
    FIELDS,
    GLUED,
    LABELS,
    ONE_LINE,
    SENTENCES,
    SLASHES,
    STACKED,
    BARS_ALONE,
    EMPTY_CELLS,
    MORE_CELLS,
)
LETTERS = "（）【】：；，。、\n\t |/019年月日底前一二①等负责牵头单位完成时限　 "
EDITS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), st.sampled_from(LETTERS)), max_size=30)


def damaged(text: str, edits: list[tuple[int, int, str]]) -> str:
    """A text after edits: at each place so many letters are taken out, and one is put in."""
    for place, lost, letter in edits:
        at = place % (len(text) + 1)
        text = text[:at] + letter + text[at + lost :]
    return text


@given(st.sampled_from(WHOLE), EDITS)
@settings(max_examples=60, deadline=None)
def test_damaged_text_is_read_in_its_places_and_the_same_way_twice(
    whole: str, edits: list[tuple[int, int, str]]
) -> None:
    text = damaged(whole, edits)
    read = read_text(text)
    assert read_text(text) == read
    for item in to_spans(text, read.items)["items"]:
        start, end = item["span"]
        assert 0 <= start <= end <= len(text)
        assert all(unit["name"].strip() for unit in item["units"])
