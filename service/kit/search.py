"""Text that can be found: what people type rarely has the width, case and spaces of what was stored."""

import unicodedata
from collections.abc import Iterable


def searchable(words: Iterable[str | None]) -> str:
    """Names and aliases in one line of folded text, kept beside the row for look-ups."""
    return "\n".join(fold(word) for word in words if word)


def fold(text: str) -> str:
    """Full width to half width, lower case, no spaces."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def like(text: str) -> str:
    """A LIKE pattern (escape character `\\`) that finds `text` anywhere in a searchable line."""
    folded = fold(text)
    for special in ("\\", "%", "_"):
        folded = folded.replace(special, "\\" + special)
    return f"%{folded}%"
