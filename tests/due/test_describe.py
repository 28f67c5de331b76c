"""Due specifications and due dates in words."""

import datetime as dt

import pytest
from hypothesis import given, settings

from service.due.describe import mark_en, mark_zh, sentence_en, sentence_zh, weekday_en, weekday_zh
from service.due.expand import expand
from service.due.spec import DueSpec, Form, Frame, Precision, check, parse, parse_text
from tests.due.strategies import CHINA, frames, specs

PLAN = Frame(start=dt.date(2024, 1, 1), end=dt.date(2025, 12, 31))


@pytest.mark.parametrize(
    ("line", "zh", "en"),
    (
        ("2025 during", "2025年内", "In 2025"),
        ("2025 by_end", "2025年底前", "By the end of 2025"),
        ("2025-10 before", "2025年10月前", "Before October 2025"),
        ("2025-H1 during", "2025年上半年内", "In the first half of 2025"),
        ("2025-H2 by_end", "2025年下半年末前", "By the end of the second half of 2025"),
        ("2025-Q3 by_end", "2025年第3季度末前", "By the end of the third quarter of 2025"),
        ("2024-W07", "2024年第7周内", "In week 7 of 2024"),
        ("2024-06-30", "2024年6月30日", "On 30 June 2024"),
        ("2024-06-30 before", "2024年6月30日前", "By 30 June 2024"),
        ("2024-02-23/2024-03-24", "2024年2月23日至3月24日", "From 23 February 2024 to 24 March 2024"),
        ("2024/2025", "2024年至2025年", "From 2024 to 2025"),
        ("2017-03/2017-08 by_end", "自2017年3月起，8月底前", "From March 2017 on, by the end of August 2017"),
        ("FREQ=YEARLY", "每年", "Every year"),
        ("FREQ=YEARLY by_end", "每年年底前", "By the end of every year"),
        ("FREQ=YEARLY;INTERVAL=2", "每2年", "Every 2 years"),
        ("FREQ=YEARLY;BYMONTH=3", "每年3月", "In March every year"),
        ("FREQ=YEARLY;BYMONTH=3,9 by_end", "每年3月、9月底前", "By the end of March and September every year"),
        ("FREQ=YEARLY;BYMONTH=10 before", "每年10月前", "Before October every year"),
        ("FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=30", "每年4月30日", "On 30 April every year"),
        ("FREQ=YEARLY;BYMONTH=10;BYDAY=1MO", "每年10月第1个周一", "On the first Monday in October every year"),
        ("FREQ=MONTHLY", "每月", "Every month"),
        ("FREQ=MONTHLY by_end", "每月底前", "By the end of every month"),
        ("FREQ=MONTHLY;BYMONTHDAY=15 before", "每月15日前", "By day 15 every month"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "每月最后一天", "On the last day every month"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "每月最后一个周五", "On the last Friday every month"),
        (
            "FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=-2",
            "每月周六、周日中的倒数第2天",
            "On Saturday and Sunday (the second-last of these) every month",
        ),
        ("FREQ=MONTHLY;INTERVAL=3", "每季度", "Every quarter"),
        ("FREQ=MONTHLY;INTERVAL=3 by_end", "每季度末前", "By the end of every quarter"),
        ("FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=10", "每季度首月10日", "On day 10 in the first month of every quarter"),
        ("FREQ=MONTHLY;INTERVAL=6", "每半年", "Every half-year"),
        ("FREQ=MONTHLY;INTERVAL=2", "每2个月", "Every 2 months"),
        ("FREQ=WEEKLY", "每周", "Every week"),
        ("FREQ=WEEKLY;BYDAY=MO,FR", "每周一、周五", "On Monday and Friday every week"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "每2周周五", "On Friday every 2 weeks"),
        ("FREQ=DAILY;COUNT=3", "每天，共3次", "Every day, 3 times"),
        ("FREQ=YEARLY;UNTIL=20251231", "每年，至2025-12-31止", "Every year, until 2025-12-31"),
        ("within plan", "计划期内", "Within the plan's period"),
        ("within office", "任期内", "Within the term of office"),
        ("within 3 years from 2023-01-01", "自2023年1月1日起3年内", "Within 3 years from 1 January 2023"),
        ("open", "长期坚持，不设期限", "Standing, without a due date"),
        ('event "收到司法建议"', "收到司法建议时", "When this happens: 收到司法建议"),
        ('2025 count>=2 "期" per "领导班子"', "2025年内，每个领导班子不少于2期", "In 2025, at least 2 期 per 领导班子"),
        ('2025 amount>=7.5 "学时" per "人"', "2025年内，每人不少于7.5学时", "In 2025, at least 7.5 学时 per 人"),
        ('2015 ratio<=12 "败诉率"', "2015年内，败诉率不超过12%", "In 2015, at most 12% 败诉率"),
        ("2015 ratio>=100", "2015年内，不低于100%", "In 2015, at least 100%"),
    ),
)
def test_every_form_is_read_aloud_in_both_languages(line: str, zh: str, en: str) -> None:
    spec = parse_text(line)
    assert sentence_zh(spec) == f"{zh}。"
    assert sentence_en(spec) == f"{en}."


