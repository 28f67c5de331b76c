"""The forms in which plans are written: tables of every sort, label lines, brackets of every sort, timelines."""

import pytest

from service.due.spec import print_text
from service.reading.rules.document import read_text
from service.reading.rules.spans import to_spans

Shown = list[tuple[str, str, str | None]]


def shown(text: str) -> Shown:
    """The first words of each task, its units with the first letter of their role, its deadline."""
    read = read_text(text)
    return [
        (
            text[item.start : item.end].strip().split("\n")[0][:4],
            " ".join(f"{unit.role.value[0]}:{unit.name}" for unit in item.units),
            print_text(item.due.reading.due) if item.due else None,
        )
        for item in read.items
    ]


COLUMNS = """甲县2022年重点工作任务分解表
序号\t重点任务\t牵头单位\t配合单位\t责任领导\t完成时限
1\t整治河道\t县水利局\t县财政局、各乡镇\t张三\t2022年6月底前
疏浚沟渠\t县农业农村局\t\t李四\t10月底前完工
2\t修缮桥梁\t县交通局\t\t王五\t长期坚持
"""
SLASHES = """事项 / 责任单位 / 完成时间
编制目录 / 市财政局、市审计局 / 上半年
报送信息 / 各部门 / 每月25日前
公开结果 / 市财政局 / 9月15日前
（2023年3月1日印发）
"""
STACKED = """2022年任务表
序号
主要任务
责任单位
完成时间
1
建设云平台
市大数据局
2022年底前
2
归集数据
市公安局、市司法局
6月
"""
ONE_LINE = (
    "2022年检查表 序号 内容 责任单位 完成时限 1 检查油库 市应急局 5月底前"
    " 2 检查校车 市教育局 9月前 3 检查电梯 市市场监管局 每季度"
)
GLUED = """2020年推进表
序号工作内容完成时限牵头单位配合单位
淘汰锅炉12台3月区经发局区环土局
工地在线监测6月底前区建设局
完善网格体系年底前区环土局各镇街
"""
LABELS = """2022年乡村建设任务
任务1：编制规划
牵头单位：市农业农村局
配合单位：市发展改革委、
市财政局
完成时限：12月底
任务2：修建道路
责任单位：市交通局
责任领导：李某
完成时限：2025年底，并持续巩固
任务3：供水
责任单
位：市水务局
"""
BRACKETS = """关于2021年工作的安排
1.开展培训。【牵头单位：区司法局；责任单位：①区教育局②区民政局；完成时限：2021年5月】
2.建立台账。（由区财政局牵头、各镇街负责；6月底前完成）
3.新建公园2处。（区城管局、区水务局）
4.总结经验。（2021年12月底前完成，区府办牵头，区级有关部门配合）
"""
CLAUSES = """整改方案
一、压实责任
措施：（1）健全清单；（2）调度督促，2021年12月底前见效。
牵头单位：市环境局
责任单位：各县（市、区）人民政府
二、控制扬尘
责任单位：市城管局
三、治理污水（牵头单位：市住建局）
1.新建管网。
2.改造泵站，2022年6月底前投用。
"""
STAGES = """防汛方案（2022年）
一、时间安排
（一）动员阶段（2022年3月）。召开会议。
（二）排查阶段（4月—5月）。逐一排查。
（三）总结阶段（10月）。报送材料。
"""
AHEAD = """甲区2020年工作报告
一、主要成效
（一）修路20公里。年内完工。
二、存在的问题
资金不足。
三、2021年工作打算
（一）继续修路。
（二）架设桥梁，6月底前合龙。
"""
FIELDS = """2020年整改方案
一、管网建设滞后
责任单位：区水务局
整改目标：污水应收尽收。
整改时限：2020年12月底
整改措施：
（1）6月底前完成普查。
（2）改造管网。
二、油烟扰民
整改目标：投诉下降。
整改时限：9月15日前
整改措施：1.开展检查。
2.安装设备。
责任单位：区城管局
三、台账不全
责任单位：局办公室
整改措施：逐项补齐。
完成时限：长期坚持
"""
STEPS = """2023年整治方案
一、步骤
第一阶段：动员（2023年2月1日—2月28日）。召开会议。
第二阶段：整治（3月—10月）。对照清单整治。
"""
SENTENCES = """2022年自查工作通知
一、工作安排
（一）部署。各乡镇要于2022年4月15日前制定方案，建立由县政府牵头的协调机制。
（二）排查。由县住建局牵头，县财政局配合，5月底前报送清单。
（三）整改。最迟于9月30日前到位。县住建局、县审计局为责任单位。
（四）公开。由专人负责，及时公开。
"""


