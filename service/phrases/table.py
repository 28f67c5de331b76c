"""The phrases, a table a family. To add one: a line here, and a line in the test.

Order does not matter: at one place the longest wins. `ANYWHERE` are those that mean a deadline wherever they stand;
`ALONE` only where a deadline is expected (behind 完成时限, in a table's column): 2019年 in a sentence is a number.
"""

import re
from dataclasses import dataclass

from service.phrases import meanings as m
from service.phrases.shapes import compile_shape, literals
from service.phrases.values import Sense


@dataclass(frozen=True, slots=True)
class Phrase:
    """A shape, compiled, and what it means."""

    shape: str
    pattern: re.Pattern[str]
    meaning: m.Meaning
    literals: frozenset[str]  # characters that a text must have for the shape to fit


def _table(*rows: tuple[str, m.Meaning]) -> tuple[Phrase, ...]:
    return tuple(Phrase(shape, compile_shape(shape), meaning, frozenset(literals(shape))) for shape, meaning in rows)


_FROM = "(?:原则上(?:于|在)?)?(?:截至|截止到?|到)?"  # what may stand before a date

DAYS = _table(
    ("(?:{Y}年)?{M}月{D}日(?:\\([^()\n]{1,8}\\))?(?:{T})?{before}", m.day),
    ("(?:{Y}年)?{M}月{D}日(?:\\((?:星期|周){W}\\))?下班前", m.day),
    ("{Y}-{M}-{D}(?:日)?{before}", m.day),
    ("{Y}\\.{M}\\.{D}(?:日)?{before}", m.day),
    ("{Y}/{M}/{D}(?:日)?{before}", m.day),
    ("{Y}年{M}月{D}日{to}{Y2}年{M2}月{D2}日止?", m.days),
    ("{Y}年{M}月{D}日{to}{M2}月{D2}日止?", m.days),
    ("{Y}年{M}月{D}日{to}{D2}日止?", m.days),
    ("{M}月{D}日{to}{M2}月{D2}日止?", m.days),
)
DAYS_ALONE = _table(
    ("(?:{Y}年)?{M}月{D}日(?:\\((?:星期|周){W}\\))?(?:{T})?", m.day),
    ("{Y}-{M}-{D}", m.day),
    ("{Y}\\.{M}\\.{D}", m.day),
    ("{Y}/{M}/{D}", m.day),
    ("{M}\\.{D}{before}", m.day),
    ("{M}月{D}日{to}(?:{M2}月)?{D2}日止?", m.days),
)

# Where a clause begins, or a word stands that says that something is meant to be: `,上半年建成…`, `力争2024年6月竣工`.
_MEANT = ("力争", "争取", "确保", "计划", "预计", "力争于", "力争在", "计划于", "计划在", "预计于", "预计在")
_BEGINS = f"(?:(?<![^,。;、: \n])|{'|'.join(f'(?<={word})' for word in _MEANT)})"
_WORKS = (
    "(?=,?(?:基本|全面|全部|正式|主体|顺利|要|应|将)?"
    "(?:完成|建成|竣工|完工|开工|投用|投入使用|投产|通车|交付|上线|启用|启动|试运行|验收)(?!了|过))"
)
_DOES = (
    "(?=,?(?:各|要|应|将|集中|分别)?(?:组织|开展|召开|举办|举行|完成|建成|启动|实施|进行|出台|制定|印发|编制)(?!了|过))"
)

MONTHS = _table(
    (_FROM + "(?:{Y}年)?{M}月份?{strong}", m.month),
    (_FROM + "(?:{Y}年)?{M}月{P}旬{strong}", m.month),
    (_FROM + "{YY}年{M}月份?{strong}", m.month),
    ("(?<=,)(?:{Y}年)?{M}月(?:{P}旬)?(?=[。;]|$)", m.month),  # a clause of its own, at a sentence's end
    ("{Y}年{M}月份?{to}{Y2}年{M2}月份?{weak}", m.months),
    ("(?:{Y}年)?{M}月份?{to}{M2}月份?{strong}", m.months),
    (_BEGINS + "(?:{Y}年)?{M}月份?" + _WORKS, m.coming(m.month)),
)
MONTHS_ALONE = _table(
    (_FROM + "(?:{Y}年)?{M}月份?{weak}", m.month),
    ("{Y}[./-]{M}{weak}", m.month),
    ("(?:{Y}年)?{M}月{P}旬{weak}", m.month),
    ("(?:{Y}年)?{M}月?份?{to}{M2}月份?{weak}", m.months),
    ("(?:{Y}年)?{M}月(?:{P}旬)?{to}{M2}月(?:{P2}旬)?{weak}", m.months),
)

_TO_BE_DONE = (
    ",?(?:基本|全面|力争|争取|要|应|将|规范[^,。]{0,30}基本)?(?:完成|实现|建成|建立|达到|形成|启动|出台)(?!了|过)"
)
_NOT_INNER = "(?![部容外涵控设地陆需河])"  # 2024年内部审计 is no deadline

