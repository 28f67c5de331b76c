"""What the door refuses, with a status, a sentence, and the condition that programs look for."""

from dataclasses import dataclass, field
from http import HTTPStatus

READ_ONLY = "This calendar can be read and not written: what it shows is edited in Milepost."
NOWHERE = "There is nothing here."
NOT_YOURS = "Use the token of a feed as the password; any user name will do."
AWAY = "The calendar cannot be read at the moment; it will be back."


@dataclass(eq=False)
class Refused(Exception):
    """A request that is not granted. `condition`: the element that says why (RFC 4918, 16), in Clark's notation."""

    status: HTTPStatus
    sentence: str
    condition: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def bad_request(sentence: str) -> Refused:
    """400: it cannot be understood."""
    return Refused(HTTPStatus.BAD_REQUEST, sentence)


def nowhere() -> Refused:
    """404."""
    return Refused(HTTPStatus.NOT_FOUND, NOWHERE)


def precondition(condition: str, sentence: str) -> Refused:
    """403 with a condition: the same request will never be granted (RFC 4918, 16)."""
    return Refused(HTTPStatus.FORBIDDEN, sentence, condition)
