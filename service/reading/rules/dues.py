"""Which of the phrases in a task's text is its deadline."""

import re
from collections.abc import Sequence
from itertools import chain

from service.due.values import DueSpec
from service.phrases.folding import fold
from service.phrases.scan import read, scan
from service.phrases.values import Confidence, Found, Kind, Reading, Sense, Setting

_UNDATED = frozenset({Kind.RECURRING, Kind.OPEN, Kind.TERM})
_LOOSE = re.compile(
    r"(?:20[0-9]{2} ?年 ?)?[0-9]{1,2} ?月(?: ?[0-9]{1,2} ?日)?(?:[上中下]旬)?|20[0-9]{2} ?年|[上下]半年"
    r"|第? ?[一二三四1-4] ?季度|全年|常态化(?:实施|推进)?|长期(?:坚持)?|持续(?:推进)?|即时|每[年月周季]度?"
)
_WHOLE_PIECE = re.compile(r"^.{2,30}$")
_PIECE = re.compile(r"[^,，。;；、]+")


def phrases_in(text: str, start: int, end: int, setting: Setting) -> list[Found]:
    """Every phrase in a piece of text, at its place in the whole."""
    return [
        Found(start + each.start, start + each.end, each.text, each.reading) for each in scan(text[start:end], setting)
    ]


def chosen(found: Sequence[Found], setting: Setting) -> tuple[Found | None, tuple[Found, ...]]:
    """The task's own deadline, and the others.

    Of several dates the latest counts; what comes again counts only where there is no date,
    a term or what is open only where nothing comes again.
    """
    dated = [(_end(each), place) for place, each in enumerate(found) if _stands(found, place, setting)]
    rest = [place for place, each in enumerate(found) if each.reading.kind in _UNDATED]
    again = [place for place in rest if found[place].reading.kind is Kind.RECURRING]
    if not dated and not rest:
        return None, tuple(found)
    place = max(dated)[1] if dated else (again or rest)[-1]
    return found[place], (*found[:place], *found[place + 1 :])


def _stands(found: Sequence[Found], place: int, setting: Setting) -> bool:
    """Whether a phrase names a date of its own, in the time that the document is about.

    One that follows a recurring phrase without naming a year (`每年2月底前…，3月底前…`) belongs to what comes again. A
    year far beyond the plan's is a vision, one before it a look back.
    """
    one = found[place]
    if one.reading.kind in _UNDATED or one.reading.due.value is None:
        return False
    before = found[place - 1] if place else None
    if before and (before.reading.due.rrule or "").startswith("FREQ=YEARLY") and one.reading.year is None:
        return False
    year, base = int(_end(one)[:4]), setting.year
    first, last = setting.years or (base or year, (base or year) + 15)
    slack = 1 if setting.years or setting.published_on else 5  # the document's year may be a guess
    return min(first, (base or first) - slack) <= year <= last + (1 if last > first else 5)


def _end(one: Found) -> str:
    """What sorts dates by their last day: `2024-06-30`, with what is missing at its latest."""
    year, _, rest = (one.reading.due.value or "").rpartition("/")[2].partition("-")
    if rest.startswith("H"):
        rest = "06" if rest == "H1" else "12"
    elif rest.startswith("Q"):
        rest = f"{int(rest[1]) * 3:02d}"
    return f"{year}-{rest or '12'}" + ("" if rest.count("-") else "-31")


def from_label(text: str, start: int, end: int, setting: Setting) -> tuple[Found | None, tuple[Found, ...]]:
    """What a label's value or a table's cell says: a phrase alone, phrases within words, or bare words of time."""
    value = text[start:end]
    if reading := read(value, setting):
        return Found(start, end, value, reading), ()
    if inside := phrases_in(text, start, end, setting):
        due, others = chosen(inside, setting)
        return (due, others) if due else (inside[-1], tuple(inside[:-1]))
    return _loose(text, start, end, setting)


_UNCLEAR = re.compile(r"[年月日周季期末底前后节内时旬完成按依逐尽早]")
LONGEST_UNCLEAR = 30  # characters of a field's value that is kept as it is


def from_field(text: str, start: int, end: int, setting: Setting) -> tuple[Found | None, tuple[Found, ...]]:
    """What a field for deadlines says; words of time that no phrase fits (`设备到货后`) are kept for a person."""
    found = from_label(text, start, end, setting)
    value = " ".join(text[start:end].split())
    if found[0] is not None or not 2 <= len(value) <= LONGEST_UNCLEAR or not value.isprintable():
        return found
    if not _UNCLEAR.search(fold(value)):
        return found
    due = DueSpec(phrase=value, on_event=value)
    why = "读不出日期，按原文保留，要由人确定"
    reading = Reading(due=due, kind=Kind.OPEN, confidence=Confidence.AMBIGUOUS, why=why, sense=Sense.RELATIVE)
    return Found(start, end, text[start:end], reading), ()


def _loose(text: str, start: int, end: int, setting: Setting) -> tuple[Found | None, tuple[Found, ...]]:
    """A value with words around its phrases: 口岸监管场地于2019年8月完成; several are as many dates: 6月、11月."""
    folded = fold(text[start:end])
    found = []
    for piece in _PIECE.finditer(folded):
        for match in chain(_WHOLE_PIECE.finditer(piece[0]), _LOOSE.finditer(piece[0])):
            if reading := read(match[0], setting):
                at = start + piece.start() + match.start()
                found.append(Found(at, at + len(match[0]), text[at : at + len(match[0])], reading))
                break
    return chosen(found, setting) if found else (None, ())


# A blank may stand before 年, 月 and 日, and behind what leads from one to the next.
_BLANK = r" (?=[年月日季旬至-])|(?<=[年月至~-]) (?=[0-9底前中上下])"
_WHOLE = r"(?!(?<=[至~-]) )(?! ?(?:[年月日季旬至~-]|[0-9]{1,2} ?月))"  # what follows is none of the phrase
_OPENING = re.compile(rf"[ \n]*((?:[^ :、,。;\n]|{_BLANK}){{1,24}}?){_WHOLE}[ ]*(?=[:、,。;\n ]|$)")
_OPENING_GLUED = re.compile(r"[ \n]*((?:20[0-9]{2} ?年 ?)?(?:[上下]半年|第?[一二三四1-4]季度|全年))(?=[\u4e00-\u9fff])")


def opening(text: str, folded: str, places: Sequence[tuple[int, int]], setting: Setting) -> Found | None:
    """The phrase that a cell or a line begins with: `3月：…`, `4-10月 …`, and if none does so, `上半年讨论方案`."""
    for pattern in (_OPENING, _OPENING_GLUED):
        for start, end in places:
            if found := pattern.match(folded, start, end):
                value = text[found.start(1) : found.end(1)]
                if reading := read(value, setting):
                    return Found(*found.span(1), value, reading)
    return None
