"""What a document says about itself: title, issuer, number, day of publication, period, consultation, default due."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from service.phrases.folding import fold
from service.phrases.numbers import read_number
from service.phrases.scan import read, scan
from service.phrases.values import Confidence, Found, Setting

HEAD = 3_000  # characters at the beginning, and at the end, in which a document tells of itself
TOP = 600  # a document's own number stands further up than those that it quotes


@dataclass(frozen=True, slots=True)
class Told:
    """Something that the head says: its place in the text, how sure it is, and why."""

    value: str
    start: int
    end: int
    confidence: Confidence = Confidence.EXACT
    why: str = "原文写明"


@dataclass(frozen=True, slots=True)
class Head:
    """A document's own words about itself; None where it says nothing. `setting` is what its phrases are read with.

    `published` and `period` hold ISO dates (`2024-02-23`) and years (`2023/2025`).
    """

    title: Told | None = None
    issuer: Told | None = None
    number: Told | None = None
    published: Told | None = None
    period: Told | None = None
    consultation: Found | None = None
    default_due: Found | None = None
    year: int | None = None

    @property
    def years(self) -> tuple[int, int] | None:
        """First and last year of the period."""
        if self.period is None:
            return None
        first, _, last = self.period.value.partition("/")
        return int(first), int(last)

    @property
    def published_on(self) -> dt.date | None:
        """The day of publication."""
        return dt.date.fromisoformat(self.published.value) if self.published else None

    @property
    def setting(self) -> Setting:
        """What a phrase without a year takes its year from."""
        return Setting(year=self.year, published_on=self.published_on, years=self.years)


def read_head(text: str, folded: str) -> Head:
    """The head of a document, from its text and the same text folded."""
    number = _number(folded)
    title = _title(folded)
    period = _period(folded, title)
    published = _published(folded)
    if published and period and int(published.value[:4]) > int(period.value[-4:]) + 1:
        published = None  # when a page was loaded up, long after its plan had ended
    year = _year(folded, number, title, published, period)
    setting = Setting(year=year, published_on=dt.date.fromisoformat(published.value) if published else None)
    return Head(
        title=_as_written(text, title),
        issuer=_as_written(text, _issuer(folded, title)),
        number=_as_written(text, number),
        published=published,
        period=period,
        consultation=_consultation(text, folded, setting),
        default_due=_default_due(text, folded, setting),
        year=year,
    )


def _as_written(text: str, told: Told | None) -> Told | None:
    if told is None:
        return None
    written = re.sub(r"\s*\n\s*", "", text[told.start : told.end]).strip()
    return Told(written, told.start, told.end, told.confidence, told.why)


# ── number ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_Y4 = r"(?:(?:19|20)[0-9]{2}|二[0零][0-9零一二三四五六七八九]{2})"
_NUMBER = re.compile(
    r"(?:^|(?<=[ \n:])|(?<=意见|通知|方案|规划|计划|纲要|要点|措施|办法|决定))"
    rf"[\u4e00-\u9fff]{{2,10}}[\[(]{_Y4}[\])] ?[0-9一二三四五六七八九十百]{{1,5}} ?号(?![)精])"
)


def _number(folded: str) -> Told | None:
    found = _NUMBER.search(folded[:TOP])
    return Told(found[0], *found.span()) if found else None


# ── title ────────────────────────────────────────────────────────────────────────────────────────────────────────────

_KINDS = (
    "计划|规划|方案|意见|纲要|措施|要点|通知|清单|办法|报告|决定|分工|分解表|责任书|细则|台账|汇总表|安排|任务书|任务表|"
    "一览表|行动|通告|公告|任务分解|责任分解|工作表|进度表|总结|打算"
)
_TAGS = r"(?: ?\([^()\n]{1,24}\))*"  # (2021-2025年) (征求意见稿)
_ENDS_AS_TITLE = re.compile(rf"(?:{_KINDS})[》\"”]?{_TAGS}$")
_NO_TITLE = re.compile(
    r"^(?:根据|为|按照|现|各|附件|来源|时间|您|当前|首页|索引|发文|发布|成文|主题|信息|文章|关于征求.{0,8}公告$|[一二三四五六七八九十]{1,3}、|\()|[。:;!?>]"
)
_ISSUES = re.compile(
    r"(?:印发|转发|下发|发布|公布)(?:了)?[ \n]{0,2}[<《]([^\n。;]{4,100}?)[>》](?:的)?(?:通知|公告|决定|函)"
)
_FURNITURE_END = re.compile(r"[_|-](?:[^_|\n]*(?:政府|网|网站|门户|法治政府)[^\n]*)$")
_FLATTENED = re.compile(
    rf"[ \n]*([^\n。;:!?|]{{4,80}}?(?:{_KINDS}){_TAGS})(?=[ \n]|各|[\u4e00-\u9fff]{{2,8}}\[|为|根据)"
)
_FIRST_LINE = re.compile(r"[ \n]*([^\n。:;,!?|/、]{4,40})\n")
_ABOUT = re.compile(r"现(?:就|将)([^。;:,\n]{4,80}?)(?:提出|制定|通知|明确|有关事项|工作如下|如下)")
LONGEST_TITLE = 90


def _title(folded: str) -> Told | None:
    """What a notice issues, else the first lines that look like a title, else the first words that end like one."""
    top = folded[:HEAD]
    if issued := _ISSUES.search(top[:TOP]):
        return Told(issued[1], *issued.span(1), why="通知所印发的文件")
    for start, end in _joined_lines(top):
        words = " ".join(top[start:end].split())
        if 5 <= len(words) <= LONGEST_TITLE and _ENDS_AS_TITLE.search(words) and not _NO_TITLE.search(words):
            return Told(words, start, end, Confidence.INFERRED, "开头像标题的一行")
    if first := _FLATTENED.match(top):
        return Told(first[1], *first.span(1), Confidence.INFERRED, "开头到文种为止")
    if about := _ABOUT.search(top):
        return Told(about[1], *about.span(1), Confidence.AMBIGUOUS, "没有标题，取“现就……”一句所说的事项")
    if first := _FIRST_LINE.match(top):
        return Told(first[1], *first.span(1), Confidence.AMBIGUOUS, "没有像标题的一行，取第一行")
    return None


def _joined_lines(top: str) -> Iterator[tuple[int, int]]:
    """The lines of the head; those that one title broke over (`《…\\n…》工作方案\\n(征求意见稿)`) joined, first."""
    lines = [_inner(top, match.start(), match.end()) for match in re.finditer(r"[^\n]+", top) if match[0].strip()]
    for place, (start, end) in enumerate(lines):
        first, last = start, end
        back = place
        while back and place - back < 2 and _unbalanced(top[first:last]) < 0:
            back -= 1
            first = lines[back][0]
        if _unbalanced(top[first:last]):
            continue
        if back == place and place and not _ENDS_AS_TITLE.search(top[lines[place - 1][0] : lines[place - 1][1]]):
            joined = lines[place - 1][0]
            if _hangs_together(top[joined : lines[place - 1][1]], top[start:end]):
                first = joined
        if place + 1 < len(lines) and re.fullmatch(r"\([^()\n]{2,24}\)", top[slice(*lines[place + 1])]):
            last = lines[place + 1][1]
        yield first, last


def _inner(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in " \u3000#*":
        start += 1
    while end > start and text[end - 1] in " \u3000#*":
        end -= 1
    return start, end


def _unbalanced(text: str) -> int:
    return sum((each in "《<") - (each in "》>") for each in text)


def _hangs_together(before: str, line: str) -> bool:
    """Whether a line carries on the one before it, as titles over two lines do: `某市某局\\n关于印发…的通知`."""
    bodies = r"(?:政府|办公厅|办公室|委员会|局|厅|部|院|委|会|组)$"
    return line.startswith(("关于", "印发")) and len(before) <= 40 and re.search(bodies, before) is not None


# ── issuer ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_BODY = r"(?:政府|办公厅|办公室|委员会|管委会|局|厅|部|院|委|党组|领导小组|公司|学校|大学|学院|中心)"
_FROM_TITLE = re.compile(rf"([\u4e00-\u9fff]{{2,30}}?{_BODY})(?:关于|印发|转发)")
_ISSUER_LABEL = re.compile(
    r"(?:发布机构|发文机关|发文单位|制发机关|制定机关|发布单位|机构名称|公开主体|信息来源|文章来源|来源)"
    r"[: \n]{1,4}([\u4e00-\u9fff]{3,30})"
)
_DATE = (
    rf"(?P<y>{_Y4}) ?[年/.-] ?(?P<m>[0-9一二三四五六七八九十]{{1,3}})"
    r" ?[月/.-] ?(?P<d>[0-9一二三四五六七八九十]{1,3}) ?日?"
)
_SIGNATURE = re.compile(rf"(?:^|(?<=[\n 。;)!?]))([\u4e00-\u9fff]{{1,30}}{_BODY})[ \n]{{1,20}}{_DATE}")


def _issuer(folded: str, title: Told | None) -> Told | None:
    """Who signs above the date, else whom the title names, else what a label of the page says."""
    top, tail = min(len(folded), HEAD), max(0, len(folded) - HEAD)
    for found in (_SIGNATURE.search(folded, 0, top), *_SIGNATURE.finditer(folded, max(tail, top))):
        if found:
            return Told(found[1], *found.span(1), why="日期上方的落款")
    if found := _FROM_TITLE.search(folded, max(0, title.start - 40) if title else 0, title.end if title else TOP):
        return Told(found[1], *found.span(1), why="标题写明的制发机关")
    if found := _ISSUER_LABEL.search(folded, 0, top):
        return Told(found[1], *found.span(1), Confidence.INFERRED, "网页标注的机构")
    return None


# ── days and years ───────────────────────────────────────────────────────────────────────────────────────────────────

_PUBLISHED = re.compile(rf"(?:发布|成文|印发|发文|公开|更新|公布)(?:日期|时间)[: \n]{{0,4}}{_DATE}")
_STAMP = re.compile(rf"(?:^|(?<=\n)) *{_DATE}(?= |\n|$)", re.MULTILINE)
_PERIOD = re.compile(rf"(?<![0-9])({_Y4}) ?年?(?:-{{1,2}}|~|至)({_Y4}) ?年?")
_FIVE = re.compile(r"[\"“”']?(十[一二三四五六七八九])[\"“”']?五(?=[\"“”'规计期时])|第(十[一二三四五六七八九])个五年")
_YEAR = re.compile(rf"(?<![0-9])({_Y4}) ?年")


def _published(folded: str) -> Told | None:
    """The day behind a label, else under a signature, else one that stands at the beginning of a line."""
    top, tail = min(len(folded), HEAD), max(0, len(folded) - HEAD)
    signed = [_SIGNATURE.search(folded, 0, top), *_SIGNATURE.finditer(folded, max(tail, top))]
    ways = (
        (_PUBLISHED.search(folded, 0, top), Confidence.EXACT, "网页或文件标注的日期"),
        (next((each for each in signed if each), None), Confidence.EXACT, "落款日期"),
        (_STAMP.search(folded, 0, top), Confidence.AMBIGUOUS, "页首单独成行的日期，可能只是上传时间"),
        (_STAMP.search(folded, max(tail, top)), Confidence.INFERRED, "文末单独成行的日期"),
    )
    for found, confidence, why in ways:
        if found and (day := _day(found)):
            return Told(day.isoformat(), found.start("y"), found.end(), confidence, why)
    return None


def _day(found: re.Match[str]) -> dt.date | None:
    year, month, day = (read_number(found[name]) for name in ("y", "m", "d"))
    try:
        return dt.date(year or 0, month or 0, day or 0)
    except ValueError:
        return None


def _period(folded: str, title: Told | None) -> Told | None:
    """The years in the title, a five-year plan's years, the one year that the title names; else the head's."""
    places = [(title.start, title.end, "标题写明")] if title else []
    places.append((0, min(len(folded), TOP * 2), "开头写明"))
    for start, end, why in places:
        named = why == "标题写明"
        if (found := _PERIOD.search(folded, start, end)) and _number_of(found[1]) <= _number_of(found[2]):
            confidence = Confidence.EXACT if named else Confidence.INFERRED
            return Told(f"{_number_of(found[1])}/{_number_of(found[2])}", *found.span(), confidence, why)
        if found := _FIVE.search(folded, start, end):
            first = 2021 + 5 * ((read_number(found[1] or found[2]) or 14) - 14)
            return Told(f"{first}/{first + 4}", *found.span(), Confidence.INFERRED, f"五年规划期{first}至{first + 4}年")
        if named and (found := _YEAR.search(folded, start, end)):
            year = _number_of(found[1])
            return Told(f"{year}/{year}", *found.span(), Confidence.INFERRED, "标题写明的年份")
    return None


def _number_of(year: str) -> int:
    return read_number(year) or 0


def _year(
    folded: str, number: Told | None, title: Told | None, published: Told | None, period: Told | None
) -> int | None:
    """The year of phrases without one: the title's, the publication's, the number's, the period's, the commonest."""
    if title and (found := _YEAR.search(folded, title.start, title.end)) and not _PERIOD.search(title.value):
        return _number_of(found[1])
    years = period and (int(period.value[:4]), int(period.value[-4:]))
    if published and (not years or years[0] <= int(published.value[:4]) <= years[1]):
        return int(published.value[:4])
    if number and (found := re.search(_Y4, fold(number.value))):
        return _number_of(found[0])
    if years:
        return years[0]
    return _guessed(folded)


_QUOTED = re.compile(r"[\[(]((?:19|20)[0-9]{2})[\])] ?[0-9]{1,5} ?号")
_BOUNDED = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2}) ?年(?:[0-9]{1,2}月)?(?:[0-9]{1,2}日)?(?:底|末|前|内)")


def _guessed(folded: str) -> int | None:
    """The year of a document that does not say when it was written.

    It was after those that it quotes, and before what it asks for: the first year with a bound that is not earlier than
    the last document quoted; else the year that is named most.
    """
    quoted = max((int(found[1]) for found in _QUOTED.finditer(folded)), default=0)
    bounded = [year for found in _BOUNDED.finditer(folded) if (year := int(found[1])) >= quoted]
    if bounded or quoted:
        return min(bounded, default=quoted)
    named = Counter(_number_of(found[1]) for found in _YEAR.finditer(folded))
    return max(named, key=lambda year: (named[year], year)) if named else None


# ── consultation and default due ─────────────────────────────────────────────────────────────────────────────────────

_CONSULTS = re.compile(r"(?:意见)?(?:征求|征集)(?:意见)?(?:的)?(?:时间|期限|时限)(?:为|自|从|是)?:? ?([^,。;\n]{6,50})")
_DEFAULT = re.compile(
    r"(?:除|凡|没有|未)[^。;\n]{0,20}(?:明确|注明|规定|标明|要求)[^。;\n]{0,12}(?:时间|时限|期限|年限|要求)[^。;\n]{0,12}(?:外|的)"
)


def _consultation(text: str, folded: str, setting: Setting) -> Found | None:
    """The window of a public consultation: `意见征求时间:2024年2月23日至3月24日`."""
    found = _CONSULTS.search(folded, 0, HEAD)
    if not found:
        return None
    value = text[found.start(1) : found.end(1)]
    reading = read(value, setting)
    return Found(*found.span(1), value, reading) if reading and reading.due.is_interval else None


def _default_due(text: str, folded: str, setting: Setting) -> Found | None:
    """What holds for tasks without a date: `除有明确时间要求外,原则上都要在2024年年底前完成`."""
    for found in _DEFAULT.finditer(folded):
        end = folded.find("。", found.start())
        stop = min(len(folded) if end < 0 else end, found.end() + 40)
        for piece in scan_dated(text, found.end(), stop, setting):
            return piece
    return None


def scan_dated(text: str, start: int, end: int, setting: Setting) -> list[Found]:
    """The phrases of a piece of text that name a date, at their places in the whole."""
    found = [Found(start + one.start, start + one.end, one.text, one.reading) for one in scan(text[start:end], setting)]
    return [one for one in found if one.reading.due.value is not None]
