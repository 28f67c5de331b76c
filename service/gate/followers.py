"""Who pulls from the facts of a change before it commits. Rooms downstream are named here, and only here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from service.feeds.actions import following as feeds
from service.journal.models import Recorded
from service.kit.database import Session
from service.milestones.actions import following as milestones
from service.reminders.actions import following as reminders
from service.webhooks.actions import following as webhooks


class Follower(Protocol):
    """Works inside the transaction: what it writes commits with the change, and when it fails, nothing was changed.

    The instant comes in the service's time zone, so that its date is the civil date.
    """

    async def __call__(self, session: Session, facts: Sequence[Recorded], *, now: datetime) -> None:
        """Do what follows from these facts."""
        ...


# In the order of the river: each hears what those before it recorded.
FOLLOWERS: tuple[Follower, ...] = (milestones.follow, reminders.follow, feeds.follow, webhooks.follow)
