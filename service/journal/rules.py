"""A fact before and after it is written. Pure."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from service.journal.kinds import Kind


class Fact(NamedTuple):
    """What happened to one thing: `subject` is its code, slug or id; `before` and `after` are JSON.

    `text` is `after` as `to_json` writes it, where that was made already. A tuple, because they are made by the ten
    thousand.
    """

    kind: Kind
    subject: str
    jurisdiction: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    text: str | None = None


class Written(NamedTuple):
    """A fact that was written in bulk, past the ORM."""

    id: int
    at: datetime
    kind: str
    subject_kind: str
    subject: str
    jurisdiction: str | None
    actor: str
    request_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


# Facts are trees: to look for circles in each of ten thousand would be a third of the work.
to_json = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode
in_json = json.encoder.encode_basestring_ascii  # one text, in quotation marks
