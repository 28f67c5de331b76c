"""Reading what changed in a feed since a program last asked (RFC 6578), from the same entries and ledgers as feeds.

Nothing here writes, and nothing is remembered of who asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.feeds.actions.reading import View
from service.feeds.models import FeedEntry
from service.feeds.rules.subjects import Subject, SubjectKind
from service.feeds.rules.syncing import Point, Rest, SyncToken, holds
from service.feeds.store import subjects as subject_store
from service.feeds.store import syncing as store
from service.feeds.store.subjects import Standing
from service.feeds.store.syncing import Mark
from service.kit.database import Session
from service.milestones.rules import NO_DATE


class StaleToken(Exception):
    """The difference since this token cannot be told: read everything, and begin anew."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs: entries that are shown, and the UIDs of those that no longer are. `token`: for the next time.

    `cut`: there is more; the next token continues here.
    """

    shown: tuple[Mark, ...]
    gone: tuple[str, ...]
    token: SyncToken
    cut: bool


async def read_standing(session: Session, subject: Subject, *, view: View) -> tuple[Standing, Point] | None:
    """How a subject stands, and the point at which it does. None: there is no such thing.

    Asked before entries are read: what changes meanwhile belongs to a later point, and is told again.
    """
    standing = await subject_store.standing_of(session, subject)
    if standing is None:
        return None
    return standing, Point(standing.ledger, view.today, standing.revision)


async def read_marks(session: Session, subject: Subject, *, view: View) -> list[Mark]:
    """Every entry that a feed shows, by UID."""
    marks = await store.marks_between(session, subject, first=view.first, last=view.last, undated=view.undated)
    return [each for each in marks if shows(each, view=view, subject=subject)]


async def read_rows(session: Session, subject: Subject, *, view: View, uids: Sequence[str]) -> list[FeedEntry]:
    """Those of these entries that the feed shows, whole."""
    rows = await store.rows_of(session, subject, uids=uids)
    return [each for each in rows if shows(each, view=view, subject=subject)]


async def read_shown(session: Session, subject: Subject, *, view: View) -> list[FeedEntry]:
    """Every entry that a feed shows, whole, by UID."""
    rows = await store.rows_between(session, subject, first=view.first, last=view.last, undated=view.undated)
    return [each for each in rows if shows(each, view=view, subject=subject)]


def shows(entry: Mark | FeedEntry, *, view: View, subject: Subject) -> bool:
    """Whether a feed shows an entry that is its subject's."""
    if entry.state == "left" or (subject.kind is SubjectKind.PUBLIC and not entry.public):
        return False
    return view.first <= entry.sort_on <= view.last or (view.undated and entry.sort_on == NO_DATE)


async def read_difference(
    session: Session, subject: Subject, *, view: View, now: Point, token: SyncToken | None, limit: int
) -> Difference:
    """What a program has to learn that has seen what `token` says (None: nothing); `limit` entries at most.

    1. is it a token that we can tell anything from?  2. entries that changed, and those that the window let in or out
    3. where that is too much for one answer, the first part by UID; the point that is reached with the last part is the
    one of the first, because what changes meanwhile is told the next time. Raises StaleToken.
    """
    if token is not None and not holds(token.seen, now, is_group=subject.kind is SubjectKind.GROUP):
        raise StaleToken
    reached, since, after = now, token.seen if token else None, ""
    if token is not None and token.rest is not None:
        reached, since, after = token.seen, token.rest.since, token.rest.after
    if since is None:
        marks, gone = await read_marks(session, subject, view=view), set[str]()
    else:
        marks, gone = await _changed(session, subject, view, since=since)
    left = [each for each in marks if not after or name_of(each.uid) > after]
    told = left[:limit]
    cut = len(left) > limit
    rest = Rest(since, name_of(told[-1].uid)) if cut and told else None
    return Difference(
        shown=tuple(each for each in told if each.uid not in gone),
        gone=tuple(each.uid for each in told if each.uid in gone),
        token=SyncToken(reached, rest),
        cut=cut,
    )


async def _changed(session: Session, subject: Subject, view: View, *, since: Point) -> tuple[list[Mark], set[str]]:
    """What has changed since a point, by UID, and the UIDs of what is no longer shown."""
    window = view.window
    marks = await store.marks_changed(
        session,
        subject,
        since=since.ledger,
        came=(window.last(since.day), view.last),
        went=(window.first(since.day), view.first),
    )
    gone = {each.uid for each in marks if not shows(each, view=view, subject=subject)}
    # What was made since then, never revised and not in view now was in view at no time: nobody has to forget it.
    unseen = {
        each.uid for each in marks if each.uid in gone and not each.revision and not _was_shown(each, view, since)
    }
    return [each for each in marks if each.uid not in unseen], gone - unseen


def _was_shown(mark: Mark, view: View, since: Point) -> bool:
    return view.window.first(since.day) <= mark.sort_on <= view.last


def name_of(uid: str) -> str:
    """An entry's name in addresses and tokens: its UID before the `@`."""
    return uid.partition("@")[0]
