"""In which of two forms a calendar is asked for: iCalendar, or the same in JSON (RFC 7265). Pure."""

import re

from service.feeds.rules.negotiation import Encoding

ICALENDAR = b"text/calendar; charset=utf-8"
JCAL = b"application/calendar+json"

# Under these a body keeps its answers in JSON, beside those under the codings alone.
AS_JCAL: dict[Encoding, Encoding] = {"gzip": "jcal+gzip", "br": "jcal+br", "identity": "jcal+identity"}

_WEIGHT = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\Z", re.IGNORECASE)
_LONGEST = 2_000


def prefers_jcal(accept: bytes) -> bool:
    """Whether a program names jCal, and wants it more than iCalendar (RFC 9110, 12.5.1).

    Whatever takes both equally, or takes anything, gets what every calendar program can read.
    """
    weights: dict[str, float] = {}
    for part in accept[:_LONGEST].decode("latin-1").lower().split(","):
        media, *parameters = (each.strip() for each in part.split(";"))
        weight = next((found for each in parameters if (found := _WEIGHT.match(each))), None)
        weights[media] = float(weight[1]) if weight else 1.0
    other = weights.get("text/calendar", weights.get("text/*", weights.get("*/*", 0.0)))
    return weights.get(JCAL.decode(), 0.0) > other


def coding_of(encoding: Encoding) -> tuple[bytes, Encoding]:
    """The media type and the content coding of an answer."""
    form, _, coding = encoding.partition("+")
    if form != "jcal":
        return ICALENDAR, encoding
    return JCAL, next(each for each in AS_JCAL if each == coding)
