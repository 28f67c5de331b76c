"""Deadline phrases: what each means, which of them count in a sentence, and what is no deadline."""

import datetime as dt
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.due.spec import print_text
from service.phrases.folding import fold
from service.phrases.numbers import read_number
from service.phrases.scan import read, scan
from service.phrases.values import Confidence, Setting

HERE = Setting(year=2024, published_on=dt.date(2024, 3, 5), years=(2023, 2025))

# A phrase as a label has it → what it means on one line.
MEANINGS = {
    "2025年10月底前": "2025-10 by_end",
    "2025年10月前": "2025-10 before",
    "2025年10月": "2025-10 during",
    "２０２５年１０月底": "2025-10 by_end",
    "2025 年 10 月底前": "2025-10 by_end",
    "二〇二五年十月底前": "2025-10 by_end",
    "10月份前": "2024-10 before",
    "24年6月底前": "2024-06 by_end",
    "2024.5": "2024-05 during",
    "次年1月底前": "2025-01 by_end",
    "原则上于2024年6月底前": "2024-06 by_end",
    "3月至8月": "2024-03/2024-08 during",
    "3-12月": "2024-03/2024-12 during",
    "12-1月": "2024-12/2025-01 during",
    "2024年11月至2025年2月底": "2024-11/2025-02 by_end",
    "4月下旬": "2024-04-21/2024-04-30 during",
    "2月下旬前": "2024-02-21/2024-02-29 before",
    "3月～4月上旬": "2024-03-01/2024-04-10 during",
    "2024年年底前": "2024 by_end",
    "年底前": "2024 by_end",
    "今年内": "2024 during",
    "到2025年": "2025 by_end",
    "到2025年底": "2025 by_end",
    "全年": "2024 during",
    "2023—2025年": "2023/2025 during",
    "“十四五”期间": "2021/2025 during",
    "“十四五”期末": "2025 by_end",
    "2024年9月30日前": "2024-09-30 before",
    "9月30日前": "2024-09-30 before",
    "11月9日（消防日）前": "2024-11-09 before",
    "11.30前": "2024-11-30 before",
    "9月30日（星期一）下班前": "2024-09-30 on",
    "2024-09-30前": "2024-09-30 before",
    "2024.8.31前": "2024-08-31 before",
    "2024年2月23日至3月24日": "2024-02-23/2024-03-24 during",
    "2024年3月1日至15日": "2024-03-01/2024-03-15 during",
    "10月1日至12月31日": "2024-10-01/2024-12-31 during",
    "上半年": "2024-H1 during",
    "下半年底前": "2024-H2 by_end",
    "第三季度末前": "2024-Q3 by_end",
    "四季度前": "2024-Q4 before",
    "2024年H1": "2024-H1 during",
    "2025年Q3前": "2025-Q3 before",
    "每年": "FREQ=YEARLY during",
    "每年3月": "FREQ=YEARLY;BYMONTH=3 during",
    "每年10月前": "FREQ=YEARLY;BYMONTH=10 before",
    "2020年起，每年2月底前": "FREQ=YEARLY;BYMONTH=2 by_end",
    "每年6月、12月": "FREQ=YEARLY;BYMONTH=6,12 during",
    "每年3月5日": "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=5 on",
    "每年430日前": "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=30 before",  # 月 was lost
    "每年的12月4日": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=4 on",
    "每年4月30日前": "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=30 before",
    "每半年": "FREQ=MONTHLY;INTERVAL=6 during",
    "每季度末": "FREQ=MONTHLY;INTERVAL=3 by_end",
    "每季度首月10日前": "FREQ=YEARLY;BYMONTH=1,4,7,10;BYMONTHDAY=10 before",
    "每月25日前": "FREQ=MONTHLY;BYMONTHDAY=25 before",
    "次月5日前": "FREQ=MONTHLY;BYMONTHDAY=5 before",
    "每周五前": "FREQ=WEEKLY;BYDAY=FR before",
    "每两年": "FREQ=YEARLY;INTERVAL=2 during",
    "3年内": "within plan during",
    "2年内": "within 2 years from 2024-03-05 during",
    "任期内": "within office during",
    "本意见印发之日起30日内": "2024-04-04 by_end",
    "印发后3个月内": "2024-06-05 by_end",
    "收到通知后5个工作日内": 'event "印发"',
    "汛期前": 'event "汛期"',
    "元旦、春节期间": 'event "元旦、春节期间"',
    "暑假": 'event "暑假"',
    "设备到货后20日内": 'event "设备到货后20日内"',
    "长期坚持": "open",
    "常态化实施": "open",
    "按时间节点": "open",
    "按省厅要求按时": "open",
    "立行立改": "open",
    "从2019年1月1日起": "open",
    "2024年4月起持续开展": "open",
    "随时": "open",
    "按验收组要求的时限完成": "open",
}


@pytest.mark.parametrize(("phrase", "meaning"), MEANINGS.items())
def test_a_phrase_means(phrase: str, meaning: str) -> None:
    reading = read(phrase, HERE)
    assert reading is not None
    assert print_text(reading.due) == meaning
    assert reading.due.phrase == phrase