@pytest.mark.parametrize(
    ("text", "found"),
    (
        (
            COLUMNS,
            [
                ("1\t整治", "l:县水利局 s:县财政局 s:各乡镇", "2022-06 by_end"),
                ("疏浚沟渠", "l:县农业农村局", "2022-10 by_end"),
                ("2\t修缮", "l:县交通局", "open"),
            ],
        ),
        (
            SLASHES,
            [
                ("编制目录", "r:市财政局 r:市审计局", "2023-H1 during"),
                ("报送信息", "r:各部门", "FREQ=MONTHLY;BYMONTHDAY=25 before"),
                ("公开结果", "r:市财政局", "2023-09-15 before"),
            ],
        ),
        (
            STACKED,
            [("1", "r:市大数据局", "2022 by_end"), ("2", "r:市公安局 r:市司法局", "2022-06 during")],
        ),
        (
            ONE_LINE,
            [
                ("1 检查", "r:市应急局", "2022-05 by_end"),
                ("2 检查", "r:市教育局", "2022-09 before"),
                ("3 检查", "r:市市场监管局", "FREQ=MONTHLY;INTERVAL=3 during"),
            ],
        ),
        (
            GLUED,
            [
                ("淘汰锅炉", "l:区经发局 s:区环土局", "2020-03 during"),
                ("工地在线", "l:区建设局", "2020-06 by_end"),
                ("完善网格", "l:区环土局 s:各镇街", "2020 by_end"),
            ],
        ),
        (
            LABELS,
            [
                ("任务1：", "l:市农业农村局 s:市发展改革委 s:市财政局", "2022-12 by_end"),
                ("任务2：", "r:市交通局", "2025 by_end"),
                ("任务3：", "r:市水务局", None),
            ],
        ),
        (
            BRACKETS,
            [
                ("开展培训", "l:区司法局 r:区教育局 r:区民政局", "2021-05 during"),
                ("建立台账", "l:区财政局 r:各镇街", "2021-06 by_end"),
                ("新建公园", "r:区城管局 r:区水务局", None),
                ("总结经验", "l:区府办 s:区级有关部门", "2021-12 by_end"),
            ],
        ),
        (
            CLAUSES,
            [
                ("压实责任", "l:市环境局 r:各县(市、区)人民政府", "2021-12 by_end"),
                ("控制扬尘", "r:市城管局", None),
                ("治理污水", "l:市住建局", "2022-06 by_end"),
            ],
        ),
        (
            STAGES,
            [
                ("动员阶段", "", "2022-03 during"),
                ("排查阶段", "", "2022-04/2022-05 during"),
                ("总结阶段", "", "2022-10 during"),
            ],
        ),
        (
            FIELDS,
            [
                ("管网建设", "r:区水务局", "2020-12 by_end"),
                ("油烟扰民", "r:区城管局", "2020-09-15 before"),
                ("台账不全", "r:局办公室", "open"),
            ],
        ),
        (STEPS, [("第一阶段", "", "2023-02-01/2023-02-28 during"), ("第二阶段", "", "2023-03/2023-10 during")]),
        (
            SENTENCES,
            [
                ("部署。各", "r:各乡镇", "2022-04-15 before"),
                ("排查。由", "l:县住建局 s:县财政局", "2022-05 by_end"),
                ("整改。最", "r:县住建局 r:县审计局", "2022-09-30 before"),
                ("公开。由", "", None),
            ],
        ),
        (AHEAD, [("继续修路", "", "2021 during"), ("架设桥梁", "", "2021-06 by_end")]),
    ),
    ids=(
        "columns",
        "slashes",
        "stacked",
        "one line",
        "glued",
        "labels",
        "brackets",
        "clauses",
        "stages",
        "fields",
        "steps",
        "sentences",
        "ahead",
    ),
)
def test_a_form_is_read(text: str, found: Shown) -> None:
    assert shown(text) == found


def test_bare_places_have_the_default_that_the_document_sets_for_tasks_without_a_date() -> None:
    read = read_text(
        "甲区纲要（2021-2025年）\n一、任务\n（一）健全清单。公开目录。\n（二）改革体制，2022年年底前形成机制。\n"
        "各项任务，除有明确时间要求外，原则上都要在2024年年底前完成。\n"
    )
    spans = to_spans(read.text, read.items, default=read.head.default_due)["items"]
    assert [(one["due"]["value"], one["due"]["boundary"]) for one in spans] == [("2024", "by_end"), ("2022", "by_end")]


def test_labels_within_brackets_are_not_read_again_beside_those_outside() -> None:
    line = "{}.修路。（责任单位：区司法局，完成时限：2024年5月）\n责任单位：区教育局\n"
    text = "2024年计划\n一、任务\n" + "".join(line.format(number) for number in range(1, 4))
    units = [[unit.name for unit in item.units] for item in read_text(text).items]
    assert units == [["区司法局"], ["区教育局"]] * 3
