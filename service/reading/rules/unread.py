"""Sentences that look like duties and are in no task: nothing is dropped silently."""

import re
from collections.abc import Iterator

from service.reading.rules.document import ReadText

_DUTY = re.compile(
    r"应当|必须|务必|不少于|不低于|每年|每季度|每月|(?:月|年|日|旬|季度)底?前|底前|至少|限期|按时(?:报送|完成)|"
    r"(?:要|须|应|将|并|前|内)[^,]{0,16}(?:完成|报送|上报|提交)"
)
_SENTENCE = re.compile(r"[^。;\n]+[。;]?")
MOST = 100


def unread(found: ReadText) -> list[tuple[int, int]]:
    """The places of such sentences, in order, at most `MOST`."""
    return list(_places(found))


def _places(found: ReadText) -> Iterator[tuple[int, int]]:
    items = sorted((item.start, item.end) for item in found.items)
    spans = [*items, *((one.start, one.end) for one in (found.head.default_due, found.head.consultation) if one)]
    spans.sort()
    place = given = 0
    for sentence in _SENTENCE.finditer(found.folded):
        start, end = sentence.span()
        while place < len(spans) and spans[place][1] <= start:
            place += 1
        if place < len(spans) and spans[place][0] < end:
            continue
        if len(sentence[0].strip()) >= 8 and _DUTY.search(sentence[0]):
            given += 1
            if given > MOST:
                return
            yield start, end
