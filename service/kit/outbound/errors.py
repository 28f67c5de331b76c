"""How an attempt to reach somebody can fail: four ways, each with a sentence that holds no secret."""


class OutboundError(Exception):
    """Something outside was not reached, or not well.

    `reason` is a sentence for people. `send` adds `address` (the one that was tried last; empty: none was) and
    `duration_ms` (from the call to the failure).
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.address = ""
        self.duration_ms = 0
        super().__init__(reason)


class Refused(OutboundError):
    """Nothing was sent and nobody was connected to: the URL, a header or an address is not allowed."""


class Unreachable(OutboundError):
    """No connection came about: the name is unknown, nobody listens, or the certificate does not hold."""


class TooSlow(OutboundError):
    """The deadline passed. `status` is the answer's, where that much had arrived."""

    def __init__(self, reason: str, *, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class BadAnswer(OutboundError):
    """A connection came about, and what came back over it is no HTTP answer."""
