"""What a document says about itself."""

import datetime as dt

import pytest

from service.phrases.folding import fold
from service.phrases.values import Confidence
from service.reading.rules.head import Head, read_head


def head(text: str) -> Head:
    return read_head(text, fold(text))


NOTICE = """云政办发〔2023〕12号
各镇人民政府，区直各部门：
现将《云山区提升窗口服务三年行动方案
（2023—2025年）》的有关事项通知如下。
云山区人民政府办公室
2023年3月8日
云山区提升窗口服务三年行动方案（2023—2025年）
一、目标
除另有明确时限外，各项任务原则上于2025年10月底前完成。
"""


def test_a_notice_with_number_signature_and_default() -> None:
    found = head(NOTICE)
    assert found.title
    assert found.title.value == "云山区提升窗口服务三年行动方案（2023—2025年）"
    assert found.issuer
    assert found.issuer.value == "云山区人民政府办公室"
    assert found.number
    assert found.number.value == "云政办发〔2023〕12号"
    assert found.published_on == dt.date(2023, 3, 8)
    assert found.years == (2023, 2025)
    assert found.default_due
    assert found.default_due.reading.due.value == "2025-10"
    assert found.setting.year == 2023


def test_what_a_notice_issues_is_the_title_and_numbers_that_it_quotes_are_not_its_own() -> None:
    text = (
        "区政府关于印发《云山区河道整治工作要点》的通知 各单位：根据《水务意见》（市府发〔2019〕7号），现印发给你们。"
        "区政府 2021年5月6日 一、清淤"
    )
    found = head(text)
    assert found.title
    assert found.title.value == "云山区河道整治工作要点"
    assert found.number is None
    assert found.setting.year == 2021


def test_a_consultation_takes_the_missing_year_from_its_other_end() -> None:
    found = head("某方案\n意见征求时间：2024年2月23日至3月24日，欢迎提出意见。\n")
    assert found.consultation
    assert found.consultation.reading.due.value == "2024-02-23/2024-03-24"


@pytest.mark.parametrize(
    ("text", "published", "years"),
    (
        ("云山区2024年工作要点\n发布日期：2024-01-15\n", dt.date(2024, 1, 15), (2024, 2024)),
        ("云山区法治建设规划\n落实“十四五”规划部署\n", None, (2021, 2025)),
        ("依法治区第十二个五年规划\n时间:2022-02-09\n", None, (2011, 2015)),
        ("没有日期的通知\n", None, None),
    ),
)
def test_days_and_periods(text: str, published: dt.date | None, years: tuple[int, int] | None) -> None:
    found = head(text)
    assert (found.published_on, found.years) == (published, years)


def test_a_title_that_is_only_described_is_marked_as_doubtful() -> None:
    found = head("各镇人民政府：\n经研究，现就加强河道管理工作提出以下意见。\n")
    assert found.title
    assert found.title.value == "加强河道管理工作"
    assert found.title.confidence is Confidence.AMBIGUOUS
