"""`/feeds`: subscription addresses. The calendars themselves are answered by `service.api.calendar`."""

from dataclasses import fields
from datetime import date, datetime
from http import HTTPStatus
from typing import Literal
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from pydantic import ConfigDict, Field

from service.api.fields import At, Code, CodeQuery, MemberCode, PathId, ShortText, Slug
from service.api.shapes import ANY_LIMIT, Cursor, Limit, Page, Sent, Shape, one_of
from service.feeds.actions import links
from service.feeds.actions.ledger import Account, accounts
from service.feeds.models import Feed
from service.feeds.polled.checking import check
from service.feeds.rules.forms import (
    LONGEST_WINDOW,
    ROLLED_UP_ABOVE,
    Cancel,
    Component,
    Content,
    Expand,
    Form,
    Language,
    Switch,
    read_form,
)
from service.feeds.rules.links import OVERLAP_DAYS, STALE_HOURS, UNUSED_DAYS
from service.feeds.rules.subjects import Subject, SubjectKind, address, read_subject, subscribe_path, webcal
from service.feeds.rules.window import AHEAD, BACK
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
OPTIONS = tuple(each.name for each in fields(Form) if each.name != "year")


class NewFeed(Sent):
    """A subscription to be made. Exactly one of unit, plan, group and jurisdiction says what it is about."""

    model_config = ConfigDict(json_schema_extra=one_of(*SUBJECTS))

    unit: MemberCode | None = None
    plan: Slug | None = None
    group: MemberCode | None = None
    jurisdiction: Code | None = None
    component: Component = Field(Component.VEVENT, description="Google, Outlook and iOS show events only.")
    lang: Language = Language.ZH
    content: Content = Field(Content.FULL, description="How much it lets out: titles; who answers; everything.")
    cancel: Cancel = Field(Cancel.CANCELLED, description="`confirmed` for Google, which hides cancelled entries.")
    alarms: Switch = Field(
        Switch.OFF, description="At 09:00 of the last workday before. Google and Outlook drop alarms of subscriptions."
    )
    changes: Switch = Field(Switch.OFF, description="An entry that says what changed this week.")
    rich: Switch = Field(Switch.OFF, description="Source and participants as properties that few programs know yet.")
    expand: Expand = Field(Expand.CLIFFS, description="`all` shows each entry of a day with very many.")
    rollup: int = Field(ROLLED_UP_ABOVE, ge=2, le=1_000, description="Above so many a day becomes one entry.")
    back: int = Field(BACK, ge=0, le=LONGEST_WINDOW, description="Days before today.")
    ahead: int = Field(AHEAD, ge=0, le=LONGEST_WINDOW, description="Days after today.")
    unused_days: int = Field(UNUSED_DAYS, ge=0, le=3_660, description="Closed when unused for so long; 0: never.")
    stale_after_hours: int = Field(
        STALE_HOURS, ge=0, le=8_760, description="A moved date that was not fetched in time is an event; 0: never."
    )
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
    lang: Language
    content: Content
    cancel: Cancel
    alarms: Switch
    changes: Switch
    rich: Switch
    expand: Expand
    rollup: int
    back: int
    ahead: int
    unused_days: int
    stale_after_hours: int
    label: str
    url: str
    webcal_url: str
    subscribe_url: str = Field(description="A page to hand on: how to subscribe, for every program.")
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None = Field(description="Since then its addresses answer 410.")


class FetchShape(Shape):
    """A program that fetches a subscription."""

    program: str = Field(description="`apple`, `thunderbird`, `google`, `outlook-web` and so on; `other`.")
    replaced: bool = Field(description="It still uses an address that was rotated away.")
    first_at: datetime
    fetched_at: datetime = Field(description="The last time, to within three hours.")
    revision: int = Field(description="What it got then.")
    is_current: bool = Field(description="It has everything that there is.")


class LedgerShape(Shape):
    """What is known of a subscription's use. `revision` is how often what it shows has changed."""

    revision: int
    entries: int
    bytes: int = Field(description="Of those entries that were rendered already, uncompressed.")
    warnings: list[str]
    last_fetched_at: datetime | None
    last_program: str | None
    replaced_until: datetime | None = Field(description="Until then an address before the present one works.")
    fetches: list[FetchShape] = Field(description="The latest first, one for each address and program.")


class FindingShape(Shape):
    """Something that programs stumble over."""

    severity: Literal["error", "warning"]
    line: int = Field(description="Of the file, from 1; 0: of the file as a whole.")
    message: str


class CheckShape(Shape):
    """What a subscription's address answers now."""

    status: int
    entries: int
    bytes: int
    changed_at: datetime | None
    findings: list[FindingShape]


class ListedFeed(FeedShape):
    """A subscription with what is known of its use."""

    ledger: LedgerShape


class Rotation(Sent):
    """How the address before goes on."""

    overlap_days: int = Field(OVERLAP_DAYS, ge=0, le=365, description="It works on so long, and says so.")


