"""How a feed is shown: its options, as a link keeps them and as an address says them. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

from service.feeds.rules.window import AHEAD, BACK, Window

LONGEST_QUERY = 500
LONGEST_WINDOW = 3_660  # days to either side
ROLLED_UP_ABOVE = 8  # entries of one unit on one day


class Component(StrEnum):
    """What entries are written as; never mixed, because Google, Outlook and iOS show no to-dos."""

    VEVENT = "vevent"
    VTODO = "vtodo"


class Language(StrEnum):
    """The language of marks and labels; titles stay as the plan has them."""

    ZH = "zh"
    EN = "en"


class Content(StrEnum):
    """How much a link lets out: titles alone, titles and who answers, everything."""

    TITLE = "title"
    UNITS = "units"
    FULL = "full"


class Cancel(StrEnum):
    """What the STATUS of a cancelled entry says. Google hides what says CANCELLED: the mark in its title does not."""

    CANCELLED = "cancelled"
    CONFIRMED = "confirmed"


class Expand(StrEnum):
    """Whether a day with very many entries of a unit is one entry that lists them, or each stands there."""

    CLIFFS = "cliffs"
    ALL = "all"


class Switch(StrEnum):
    """Something that is wanted or not."""

    OFF = "off"
    ON = "on"


@dataclass(frozen=True, slots=True)
class Form:
    """How a feed is shown. Every field is an option of links and addresses, but for `year`, which is part of a path.

    `back`, `ahead`: days around today; `rollup`: above so many entries a day becomes one; `year`: that one alone (0:
    the days around today).
    """

    component: Component = Component.VEVENT
    lang: Language = Language.ZH
    content: Content = Content.FULL
    cancel: Cancel = Cancel.CANCELLED
    alarms: Switch = Switch.OFF
    changes: Switch = Switch.OFF
    rich: Switch = Switch.OFF
    expand: Expand = Expand.CLIFFS
    rollup: int = ROLLED_UP_ABOVE
    back: int = BACK
    ahead: int = AHEAD
    year: int = 0

    @property
    def key(self) -> str:
        """What the bytes of an entry depend on beside its facts: `vevent.zh`, `vevent.zh.alarms`. They are kept under
        this."""
        told = [self.component.value, self.lang.value]
        if self.content is not Content.FULL:
            told.append(self.content.value)
        if self.cancel is Cancel.CONFIRMED:
            told.append("confirmed")
        if self.alarms is Switch.ON:
            told.append("alarms")
        if self.rich is Switch.ON:
            told.append("rich")
        return ".".join(told)

    @property
    def window(self) -> Window:
        """Which due dates are shown."""
        return Window(self.back, self.ahead, self.year)


_DEFAULT = Form()
_CHOICES: Mapping[str, type[StrEnum]] = {
    "component": Component,
    "lang": Language,
    "content": Content,
    "cancel": Cancel,
    "alarms": Switch,
    "changes": Switch,
    "rich": Switch,
    "expand": Expand,
}
_NUMBERS: Mapping[str, range] = {
    "rollup": range(2, 1_001),
    "back": range(LONGEST_WINDOW + 1),
    "ahead": range(LONGEST_WINDOW + 1),
}
_OPENNESS = tuple(Content)


def read_form(options: Mapping[str, str], *, default: Form = _DEFAULT) -> Form | None:
    """The form that options ask for; None where one of them is unknown."""
    chosen: dict[str, Any] = {}
    for name, value in options.items():
        if name in _CHOICES and value in set(_CHOICES[name]):
            chosen[name] = _CHOICES[name](value)
        elif name in _NUMBERS and (number := _number(value)) in _NUMBERS[name]:
            chosen[name] = number
        else:
            return None
    return replace(default, **chosen)


def _number(text: str) -> int:
    """A number without sign and leading zeros, so that one form has one spelling; -1 for anything else."""
    plain = text.isascii() and text.isdigit() and len(text) <= 4 and (text == "0" or text[0] != "0")
    return int(text) if plain else -1


def read_query(query: bytes, *, default: Form) -> Form | None:
    """The form that an address's query asks for; None where it is unknown, unreadable or said twice.

    `default` is the link's own form. A query may show the same things otherwise, never more of them than the link lets
    out: whoever was given titles cannot ask for everything.
    """
    if not query:
        return default
    if len(query) > LONGEST_QUERY:
        return None
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=12)
    except ValueError:
        return None
    options = dict(pairs)
    found = read_form(options, default=default) if len(options) == len(pairs) else None
    if found is None or _OPENNESS.index(found.content) > _OPENNESS.index(default.content):
        return None
    return found


def options_of(form: Form) -> dict[str, str]:
    """The options that a feed keeps: component and language always, of the others those that are not as usual."""
    return dict(_told(form))


def _told(form: Form) -> Iterator[tuple[str, str]]:
    for each in fields(form):
        value = getattr(form, each.name)
        if each.name in ("component", "lang") or (each.name != "year" and value != getattr(_DEFAULT, each.name)):
            yield each.name, str(value)
