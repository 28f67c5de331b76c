"""Tasks of documents in the forms that offices use: who answers for them, and when they are due."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.due.spec import print_text
from service.phrases.values import Setting
from service.reading.rules.items import Item, find_items

HERE = Setting(year=2024)

BRACKETS = """关于加强窗口服务的工作方案
一、主要目标
到2025年底,窗口服务明显改善。
二、任务和分工
(一)改善服务
1.设立窗口
各镇设立综合窗口,统一受理标准。(责任单位:区政务办、各乡镇人民政府,完成时间:2024年10月底前)
公开办事指南,5个工作日内答复。(牵头单位:区政务办;责任单位:区司法局、区财政局等部门;完成时限:每年3月)
2.培训人员
每年举办两期培训。(区司法局牵头,区财政局、区教育局按职责分工负责,2025年6月前完成)
(二)保障
加强经费保障。(区财政局负责)
"""

RUN_TOGETHER = (
    "现将任务分解如下：一、建设码头。建成两个泊位。牵头单位：区港口办配合单位：区海事处实施单位：港务公司、交通公司"
    "完成时限：2024年11月底二、改造仓库。分两期改造，3小时内完成装卸。牵头单位：区商务局配合单位：区港口办"
    "完成时限：2025年4月三、办好展会。每年一届。牵头单位：区商务局完成时限：常态化实施四、总结。牵头单位：区府办完成时限：年底前"
)

FIRST_LEADS = """一、支持企业
（一）减轻负担。2024年1月1日至12月31日，减半收取费用。（财政部门、税务部门负责。列第一位者为牵头单位，下同）
（二）发放补贴。补贴按《办法（2016年本）》执行。（人社部门、财政部门负责）
（三）加强宣传。（各市、县人民政府负责）
"""

TABLE = """工作任务 | 时序进度 | 考核要点 |
修订制度 | 3月 完成初稿 | 初稿 |
4-7月：征求意见 | 意见汇总 |
全年，执行制度 | 记录 |
12-1月：总结 | 报告 |
"""

PROSE = """一、总体要求
到2026年，全面完成改造。
二、工作任务
1.摸底排查。各镇进行排查，建立台账。该项工作于2024年4月底前完成。
2.全面整改。原则上于2024年6月底前完成移交；需要新建的，12月底前开工，2025年12月底前竣工。
3.督促检查。对落实情况进行检查，近五年的资料一并归档。
"""


def _shown(text: str, item: Item) -> tuple[str, list[tuple[str, str]], str | None]:
    units = [(text[unit.start : unit.end], unit.role.value) for unit in item.units]
    return item.path, units, print_text(item.due.reading.due) if item.due else None


def test_brackets_behind_paragraphs_name_units_and_dates() -> None:
    assert [_shown(BRACKETS, item) for item in find_items(BRACKETS, HERE)] == [
        ("二(一)1", [("区政务办", "responsible"), ("各乡镇人民政府", "responsible")], "2024-10 by_end"),
        (
            "二(一)1",
            [("区政务办", "lead"), ("区司法局", "responsible"), ("区财政局", "responsible")],
            "FREQ=YEARLY;BYMONTH=3 during",
        ),
        (
            "二(一)2",
            [("区司法局", "lead"), ("区财政局", "responsible"), ("区教育局", "responsible")],
            "2025-06 before",
        ),
        ("二(二)", [("区财政局", "responsible")], None),
    ]


def test_labels_that_run_together_without_separators() -> None:
    assert [_shown(RUN_TOGETHER, item) for item in find_items(RUN_TOGETHER, HERE)] == [
        (
            "一",
            [("区港口办", "lead"), ("区海事处", "support"), ("港务公司", "responsible"), ("交通公司", "responsible")],
            "2024-11 by_end",
        ),
        ("二", [("区商务局", "lead"), ("区港口办", "support")], "2025-04 during"),
        ("三", [("区商务局", "lead")], "open"),
        ("四", [("区府办", "lead")], "2024 by_end"),
    ]


def test_a_note_makes_the_first_unit_of_every_list_the_lead() -> None:
    assert [_shown(FIRST_LEADS, item) for item in find_items(FIRST_LEADS, HERE)] == [
        ("一(一)", [("财政部门", "lead"), ("税务部门", "responsible")], "2024-01-01/2024-12-31 during"),
        ("一(二)", [("人社部门", "lead"), ("财政部门", "responsible")], None),
        ("一(三)", [("各市、县人民政府", "responsible")], None),
    ]


def test_rows_of_a_flattened_table() -> None:
    assert [_shown(TABLE, item)[2] for item in find_items(TABLE, HERE)] == [
        "2024-03 during",
        "2024-04/2024-07 during",
        "2024 during",
        "2024-12/2025-01 during",
    ]


def test_prose_without_labels_leaves_out_the_goals_and_takes_the_last_date() -> None:
    items = find_items(PROSE, HERE)
    assert [_shown(PROSE, item)[2] for item in items] == ["2024-04 by_end", "2025-12 by_end", None]
    assert [each.text for each in items[1].others] == ["原则上于2024年6月底前", "12月底前"]


@pytest.mark.parametrize(
    "text",
    (
        "",
        "\n\n",
        "一、",
        "(((((((((",
        "牵头单位:" * 50,
        "完成时限：" * 3 + "牵头单位:完成时限：",
        "一、二、三、四、" * 20,
    ),
)
def test_text_without_tasks_gives_none_or_ends(text: str) -> None:
    assert all(item.start < item.end for item in find_items(text, HERE))


NUMBERS = ("一、", "(一)", "1.", "①")
LABELS = ("牵头单位:", "责任单位：", "完成时限：", "负责")
WORDS = ("由", "各镇要于", "牵头", "整改目标：", "第一阶段：")
PIECES = st.sampled_from(
    (*NUMBERS, *LABELS, *WORDS, "区司法局", "2024年10月底前", "每年", "、", "，", "(", ")", "\n", " | ", "。")
)


@given(st.lists(PIECES, max_size=60).map("".join))
@settings(max_examples=150, deadline=None)
def test_whatever_is_read_keeps_its_places_and_reads_the_same_twice(text: str) -> None:
    items = find_items(text, HERE)
    assert items == find_items(text, HERE)
    for item in items:
        assert 0 <= item.start <= item.end <= len(text)
        assert all(item.start <= unit.start < unit.end <= item.end for unit in item.units)