def _shape(gate: Gate, row: Feed) -> FeedShape:
    subject = read_subject(row.subject)
    about = {kind: subject.code if subject.kind == kind else None for kind in SUBJECTS}
    token = links.current_token(row, secret=gate.secret)
    url = address(gate.settings.public_url, token=token, subject=subject)
    form = read_form(row.options) or Form()
    return FeedShape(
        id=row.id,
        unit=about["unit"],
        plan=about["plan"],
        group=about["group"],
        jurisdiction=about["jurisdiction"],
        **{name: getattr(form, name) for name in OPTIONS},
        unused_days=row.unused_days,
        stale_after_hours=row.stale_after_hours,
        label=row.label,
        url=url,
        webcal_url=webcal(url),
        subscribe_url=f"{gate.settings.public_url}{subscribe_path(token=token)}",
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )


def _ledger(row: Feed, account: Account) -> LedgerShape:
    last = account.last
    return LedgerShape(
        revision=account.revision,
        entries=account.entries,
        bytes=account.size,
        warnings=list(account.warnings),
        last_fetched_at=last.fetched_at if last else None,
        last_program=last.program if last else None,
        replaced_until=account.replaced_until,
        fetches=[
            FetchShape(
                program=each.program,
                replaced=each.generation < row.generation,
                first_at=each.first_at,
                fetched_at=each.fetched_at,
                revision=each.revision,
                is_current=each.revision >= account.revision,
            )
            for each in account.fetches
        ],
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
    now: Now,
    request: Request,
    unit: CodeQuery = None,
    plan: CodeQuery = None,
    limit: Limit = ANY_LIMIT,
    cursor: Cursor = None,
) -> Page[ListedFeed]:
    """Subscriptions, the oldest first, revoked ones too; each with its size and with who fetched it when."""
    about = [str(Subject(kind, code)) for kind, code in ((SubjectKind.UNIT, unit), (SubjectKind.PLAN, plan)) if code]
    within = frozenset(await subtree(session, actor.jurisdiction)) if actor.jurisdiction else None
    rows = await store.list_feeds(
        session,
        where=store.FeedFilter(subjects=tuple(about), within=within),
        after=decode_instant_cursor(cursor),
        limit=limit + 1,
    )
    page = cut(rows, limit, _order)
    gate = gate_of(request)
    told = await accounts(session, page.items, today=_today(gate, now), now=now)
    items = [ListedFeed(**_shape(gate, row).model_dump(), ledger=_ledger(row, told[row.id])) for row in page.items]
    return Page(items=items, next=page.next)


def _today(gate: Gate, now: datetime) -> date:
    return now.astimezone(ZoneInfo(gate.settings.timezone)).date()


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
        form=Form(**{name: getattr(wanted, name) for name in OPTIONS}),
        label=wanted.label,
        expires_at=wanted.expires_at,
        unused_days=wanted.unused_days,
        stale_after_hours=wanted.stale_after_hours,
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


@router.get("/{feed_id:name}/fetches")
async def get_fetches(feed_id: PathId, actor: Editor, session: Reading, now: Now, request: Request) -> LedgerShape:
    """Who fetched a subscription when, and what they got."""
    feed = await store.get_feed(session, feed_id)
    await require_edit(session, actor, feed.jurisdiction)
    told = await accounts(session, [feed], today=_today(gate_of(request), now), now=now)
    return _ledger(feed, told[feed.id])


@router.get("/{feed_id:name}/check")
async def check_feed(feed_id: PathId, actor: Editor, session: Reading, request: Request) -> CheckShape:
    """What a subscription's address answers now, and whether programs can read it: by the rules of our own tests."""
    feed = await store.get_feed(session, feed_id)
    await require_edit(session, actor, feed.jurisdiction)
    found = await check(request.app.state.desk, _shape(gate_of(request), feed).url)
    return CheckShape(
        status=found.status,
        entries=found.entries,
        bytes=found.size,
        changed_at=found.changed_at,
        findings=[
            FindingShape(severity=each.severity, line=each.line, message=each.message) for each in found.findings
        ],
    )


@router.post("/{feed_id:name}:rotate")
async def rotate_feed(
    feed_id: PathId,
    actor: Editor,
    session: Creating,
    now: Now,
    request: Request,
    response: Response,
    wanted: Rotation | None = None,
) -> FeedShape:
    """Give a subscription a new address. The one before works on, for 30 days if nothing else is said."""
    feed = await store.get_feed_locked(session, feed_id)
    overlap_days = (wanted or Rotation()).overlap_days
    await links.rotate_feed(session, actor, feed, secret=gate_of(request).secret, now=now, overlap_days=overlap_days)
    response.headers["ETag"] = etag(feed.revision)
    return _shape(gate_of(request), feed)


@router.delete("/{feed_id:name}", status_code=HTTPStatus.NO_CONTENT)
async def revoke_feed(feed_id: PathId, actor: Editor, session: Writing, now: Now) -> None:
    """Close all addresses of a subscription: they answer 410 from now on. It stays in the list."""
    feed = await store.get_feed_locked(session, feed_id)
    await links.revoke_feed(session, actor, feed, now=now)
