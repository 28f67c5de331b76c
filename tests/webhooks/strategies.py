"""Events of every sort, with any text that a database can store."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from service.milestones.rules import MilestoneKind, Role
from service.progress.rules import ProgressStatus
from service.webhooks.rules.events import Event, EventType, OccurrenceNotice, ProgressNews
from service.webhooks.rules.examples import example
from service.webhooks.rules.parts import Cause, CauseKind, MilestonePart, OccurrencePart, PlanPart, UnitPart

# Machines that test are busy: how long an example takes there says nothing about it.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2024, 10, 1, tzinfo=UTC)

instants = st.integers(946_684_800, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
days = st.dates(date(2000, 1, 1), date(2100, 1, 1))
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=300)
# What markdown, mentions and mark-up are made of, thick on the ground.
MARKUP = (
    *(
        "<at id=all></at>",
        "<@all>",
        "@所有人",
        "[点我](https://evil.example)",
        "**",
        "# ",
        "> ",
        "`",
        "\n",
        "\r",
        "&lt;",
    ),
    *("<font color=warning>", "![](x)", "\u202e", "\u200b", "https://evil.example", "三(四)", "评估", "😀", "e\u0301"),
)
hostile = st.lists(st.sampled_from(MARKUP), max_size=20).map("".join)

units = st.builds(
    UnitPart,
    code=st.sampled_from(["chongming.justice", "chongming.towns", "baoshan.justice"]),
    name=texts | hostile,
    role=st.sampled_from(Role),
    status=st.sampled_from(ProgressStatus),
)
plans = st.builds(
    PlanPart, slug=st.sampled_from(["one", "two"]), title=texts | hostile, jurisdiction=st.just("chongming")
)
milestones = st.builds(
    MilestonePart,
    id=st.sampled_from(["ms_a", "ms_b", "ms_c"]),
    ref=hostile,
    title=texts | hostile,
    kind=st.sampled_from(MilestoneKind),
)


@st.composite
def notices(draw: st.DrawFn) -> Event:
    """A due soon, due or overdue notice."""
    due_on = draw(days)
    occurrence = OccurrencePart(
        id=draw(st.sampled_from(["oc_a", "oc_b", "oc_c"])),
        period="2024",
        nominal_due_on=due_on,
        due_on=due_on,
        time_zone="Asia/Shanghai",
        url="https://milepost.example/occurrences/oc_a",
    )
    about = OccurrenceNotice(
        occurrence=occurrence,
        milestone=draw(milestones),
        plan=draw(plans),
        due_on=due_on,
        days_left=draw(st.integers(-400, 400)),
        units=tuple(draw(st.lists(units, max_size=30))),
    )
    fired_at = draw(instants)
    return Event(
        id=f"evt_{draw(st.integers(0, 10**6))}",
        type=draw(
            st.sampled_from([EventType.OCCURRENCE_DUE_SOON, EventType.OCCURRENCE_DUE, EventType.OCCURRENCE_OVERDUE])
        ),
        timestamp=fired_at,
        about=about,
        cause=Cause(kind=CauseKind.FIRING),
        fired_at=fired_at,
        scheduled_for=fired_at - timedelta(seconds=draw(st.integers(0, 10**6))),
    )


@st.composite
def progress(draw: st.DrawFn) -> Event:
    """A unit's report, with any note."""
    unit = draw(units)
    told = example(EventType.PROGRESS_UPDATED)
    assert isinstance(told.about, ProgressNews)
    about = ProgressNews(
        occurrence=told.about.occurrence,
        milestone=draw(milestones),
        plan=draw(plans),
        due_on=None,
        days_left=None,
        units=(unit,),
        unit=unit,
        previous_status=ProgressStatus.PENDING,
        note=draw(texts | hostile),
    )
    return Event(
        id="evt_1",
        type=EventType.PROGRESS_UPDATED,
        timestamp=draw(instants),
        about=about,
        cause=Cause(kind=CauseKind.CHANGE),
        fired_at=NOW,
    )


events = st.sampled_from(EventType).map(example) | notices() | progress()
