"""How much, and how often, in a task's own words."""

from decimal import Decimal

import pytest

from service.due.values import Bound, Quota
from service.phrases.folding import fold
from service.phrases.values import Setting
from service.reading.rules.quotas import quotas

HERE = Setting(year=2024, years=(2023, 2025))


@pytest.mark.parametrize(
    ("text", "frequency", "quota"),
    (
        ("各级领导班子每年举办2 期以上讲座", "FREQ=YEARLY", Quota(count=2, unit="期", per="领导班子")),
        ("确保每人每年接受不少于60学时的培训", "FREQ=YEARLY", Quota(amount=Decimal(60), unit="学时", per="人")),
        ("部门负责人3年内至少接受一次培训", "plan", Quota(count=1, unit="次", per="负责人")),
        ("负责人任期内至少接受一次培训", "office", Quota(count=1, unit="次", per="负责人")),
        ("全区每季度至少组织1次评查", "FREQ=MONTHLY;INTERVAL=3", Quota(count=1, unit="次")),
        ("年度集中培训时间不少于1周", "FREQ=YEARLY", Quota(amount=Decimal(1), unit="周")),
        ("案件平均败诉率维持在12%以下", None, Quota(ratio=Decimal(12), bound=Bound.AT_MOST)),
        ("合法性审核率达100%", None, Quota(ratio=Decimal(100))),
    ),
)
def test_a_quota_with_its_frequency(text: str, frequency: str | None, quota: Quota) -> None:
    (found,) = quotas(text, fold(text), 0, len(text), HERE)
    due = found.frequency.reading.due if found.frequency else None
    assert (due and (due.rrule or (due.within_term and due.within_term.kind.value))) == frequency
    assert found.quota == quota


@pytest.mark.parametrize("text", ("建设3个以上园区", "对1000万元以上的项目给予补助", "每年评选先进", "近5年发生2次"))
def test_numbers_that_nobody_owes_by_a_time_are_no_quota(text: str) -> None:
    assert quotas(text, fold(text), 0, len(text), HERE) == []