YEARS = _table(
    (_FROM + "{Y}年年?{strong}", m.year),
    ("{Y}年(?:度)?内" + _NOT_INNER, m.year),
    ("到{Y}年", m.year),
    (
        "(?<![0-9今本当明次翌每多半一二三四五六七八九十两几数同历往学财])年(?P<end>底前|底以前|底之前|末前|内"
        + _NOT_INNER
        + ")",
        m.year,
    ),
    ("(?<![0-9今本当明次翌每])(?:到|于|至)年(?P<end>底|末)", m.year),
    ("[\"“”']?{F}五[\"“”']?(?P<end>期末|末|末期)", m.five_years),
    # A year that opens a clause, where something is to be done in it: `,11年实现…`, `。2024年,完成…`.
    ("(?<=[,。;、]){Y}年(?=" + _TO_BE_DONE + ")", m.coming_year),
    ("(?<=[,。;、]){YY}年(?=" + _TO_BE_DONE + ")", m.coming_year),
)
YEARS_ALONE = _table(
    ("{Y}年(?:度|内|全年|期间)?", m.year),
    ("{YY}年", m.year),
    ("{Y}(?:年)?{to}{Y2}年(?:度|期间)?", m.years),
    ("全年|年内|年度内|本年度|当年", m.year),
    ("年(?P<end>底|末|终)(?:前)?", m.year),
    ("[\"“”']?{F}五[\"“”']?(?:期间|时期)", m.five_years),
)

HALVES = _table(
    ("(?:{Y}年)?{H}半年{strong}", m.half),
    ("(?:{Y}年)?第?{Q}季度{strong}", m.quarter),
    ("(?:{Y}年)?{Q}季度(?:内)", m.quarter),
    (_BEGINS + "(?:{Y}年)?{H}半年" + _DOES, m.coming(m.half)),
    (_BEGINS + "(?:{Y}年)?第?{Q}季度" + _DOES, m.coming(m.quarter)),
)
HALVES_ALONE = _table(
    ("(?:{Y}年)?{H}半年{weak}", m.half),
    ("(?:{Y}年)?第?{Q}季度{weak}", m.quarter),
    ("{Y}年?H{HH}{weak}", m.half),
    ("{Y}年?Q{Q}{weak}", m.quarter),
)

_ONWARD = "(?:(?:自|从)?(?:19|20)[0-9]{2}年(?:度)?(?:起|开始),?)?"

RECURRING = _table(
    (_ONWARD + "每年度?{M}月份?{strong}", m.every("FREQ=YEARLY;BYMONTH={M}")),
    (_ONWARD + "每年度?{M}月份?{D}日{before}", m.every("FREQ=YEARLY;BYMONTH={M};BYMONTHDAY={D}")),
    (_ONWARD + "每年度?{M}月份?", m.every("FREQ=YEARLY;BYMONTH={M}")),
    (_ONWARD + "每年(?:的)?{M}月{D}日", m.every("FREQ=YEARLY;BYMONTH={M};BYMONTHDAY={D}")),
    (_ONWARD + "每年{M}月份?(?:、|和|,|及){M2}月份?{weak}", m.every("FREQ=YEARLY;BYMONTH={M},{M2}")),
    ("每年(?P<MD>(?:1[0-2]|[1-9])(?:3[01]|[12][0-9]|0[1-9]))日{before}", m.damaged_day),
    ("每年(?:年)?(?P<end>底前|末前|底|末|终)", m.every("FREQ=YEARLY")),
    ("每年(?:度)?", m.every("FREQ=YEARLY")),
    ("每{N}年", m.every("FREQ=YEARLY;INTERVAL={N}")),
    ("(?:至少)?每半年(?:度)?", m.every("FREQ=MONTHLY;INTERVAL=6")),
    ("(?:至少)?每(?:个)?季度(?P<end>末前|底前|末|底)?", m.every("FREQ=MONTHLY;INTERVAL=3")),
    ("每季度(?:首|第一个)月{D}日{before}", m.every("FREQ=YEARLY;BYMONTH=1,4,7,10;BYMONTHDAY={D}")),
    ("每季度(?:末|最后一个)月{D}日{before}", m.every("FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY={D}")),
    ("(?:{M}月份?开始)?(?:至少)?每(?:个)?月(?P<end>底前|末前|底|末)?", m.every("FREQ=MONTHLY")),
    ("(?:每月|次月){D}(?:日|号){before}", m.every("FREQ=MONTHLY;BYMONTHDAY={D}")),
    ("每月{D}(?:日|号)", m.every("FREQ=MONTHLY;BYMONTHDAY={D}")),
    ("(?:至少)?每(?:周|星期)", m.every("FREQ=WEEKLY")),
    ("每(?:周|星期){W}{before}", m.every_weekday),
    ("每(?:周|星期){W}(?![0-9个次天小篇期份家场节课])", m.every_weekday),
    ("每(?:日|天)", m.every("FREQ=DAILY")),
    ("每(?:个)?学期(?:初|末|开学)?(?:前)?", m.every("FREQ=MONTHLY;INTERVAL=6")),
)
RECURRING_ALONE = _table(
    ("(?:年度|按年|年报)", m.every("FREQ=YEARLY")),
    ("(?:月度|按月|月报|逐月)", m.every("FREQ=MONTHLY")),
    ("(?:季度|按季度?|季报)", m.every("FREQ=MONTHLY;INTERVAL=3")),
    ("(?:半年度|半年报)", m.every("FREQ=MONTHLY;INTERVAL=6")),
    ("(?:周报|按周)", m.every("FREQ=WEEKLY")),
    ("逐年", m.every("FREQ=YEARLY")),
)

