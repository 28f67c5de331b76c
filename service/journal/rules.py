"""A fact before and after it is written. Pure."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

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


class Recorded(Protocol):
    """A fact that was written, as far as those who follow it look at it: a row, or a `Written` one."""

    @property
    def id(self) -> int | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def subject_kind(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def jurisdiction(self) -> str | None: ...
    @property
    def actor(self) -> str: ...
    @property
    def request_id(self) -> str: ...
    @property
    def before(self) -> Mapping[str, Any] | None: ...
    @property
    def after(self) -> Mapping[str, Any] | None: ...


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
