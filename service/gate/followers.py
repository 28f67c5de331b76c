"""Who pulls from the facts of a change before it commits. Rooms downstream are named here, and know nothing of each other."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from service.journal.models import JournalEntry
from service.kit.database import Session

# Works inside the transaction: what it writes commits with the change, and when it fails, nothing was changed.
Follower = Callable[[Session, Sequence[JournalEntry], datetime], Awaitable[None]]

FOLLOWERS: tuple[Follower, ...] = ()
