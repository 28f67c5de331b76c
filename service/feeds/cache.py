"""Prepared bytes: bodies with their headers, made once a revision, spliced from pieces that did not change."""

import gzip
import hashlib
import zlib
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import brotli

from service.feeds.render.jcal import as_jcal
from service.feeds.rules.checksums import joined, shift_of
from service.feeds.rules.media import JCAL, coding_of
from service.feeds.rules.negotiation import Encoding
from service.feeds.rules.runs import Run

Key = TypeVar("Key")
Value = TypeVar("Value")

GZIP_LEVEL = 6
BROTLI_QUALITY = 5
# A gzip member (RFC 1952) without name and time: the same text gives the same bytes at any hour.
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK = b"\x03\x00"

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Block:
    """The bytes of an entry at a revision, and the time zones that they refer to."""

    uid: str
    revision: int
    lines: bytes
    zones: tuple[str, ...] = ()

    @property
    def weight(self) -> int:
        """Bytes in memory, about."""
        return len(self.lines) + 300


@dataclass(frozen=True, slots=True)
class Prepared:
    """An answer that has only to be sent: as ASGI messages; and the first line and the others of its head as bytes, for
    whoever writes to the connection itself and puts a date between them."""

    start: Message
    body: Message
    status_line: bytes
    lines: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A body in one encoding, whole (200) and for those who have it (304), ready made."""

    tag: bytes
    body: bytes
    ok: Prepared
    not_modified: Prepared


EMPTY: Message = {"type": "http.response.body", "body": b""}

_FIXED = (
    (b"cache-control", b"private, max-age=0, must-revalidate"),
    (b"vary", b"Accept, Accept-Encoding"),
    (b"x-robots-tag", b"noindex"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


def answer_of(body: bytes, *, encoding: Encoding, changed_at: datetime) -> Answer:
    """A body with its headers. The strong ETag is the hash of these very bytes (RFC 9110, 8.8.3.1: one an encoding)."""
    tag = b'"' + urlsafe_b64encode(hashlib.blake2b(body, digest_size=15).digest()) + b'"'
    media, coding = coding_of(encoding)
    shared = [
        (b"content-type", media),
        (b"etag", tag),
        (b"last-modified", format_datetime(changed_at.astimezone(UTC), usegmt=True).encode()),
        *_FIXED,
    ]
    coded = [] if coding == "identity" else [(b"content-encoding", coding.encode())]
    length = (b"content-length", str(len(body)).encode())
    return Answer(
        tag=tag,
        body=body,
        ok=prepared(200, [*shared, *coded, length], {"type": "http.response.body", "body": body}),
        not_modified=prepared(304, shared, EMPTY),
    )


def prepared(status: int, headers: list[tuple[bytes, bytes]], body: Message) -> Prepared:
    """An answer, made ready to be sent."""
    return Prepared(
        start={"type": "http.response.start", "status": status, "headers": headers},
        body=body,
        status_line=f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode(),
        lines=b"".join(b"%b: %b\r\n" % each for each in headers) + b"\r\n",
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of entries, compressed by itself: where it stands in the compressed body, what the check sum of the whole
    needs to know of its plain bytes, and the time zones that its entries refer to."""

    start: int
    end: int
    length: int
    check: int
    shift: int
    zones: tuple[str, ...] = ()

    def at(self, start: int) -> "Piece":
        """The same piece, in another place."""
        return Piece(start, start + self.end - self.start, self.length, self.check, self.shift, self.zones)


class Body:
    """A feed's bytes at one revision. The compressed form is always there; the others are made when somebody asks."""

    __slots__ = ("answers", "changed_at", "pieces")

    def __init__(self, answer: Answer, pieces: dict[bytes, Piece], changed_at: datetime) -> None:
        self.answers: dict[Encoding, Answer] = {"gzip": answer}
        self.pieces = pieces
        self.changed_at = changed_at

    @property
    def weight(self) -> int:
        """Bytes in memory, about."""
        return len(self.answers["gzip"].body) + 400 * len(self.pieces) + 3_000

    def make(self, encoding: Encoding) -> Answer:
        """The body in an encoding that was not asked for yet. Takes some milliseconds for a large feed."""
        plain = gzip.decompress(self.answers["gzip"].body)
        media, coding = coding_of(encoding)
        return answer_of(
            _coded(as_jcal(plain) if media == JCAL else plain, coding), encoding=encoding, changed_at=self.changed_at
        )


def _coded(plain: bytes, coding: Encoding) -> bytes:
    match coding:
        case "br":
            found: bytes = brotli.compress(plain, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY)
            return found
        case "gzip":
            return gzip.compress(plain, GZIP_LEVEL, mtime=0)
        case _:
            return plain