TERMS = _table(
    ("任期(?:之)?内", m.in_office),
    ("(?:自|从)?{Y}年(?:起|开始),?{N}年(?:之)?内", m.within_years),
    ("(?<![0-9一二三四五六七八九十每近])(?:用)?{N}年(?:之|以)?内", m.within_years),
)

RELATIVE = _table(
    (
        "(?:自|从|于)?(?:本)?(?:意见|方案|通知|办法|文件|计划|规划)?(?:印发|发布|下发|公布)(?:之日)?(?:起|后){N}(?:个)?(?:工作日|日|天|月|年)(?:之|以)?内",
        m.after_issue,
    ),
    ("(?:接到|收到)(?:本)?通知(?:之日)?(?:起|后){N}(?:个)?(?:工作日|日|天)(?:之|以)?内", m.after_issue),
    ("在?规定(?:的)?(?:期限|时限|时间)(?:之|以)?内", m.on_event("")),
    ("(?:主)?汛期前(?![后夕])", m.on_event("汛期")),
    ("(?:春节|清明节?|五一节?|端午节?|中秋节?|国庆节?|元旦)(?:假期)?前(?![后夕])", m.on_event("")),
)
_SEASON = (
    "[\"“”']?(?:元旦|春节|清明节?|五一|端午节?|中秋节?|国庆节?|十一|寒暑?假|暑假|汛期|[春夏秋冬]季|冬春|秋冬)[\"“”']?"
)
RELATIVE_ALONE = _table(
    (_SEASON + "(?:(?:、|和|及)" + _SEASON + ")*(?:节)?(?:假期|假日)?(?:前后|前|期间|后)?", m.on_event("")),
    (
        "[\u4e00-\u9fffA-Za-z0-9]{1,16}(?:后|之日起|起){N}(?:个)?(?:工作日|日|天|周|月|小时)(?:之|以)?内(?:完成)?",
        m.on_event(""),
    ),
)

_SOFT = "(?:推进|实施|推动|开展|抓好|落实|坚持|执行|优化|完善|更新|改进|推行|整治|进行|巩固|深化)?"
_LASTING = ",?(?:并)?(?:长期|持续|常态化)?(?:实施|执行|施行|推进|开展|坚持)?"

OPEN_ALONE = _table(
    ("(?:并)?(?:长期|持续)" + _SOFT, m.opened(Sense.ONGOING)),
    ("常态(?:化)?(?:长效)?" + _SOFT, m.opened(Sense.ONGOING)),
    ("(?:动态(?:更新|调整|管理)|经常性|日常|贯穿全年|一贯坚持|坚持不懈)", m.opened(Sense.ONGOING)),
    ("(?:及时|适时|定期|不定期|按时|按期|随时|实时|同步|适期|视情)" + _SOFT, m.opened(Sense.TIMELY)),
    ("(?:立即(?:整改|落实|执行)?|立行立改|即知即改|马上|即时)", m.opened(Sense.AT_ONCE)),
    (
        "(?:按照?|根据|依据)[^,。;()]{0,30}?(?:时间节点|规定|要求|安排|部署|进度|时序|时限|时间|期限|进程|计划|节点)"
        "(?:按时|按期|及时)?(?:推进|完成|执行|落实|进行|开展|实施)?(?:相关|有关|各项|此项|该项)?(?:工作|任务)?",
        m.opened(Sense.PER_SCHEDULE),
    ),
    ("(?:自|从)?{Y}年(?:{M}月(?:份)?(?:{D}日)?)?(?:起|开始)" + _LASTING, m.opened(Sense.FROM)),
    ("{M}月份?(?:起|开始|-+)" + _LASTING, m.opened(Sense.FROM)),
    ("(?:即日起|自即日起|从即日起)", m.opened(Sense.FROM)),
)
OPEN = _table(
    ("(?:自|从){Y}年{M}月{D}日(?:起|开始)(?!施行|试行|生效|有效|至)", m.opened(Sense.FROM)),
)

ANYWHERE: tuple[Phrase, ...] = DAYS + MONTHS + YEARS + HALVES + RECURRING + TERMS + RELATIVE + OPEN
ALONE: tuple[Phrase, ...] = (
    ANYWHERE + DAYS_ALONE + MONTHS_ALONE + YEARS_ALONE + HALVES_ALONE + RECURRING_ALONE + OPEN_ALONE + RELATIVE_ALONE
)
