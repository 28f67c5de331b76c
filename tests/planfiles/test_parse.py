"""Reading plan files: what is understood, and what each mistake is told."""

from datetime import date

import pytest

from service.due.spec import parse as due
from service.kit.errors import Fault, Invalid
from service.planfiles.rules.faults import PlanFileFaults, PlanFileTooLarge
from service.planfiles.rules.parse import parse_plan_file, parse_plan_mapping
from service.planfiles.rules.shapes import MemberShape, PlanFile, SourceShape

PLAN = "milepost: 1\nplan: {slug: p, title: t, jurisdiction: a, period: 2024-01-01/2024-12-31}\n"
OPEN_PLAN = "milepost: 1\nplan: {slug: p, title: t, jurisdiction: a}\n"


def read(text: str | bytes, *, limit: int = 1_000_000) -> PlanFile:
    return parse_plan_file(text, file="plan.yaml", limit=limit)


def faults(text: str | bytes) -> tuple[Fault, ...]:
    with pytest.raises(PlanFileFaults) as raised:
        read(text)
    return raised.value.faults


def only_fault(text: str | bytes) -> Fault:
    found = faults(text)
    assert len(found) == 1, found
    return found[0]


def test_a_whole_plan_is_read() -> None:
    file = read(
        """\
milepost: 1
groups:
  - code: a.all
    name: 各单位
    vague: true
    members: [a.x, {member: a.y, from: 2024-01-01}]
plan:
  slug: p
  title: 方案
  jurisdiction: a
  published_on: 2024-02-23
  period: 2024-01-01/2024-12-31
  time_zone: Asia/Shanghai
  source: {file: x.txt}
milestones:
  - key: 2.10
    title: NO
    due: {phrase: 2024, value: 2024, quota: {amount: 7.5, unit: 1}}
    responsible: [a.all]
    lines: [1, 2]
"""
    )
    assert file.groups[0].members == (MemberShape(member="a.x"), MemberShape(member="a.y", from_on=date(2024, 1, 1)))
    assert file.groups[0].vague is True
    assert file.plan is not None
    assert file.plan.period == (date(2024, 1, 1), date(2024, 12, 31))
    assert file.plan.source == SourceShape(file="x.txt")
    milestone = file.milestones[0]
    assert (milestone.key, milestone.title, milestone.lines) == ("2.10", "NO", (1, 2))
    assert milestone.due == due({"phrase": "2024", "value": "2024", "quota": {"amount": 7.5, "unit": "1"}})
    assert (milestone.where.file, milestone.where.line, milestone.where.column) == ("plan.yaml", 16, 5)


def test_json_is_read_with_positions_and_rare_characters() -> None:
    text = '{"milepost": 1,\n\t"units": [{"code": "a.b", "name": "\\ud840\\udc0b\\/x", "kind": null}]}'
    unit = read(text).units[0]
    assert (unit.name, unit.kind, unit.where.line, unit.where.column) == ("𠀋/x", "department", 2, 12)


def test_decoded_json_is_read_the_same_way() -> None:
    assert parse_plan_mapping({"milepost": 1, "units": [{"code": "a.b", "name": "x"}]}) == read(
        "milepost: 1\nunits: [{code: a.b, name: x}]"
    )
    with pytest.raises(PlanFileFaults) as raised:
        parse_plan_mapping({"milepost": 1, "units": [{"code": "a.b", "name": 5, "vague": True}]}, file="body")
    assert [(fault.path, fault.line) for fault in raised.value.faults] == [("units[0].vague", 0)]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    file = read("\ufeffmilepost: 1\r\nunits:\r\n  - code: a.b\r\n    name: x\r\n".encode())
    assert file.units[0].name == "x"


def test_empty_fields_and_sections_are_as_good_as_absent() -> None:
    text = "milepost: 1\nunits:\ngroups: []\nplan: ~\njurisdictions: [{code: a, name: x, parent: , aliases: null}]"
    assert read(text).jurisdictions[0].parent is None


def test_every_fault_is_told_at_once_in_the_order_of_the_text() -> None:
    found = faults(
        """\
milepost: 1
plan:
  slug: P
  titel: t
  jurisdiction: a
  period: 2025-01-01/2024-01-01
milestones:
  - key: 1
    title: x
    due: {value: 2024-02-30}
  - key: 1
    lines: [0]
"""
    )
    assert [(fault.line, fault.column, fault.path) for fault in found] == [
        (3, 3, "plan"),
        (3, 9, "plan.slug"),
        (4, 3, "plan.titel"),
        (6, 11, "plan.period"),
        (10, 18, "milestones[0].due.value"),
        (11, 5, "milestones[1]"),
        (11, 10, "milestones[1].key"),
        (12, 13, "milestones[1].lines[0]"),
    ]


def test_a_fault_prints_as_file_line_column_path_and_sentence() -> None:
    fault = only_fault("milepost: 1\nplan: {slug: p, title: t, jurisdiction: a, status: done}")
    assert str(fault) == (
        "plan.yaml:2:52: plan.status: 'done' is none of the allowed values; write draft, published or archived."
    )


