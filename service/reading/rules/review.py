"""What a person should look at in a draft, the most doubtful first."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Weight(IntEnum):
    """How much hangs on it: the draft may be wrong, something is missing, something was inferred."""

    DOUBT = 1
    MISSING = 2
    INFERRED = 3


# code: how much it weighs, what it says in English and in Chinese.
_SAYS: dict[str, tuple[Weight, str, str]] = {
    "due_ambiguous": (Weight.DOUBT, "'{0}' is read in more than one way: {1}", "“{0}”有不止一种读法：{1}"),
    "several_dates": (
        Weight.DOUBT,
        "several dates in one task ({0}); the last one counts",
        "一条任务中有多个时间（{0}），取最后一个，其余请核对",
    ),
    "unit_unknown": (Weight.DOUBT, "nobody knows the unit '{0}'; nearest: {1}", "未登记的单位“{0}”；最接近的有：{1}"),
    "due_unread": (Weight.DOUBT, "this deadline could not be read: '{0}'", "这个时限没有读懂：“{0}”"),
    "group_vague": (Weight.DOUBT, "'{0}' does not say who belongs to it", "“{0}”没有写明有哪些单位"),
    "list_open": (
        Weight.DOUBT,
        "the list of units ends in 等: others belong to it",
        "责任单位以“等”字结尾，还有未列名的单位",
    ),
    "jurisdiction_new": (
        Weight.DOUBT,
        "the jurisdiction '{0}' is new, its code provisional",
        "辖区“{0}”未登记，代码是暂定的",
    ),
    "period_missing": (Weight.DOUBT, "the document names no period; taken to be {0}", "文件没有写明计划期，暂按{0}"),
    "title_inferred": (Weight.DOUBT, "the title was inferred: {0}", "标题系推断：{0}"),
    "published_inferred": (Weight.DOUBT, "the day of publication was inferred: {0}", "印发日期系推断：{0}"),
    "due_missing": (Weight.MISSING, "no deadline is written", "没有写时限"),
    "units_missing": (Weight.MISSING, "nobody is named who answers for it", "没有写责任单位"),
    "obligation_unread": (
        Weight.MISSING,
        "this looks like a duty and is in no task: {0}",
        "像是一项要求，但没有列入任务：{0}",
    ),
    "truncated": (Weight.MISSING, "the draft holds the first {0} tasks only", "任务过多，只列出前{0}项"),
    "unit_new": (Weight.INFERRED, "'{0}' is drafted as a new unit or group", "“{0}”未登记，按新单位（组）起草"),
    "unit_inferred": (Weight.INFERRED, "'{0}': {1}", "“{0}”：{1}"),
    "due_inferred": (Weight.INFERRED, "'{0}': {1}", "“{0}”：{1}"),
    "due_from_text": (Weight.INFERRED, "the date '{0}' stands in the task's own words", "时限“{0}”取自任务正文"),
    "quota_inferred": (Weight.INFERRED, "quota '{0}' was taken from the task's words", "数量要求“{0}”取自任务正文"),
    "born_overdue": (Weight.DOUBT, "due before the document was issued: '{0}'", "时限早于印发日期：“{0}”"),
}


@dataclass(frozen=True, slots=True)
class Flag:
    """Something to look at: what it is, which milestone (a key; None: the plan), which line, in both languages."""

    code: str
    milestone: str | None
    line: int
    message: str
    message_zh: str

    @property
    def weight(self) -> Weight:
        """How much hangs on it."""
        return _SAYS[self.code][0]


def flag(code: str, *said: object, milestone: str | None = None, line: int = 0) -> Flag:
    """A flag with its sentences."""
    _, message, message_zh = _SAYS[code]
    return Flag(code, milestone, line, message.format(*said), message_zh.format(*said))


def in_order(flags: Iterable[Flag]) -> tuple[Flag, ...]:
    """What needs a person's eye first, first; each once."""
    return tuple(sorted(dict.fromkeys(flags), key=lambda one: (one.weight, one.line, one.code)))
