"""The service's secret, where nobody set one: made once, kept beside the embedded database."""

import os
import secrets
from pathlib import Path

OWNER_ONLY = 0o600


def kept_secret(path: Path) -> str:
    """The secret in this file; made now if there is none, readable by its owner alone. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link comes into being whole or not at all, and of two processes that start at once one wins.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