NO_DEADLINES = (
    "公安局",
    "2月30日前",
    "第12条",
    "2020年版",
    "（2016年本）",
    "近五年",
    "5个工作日以内办结",
    "— 3 —",
    "第3页 共10页",
    "沪府办发[2024]6号",
    "联系电话：021-39610058",
    "2024年全区生产总值增长5.2%，比2020年增长10%",
    "前三季度完成投资3.5亿元",
    "根据《条例》第二十条第三款",
    "24小时内",
    "期限不超过3年",
    "版本2.3.1前",
    "12:30前到达",
    "2024-2025学年",
    "发改财金〔2015〕2045号",
    "",
    "。",
)


@pytest.mark.parametrize("text", NO_DEADLINES)
def test_what_is_no_deadline_is_none(text: str) -> None:
    assert read(text, HERE) is None
    assert scan(text, HERE) == []


# What a sentence says around a phrase makes it none; beside it the same phrase where it is one.
SURROUNDED = {
    "截至2023年底，全区建成12个站点": "截止2024年10月底前报送",
    "到2023年底，全市共有企业3000家": "到2025年底，建成12个站点",
    "到2023年底，累计建成12个站点": "到2025年底，累计建成12个站点",
    "2023年底已经完成": "2023年底完成",
    "缓缴期限延长到2024年底": "整改可延长到2024年底",
    "上半年完成了改造": "上半年完成改造",
    "三季度开展过检查": "三季度开展检查",
    "2022年6月竣工": "力争2024年6月竣工",
    "在9月中完成": "，9月完成",
    "去年年底前排查的问题": "年底前排查问题",
    "2023年6月底前的数据": "2024年6月底前报数据",
    "2024年6月30日前注册登记的车辆": "2024年6月30日前注册登记完毕",
    "2008年底前建成的小区": "2025年底前建成",
    "自2021年3月1日起施行": "自2024年3月1日起开展",
    "自2024年3月1日起至2025年底前有效": "2025年底前",
    "过去3年内": "3年内完成改造",
    "近三年内有违法记录": "三年内完成改造",
    "有效期为2年内": "2年内建成",
    "申请之日前3年内无记录": "3年内至少接受一次培训",
    "1年以内的有期徒刑": "1年以内完成",
    "三年内不得申请": "三年内建立",
    "任期内经济责任审计": "任期内至少一次",
    "2024年内部审计": "2024年内完成审计",
    "今年内控制度": "今年内建立制度",
    "每人每月补助300元": "每人每月学习1次",
    "每月收入不低于3000元": "每月收集意见",
    "每天8小时": "每天巡查",
    "春节前后": "春节前",
    "国庆节前夕": "国庆节前",
    "10月1日前后": "10月1日前",
    "在规定期限内未履行": "在规定期限内完成",
}


@pytest.mark.parametrize(("none", "one"), SURROUNDED.items())
def test_what_stands_around_a_phrase_may_make_it_no_deadline(none: str, one: str) -> None:
    assert [each.text for each in scan(none, HERE)] == []
    assert len(scan(one, HERE)) == 1


def test_a_phrase_in_a_sentence_says_where_it_stands() -> None:
    text = "各单位于2025年10月底前完成改造，每年3月报告，2020年版目录同时废止。"
    found = scan(text, HERE)
    assert [each.text for each in found] == ["2025年10月底前", "每年3月"]
    assert all(text[each.start : each.end] == each.text for each in found)


def test_a_bare_period_counts_only_where_a_deadline_is_expected() -> None:
    assert scan("2023年完成投资3亿元，3月以来增长两成", HERE) == []
    assert read("2023年", HERE) is not None


def test_a_year_is_carried_on_from_the_phrase_before() -> None:
    found = scan("2021年6月底前完成清理，12月底前总结。", HERE)
    assert [each.reading.due.value for each in found] == ["2021-06", "2021-12"]
    assert [each.reading.confidence for each in found] == [Confidence.EXACT, Confidence.INFERRED]


def test_without_any_year_a_month_has_no_meaning() -> None:
    assert read("10月底前", Setting()) is None


def test_before_a_month_is_ambiguous_and_says_so() -> None:
    reading = read("2024年6月前", HERE)
    assert reading is not None
    assert reading.confidence is Confidence.AMBIGUOUS
    assert "X月前" in reading.why


def test_the_last_day_of_february_follows_the_year() -> None:
    assert [print_text(found.due) for year in (2024, 2025) if (found := read("2月29日前", Setting(year=year)))] == [
        "2024-02-29 before"
    ]


NUMBERS = {"12": 12, "十": 10, "二十五": 25, "两": 2, "一百零八": 108, "二0二四": 2024, "甲": None}


@pytest.mark.parametrize(("text", "number"), NUMBERS.items())
def test_a_number_is_read_by_places_or_digit_by_digit(text: str, number: int | None) -> None:
    assert read_number(text) == number


@given(st.text(alphabet="0123456789零一二三十百两年月日前底内至-~每季度半周上中下旬今次到于()（）〇　 abc，。"))
@settings(max_examples=300, deadline=None)
def test_whatever_is_scanned_ends_and_keeps_its_places(text: str) -> None:
    assert len(fold(text)) == len(text)
    found = scan(text, HERE)
    assert all(before.end <= after.start for before, after in itertools.pairwise(found))
    assert all(text[each.start : each.end] == each.text for each in found)
    read(text, HERE)
