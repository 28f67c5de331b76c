"""What is kept of feeds: entries with their revisions, whose feeds they stand in, and the links that open them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from service.feeds.rules.links import STALE_HOURS, UNUSED_DAYS
from service.kit.database import Instant, Json

# Of entries without a unit, those of every jurisdiction would stand in one row, counted by ledgers of their own.
_WITH_UNIT: Any = {"sqlite_where": text("unit IS NOT NULL"), "postgresql_where": text("unit IS NOT NULL")}


class FeedEntry(SQLModel, table=True):
    """An occurrence as it stands in calendars: a unit's own copy of it, or (without a unit) the one that plans, groups
    and jurisdictions show. Never deleted, so that its UID and its SEQUENCE (`revision`) outlive everything.

    `facts` is what its text is made from, `light`, `state` and `moved` are what the date makes of them; `fingerprint`
    tells whether any of it differs. `next_change_on` is the next day on which the date alone changes something.
    `sort_on` is the due date, or 9999-12-31 for what has none. `changed_in` is the number that the ledger of its
    unit's jurisdiction (without a unit: its own) had reached when it last changed: after an edit a large feed reads
    what has changed since, and nothing else. `edited_at` is when something other than the date last changed it: people
    hear of that as a change of the week. `all_day` is false where the source names an hour.
    """

    __tablename__ = "feed_entry"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'ended', 'left')", name="state"),
        CheckConstraint("revision >= 0", name="revision"),
        Index("ix_feed_entry_unit_sort_on", "unit", "sort_on"),
        Index("ix_feed_entry_unit_changed_in", "unit", "changed_in", **_WITH_UNIT),
        Index("ix_feed_entry_plan_sort_on", "plan", "sort_on"),
        Index("ix_feed_entry_jurisdiction_sort_on", "jurisdiction", "sort_on"),
        Index("ix_feed_entry_next_change_on", "next_change_on"),
        Index("ix_feed_entry_milestone", "milestone"),
    )

    uid: str = Field(primary_key=True, max_length=64)
    occurrence: str = Field(foreign_key="occurrence.id", max_length=40)
    milestone: str = Field(max_length=40)
    plan: str = Field(max_length=64)
    jurisdiction: str = Field(max_length=64)
    unit: str | None = Field(default=None, max_length=100)
    sort_on: date
    public: bool
    facts: dict[str, Any] = Field(sa_type=Json)
    state: str = Field(max_length=16)
    light: str = Field(max_length=16)
    moved: bool = False
    fingerprint: str = Field(max_length=64)
    next_change_on: date | None = None
    all_day: bool = True
    changed_in: int = 0
    revision: int = 0
    revised_at: datetime = Field(sa_type=Instant)
    edited_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)


class FeedRendering(SQLModel, table=True):
    """The bytes of an entry in one form (`vevent.zh`): rendered once a revision, by whichever process needs them first.

    `setting` tells what else went into them (the layout, the public address); bytes of another one are not used.
    """

    __tablename__ = "feed_rendering"

    uid: str = Field(primary_key=True, max_length=64)
    form: str = Field(primary_key=True, max_length=64)
    revision: int
    setting: str = Field(max_length=16)
    block: bytes = Field(sa_type=LargeBinary)


class FeedSubject(SQLModel, table=True):
    """What a feed is about (`unit:chongming.justice`), and how often what it shows has changed.

    `changed_at` only moves forward, by a second at least: it becomes Last-Modified. `ledger` is the number that the
    jurisdiction's ledger had reached then.
    """

    __tablename__ = "feed_subject"
    __table_args__ = (Index("ix_feed_subject_jurisdiction_ledger", "jurisdiction", "ledger"),)

    subject: str = Field(primary_key=True, max_length=120)
    jurisdiction: str = Field(max_length=64)
    revision: int = 0
    changed_at: datetime = Field(sa_type=Instant)
    ledger: int = 0


class FeedLedger(SQLModel, table=True):
    """How many transactions have changed a jurisdiction's feeds or links.

    The row is locked until its transaction ends, so numbers become visible in their order: whoever polls misses none.
    """

    __tablename__ = "feed_ledger"

    jurisdiction: str = Field(primary_key=True, max_length=64)
    revision: int = 0


class Feed(SQLModel, table=True):
    """A subscription: what it shows and how, for whom it was made. `generation` counts its tokens.

    A link that nobody fetches for `unused_days` is closed (0: never). When a due date moves and nobody has fetched it
    within `stale_after_hours`, others are told (0: never); `stale_revision` is the move of which they were told last.
    """

    __tablename__ = "feed"
    __table_args__ = (Index("ix_feed_jurisdiction_ledger", "jurisdiction", "ledger"),)

    id: str = Field(primary_key=True, max_length=40)
    subject: str = Field(max_length=120, index=True)
    jurisdiction: str = Field(max_length=64)
    options: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    label: str = Field(default="", max_length=200)
    generation: int = 1
    revision: int = 1
    ledger: int = 0
    unused_days: int = UNUSED_DAYS
    stale_after_hours: int = STALE_HOURS
    stale_revision: int = 0
    created_at: datetime = Field(sa_type=Instant)
    created_by: str = Field(max_length=200)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class FeedToken(SQLModel, table=True):
    """The digest of a token of a feed, never itself. The one before the last rotation works on until `expires_at`."""

    __tablename__ = "feed_token"

    digest: str = Field(primary_key=True, max_length=64)
    feed: str = Field(foreign_key="feed.id", index=True, max_length=40)
    jurisdiction: str = Field(max_length=64)
    generation: int
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)


class FeedFetch(SQLModel, table=True):
    """When a program last fetched a link, and which revision of its subject it got then.

    Written now and then, not with each fetch: `fetched_at` may be some hours behind, `revision` a minute.
    """

    __tablename__ = "feed_fetch"

    digest: str = Field(primary_key=True, max_length=64)
    program: str = Field(primary_key=True, max_length=40)
    feed: str = Field(foreign_key="feed.id", index=True, max_length=40)
    jurisdiction: str = Field(max_length=64)
    revision: int
    first_at: datetime = Field(sa_type=Instant)
    fetched_at: datetime = Field(sa_type=Instant)


class FeedMove(SQLModel, table=True):
    """Due dates that moved with one revision of a subject that somebody subscribes to. `occurrences`: some of them."""

    __tablename__ = "feed_move"
    __table_args__ = (Index("ix_feed_move_moved_at", "moved_at"),)

    subject: str = Field(primary_key=True, max_length=120)
    revision: int = Field(primary_key=True)
    jurisdiction: str = Field(max_length=64)
    moved_at: datetime = Field(sa_type=Instant)
    count: int
    occurrences: list[str] = Field(default_factory=list, sa_type=Json)


class FeedMark(SQLModel, table=True):
    """What all entries were last made with: the layout of this release, the statutory days of a region."""

    __tablename__ = "feed_mark"

    name: str = Field(primary_key=True, max_length=40)
    value: str = Field(max_length=2000)
