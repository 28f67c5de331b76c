"""Polls that came without TLS, where the proxy in front says so: sent to https for good, before anything is looked up.

Beside `calendar.py`, so that a service which is not reached in this way does not even look.
"""

from service.api.calendar import Calendars, Headers
from service.feeds.cache import EMPTY, Prepared, prepared
from service.feeds.polled.desk import Desk
from service.gate.https import address_of
from service.gate.middleware import PLAIN

MOVED = 301  # and not 308, which old programs do not know


class SecureCalendars(Calendars):
    """Calendars that are handed out by https alone."""

    def __init__(self, desk: Desk, *, public_url: str) -> None:
        super().__init__(desk)
        self._public_url = public_url

    def ready(self, method: str, path: str, query: bytes, headers: Headers) -> Prepared | None:
        """The answer to a poll for which nothing has to be made or asked for."""
        if PLAIN in headers and method in ("GET", "HEAD"):
            return self._moved(path, query)
        return super().ready(method, path, query, headers)

    def _moved(self, path: str, query: bytes) -> Prepared:
        self._counted[MOVED] = self._counted.get(MOVED, 0) + 1
        headers = [
            (b"location", address_of(self._public_url, path, query).encode("latin-1")),
            (b"content-length", b"0"),
            (b"cache-control", b"private"),
            (b"vary", b"X-Forwarded-Proto"),
            (b"x-robots-tag", b"noindex"),
            (b"referrer-policy", b"no-referrer"),
        ]
        return prepared(MOVED, headers, EMPTY)
