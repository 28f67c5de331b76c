"""Cleaning: what the rules read keeps its places, and what a page put around a text is gone from it."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.reading.input import Document, read_document
from service.reading.input.cleaning import clean, unwrapped


def _read(text: str) -> Document:
    return read_document(text.encode(), "plan.txt")


SPELLINGS = {
    "區司法局牽頭，於2024年底前完成；顯著提昇著作覆蓋": "区司法局牵头，于2024年底前完成；显著提升著作覆盖",
    "乾隆年間、乾淨": "乾隆年间、干净",
    "2O24年1O月底前，l2月": "2024年10月底前，12月",
    "办公室OA系统每年O次": "办公室OA系统每年O次",
    "⾏政部⻔、人⺠政府⽉报": "行政部门、人民政府月报",
    "完成｡牵头､配合": "完成。牵头、配合",
    "责任\u200b单位\ufeff：": "责任 单位 ：",
}


@pytest.mark.parametrize(("written", "plain"), SPELLINGS.items())
def test_one_spelling_is_read_and_the_text_stays(written: str, plain: str) -> None:
    document = _read(written)
    assert (document.text, document.plain) == (written, plain)


FURNITURE = (
    "【字体：大 中 小】 【打印】 【关闭窗口】",
    "分享到：微信 新浪微博 QQ空间",
    "浏览次数：566次 字号:[大] [中] [小] 打印本页",
    "您所在的位置:新闻动态 > 法治建设",
    "当前位置：首页 > 政务公开 > 规划计划",
    "今天是:2019年10月31日 星期四",
    "上一篇：关于2023年6月底前报送材料的通知",
    "— 12 —",
    "第3页 共10页",
    "版权所有：某某区人民政府  主办：某某区府办",
    "主办单位：某区人民政府 承办单位：某区府办 技术支持：某公司",
    "首页 | 登录 | 返回顶部",
    "反對 0舉報 0 收藏 0 打賞 0",
    "沪ICP备12345678号",
)


@pytest.mark.parametrize("line", FURNITURE)
def test_furniture_of_pages_is_blank_for_the_rules_and_is_told(line: str) -> None:
    document = _read(f"工作方案\n{line}\n完成改造。")
    assert document.text.split("\n")[1] == line
    assert document.plain.split("\n")[1].strip() == ""
    assert len(document.plain) == len(document.text)
    assert document.notes


CONTENT = (
    "来源：区司法局 发布日期：2024-02-23",
    "主办单位：区司法局",
    "打印设备每年更新一次",
    "微信公众号阅读量每年达到100万次以上",
    "位置：崇明大道8188号",
    "年度访问次数：不少于1000次",
    "首页改版，2024年6月底前完成",
    "保存期限不少于3年",
    "12",
    "3-12月",
    "-1月",
)


@pytest.mark.parametrize("line", CONTENT)
def test_what_only_looks_like_furniture_stays(line: str) -> None:
    assert _read(f"工作方案\n{line}\n完成。").plain.split("\n")[1] == line


def test_furniture_inside_a_flattened_page_is_cut_out() -> None:
    document = _read("工作方案 【字体：大 中 小】 浏览次数：12次 打印本页 一、总则")
    assert document.plain.split() == ["工作方案", "一、总则"]


FOLDED = """一、工作任务
建立健全行政执法标准规范,对不符合要求的及时清理,责任单
位:区司法局、区财政局,完成时间:2024年10月底前。开展一次
检查并报告。
二、组织实施
各单位要加强组织领导,明确分工,按时报送进展情况,每季度末
月25日前报区府办,遇有重大问题的及时请示,不得拖延,并且抄
送区司法局和区财政局,其他事项另行通知,有关材料由区府办统
一归档。
"""


def test_lines_folded_at_a_width_become_paragraphs_that_begin_where_they_did() -> None:
    document = _read(FOLDED)
    lines = document.text.split("\n")
    assert [line.strip()[-5:] for line in lines] == ["、工作任务", "查并报告。", "、组织实施", "统一归档。", ""]
    assert "责任单位:区司法局" in document.text
    assert "每季度末月25日前报" in document.text
    assert [document.text.index(begin) for begin in ("二、组", "各单位")] == [
        FOLDED.index(begin) for begin in ("二、组", "各单位")
    ]
    assert document.notes == ("原文按固定宽度折行，已接续成段",)


def test_lists_and_tables_are_not_taken_for_folded_paragraphs() -> None:
    for text in (
        "区司法局\n区财政局\n" * 20,
        "任务一\t2024年3月\t区司法局负责办理该项\n" * 20,
        "完成第一项任务。\n" * 20,
    ):
        assert unwrapped(text) == (text, ())


PIECES = st.sampled_from(
    (
        "牽頭單位：",
        "打印",
        "返回首页",
        "分享到：",
        "字体：大 中",
        "\n",
        "— 3 —",
        "浏览次数：1",
        "二O二四年",
        "2O年",
        "著",
        "⽉",
        " ",
        "一、",
    )
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join))
@settings(max_examples=150, deadline=None)
def test_whatever_is_cleaned_is_as_long_and_breaks_where_it_did(text: str) -> None:
    text = text.encode("utf-8", errors="replace").decode()
    for kept in (clean(text)[0], unwrapped(text)[0]):
        assert len(kept) == len(text)
    plain, _ = clean(text)
    assert all(a == b for a, b in itertools.zip_longest(text, plain) if "\n" in {a, b})


@pytest.mark.parametrize("piece", ("返回首页", "分享", "[【", "字体:大", "打印 ", "- 1", "位置:", "2O"))
def test_a_line_without_end_is_cleaned_in_bounded_time(piece: str) -> None:
    document = _read(piece * 20_000 + "x")
    assert len(document.plain) == len(document.text)