def wanting(runs: Sequence[Run], before: Body | None) -> list[str]:
    """The entries whose blocks `compose` will need: those of runs that did not stand in the body before."""
    kept = before.pieces if before else {}
    return [uid for run in runs if run.key not in kept for uid in run.uids]


def zones_of(runs: Sequence[Run], blocks: Mapping[str, Block], before: Body | None) -> set[str]:
    """The time zones that the entries of these runs refer to."""
    kept = before.pieces if before else {}
    return {zone for run in runs for zone in (kept[run.key].zones if run.key in kept else _zones(run, blocks))}


def compose(
    head: bytes,
    runs: Sequence[Run],
    blocks: Mapping[str, Block],
    foot: bytes,
    *,
    changed_at: datetime,
    before: Body | None,
) -> Body:
    """A body from its parts. Pieces that stood in the body `before` are taken over as they are: after an edit of
    one entry only the piece around it is compressed again, and nobody looks at what is in the others.

    `blocks`: those that `wanting` names, by UID.
    """
    kept = before.pieces if before else {}
    old = memoryview(before.answers["gzip"].body) if before else memoryview(b"")
    parts: list[bytes | memoryview] = [_GZIP_HEAD]
    pieces: dict[bytes, Piece] = {}
    check, length, size = 0, 0, len(_GZIP_HEAD)

    def add(key: bytes, part: bytes | memoryview, piece: Piece) -> None:
        nonlocal check, length, size
        parts.append(part)
        pieces[key] = piece.at(size)
        check = joined(check, piece.check, piece.shift)
        length, size = length + piece.length, size + len(part)

    add(hashlib.blake2b(head, digest_size=16).digest(), *_made(head))
    for run in runs:
        if found := kept.get(run.key):
            add(run.key, old[found.start : found.end], found)
        else:
            lines = [blocks[uid].lines for uid in run.uids]
            plain = b"".join([*lines, foot] if run is runs[-1] else lines)
            add(run.key, *_made(plain, zones=_zones(run, blocks)))
    tail = check.to_bytes(4, "little") + (length & 0xFFFFFFFF).to_bytes(4, "little")
    body = b"".join([*parts, _LAST_BLOCK, tail])
    return Body(answer_of(body, encoding="gzip", changed_at=changed_at), pieces, changed_at)


def _zones(run: Run, blocks: Mapping[str, Block]) -> tuple[str, ...]:
    return tuple(sorted({zone for uid in run.uids for zone in blocks[uid].zones}))


def _made(plain: bytes, *, zones: tuple[str, ...] = ()) -> tuple[bytes, Piece]:
    part = _deflate(plain)
    return part, Piece(0, len(part), len(plain), zlib.crc32(plain), shift_of(len(plain)), zones)


def _deflate(plain: bytes) -> bytes:
    # A full flush ends on a byte and forgets what came before, so pieces can be joined in any order.
    deflate = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflate.compress(plain) + deflate.flush(zlib.Z_FULL_FLUSH)


class Shelf(Generic[Key, Value]):
    """Things with a weight, the least recently used of which fall off when there are too many.

    Using one only marks it (second chance) and moves nothing. `spared` says, for things that mark themselves, whether
    one was used since it was last asked; `dropped` hears of what fell off.
    """

    def __init__(
        self,
        *,
        limit: int,
        dropped: Callable[[Key, Value], None] | None = None,
        spared: Callable[[Value], bool] | None = None,
    ) -> None:
        self.limit = limit
        self.weight = 0
        self._kept: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._used: set[Key] = set()
        self._dropped = dropped
        self._spared = spared

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> Value | None:
        """What is kept under a key, which now has been used."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._used.add(key)
        return found[0]

    def get_all(self, keys: Iterable[Key]) -> dict[Key, Value]:
        """What is kept under these keys, which now have been used. A new feed asks for a thousand at once."""
        kept = self._kept
        found = {key: kept[key][0] for key in keys if key in kept}
        self._used.update(found)
        return found

    def put(self, key: Key, value: Value, *, weight: int) -> None:
        """Keep something; others may fall off."""
        self.drop(key)
        self._kept[key] = (value, weight)
        self.weight += weight
        while self.weight > self.limit and len(self._kept) > 1:
            self._drop_oldest()

    def drop(self, key: Key) -> None:
        """Forget what is kept under a key."""
        found = self._kept.pop(key, None)
        self._used.discard(key)
        if found is not None:
            self.weight -= found[1]

    def values(self) -> list[Value]:
        """Everything that is kept."""
        return [value for value, _ in self._kept.values()]

    def _drop_oldest(self) -> None:
        key, (value, weight) = next(iter(self._kept.items()))
        if key in self._used or (self._spared and self._spared(value)):
            self._used.discard(key)
            self._kept.move_to_end(key)
            return
        del self._kept[key]
        self.weight -= weight
        if self._dropped:
            self._dropped(key, value)
