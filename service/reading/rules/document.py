"""A whole document read: what it says about itself, and its tasks."""

from dataclasses import dataclass, replace

from service.phrases.folding import fold
from service.phrases.values import Confidence
from service.reading.rules.head import Head, Told, read_head
from service.reading.rules.items import Item, find_items


@dataclass(frozen=True, slots=True)
class ReadText:
    """A document's text, what the rules read of it folded (places are the same), its head, its tasks in order."""

    text: str
    folded: str
    head: Head
    items: tuple[Item, ...]


def read_text(text: str, plain: str = "") -> ReadText:
    """A document from its text; `plain` is the same in simplified characters, exactly as long, if that is another.

    The same text gives the same result.
    """
    plain = plain or text
    folded = fold(plain)
    head = read_head(plain, folded)
    default = (head.default_due.start, head.default_due.end) if head.default_due else None
    items = find_items(plain, head.setting, title=head.title.value if head.title else None, default=default)
    return ReadText(text, folded, _ahead(head, items), tuple(items))


def _ahead(head: Head, items: list[Item]) -> Head:
    """A report on one year that says what the next one brings: the plan's period is the next one's."""
    years = {int(item.due.text[:4]) for item in items if item.due and item.from_heading and item.due.text[:4].isdigit()}
    if len(years) != 1 or head.years is None or years == {head.years[0]}:
        return head
    (year,) = years
    first = next(item.due for item in items if item.due and item.from_heading)
    why = "取自展望部分的标题"
    return replace(head, period=Told(f"{year}/{year}", first.start, first.end, Confidence.INFERRED, why))