@pytest.mark.parametrize(
    ("text", "path", "message"),
    (
        ("", "", "The file is empty; a plan file begins with 'milepost: 1'."),
        ("units: []", "milepost", "The version of the format is missing; begin with 'milepost: 1'."),
        ("milepost: 2", "milepost", "No version '2' of the format is known; write 'milepost: 1'."),
        ("- a", "", "A plan file begins with 'milepost: 1', followed by its sections."),
        ("milepost: 1\nunit: []", "unit", "'unit' is no field of a plan file; did you mean 'units'?"),
        ("milepost: 1\nunits: a", "units", "A list belongs under 'units'; begin each entry with '- '."),
        ("milepost: 1\nunits: [a.b]", "units[0]", "A unit is written as fields, such as 'code: …'."),
        ("milepost: 1\nunits: [{code: a.b}]", "units[0]", "A unit needs a 'name'; add 'name: …'."),
        ("milepost: 1\nunits: [{code: a.b, name: ' '}]", "units[0]", "A unit needs a 'name'; add 'name: …'."),
        (
            "milepost: 1\nunits: [{code: a.b, name: x, zzz: 1}]",
            "units[0].zzz",
            "'zzz' is no field of a unit; the fields are code, name, aliases, kind, note.",
        ),
        (
            "milepost: 1\nunits: [{code: justice, name: x}]",
            "units[0].code",
            "'justice' is no code of a unit or group; write one like 'chongming.justice'.",
        ),
        (
            "milepost: 1\njurisdictions: [{code: 崇明, name: x}]",
            "jurisdictions[0].code",
            "'崇明' is no jurisdiction code; write one like 'chongming'.",
        ),
        (
            "milepost: 1\nunits: [{code: a.b, name: x}]\ngroups: [{code: a.b, name: y}]",
            "groups[0].code",
            "The unit or group 'a.b' stands twice in this file, first on line 2; keep one, or rename it.",
        ),
        (
            "milepost: 1\nunits: [{code: a.b, name: x, aliases: [y, z, y]}]",
            "units[0].aliases[2]",
            "'y' stands twice in this list; remove one.",
        ),
        (
            "milepost: 1\nunits: [{code: a.b, name: x, aliases: y}]",
            "units[0].aliases",
            "A list belongs here; write it as [one, two].",
        ),
        ("milepost: 1\nunits: [{code: a.b, name: [x]}]", "units[0].name", "A single value belongs here, not a list."),
        (
            'milepost: 1\nunits: [{code: a.b, name: "x\\u0007"}]',
            "units[0].name",
            "This text contains the control character U+0007; remove it.",
        ),
        (
            'milepost: 1\nunits: [{code: a.b, name: "x\\ny"}]',
            "units[0].name",
            "This text breaks over several lines; write it on one line.",
        ),
        (
            f"milepost: 1\nunits: [{{code: a.b, name: {'x' * 101}}}]",
            "units[0].name",
            "This text has 101 characters, but at most 100 are kept; shorten it.",
        ),
        (
            "milepost: 1\ngroups: [{code: a.b, name: x, vague: yes}]",
            "groups[0].vague",
            "'yes' is neither true nor false; write one of them, without quotes.",
        ),
        (
            "milepost: 1\ngroups: [{code: a.b, name: x, members: [a.b]}]",
            "groups[0].members",
            "The group 'a.b' contains itself: a.b → a.b.",
        ),
        (
            "milepost: 1\ngroups:\n  - {code: a.b, name: x, members: [a.c]}\n"
            "  - {code: a.c, name: x, members: [{member: a.b, until: 2020-01-01}]}",
            "groups[0].members",
            "The group 'a.b' contains itself: a.b → a.c → a.b.",
        ),
        (
            "milepost: 1\n"
            "groups: [{code: a.b, name: x, members: [{member: a.c, from: 2024-02-01, until: 2024-01-01}]}]",
            "groups[0].members[0]",
            "The membership ends on 2024-01-01, before it begins on 2024-02-01.",
        ),
        (
            "milepost: 1\ngroups: [{code: a.b, name: x, members: [a.c, {member: a.c, from: 2024-02-01}]}]",
            "groups[0].members[1]",
            "'a.c' is a member twice at the same time; keep one, or separate their dates.",
        ),
        (
            "milepost: 1\nplan: {slug: p, title: t, jurisdiction: a, published_on: 2024年2月3日}",
            "plan.published_on",
            "'2024年2月3日' is no date; write year, month and day as '2024-02-03'.",
        ),
        (
            "milepost: 1\nplan: {slug: p, title: t, jurisdiction: a, published_on: 2024-02-30}",
            "plan.published_on",
            "2024-02-30 is not a date: February 2024 has 29 days.",
        ),
        (
            "milepost: 1\nplan: {slug: p, title: t, jurisdiction: a, period: 2024}",
            "plan.period",
            "'2024' is no period; write its first and last day as '2023-01-01/2025-12-31'.",
        ),
        (
            "milepost: 1\nplan: {slug: p, title: t, jurisdiction: a, period: 2025-01-01/2024-12-31}",
            "plan.period",
            "The period ends on 2024-12-31, before it begins on 2025-01-01; write the first day first.",
        ),
        (
            "milepost: 1\nplan: {slug: p, title: t, jurisdiction: a, time_zone: ../../etc/passwd}",
            "plan.time_zone",
            "'../../etc/passwd' is no IANA time zone; write one like 'Asia/Shanghai'.",
        ),
        (
            "milepost: 1\nplan: {slug: p, title: t, jurisdiction: a, superior: p}",
            "plan.superior",
            "A plan cannot implement itself; name the plan above, or remove 'superior'.",
        ),
        (
            "milepost: 1\nplan: {slug: p, title: t, jurisdiction: a, source: {url: 'javascript:x'}}",
            "plan.source.url",
            "A source's url begins with http:// or https://.",
        ),
        (
            "milepost: 1\nplan: {slug: p, title: t, jurisdiction: a, default_due: {rrule: FREQ=YEARLY;COUNT=2}}",
            "plan.default_due",
            "A plan's default due date cannot recur; give each duty its own 'due'.",
        ),
        (
            "milepost: 1\nmilestones: [{key: 1, title: x}]",
            "milestones",
            "Milestones belong to a plan, but this file has none; add a 'plan' section.",
        ),
        (
            PLAN + "milestones: [{key: 1, title: x, parent: 2}]",
            "milestones[0].parent",
            "No milestone of this file has the key '2'; correct it, or add it.",
        ),
        (
            PLAN + "milestones: [{key: a, title: x, parent: b}, {key: b, title: x, parent: a}]",
            "milestones[0].parent",
            "The milestone 'a' is its own parent: a → b → a.",
        ),
        (
            PLAN + "milestones: [{key: 一, title: x}]",
            "milestones[0].key",
            "'一' is no milestone key; write one like '2.2.1-1'.",
        ),
        (
            PLAN + "milestones: [{key: 1, title: x, lead: [a.b, a.b]}]",
            "milestones[0].lead[1]",
            "'a.b' stands twice in this list; remove one.",
        ),
        (
            PLAN + "milestones: [{key: 1, title: x, implements: p/2}]",
            "milestones[0].implements",
            "A milestone cannot implement one of its own plan; name a milestone of the superior plan.",
        ),
        (
            PLAN + "milestones: [{key: 1, title: x, lines: [1.5]}]",
            "milestones[0].lines[0]",
            "'1.5' is no line number; write a whole number from 1.",
        ),
    ),
)
def test_each_mistake_is_named_with_what_would_be_right(text: str, path: str, message: str) -> None:
    fault = only_fault(text)
    assert (fault.path, fault.message) == (path, message)


