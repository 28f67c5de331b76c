"""Plan files that are valid and awkward: every field, and texts that YAML readers take for something else."""

from datetime import date

from hypothesis import strategies as st

from service.due.spec import DueSpec, parse
from service.planfiles.rules.shapes import (
    GroupShape,
    JurisdictionShape,
    MemberShape,
    MilestoneShape,
    PlanFile,
    PlanShape,
    SourceShape,
    UnitShape,
)
from service.reminders.rules.policy import parse_text

AWKWARD = (
    "null", "~", "Null", "true", "no", "NO", "on", "y", "2.10", "2025", "1e3", "0o17", "0x1F", "1_000", "017",
    ".5",
    "+.inf", ".nan", "17:00", "1:20:30", "2024-02-23", "2024-02-23T10:00:00", "=", "<<", "- a", "a: b", "a:",
    ":a", "#x", "a #b",
    "'", '"', "''", "\\n", "[a]", "{a: b}", "a, b", "!tag", "&a", "*a", "%a", "@a", "`a`", "|", ">", "?", "? a",
    "---", "...",
    "区司法局", "：", "“崇明”", "𡐓", "a\u3000b", "…", "a\u200bb", "\U0010ffff", "(一)1",
    "x" * 90, "FREQ=YEARLY;BYMONTH=3,9",
)  # fmt: skip
LETTERS = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufeff\ufffe\uffff")


def texts(longest: int) -> st.SearchStrategy[str]:
    free = st.text(LETTERS, min_size=1, max_size=longest)
    return (st.sampled_from(AWKWARD) | free).map(lambda text: text[:longest].strip()).filter(bool)


def notes() -> st.SearchStrategy[str]:
    lines = st.lists(st.sampled_from(AWKWARD) | st.text(LETTERS, max_size=20), min_size=1, max_size=4)
    return lines.map(lambda several: "\n".join(several).strip()).filter(bool)


WORDS = st.from_regex(r"[a-z][a-z0-9]{0,3}(-[a-z0-9]{1,3}){0,2}", fullmatch=True)
JURISDICTIONS = st.sampled_from(("chongming", "shanghai", "no", "null", "jing-hai", "y"))
CODES = st.builds(
    "{}.{}".format, JURISDICTIONS, st.sampled_from(("justice", "finance", "towns", "no", "e1", "on")) | WORDS
)
KEYS = st.sampled_from(("2.10", "1", "1e3", "2.2.1-1", "no", "2024-01-01", "0o17", "null")) | st.from_regex(
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}", fullmatch=True
)
DAYS = st.dates(date(1900, 1, 1), date(2999, 12, 31))
DUE = (
    {"value": "2025"}, {"value": "2023-12", "phrase": "2023年12月"}, {"value": "2024-06-30", "time": "17:00"},
    {"value": "2024-06-30", "time": "08:30", "boundary": "before"}, {"value": "2024-02-23/2024-03-24"},
    {"value": "2025-H1", "boundary": "by_end"}, {"value": "2025-Q3", "roll": "preceding"},
    {"open": True, "phrase": "no"},
    {"on_event": "收到司法建议"}, {"on_event": "null"}, {"within_term": "plan"},
    {"within_term": "office", "phrase": "a, b"},
    {"within_term": {"years": 3, "from": "2023-01-01"}, "quota": {"count": 1, "per": "人"}},
    {"value": "2024", "quota": {"amount": 7.5, "unit": "学时"}},
    {"value": "2024", "quota": {"amount": 0.000001}},
    {"value": "2024", "quota": {"ratio": 12, "bound": "at_most"}},
    {"value": "2024", "quota": {"count": 2, "unit": "1"}},
)  # fmt: skip
RULES = (
    {"rrule": "FREQ=YEARLY;BYMONTH=3"}, {"rrule": "FREQ=YEARLY;BYMONTH=3,9", "phrase": "每年3月、9月"},
    {"rrule": "FREQ=MONTHLY", "quota": {"count": 2}},
    {"rrule": "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=30", "boundary": "before"},
)  # fmt: skip
SINGLE_DUE = st.sampled_from([parse(mapping) for mapping in DUE])
REMINDERS = st.none() | st.sampled_from(
    [
        parse_text(line)
        for line in ("never", "0d", "-30d -7d -1d 0d +1d +7d", "-3wd +1wd at 08:30 roll none", "-1d at 00:00")
    ]
)
ANY_DUE: st.SearchStrategy[DueSpec] = SINGLE_DUE | st.sampled_from([parse(mapping) for mapping in RULES])


