"""Text for group robots: untrusted words made harmless, and everything cut to size on the borders of characters."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

Entry = TypeVar("Entry")

# Each vendor's markdown is its own dialect, none documents a way to escape: so what could be markup is written with
# the full-width twin, which reads the same. `<` begins `<@userid>`, `<at id=all>` and `<font>`; `@` mentions; `&`
# begins an entity. Round brackets stay: references such as 二(三)1 need them, and alone they make no link.
_TWINS = str.maketrans({plain: chr(ord(plain) + 0xFEE0) for plain in "\\`*_[]<>#@~|!&"})

# Marks that turn the direction of writing, or that nobody sees, could make one title look like another. Characters for
# private use and such as this Python does not know yet stay: rare Han characters of names are among them.
_UNSEEN = {"Cc", "Cf", "Cs"}


def one_line(text: str) -> str:
    """Text on one line, without control characters and invisible marks, single spaces between words."""
    seen = "".join(" " if each.isspace() else each for each in text if each.isspace() or not _is_unseen(each))
    return " ".join(seen.split())


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN


def harmless(text: str) -> str:
    """Untrusted text for a markdown message: one line, no markup, no mention, no address that becomes a link."""
    return re.sub(r"(?<=[A-Za-z])://", "：//", one_line(text)).translate(_TWINS)


def cut(text: str, most_bytes: int) -> str:
    """As much of a text as fits into so many bytes of UTF-8, with `…` where something is missing.

    Never a part of a character, nor a character without the marks that belong to it.
    """
    raw = text.encode("utf-8")
    if len(raw) <= most_bytes:
        return text
    room = most_bytes - len("…".encode())
    if room < 0:
        return ""
    kept = raw[:room].decode("utf-8", errors="ignore")  # what was cut through, and nothing else, is an error here
    if _is_mark(text[len(kept)]):
        kept = kept[: len(kept) - next((n for n, each in enumerate(reversed(kept)) if not _is_mark(each)), 0) - 1]
    return kept.rstrip() + "…"


def _is_mark(character: str) -> bool:
    """Whether a character belongs to the one before it: an accent, a variation selector."""
    return unicodedata.category(character).startswith("M")


def fit(entries: Sequence[Entry], write: Callable[[Sequence[Entry]], bytes], *, most_bytes: int) -> bytes:
    """The message with as many of the entries, from the first, as the limit allows.

    `write` makes the whole message of some entries (and says itself how many are missing); it grows with each. What
    stands around them must fit: with none at all the message is taken as it is.
    """
    low, high = 0, len(entries)
    if len(whole := write(entries)) <= most_bytes:
        return whole
    while high - low > 1:
        middle = (low + high) // 2
        if len(write(entries[:middle])) <= most_bytes:
            low = middle
        else:
            high = middle
    return write(entries[:low])


def safe_link(url: str | None) -> str | None:
    """An http(s) address that cannot end a markdown link early; None for anything else."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or len(url) > 1000:
        return None
    keep = "/:;,?&=+$%@~.-_#"
    return urlunsplit(tuple(quote(part, safe=keep) for part in parts))
