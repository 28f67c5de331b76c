"""The text of planned notices, written straight from their facts: they come by the ten thousand in one second.

Byte for byte what `stored.text_of` makes of the same `OccurrenceNotice`, in an eighth of the time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic_core import to_json

from service.webhooks.rules.payload import instant

Json = Mapping[str, Any]


class Words(NamedTuple):
    """What of a milestone a notice's fact does not say."""

    ref: str
    phrase: str


@dataclass(frozen=True, slots=True)
class Around:
    """What has to be known beside the facts themselves. Plan → number of its document; unit → name."""

    milestones: Mapping[str, Words]
    numbers: Mapping[str, str | None]
    names: Mapping[str, str]


_NO_WORDS = Words("", "")


def notice_text(kind: str, told: Json, middle: str, *, at: datetime) -> str:
    """What is kept of a notice: `told` is what its fact says afterwards, `middle` its `notice_middle`, `at` when it
    went out.
    """
    notice = told["notice"]
    head, tail = _when(kind, notice["scheduled_for"], at)
    return f'{head}{middle}{tail}"cause":{{"kind":"firing","id":"{notice["firing"]}","actor":null}},{_END}'


_END = '"sequence":null,"previous_sequence":null}}'


@lru_cache(maxsize=1_000)
def _when(kind: str, planned_for: str, at: datetime) -> tuple[str, str]:
    scheduled_for, fired_at = datetime.fromisoformat(planned_for), instant(at)
    late = max(int((at - scheduled_for).total_seconds()), 0)
    tail = f',"scheduled_for":"{instant(scheduled_for)}","fired_at":"{fired_at}","lateness_s":{late},'
    return f'{{"type":"{kind}","timestamp":"{fired_at}","data":{{', tail


def notice_middle(told: Json, around: Around, *, jurisdiction: str | None) -> str:
    """What can be said before a notice goes out: its text from the occurrence to its offset.

    Of what `told` has under `notice` the offset, the days that are left and the time zone.
    """
    notice, names = told["notice"], around.names
    words = around.milestones.get(told["milestone"], _NO_WORDS)
    due_time = told["due_time"]
    body = {
        "occurrence": {
            "id": told["id"],
            "period": told["period"],
            "window_start": told["window_start"],
            "nominal_due_on": told["nominal_due_on"],
            "due_on": told["due_on"],
            "due_time": due_time[:5] if due_time else None,
            "time_zone": notice["time_zone"],
            "provisional": told["provisional"],
            "status": told["status"],
            "url": f"/occurrences/{told['id']}",
        },
        "milestone": {
            "id": told["milestone"],
            "ref": words.ref,
            "title": told["title"],
            "kind": told["kind"],
            "phrase": words.phrase,
        },
        "plan": {
            "slug": told["plan"],
            "title": told["plan_title"],
            "number": around.numbers.get(told["plan"]) or None,
            "jurisdiction": jurisdiction,
        },
        "due_on": told["due_on"],
        "days_left": notice["days_left"],
        "units": [
            {
                "code": each["code"],
                "name": names.get(each["code"], each["code"]),
                "role": each["role"],
                "status": each["status"],
            }
            for each in told["units"]
        ],
        "offset": notice["offset"],
    }
    return to_json(body).decode()[1:-1]