@pytest.mark.parametrize(
    ("written", "path", "column"),
    (
        ("{value: 2024-13}", "milestones[0].due.value", 46),
        ("{value: 2024, quota: {count: 0}}", "milestones[0].due.quota.count", 67),
        ("{value: 2024, boundry: before}", "milestones[0].due.boundry", 61),
        ("{value: 2024, rrule: FREQ=YEARLY}", "milestones[0].due.rrule", 59),
        ("{rrule: FREQ=YEARLY}", "milestones[0].due.rrule", 46),
        ("{within_term: plan}", "milestones[0].due.within_term", 52),
        ("2024-10", "milestones[0].due", 38),
    ),
)
def test_a_fault_in_a_due_specification_points_at_its_field(written: str, path: str, column: int) -> None:
    fault = only_fault(f"{OPEN_PLAN}milestones: [{{key: 1, title: x, due: {written}}}]")
    assert (fault.line, fault.column, fault.path) == (3, column, path)


def test_a_fault_of_a_faulty_item_is_not_told_twice() -> None:
    text = PLAN + "milestones: [{key: 1, title: [x], due: {value: x}}, {key: 2, title: y, parent: 1}]"
    assert [fault.path for fault in faults(text)] == ["milestones[0].title", "milestones[0].due.value"]


def test_a_member_that_left_may_come_back() -> None:
    text = (
        "milepost: 1\ngroups: [{code: a.b, name: x, members: "
        "[{member: a.c, until: 2024-01-31}, {member: a.c, from: 2024-02-01}]}]"
    )
    assert len(read(text).groups[0].members) == 2


def test_too_many_faults_are_counted_and_not_listed() -> None:
    found = faults("milepost: 1\n" + "".join(f"x{number}: 1\n" for number in range(500)))
    assert len(found) == 201
    assert found[-1].message == "300 more faults follow; correct these first."


def test_a_file_beyond_the_limit_is_too_large_whether_bytes_or_text() -> None:
    for text in ("milepost: 1 # 限", "milepost: 1 # 限".encode()):
        assert read(text, limit=17) == PlanFile()
        with pytest.raises(PlanFileTooLarge, match="17 bytes, but at most 16"):
            read(text, limit=16)


def test_faults_are_invalid_input_to_everybody_else() -> None:
    assert issubclass(PlanFileFaults, Invalid)