def test_the_sources_words_stand_before_the_reading_where_they_differ() -> None:
    spec = parse({"phrase": "2024年6月前", "value": "2024-06", "boundary": "by_end"})
    (due,) = expand(spec, PLAN, CHINA)
    assert sentence_zh(spec, due) == "「2024年6月前」读作2024年6月底前，到期2024-06-30（周日）。"
    assert sentence_en(spec, due) == "“2024年6月前”: by the end of June 2024, due 2024-06-30 (Sunday)."
    same = parse({"phrase": "2024年10月底前", "value": "2024-10", "boundary": "by_end"})
    assert sentence_zh(same, expand(same, PLAN, CHINA)[0]) == "2024年10月底前，到期2024-10-31（周四）。"


def test_a_moved_a_timed_and_a_provisional_date_say_so() -> None:
    spec = parse({"value": "2024-10-01", "time": "09:05", "roll": "following"})
    assert sentence_zh(spec, expand(spec, PLAN, CHINA)[0]) == (
        "2024年10月1日，到期2024-10-08（周二）09:05，由2024-10-01（周二）顺延。"
    )
    spec = parse({"value": "2027-02", "roll": "preceding"})
    (due,) = expand(spec, PLAN, CHINA)
    assert sentence_zh(spec, due) == (
        "2027年2月内，到期2027-02-26（周五），由2027-02-28（周日）提前，放假安排尚未公布，日期暂定。"
    )
    assert sentence_en(spec, due) == (
        "In February 2027, due 2027-02-26 (Friday), brought forward from 2027-02-28 (Sunday), "
        "provisional: the statutory days are not published yet."
    )


@pytest.mark.parametrize(
    ("line", "zh", "en", "bare_zh"),
    (
        ("2025-10 during", "【10月内】", "[in October]", "【10月内】"),
        ("2025-10 by_end", "【10月内】", "[in October]", "【10月内】"),
        ("2025-10 before", "【10月前】", "[before October]", "【10月前】"),
        ("2025", "【年内】", "[in 2025]", "【年内】"),
        ("2025 before", "【2025年前】", "[before 2025]", "【2025年前】"),
        ("2025-H1", "【上半年内】", "[in H1]", "【上半年内】"),
        ("2025-Q3", "【第3季度内】", "[in Q3]", "【第3季度内】"),
        ("2025-W07", "【第7周内】", "[in week 7]", "【第7周内】"),
        ("2025-06-30", "", "", ""),
        ("2025-06-30/2025-07-01", "", "", ""),
        ("2025-03/2025-08", "【3月至8月】", "[March to August]", "【3月至8月】"),
        ("FREQ=YEARLY;BYMONTH=3", "【3月内】", "[in March]", "【月内】"),
        ("FREQ=MONTHLY;INTERVAL=3", "【第1季度内】", "[in Q1]", "【季度内】"),
        ("FREQ=YEARLY", "【年内】", "[in 2024]", "【年内】"),
        ("FREQ=WEEKLY;BYDAY=FR", "", "", ""),
        ("within plan", "【计划期内】", "[within the plan's period]", "【计划期内】"),
        ("within office", "【任期内】", "[within the term of office]", "【任期内】"),
        ("open", "【长期】", "[standing]", "【长期】"),
        ('event "x"', "", "", ""),
    ),
)
def test_marks_show_the_precision_and_are_empty_for_a_day(line: str, zh: str, en: str, bare_zh: str) -> None:
    spec = parse_text(line)
    due = expand(spec, PLAN, CHINA)[0]
    assert (mark_zh(spec, due), mark_en(spec, due), mark_zh(spec)) == (zh, en, bare_zh)


def test_weekdays_have_names_in_both_languages() -> None:
    monday = dt.date(2024, 10, 28)
    week = [monday + dt.timedelta(days=offset) for offset in range(7)]
    assert "".join(weekday_zh(day)[1] for day in week) == "一二三四五六日"
    assert [weekday_en(day)[:2] for day in week] == ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]


@given(specs(), frames())
@settings(deadline=None, max_examples=200)
def test_every_specification_has_sentences_and_marks(spec: DueSpec, frame: Frame) -> None:
    dues = () if check(spec, frame) else expand(spec, frame, CHINA)[:2]
    for due in (None, *dues):
        assert sentence_zh(spec, due).endswith("。")
        assert sentence_en(spec, due).endswith(".")
        assert "None" not in sentence_zh(spec, due).replace(spec.phrase or "\0", "").replace(spec.on_event or "\0", "")
        exact = spec.form is Form.EVENT or spec.precision is Precision.DAY
        assert bool(mark_zh(spec, due)) is bool(mark_en(spec, due)) is not exact
