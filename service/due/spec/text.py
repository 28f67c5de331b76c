"""A due specification on one line, for logs, tables and command lines.

    text  = what [boundary] ["at" HH:MM] [quota] ["roll" roll]
    what  = value | rule | "open" | "event" string | "within" ("plan" | "office" | number "years" "from" day)
    quota = ("count" | "amount" | "ratio") (">=" | "<=") number [string] ["per" string]

Strings are quoted as in JSON. Everything comes back except the phrase, which the line does not carry.
"""

import json
import re
from decimal import Decimal

from service.due.faults import Fault, InvalidDue
from service.due.spec.mapping import printed_number
from service.due.spec.parse import parse
from service.due.values import Bound, Boundary, DueSpec, Quota, Term
from service.due.workdays import Roll

LONGEST_LINE = 2_000
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')
_QUOTA = re.compile(r"(count|amount|ratio)(>=|<=)([0-9]{1,9}(?:\.[0-9]{1,6})?)")
_SIGNS = {Bound.AT_LEAST: ">=", Bound.AT_MOST: "<="}
_BOUNDS = {sign: bound for bound, sign in _SIGNS.items()}


def print_text(spec: DueSpec) -> str:
    """The line: `2025-10 by_end`, `FREQ=YEARLY;BYMONTH=3 during`, `open`, `within plan during count>=1 "次"`."""
    words = [_what(spec)]
    if spec.boundary:
        words.append(spec.boundary.value)
    if spec.time:
        words += ["at", f"{spec.time:%H:%M}"]
    if spec.quota:
        words += _quota_words(spec.quota)
    if spec.roll is not Roll.NONE:
        words += ["roll", spec.roll.value]
    return " ".join(words)


def parse_text(text: str) -> DueSpec:
    """A specification from such a line, without a phrase. Raises InvalidDue, for a fault of the line with a caret."""
    line = _Line(text)
    fields = _take_what(line)
    if line.peek() in set(Boundary):
        fields["boundary"] = line.take()
    if line.skip("at"):
        fields["time"] = line.take()
    if _QUOTA.fullmatch(line.peek()):
        fields["quota"] = _take_quota(line)
    if line.skip("roll"):
        fields["roll"] = line.take()
    if line.peek():
        raise line.fault("This is not understood here.")
    return parse(fields)


def _what(spec: DueSpec) -> str:
    if spec.within_term:
        return f"within {_term_words(spec.within_term)}"
    if spec.on_event is not None:
        return f"event {_quoted(spec.on_event)}"
    return spec.value or spec.rrule or "open"


def _term_words(term: Term) -> str:
    return f"{term.years} years from {term.start}" if term.years else term.kind.value


def _quota_words(quota: Quota) -> list[str]:
    name = "count" if quota.count else "amount" if quota.amount else "ratio"
    words = [f"{name}{_SIGNS[quota.bound]}{printed_number(quota.number)}"]
    words += [_quoted(quota.unit)] if quota.unit else []
    return words + (["per", _quoted(quota.per)] if quota.per else [])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


class _Line:
    """The words of a line and where they stand."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST_LINE:
            raise InvalidDue([Fault((), f"The line is too long: {LONGEST_LINE} characters at most.")])
        self.text = text
        self.words = [(found[0], found.start()) for found in _TOKEN.finditer(text)]

    def peek(self) -> str:
        """The next word; nothing at the end."""
        return self.words[0][0] if self.words else ""

    def take(self) -> str:
        """The next word, which must be there."""
        if not self.words:
            raise self.fault("Something is missing here.")
        return self.words.pop(0)[0]

    def take_string(self) -> str:
        """The next word, a quoted string."""
        if not self.peek().startswith('"'):
            raise self.fault('A text in double quotes is needed here, such as "期".')
        try:
            return str(json.loads(self.peek()))
        except ValueError:
            raise self.fault("This is not a string as JSON writes it.") from None
        finally:
            self.words.pop(0)

    def skip(self, word: str) -> bool:
        """Whether the next word is that one; if so it is taken."""
        found = self.peek() == word
        if found:
            self.words.pop(0)
        return found

    def fault(self, message: str) -> InvalidDue:
        """What is wrong at the next word, the line shown with a caret under it."""
        place = self.words[0][1] if self.words else len(self.text)
        return InvalidDue([Fault((), f"{message}\n    {self.text}\n    {' ' * place}^")])


def _take_what(line: _Line) -> dict[str, object]:
    """what = value | rule | "open" | "event" string | "within" ("plan" | "office" | number "years" "from" day)"""
    if line.skip("open"):
        return {"open": True}
    if line.skip("event"):
        return {"on_event": line.take_string()}
    if not line.skip("within"):
        return {"rrule" if "=" in line.peek() else "value": line.take()}
    if not line.peek().isdecimal():
        return {"within_term": line.take()}
    years = int(line.take()[:9])
    for word in ("years", "from"):
        if not line.skip(word):
            raise line.fault(f"The word '{word}' is needed here: within 3 years from 2023-01-01.")
    return {"within_term": {"years": years, "from": line.take()}}


def _take_quota(line: _Line) -> dict[str, object]:
    """quota = ("count" | "amount" | "ratio") (">=" | "<=") number [string] ["per" string]"""
    found = _QUOTA.fullmatch(line.take())
    assert found
    name, sign, number = found.groups()
    quota: dict[str, object] = {name: Decimal(number) if "." in number else int(number), "bound": _BOUNDS[sign].value}
    if line.peek().startswith('"'):
        quota["unit"] = line.take_string()
    if line.skip("per"):
        quota["per"] = line.take_string()
    return quota
