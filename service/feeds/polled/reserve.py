"""The last good bytes of this node, in a file of its own: what goes out when there is no database and no memory either.

SQLite because a page is then there whole or not at all, several processes may write at once, and the size stays
bounded. Nobody waits for it: pages are written after they have gone out, and read only where nothing else is left.
"""

import asyncio
import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

import structlog

from service.feeds.cache import Body, answer_of
from service.feeds.polled.pages import NEVER, OpenLink, PageKey
from service.feeds.rules.extras import Notice
from service.feeds.rules.forms import Form, options_of, read_form
from service.feeds.rules.subjects import read_subject

_log = structlog.stdlib.get_logger("milepost.feeds")

KEPT = 512 * 1024 * 1024  # bytes of bodies; beyond it those go that were written longest ago
PENDING_KEPT = 64 * 1024 * 1024
BUSY_SECONDS = 5.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS page
    (key TEXT PRIMARY KEY, number INTEGER, revision INTEGER, changed_at TEXT, tag BLOB, size INTEGER, body BLOB);
CREATE INDEX IF NOT EXISTS page_number ON page (number);
CREATE TABLE IF NOT EXISTS link
    (digest TEXT PRIMARY KEY, subject TEXT, options TEXT, feed TEXT, until TEXT, revoked INTEGER, notice TEXT);
