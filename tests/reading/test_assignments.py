"""Who and when, behind a task: what brackets, labels and last sentences hold beside names."""

import pytest

from tests.reading.test_forms import shown

# One task's text behind `1.`, in a document of 2023 → its units, its deadline.
TASKS = {
    "改造。（市水利局牵头；市财政局配合，6月底前完成方案，12月底前完工）": ("l:市水利局 s:市财政局", "2023-12 by_end"),
    "改造。（责任单位：市水利局及市直有关单位，各县政府，6月底前完成并长期坚持）": (
        "r:市水利局 r:市直有关单位 r:各县政府",
        "2023-06 by_end",
    ),
    "改造。（责任单位：市直有关部门、单位，各区政府。以下任务均需各区政府落实，不再列出）": (
        "r:市直有关部门、单位 r:各区政府",
        None,
    ),
    "改造。（市水利局、市财政局等市级有关部门按职责负责）": ("r:市水利局 r:市财政局", None),
    "改造。（2023年5月底前，市水利局、各镇）": ("r:市水利局 r:各镇", "2023-05 by_end"),
    "改造。（各县（市、区）政府负责；春节前、汛期前各开展一次）": ("r:各县(市、区)政府", 'event "汛期"'),
    "改造。责任单位：市水利局；各区县（市）委、政府": ("r:市水利局 r:各区县(市)委、政府", None),
    "改造。时间：3月至11月，雨季集中整治。责任单位：市水利局": ("r:市水利局", "2023-03/2023-11 during"),
    "改造。\n责任科室 水利科\n完成时限 每季度调度": ("r:水利科", "FREQ=MONTHLY;INTERVAL=3 during"),
    "改造。（市水利局、各镇；常备常新，随用随补）": ("r:市水利局 r:各镇", None),
    "改造。责任：市水利局（牵头）、市财政局": ("l:市水利局 r:市财政局", None),
    "改造。（责任单位：各承办单位；完成时限：6月、11月）": ("r:各承办单位", "2023-11 during"),
    "改造，每季度调度一次，12月底前完工。（市水利局负责）": ("r:市水利局", "2023-12 by_end"),
    "改造。责任单位：市水利局，各镇（街道）": ("r:市水利局 r:各镇(街道)", None),
    "改造。责任单位：市水利局，各镇党委和政府": ("r:市水利局 r:各镇党委和政府", None),
    "改造。责任单位：市水利局，市财政局）": ("r:市水利局 r:市财政局", None),
    "改造。\n责任单位市水利局市财政局\n完成时限长期坚持": ("r:市水利局 r:市财政局", "open"),
    "改造。（责\n    \n任单位：市水利局；目标时限：2季度）": ("r:市水利局", "2023-Q2 during"),
    "改造（1—2月）。验收。责任单位：市水利局。": ("r:市水利局", "2023-01/2023-02 during"),
    "改造。责任单位：市水利局；完成时限：主汛过后": ("r:市水利局", 'event "主汛过后"'),
}


@pytest.mark.parametrize(("task", "found"), TASKS.items())
def test_a_task_is_followed_by_who_and_when(task: str, found: tuple[str, str | None]) -> None:
    others = "".join(f"{number}.修路。（责任单位：市交通局）\n" for number in (2, 3))
    assert shown(f"2023年工作计划\n一、任务\n1.{task}\n{others}")[0][1:] == found


def test_a_last_sentence_of_names_and_dates_needs_no_bracket() -> None:
    text = (
        "2019年方案\n1.压减时间。省局牵头，省医院、各市（州）政府按职责负责，2019年3月底前完成。\n"
        "2.加强信用监管，省局负责，长期推进。\n"
    )
    assert [(units, due) for _, units, due in shown(text)] == [
        ("l:省局 r:省医院 r:各市(州)政府", "2019-03 by_end"),
        ("", None),
    ]


def test_numbers_follow_on_where_nothing_stands_between() -> None:
    text = (
        "2018年分解 一、节能1.改造锅炉。牵头单位：经发局配合单位：财政局2.建设光伏。牵头单位：经发局完成时限：2018年底"
        "3.淘汰电机。牵头单位：环保局完成时限：9月二、节水4.铺设管网3.5公里。牵头单位：规建局完成时限：持续推进"
    )
    assert shown(text) == [
        ("改造锅炉", "l:经发局 s:财政局", None),
        ("建设光伏", "l:经发局", "2018 by_end"),
        ("淘汰电机", "l:环保局", "2018-09 during"),
        ("铺设管网", "l:规建局", "open"),
    ]


def test_what_goes_on_behind_who_answers_belongs_to_the_task() -> None:
    text = "2016年方案\n" + "".join(f"{n}.修路（市局负责）。2017年底前完成。\n" for n in (1, 2, 3)) + "4.总结。\n"
    assert [due for _, _, due in shown(text)][:3] == ["2017 by_end"] * 3


def test_beside_tasks_with_units_those_that_name_a_date_are_read_too() -> None:
    text = "2019年方案\n一、任务\n" + "".join(f"（{n}）修路。（市局负责）\n" for n in "一二三")
    text += "二、安排\n（一）启动阶段（2019年5月）。动员。\n（二）总结。8月底前上报。\n（三）加强领导。\n"
    assert [(first, due) for first, _, due in shown(text)][3:] == [
        ("启动阶段", "2019-05 during"),
        ("总结。8", "2019-08 by_end"),
    ]


def test_a_heading_may_set_the_date_of_what_stands_below() -> None:
    text = "2021年清单\n一、1月底前完成的任务\n（一）定方案。（责任单位：市司法局）\n"
    text += "（二）建专班，3月底前到位。（市司法局负责）\n二、其他任务\n（三）推进共享。（责任单位：市数据局）\n"
    assert [due for _, _, due in shown(text)] == ["2021-01 by_end", "2021-03 by_end", None]


def test_lines_that_begin_with_a_month_are_due_in_it() -> None:
    text = "2021年安排\n" + "".join(f"{month}月：开展检查（质控办）\n" for month in "三六九")
    assert [due for _, _, due in shown(text)] == ["2021-03 during", "2021-06 during", "2021-09 during"]


def test_tasks_may_be_told_apart_by_their_word() -> None:
    text = "2022年清单\n" + "".join(f"任务{number}：建平台\n举措：1.规划；2.采购\n责任：市局\n" for number in "一二三")
    assert [(first, units) for first, units, _ in shown(text)] == [(f"任务{n}：", "r:市局") for n in "一二三"]


def test_articles_stand_within_chapters() -> None:
    text = "某办法\n第一章 总则\n第一条 制定本办法。\n第二章 管理\n第二条 应当在2012年6月底前移交。\n"
    assert [first for first, _, _ in shown(text)] == ["制定本办", "应当在2"]


def test_a_year_in_chinese_numerals_is_the_document_s() -> None:
    assert shown("某府发〔二〇二三〕十二号\n（一）核查。十月底前完成。\n") == [("核查。十", "", "2023-10 by_end")]
