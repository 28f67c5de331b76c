"""How names of units end and begin, for telling a list of them from other words."""

import re
from itertools import pairwise

_ENDINGS = (
    "局|委|办|股|股室|大队|厅|部|院|处|科|室|署|中心|公司|集团|政府|镇|乡|街道|街|部门|单位|学校|大学|学院|医院|银行|支行|分行|队|所|站|会|"
    "组|社|园区|园|馆|区|县|市|州|旗|盟|村|厂|联|团委|工会|法院|检察院|海关|机构|企业|办公室|党委|党组|支部|总支|系|台|"
    "各地|有关方面|属地|开发区|高新区|示范区|协会|学会|基金|电网|供电|税务|气象|邮政|消防|烟草|公安|司法|财政|教育|民政|"
    "人社|住建|交通|水利|农业农村|商务|文旅|卫健|应急|审计|市监|统计|医保|信访|残联|妇联|工商联|科协|文联|红十字|管委|居|校|科室|班子"
)
_ENDS = re.compile(rf"(?:{_ENDINGS})(?:等)?(?:\([^()]{{1,16}}\)|\[[^\[\]]{{1,16}}\])?$")
_NO_NAME = re.compile(
    r"[。:!?0-9]|完成|推进|开展|建立|加强|制定|提高|组织(?!部)|落实|做好|确保|不断|进一步|活动|工作$|工程$|前$|方案|第一|其余|[为是](?:牵头|责任|配合)"
)
_PIECES = re.compile(r"[、,;/ \n]+")
LONGEST_NAME = 24


def is_unit_name(name: str) -> bool:
    """Whether words look like one unit: `区司法局`, `各乡镇人民政府`, `市气象局(市防雷中心)`."""
    return 2 <= len(name) <= LONGEST_NAME and bool(_ENDS.search(name)) and not _NO_NAME.search(name)


def is_unit_list(text: str) -> bool:
    """Whether a text is nothing but names of units (`区司法局、各镇`), as a table's cell is."""
    pieces = [piece for piece in _PIECES.split(text.strip(" 。;,、\n")) if piece]
    return bool(pieces) and all(is_unit_name(piece) for piece in pieces)


# Where separators were lost: 市政府办公厅市编委办市监察局 begins anew with each 市 behind the end of a name.
_EACH = r"各(?!级)[\u4e00-\u9fff]{1,9}(?:政府|部门|单位|镇|乡|区|县|街道|街|村|社区|办事处|支部|科室|学校|企业)"
_WHOLE = r"(?<=政府|部门|单位)(?=[市区省县][\u4e00-\u9fff]{2})"
_GLUE = {
    prefix: re.compile(
        rf"(?<=[局委办厅部院处署司心团会])(?={prefix}[\u4e00-\u9fff]{{2}})"
        rf"|(?<=[局办厅部院处署司心])(?={_EACH})|(?<=[^省市区县州党工]委)(?={_EACH})|{_WHOLE}"
    )
    for prefix in "市区省县州"
}
_FIRST_PREFIX = re.compile(r"[市区省县州]")


def glued_cuts(name: str) -> list[int]:
    """Places at which names that stand together without a separator begin: none for a single name."""
    first = _FIRST_PREFIX.search(name)
    if first is None or len(name) < 6:
        return []
    cuts = [match.start() for match in _GLUE[first[0]].finditer(name)]
    bounds = [0, *cuts, len(name)]
    return cuts if all(is_unit_name(name[a:b]) for a, b in pairwise(bounds)) else []
