"""Finding deadline phrases in a text, and reading one that stands alone."""

import re
from collections.abc import Iterator, Sequence

from service.phrases.folding import fold
from service.phrases.meanings import Caught
from service.phrases.surroundings import is_past, means_none
from service.phrases.table import ALONE, ANYWHERE, Phrase
from service.phrases.values import Found, Reading, Setting

LONGEST_ALONE = 80  # characters of a label's value
_OF_TIME = re.compile(
    r"[年月日天周季期节半度底末前内时起始即续态常定适按据逐贯坚马改假.0-9/-]"
)  # every phrase has one of these
_SURROUNDINGS = " 、,;:。.()[]\"“”'《》"


def read(text: str, setting: Setting) -> Reading | None:
    """What a whole text says where a deadline is expected, such as a label's value; None: it is none.

    Punctuation around it does not count. What is longer than a phrase is none.
    """
    folded = fold(text).strip(_SURROUNDINGS)
    if not folded or len(folded) > LONGEST_ALONE or not _OF_TIME.search(folded):
        return None
    characters = frozenset(folded)
    for phrase in ALONE:
        if not phrase.literals <= characters:
            continue
        if (found := phrase.pattern.fullmatch(folded)) and (reading := _meaning(phrase, found, text.strip(), setting)):
            return reading
    return None


def scan(text: str, setting: Setting) -> list[Found]:
    """Every phrase in a text that means a deadline wherever it stands, in order, none inside another.

    At one place the longest counts. One without a year means the year that the phrase before it named, and the
    document's where there was none.
    """
    return list(_scan(text, fold(text), ANYWHERE, setting))


def _scan(text: str, folded: str, phrases: Sequence[Phrase], setting: Setting) -> Iterator[Found]:
    given = setting
    reached = 0
    known: dict[tuple[str, str, str, Setting], Reading | None] = {}  # a text may say 每年 a thousand times
    for phrase, match in _candidates(folded, phrases):
        start, end = _trimmed(folded, *match.span())
        if start < reached:
            continue
        key = (phrase.shape, match[0], text[start:end], setting)
        if key not in known:
            known[key] = _meaning(phrase, match, text[start:end], setting)
        reading = known[key]
        if reading is None:
            continue
        if is_past(reading, given) or means_none(reading, folded, start, end, given):
            reached = end
            continue
        if reading.year is not None:
            setting = setting.naming(reading.year)
        reached = end
        yield Found(start, end, text[start:end], reading)


def _candidates(folded: str, phrases: Sequence[Phrase]) -> list[tuple[Phrase, re.Match[str]]]:
    """Every place where a phrase fits: from left to right, the longest first."""
    characters = frozenset(folded)
    fitting = [phrase for phrase in phrases if phrase.literals <= characters]
    found = [(phrase, match) for phrase in fitting for match in phrase.pattern.finditer(folded)]
    return sorted(found, key=lambda each: (each[1].start(), -each[1].end()))


def _trimmed(folded: str, start: int, end: int) -> tuple[int, int]:
    """A place without the blanks that slots allow around them."""
    while folded[start] == " ":
        start += 1
    while folded[end - 1] == " ":
        end -= 1
    return start, end


def _meaning(phrase: Phrase, match: re.Match[str], text: str, setting: Setting) -> Reading | None:
    return phrase.meaning(Caught(text, match.groupdict(), setting))
