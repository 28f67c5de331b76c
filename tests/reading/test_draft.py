"""Drafts: plan files that `apply` takes, with what each value was taken from and what to look at."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from service.due.spec import print_text
from service.planfiles.rules.emit import emit_plan_file
from service.planfiles.rules.parse import parse_plan_file
from service.planfiles.rules.shapes import MilestoneShape
from service.reading.rules.answer import to_json, to_yaml
from service.reading.rules.document import read_text
from service.reading.rules.draft import Draft, draft
from service.reading.rules.registry import Known, Place, Registry

TEXT = """青山区窗口服务提升工作方案
发布日期：2024-02-20
一、目标
到2026年底，群众满意度明显提高。窗口人员应当持证上岗。
二、任务
（一）改善环境
1.设立综合窗口，统一受理标准。（责任单位：区政务办、各乡镇人民政府，完成时间：2024年10月底前）
公开办事指南。各单位负责人每年至少参加1次轮岗。（责任单位：区司法局、区财政居等部门，完成时间：每年10月前）
（二）考核评估
2024年6月底前完成中期评估，2025年6月底前完成终期评估。（责任单位：区司法局，完成时间：2025年6月）
（三）宣传
发放手册，每年举办两期以上培训班。（责任单位：区司法局，完成时间：长期坚持）
"""
REGISTRY = Registry(
    [
        Known("qs.justice", "区司法局"),
        Known("qs.finance", "区财政局"),
        Known("qs.towns", "各乡镇人民政府", is_group=True),
    ],
    [Place("qs", "青山区")],
)


def drafted(text: str = TEXT, registry: Registry = REGISTRY) -> Draft:
    return draft(read_text(text), registry=registry, file="plan.txt")


def _shown(milestone: MilestoneShape) -> tuple[str, str | None, str | None, tuple[str, ...]]:
    due = print_text(milestone.due) if milestone.due else None
    return milestone.key, milestone.ref, due, milestone.responsible


def test_tasks_quotas_and_further_dates_become_milestones() -> None:
    found = drafted()
    both = ("qs.government-services", "qs.towns")
    unknown = next(unit.code for unit in found.file.units if unit.name == "区财政居")
    assert [_shown(one) for one in found.file.milestones] == [
        ("2.1.1-1", "二(一)1", "2024-10 by_end", both),
        ("2.1.1-2", "二(一)1", 'FREQ=YEARLY;BYMONTH=10 before count>=1 "次" per "负责人"', ("qs.justice", unknown)),
        ("2.2-1", "二(二)", "2025-06 by_end", ("qs.justice",)),
        ("2.2-1-p1", "二(二)", "2024-06 by_end", ("qs.justice",)),
        ("2.3-1", "二(三)", "open", ("qs.justice",)),
        ("2.3-1-q1", "二(三)", 'FREQ=YEARLY during count>=2 "期"', ("qs.justice",)),
    ]
    plan = found.file.plan
    assert plan
    assert (plan.jurisdiction, plan.title, plan.status) == ("qs", "青山区窗口服务提升工作方案", "draft")


def test_what_needs_a_persons_eye_comes_first() -> None:
    found = drafted()
    assert [one.weight for one in found.review] == sorted(one.weight for one in found.review)
    said = {one.code: one for one in found.review}
    assert said["unit_unknown"].message_zh.startswith("未登记的单位“区财政居”；最接近的有：区财政局")
    assert said["due_ambiguous"].milestone == "2.1.1-2"
    assert {"list_open", "several_dates", "obligation_unread"} <= set(said)
    assert [one.text for one in found.unread] == ["窗口人员应当持证上岗。"]


def test_every_value_carries_the_place_that_it_was_taken_from() -> None:
    found = drafted()
    told = found.evidence["2.1.1-1"]
    assert [(one.text, one.confidence.value) for one in told["due"]] == [("2024年10月底前", "exact")]
    assert [one.text for one in told["responsible"]] == ["区政务办", "各乡镇人民政府"]
    for fields in found.evidence.values():
        for several in fields.values():
            assert all(TEXT[one.start : one.end] == one.text for one in several)


def test_the_draft_is_a_plan_file_with_the_review_on_top() -> None:
    found = drafted()
    text = to_yaml(found, ["略去1处网页文字"])
    assert "# 略去1处网页文字\n" in text
    assert "# 【疑】第8行 2.1.1-2：" in text
    assert parse_plan_file(text.encode(), file="draft.yaml", limit=1 << 20) == found.file
    answer = to_json(found, kind="text", notes=(), characters=len(TEXT))
    assert answer["draft"]["plan"]["jurisdiction"] == "qs"
    assert answer["evidence"]["milestones"]["2.2-1-p1"]["due"][0]["value"] == "2024-06"


def test_without_a_registry_everything_is_drafted_as_new() -> None:
    found = drafted(registry=Registry())
    assert [place.name for place in found.file.jurisdictions] == ["青山区"]
    assert {unit.name for unit in found.file.units} == {"区政务办", "区司法局", "区财政居"}
    assert [group.name for group in found.file.groups] == ["各乡镇人民政府"]
    text = emit_plan_file(found.file)
    assert parse_plan_file(text.encode(), file="draft.yaml", limit=1 << 20) == found.file


LINES = [line for line in TEXT.split("\n") if line]
PIECES = st.one_of(
    st.sampled_from(LINES),
    st.sampled_from(
        ("一、", "（", "）", "\n", "每年至少1次", "完成时限：", "二四年", "13月45日前", "\x00", "\u2028", "、" * 60)
    ),
    st.text(max_size=12),
)


@given(st.lists(PIECES, max_size=25).map("".join))
@settings(max_examples=120, deadline=None)
def test_whatever_was_read_gives_a_file_that_can_be_read_and_the_same_one_again(text: str) -> None:
    found = drafted(text)
    written = to_yaml(found)
    assert parse_plan_file(written.encode(), file="draft.yaml", limit=1 << 22) == found.file
    assert to_yaml(drafted(text)) == written


def test_items_do_not_overlap_and_a_long_document_takes_its_time_in_proportion() -> None:
    items = read_text(TEXT * 30).items
    assert len(items) >= 100
    assert all(before.end <= after.start for before, after in pairwise(items))
