"""`/feeds`: subscription addresses. The calendars themselves are answered by `service.api.calendar`."""

from datetime import datetime
from http import HTTPStatus
from typing import Literal

from fastapi import Request, Response
from pydantic import ConfigDict, Field

from service.api.fields import At, Code, CodeQuery, MemberCode, PathId, ShortText, Slug
from service.api.shapes import ANY_LIMIT, Cursor, Limit, Page, Sent, Shape, one_of
from service.feeds.actions import links
from service.feeds.models import Feed
from service.feeds.rules.subjects import Component, Form, Language, Subject, SubjectKind, address, read_subject, webcal
from service.feeds.store import links as store
from service.gate.conditional import Seen, etag
from service.gate.guard import Editor
from service.gate.idempotency import Creating
from service.gate.routing import API, resource
from service.gate.state import Gate, gate_of
from service.gate.transaction import Now, Reading, Writing
from service.kit.errors import invalid
from service.kit.paging import cut, decode_instant_cursor
from service.units.actions import require_edit
from service.units.store import subtree

router = resource("/feeds", tag="feeds")

SUBJECTS = ("unit", "plan", "group", "jurisdiction")


class NewFeed(Sent):
    """A subscription to be made. Exactly one of unit, plan, group and jurisdiction says what it is about."""

    model_config = ConfigDict(json_schema_extra=one_of(*SUBJECTS))

    unit: MemberCode | None = None
    plan: Slug | None = None
    group: MemberCode | None = None
    jurisdiction: Code | None = None
    component: Component = Field(Component.VEVENT, description="Google, Outlook and iOS show events only.")
    alarms: Literal["off"] = Field("off", description="Alarms in entries are not offered yet.")
    lang: Language = Language.ZH
    label: ShortText = Field("", description="For whom it was made: shown in the list of feeds, never in a calendar.")
    expires_at: At | None = None


class FeedShape(Shape):
    """A subscription with its address. Whoever has the address can read the calendar."""

    id: str
    unit: str | None
    plan: str | None
    group: str | None
    jurisdiction: str | None
    component: Component
    alarms: Literal["off"]
    lang: Language
    label: str
    url: str
    webcal_url: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None = Field(description="Since then its addresses answer 410.")


def _shape(gate: Gate, row: Feed) -> FeedShape:
    subject = read_subject(row.subject)
    about = {kind: subject.code if subject.kind == kind else None for kind in SUBJECTS}
    token = links.current_token(row, secret=gate.secret)
    url = address(gate.settings.public_url, token=token, subject=subject)
    return FeedShape(
        id=row.id,
        unit=about["unit"],
        plan=about["plan"],
        group=about["group"],
        jurisdiction=about["jurisdiction"],
        component=Component(row.options["component"]),
        alarms="off",
        lang=Language(row.options["lang"]),
        label=row.label,
        url=url,
        webcal_url=webcal(url),
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )


def _subject(wanted: NewFeed) -> Subject:
    given = [(kind, code) for kind in SUBJECTS if (code := getattr(wanted, kind)) is not None]
    if len(given) != 1:
        raise invalid("unit", f"a feed is about exactly one of {', '.join(SUBJECTS)}")
    kind, code = given[0]
    return Subject(SubjectKind(kind), code)


def _order(row: Feed) -> tuple[str, str]:
    return row.created_at.isoformat(), row.id


@router.get("")
async def list_feeds(
    actor: Editor,
    session: Reading,
    request: Request,
    unit: CodeQuery = None,
    plan: CodeQuery = None,
    limit: Limit = ANY_LIMIT,
    cursor: Cursor = None,
) -> Page[FeedShape]:
    """Subscriptions, the oldest first, revoked ones too."""
    about = [str(Subject(kind, code)) for kind, code in ((SubjectKind.UNIT, unit), (SubjectKind.PLAN, plan)) if code]
    within = frozenset(await subtree(session, actor.jurisdiction)) if actor.jurisdiction else None
    rows = await store.list_feeds(
        session,
        where=store.FeedFilter(subjects=tuple(about), within=within),
        after=decode_instant_cursor(cursor),
        limit=limit + 1,
    )
    page = cut(rows, limit, _order)
    return Page(items=[_shape(gate_of(request), row) for row in page.items], next=page.next)


@router.post("", status_code=HTTPStatus.CREATED)
async def create_feed(
    actor: Editor, session: Creating, now: Now, wanted: NewFeed, request: Request, response: Response
) -> FeedShape:
    """A new subscription address: one for each subscriber, so that each can be closed alone."""
    gate = gate_of(request)
    feed = await links.create_feed(
        session,
        actor,
        subject=_subject(wanted),
        form=Form(wanted.component, wanted.lang),
        label=wanted.label,
        expires_at=wanted.expires_at,
        secret=gate.secret,
        now=now,
    )
    response.headers["Location"] = f"{API}/feeds/{feed.id}"
    response.headers["ETag"] = etag(feed.revision)
    return _shape(gate, feed)


@router.get("/{feed_id:name}")
async def get_feed(feed_id: PathId, actor: Editor, session: Reading, request: Request, seen: Seen) -> FeedShape:
    """One subscription."""
    feed = await store.get_feed(session, feed_id)
    await require_edit(session, actor, feed.jurisdiction)
    seen.shows(feed.revision)
    return _shape(gate_of(request), feed)


@router.post("/{feed_id:name}:rotate")
async def rotate_feed(
    feed_id: PathId, actor: Editor, session: Creating, now: Now, request: Request, response: Response
) -> FeedShape:
    """Give a subscription a new address. The one before works on for 30 days."""
    feed = await store.get_feed_locked(session, feed_id)
    await links.rotate_feed(session, actor, feed, secret=gate_of(request).secret, now=now)
    response.headers["ETag"] = etag(feed.revision)
    return _shape(gate_of(request), feed)


@router.delete("/{feed_id:name}", status_code=HTTPStatus.NO_CONTENT)
async def revoke_feed(feed_id: PathId, actor: Editor, session: Writing, now: Now) -> None:
    """Close all addresses of a subscription: they answer 410 from now on. It stays in the list."""
    feed = await store.get_feed_locked(session, feed_id)
    await links.revoke_feed(session, actor, feed, now=now)