def several(of: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(of, unique=True, max_size=3).map(tuple)


@st.composite
def members(draw: st.DrawFn, among: list[str]) -> tuple[MemberShape, ...]:
    codes = draw(st.lists(st.sampled_from(among), unique=True, max_size=3))
    found = []
    for code in codes:
        first, last = sorted((draw(DAYS), draw(DAYS)))
        from_on, until_on = draw(st.sampled_from(((None, None), (first, None), (None, last), (first, last))))
        found.append(MemberShape(member=code, from_on=from_on, until_on=until_on))
    return tuple(found)


@st.composite
def registries(draw: st.DrawFn) -> PlanFile:
    homes = draw(st.lists(JURISDICTIONS, unique=True, max_size=2))
    codes = draw(st.lists(CODES, unique=True, max_size=6))
    jurisdictions = [
        JurisdictionShape(
            code=code,
            name=draw(texts(100)),
            parent=draw(st.none() | st.just("elsewhere")),
            aliases=draw(several(texts(20))),
        )
        for code in homes
    ]
    units = [
        UnitShape(
            code=code,
            name=draw(texts(100)),
            aliases=draw(several(texts(20))),
            kind=draw(st.sampled_from(("department", "party", "other"))),
            note=draw(st.none() | notes()),
        )
        for code in codes[:3]
    ]
    groups = [
        GroupShape(
            code=code,
            name=draw(texts(100)),
            note=draw(st.none() | notes()),
            vague=draw(st.booleans()),
            members=draw(members(["elsewhere.unit", *codes[: index + 3]])),
        )
        for index, code in enumerate(codes[3:])
    ]
    return PlanFile(jurisdictions=tuple(jurisdictions), units=tuple(units), groups=tuple(groups))


@st.composite
def plans(draw: st.DrawFn) -> PlanShape:
    days = sorted((draw(DAYS), draw(DAYS)))
    source = draw(
        st.sampled_from((SourceShape(file="no"), SourceShape(url="https://example.org/a?b=c#d", title="1"), None))
    )
    return PlanShape(
        slug=draw(st.sampled_from(("chongming-2023", "no", "null"))),
        title=draw(texts(200)),
        jurisdiction=draw(JURISDICTIONS),
        issuer=draw(st.none() | CODES),
        number=draw(st.none() | texts(100)),
        status=draw(st.sampled_from(("published", "draft"))),
        visibility=draw(st.sampled_from(("public", "private"))),
        published_on=draw(st.none() | DAYS),
        # A rule gives at most some thousand dates, and a plan lasts no millennium.
        period=(days[0], min(days[1], days[0].replace(year=days[0].year + 3, day=1))) if days[0].year < 2990 else None,
        time_zone=draw(st.sampled_from((None, "Asia/Shanghai", "UTC"))),
        before_month=draw(st.sampled_from(("inclusive", "exclusive"))),
        default_due=draw(st.none() | st.sampled_from([parse(DUE[0]), parse(DUE[2])])),
        reminders=draw(REMINDERS),
        superior=draw(st.sampled_from((None, "shanghai-2023"))),
        source=source,
        note=draw(st.none() | notes()),
    )


@st.composite
def plan_files(draw: st.DrawFn) -> PlanFile:
    """A valid plan file: registry, plan and milestones, any of them left out."""
    registry, plan = draw(registries()), draw(st.none() | plans())
    if plan is None:
        return registry
    keys = draw(st.lists(KEYS, unique=True, max_size=4))
    bounded = plan.period is not None and plan.period[0] < plan.period[1]
    milestones = [
        MilestoneShape(
            key=key,
            ref=draw(st.none() | texts(64)),
            title=draw(texts(200)),
            kind=draw(st.sampled_from(("task", "duty"))),
            due=draw(st.none() | _due_within(plan, bounded=bounded)),
            reminders=draw(REMINDERS),
            lead=draw(several(CODES)),
            responsible=draw(several(CODES)),
            support=draw(several(CODES)),
            parent=draw(st.none() | st.sampled_from(keys[:index])) if index else None,
            implements=draw(st.sampled_from((None, "shanghai-2023/2.10"))),
            lines=tuple(draw(st.lists(st.integers(1, 10_000_000), max_size=3))),
            hand_in=draw(st.none() | notes()),
            status=draw(st.sampled_from(("active", "cancelled"))),
            note=draw(st.none() | notes()),
        )
        for index, key in enumerate(keys)
    ]
    return PlanFile(
        jurisdictions=registry.jurisdictions,
        units=registry.units,
        groups=registry.groups,
        plan=plan,
        milestones=tuple(milestones),
    )


def _due_within(plan: PlanShape, *, bounded: bool) -> st.SearchStrategy[DueSpec]:
    if bounded:
        return ANY_DUE
    return st.sampled_from([parse(mapping) for mapping in DUE if mapping.get("within_term") != "plan"])
