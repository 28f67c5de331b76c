"""Labels that say who answers for a task and when it is due: 责任单位：, 【完成时限】, 牵头部门 with its colon lost."""

import re
from dataclasses import dataclass

from service.reading.rules.unit_lists import UnitRole, read_units
from service.reading.rules.unit_words import is_unit_name

_BODY = "(?:单位|部门|科室|处室|股室|机构|主体|方)"
_LEAD = rf"(?:牵头|主办|主责|主管|组长)(?:责任|负责)?(?:{_BODY}(?:及|和)?)?|第一责任(?:单位|部门)|总?牵头责任单位"
_SUPPORT = rf"(?:配合|协办|参与|协助|协同|参加|支持|协作|成员|相关)(?:责任|落实)?{_BODY}|配合|协办|参与"
_RESPONSIBLE = (
    rf"(?:责任|实施|承办|落实|执行|试点|具体负责|负责|承担|完成|建设|推进|主要责任)(?:{_BODY})"
    r"|负责|责任|承办|落实到|分工"
)
_PERSON = (
    "(?:责任|牵头|分管|包联|联系|包保|主管|市级|区级|县级)?(?:领导|负责人|责任人|联系人|联络员|专班|电话)|责任人|牵头人"
)
_NOT_DUE = "".join(f"(?<!{word})" for word in ("发布", "更新", "印发", "成文", "公开", "上传", "征求", "会议", "活动"))
_DUE = (
    rf"{_NOT_DUE}(?:(?:计划|预计|拟|要求|目标|规定)?(?:完成|办结|整改|落实|实施|推进|办理|开展|达成|销号|目标|治理|整治|竣工|报送|上报)(?:的)?)?"
    r"(?:时间|时限|期限|时间节点|进度|时间要求|完成日期|日期|时间进度|进度安排|时序进度|节点)(?:要求|安排|节点|进度)?"
)

# 责任单位：, 【责任单位】, [责任单位]
_LABEL = re.compile(
    rf"(?:[【\[] ?)?(?:(?P<person>{_PERSON})|(?P<lead>{_LEAD})|(?P<support>{_SUPPORT})|(?P<resp>{_RESPONSIBLE})|"
    rf"(?P<due>{_DUE}))"
    r"(?:[ \n]?: ?| ?[】\]] ?:? ?)"
)
# 责任单位市财政局市司法局: at the beginning of a line, where its colon was lost and names or a date follow at once.
_COLONLESS = re.compile(
    r"(?<![^\n]) {0,4}(?:(?P<lead>牵头(?:单位|部门)|主办单位)|(?P<support>(?:配合|协办)(?:单位|部门))|"
    r"(?P<resp>(?:责任|实施|承办|落实)(?:单位|部门|科室))|(?P<due>(?:完成|整改|办理)(?:时限|时间|期限)))"
    r"(?: (?=[\u4e00-\u9fff0-9])| ?(?=[市区县省州各国镇]|(?:20)?[0-9]{2} ?年|[0-9]{1,2} ?月|年底|长期|持续|全年|"
    r"[上下]半年))"
    r"(?P<value>[^\n]{2,200})"
)
_OF_TIME = re.compile(r"[年月日]|每|长期|持续|季度")
_ROLE_OF = {"lead": UnitRole.LEAD, "support": UnitRole.SUPPORT, "resp": UnitRole.RESPONSIBLE, "person": None}


@dataclass(frozen=True, slots=True)
class Label:
    """A label, from `start` to where its value begins; `kind` is a role's (lead, support, resp), due or person."""

    start: int
    end: int
    kind: str

    @property
    def role(self) -> UnitRole | None:
        """What the units behind it do; None: they are people, or no units."""
        return _ROLE_OF.get(self.kind)


def labels_in(folded: str, start: int = 0, end: int | None = None) -> list[Label]:
    """The labels of a piece of text, in order."""
    return [Label(*found.span(), _kind(found)) for found in _LABEL.finditer(folded, start, end or len(folded))]


def labels_of_lines(folded: str) -> list[Label]:
    """The labels of a whole text, those whose colon was lost among them, in order."""
    lost = [
        Label(found.start(), found.start("value"), _kind(found))
        for found in _COLONLESS.finditer(folded)
        if (found["due"] and _OF_TIME.search(found["value"])) or _all_names(found["value"])
    ]
    return sorted([*labels_in(folded), *lost], key=lambda label: label.start)


def _all_names(value: str) -> bool:
    units, _ = read_units(value, 0, len(value), UnitRole.RESPONSIBLE)
    return bool(units) and all(is_unit_name(unit.name) for unit in units)


def _kind(found: re.Match[str]) -> str:
    return next(name for name, text in found.groupdict().items() if text and name != "value")


_BREAKABLE = tuple(
    word + body for word in ("牵头", "责任", "配合", "实施") for body in ("单位", "部门", "科室", "主体")
) + tuple(word + body for word in ("完成", "整改") for body in ("时限", "时间"))
_GAP = "[ \\n]{0,24}"  # the end of a line or of a page, or blanks: 责 任 单 位
_BROKEN = re.compile(f"(?:{'|'.join(_GAP.join(label) for label in _BREAKABLE)}) ?[:】\\]]")


def mended(folded: str) -> str:
    """A text in which no label is broken by the end of a line or page: what broke it goes behind it, as blanks."""

    def whole(found: re.Match[str]) -> str:
        label = re.sub("[ \\n]", "", found[0])
        return label + " " * (len(found[0]) - len(label))

    return _BROKEN.sub(whole, folded)