"""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Reserved:
    """A page as it was last written: its compressed bytes, and the revision of its subject that they show."""

    revision: int
    changed_at: datetime
    tag: bytes
    compressed: bytes

    @property
    def body(self) -> Body:
        """The bytes as a page has them; the pieces that they were joined from are not known any more."""
        return Body(answer_of(self.compressed, encoding="gzip", changed_at=self.changed_at), {}, self.changed_at)


class Reserve:
    """The file. Without a folder there is none, and nothing is remembered."""

    def __init__(self, folder: Path | None, *, kept: int = KEPT) -> None:
        self._path = folder / "last-good.db" if folder is not None else None
        self._kept = kept
        self._pages: dict[PageKey, Reserved] = {}
        self._links: dict[str, OpenLink] = {}
        self._weight = 0
        self._connection: sqlite3.Connection | None = None
        self._turn = threading.Lock()
        self._failed = False

    @property
    def is_there(self) -> bool:
        """Whether there may be anything in it."""
        return self._path is not None and (self._connection is not None or self._path.exists())

    def note_page(self, key: PageKey, body: Body, revision: int) -> None:
        """A page was made. It will be written soon; of very many at once only some, the others when they are next."""
        answer = body.answers["gzip"]
        if self._path is not None and self._weight + len(answer.body) <= PENDING_KEPT:
            self._pages[key] = Reserved(revision, body.changed_at, answer.tag, answer.body)
            self._weight += len(answer.body)

    def note_link(self, link: OpenLink) -> None:
        """A link was opened, or is found closed."""
        if self._path is not None and link.digest and len(self._links) < PENDING_KEPT // 1_000:
            self._links[link.digest] = link

    async def write(self) -> None:
        """Write what was noted. What cannot be written is forgotten: it is a reserve, and the next body comes."""
        if not self._pages and not self._links:
            return
        pages, links = self._pages, self._links
        self._pages, self._links, self._weight = {}, {}, 0
        await asyncio.to_thread(self._ask, lambda connection: self._write(connection, pages, links), ())

    async def page(self, key: PageKey) -> Reserved | None:
        """The last good bytes of a page."""
        if not self.is_there:
            return None
        found = await asyncio.to_thread(self._ask, lambda connection: _read_page(connection, _key_of(key)), None)
        if found is None or found.body.answers["gzip"].tag != found.tag:  # nothing goes out that was not meant to
            return None
        return found

    async def link(self, digest: str) -> OpenLink | None:
        """What a token opened when it was last asked for."""
        if not self.is_there:
            return None
        return await asyncio.to_thread(self._ask, lambda connection: _read_link(connection, digest), None)

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _ask(self, question: Callable[[sqlite3.Connection], Found], otherwise: Found) -> Found:
        """Ask the file in this thread. Whatever is wrong with it, calendars must not suffer from it."""
        try:
            with self._turn, self._open() as connection:
                found = question(connection)
        except (sqlite3.Error, OSError, ValueError) as error:
            self._note(error)
            return otherwise
        self._failed = False
        return found

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            assert self._path is not None
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")  # a power cut may cost the last second
            self._connection.executescript(_SCHEMA)
        return self._connection

    def _note(self, error: Exception) -> None:
        if not self._failed:
            _log.warning("the reserve of feeds cannot be used", reason=repr(error))
        self._failed = True
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            self._start_over()

    def _start_over(self) -> None:
        """The file is damaged: away with it; pages that are made from now on stand in a new one."""
        self.close()
        assert self._path is not None
        for path in (self._path, self._path.with_name(f"{self._path.name}-wal")):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _write(
        self, connection: sqlite3.Connection, pages: dict[PageKey, Reserved], links: dict[str, OpenLink]
    ) -> tuple[()]:
        (number, size) = connection.execute(
            "SELECT coalesce(max(number), 0), coalesce(sum(size), 0) FROM page"
        ).fetchone()
        connection.executemany(
            "INSERT OR REPLACE INTO page VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    _key_of(key),
                    number + place,
                    each.revision,
                    each.changed_at.isoformat(),
                    each.tag,
                    size_of(each),
                    each.compressed,
                )
                for place, (key, each) in enumerate(pages.items(), start=1)
            ],
        )
        connection.executemany(
            "INSERT OR REPLACE INTO link VALUES (?, ?, ?, ?, ?, ?, ?)", [_told(link) for link in links.values()]
        )
        over = size + sum(map(size_of, pages.values())) - self._kept
        if over > 0:
            self._drop(connection, over)
        return ()

    def _drop(self, connection: sqlite3.Connection, over: int) -> None:
        last = None
        for number, size in connection.execute("SELECT number, size FROM page ORDER BY number"):
            last, over = number, over - size
            if over <= 0:
                break
        connection.execute("DELETE FROM page WHERE number <= ?", (last,))


def size_of(page: Reserved) -> int:
    """Bytes in the file, about."""
    return len(page.compressed) + 500


def _key_of(key: PageKey) -> str:
    options = options_of(key.form) | ({"year": str(key.form.year)} if key.form.year else {})
    notice = f"{key.notice.feed}/{key.notice.generation}" if key.notice else ""
    return json.dumps([str(key.subject), options, notice], sort_keys=True)


def _read_page(connection: sqlite3.Connection, key: str) -> Reserved | None:
    row = connection.execute("SELECT revision, changed_at, tag, body FROM page WHERE key = ?", (key,)).fetchone()
    return Reserved(row[0], datetime.fromisoformat(row[1]), row[2], row[3]) if row else None


def _told(link: OpenLink) -> tuple[object, ...]:
    notice = link.notice and (*link.notice[:2], *(each.isoformat() for each in link.notice[2:]))
    until = None if link.until == NEVER else link.until.isoformat()
    options = json.dumps(options_of(link.form))
    return link.digest, str(link.subject), options, link.feed, until, link.revoked, json.dumps(notice)


def _read_link(connection: sqlite3.Connection, digest: str) -> OpenLink | None:
    query = "SELECT subject, options, feed, until, revoked, notice FROM link WHERE digest = ?"
    row = connection.execute(query, (digest,)).fetchone()
    if row is None:
        return None
    subject, options, feed, until, revoked, told = row
    notice = json.loads(told)
    return OpenLink(
        subject=read_subject(subject),
        form=read_form(json.loads(options)) or Form(),
        feed=feed,
        until=datetime.fromisoformat(until).astimezone(UTC) if until else NEVER,
        revoked=bool(revoked),
        digest=digest,
        notice=Notice(
            notice[0],
            notice[1],
            datetime.fromisoformat(notice[2]),
            date.fromisoformat(notice[3]),
            date.fromisoformat(notice[4]),
        )
        if notice
        else None,
    )
