"""Tables as they lose their shape: merged cells, cells a line, letters apart, nothing between the cells."""

import pytest

from tests.reading.test_forms import Shown, shown

BARS_ALONE = """2023年公开任务
工作任务
|
具体要求
|
责任科室
|
时限要求
|
清理文件
|
1
|
公布现行目录。
|
办公室
|
年底前
|
2
|
编制年报。
|
综合科、各科室
|
每年1月底前
|
"""
MORE_CELLS = """2022年任务清单
工作任务 | 责任单位 | 时限要求 | ||
一、稳增长 | （一）减负担 | 1 | 公布政策，提供查询。 | 市税务局牵头，市财政局等部门配合 | 9月底前 |
2 | 通报案例，接受监督。 | 各县（市、区）政府负责落实 | 持续推进 | ||
（二）惠民生 | 3 | 发布信息。 | 市卫健委 | 年底前 | |
"""
EMPTY_CELLS = """2021年实事清单
项目\t举措\t责任单位\t完成时限
就业\t招聘会12场\t区人社局\t12月
\t开发岗位300个\t\t
\t技能培训\t区人社局\t
住房\t交付安置房\t区住建局\t9月30日前
"""
LETTERS_APART = """2016年量化指标
序号 工 作 任 务 牵头负责部门
1 新增就业1000万人 人社部
2 通光纤5万个村 工信部
3 水利工程20项 水利部
"""
GLUED = """2020年分解表
序号工作内容完成时限牵头单位责任单位
1淘汰锅炉15台6月底前市环境局各镇街
2机扫率达到85%全年市城管局各街道办事处
3修订预案10月市环境局市气象局
"""
STROKES = """某街道2020年计划
月份/工作内容/责任部门
1 月/述职评议/党建办
3-4 月/春训/党校、各支部
12月/考核/纪工委
"""
MONTHS = """2020年宣传月历
一月 宪法进机关 县司法局
六月 安全生产月宣传 县应急局、县公安局
12月，宪法日活动。
"""


@pytest.mark.parametrize(
    ("text", "found"),
    (
        (
            BARS_ALONE,
            [("清理文件", "r:办公室", "2023 by_end"), ("2", "r:综合科 r:各科室", "FREQ=YEARLY;BYMONTH=1 by_end")],
        ),
        (
            MORE_CELLS,
            [
                ("一、稳增", "l:市税务局 s:市财政局", "2022-09 by_end"),
                ("2 | ", "r:各县(市、区)政府", "open"),
                ("（二）惠", "r:市卫健委", "2022 by_end"),
            ],
        ),
        (
            EMPTY_CELLS,
            [
                ("就业\t招", "r:区人社局", "2021-12 during"),
                ("开发岗位", "r:区人社局", "2021-12 during"),
                ("技能培训", "r:区人社局", None),
                ("住房\t交", "r:区住建局", "2021-09-30 before"),
            ],
        ),
        (
            LETTERS_APART,
            [("1 新增", "l:人社部", None), ("2 通光", "l:工信部", None), ("3 水利", "l:水利部", None)],
        ),
        (
            GLUED,
            [
                ("1淘汰锅", "l:市环境局 r:各镇街", "2020-06 by_end"),
                ("2机扫率", "l:市城管局 r:各街道办事处", "2020 during"),
                ("3修订预", "l:市环境局 r:市气象局", "2020-10 during"),
            ],
        ),
        (
            STROKES,
            [
                ("1 月/", "r:党建办", "2020-01 during"),
                ("3-4 ", "r:党校 r:各支部", "2020-03/2020-04 during"),
                ("12月/", "r:纪工委", "2020-12 during"),
            ],
        ),
        (
            MONTHS,
            [
                ("一月 宪", "r:县司法局", "2020-01 during"),
                ("六月 安", "r:县应急局 r:县公安局", "2020-06 during"),
                ("12月，", "", "2020-12 during"),
            ],
        ),
    ),
    ids=("bars alone", "more cells than columns", "empty cells", "letters apart", "glued", "strokes", "months"),
)
def test_a_table_is_read(text: str, found: Shown) -> None:
    assert shown(text) == found


def test_a_title_with_a_colon_heads_no_column() -> None:
    lines = "".join(f"{number}.清理。\n主责部门：城管科　　协同部门：各社区\n" for number in (1, 2, 3))
    assert [units for _, units, _ in shown(f"2023年清单\n{lines}")] == ["l:城管科 s:各社区"] * 3


def test_headers_that_head_nothing_are_not_tried_for_ever() -> None:
    assert shown("任务\n单位\n时间\n甲\n" * 3_000) == []
