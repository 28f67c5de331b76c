"""What the API refuses, as exceptions named after its problem types (RFC 9457)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with what was sent: the field (empty: the whole), and a sentence."""

    path: str
    message: str


class ApiError(Exception):
    """The API refused. `kind` is the problem's URN, `request_id` what the service's log has it under."""

    def __init__(
        self,
        detail: str,
        *,
        status: int,
        kind: str = "about:blank",
        title: str = "",
        request_id: str = "",
        errors: tuple[FieldError, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.request_id = request_id
        self.errors = errors
        self.retry_after = retry_after
        """Seconds to wait before asking again, where the service says so."""


class Unknown(ApiError):
    """401: no key, or none that holds."""


class Denied(ApiError):
    """403: the key may not do this."""


class NotFound(ApiError):
    """404: there is no such thing."""


class Conflict(ApiError):
    """409: it contradicts what is there, is still needed, or refers to what is not there; `kind` says which."""


class Stale(ApiError):
    """412: somebody else changed it since you read it. Read it again, then repeat your change."""


class Invalid(ApiError):
    """422: each wrong field is in `errors`."""


class Unguarded(ApiError):
    """428: the change did not say which version it changes."""


class Throttled(ApiError):
    """429: too much; wait `retry_after` seconds."""


class Unavailable(ApiError):
    """503: not now; wait `retry_after` seconds."""


BY_STATUS: dict[int, type[ApiError]] = {
    401: Unknown,
    403: Denied,
    404: NotFound,
    409: Conflict,
    412: Stale,
    422: Invalid,
    428: Unguarded,
    429: Throttled,
    503: Unavailable,
}
