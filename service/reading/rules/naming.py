"""Codes, keys and titles for what a draft has to name."""

import re
import zlib
from itertools import pairwise

from service.phrases.numbers import read_number
from service.reading.rules.departments import word_for

LONGEST_TITLE = 40
_NUMBERS = re.compile(r"[0-9]+|[一二三四五六七八九十百]+|[①-⑳]")
_CLAUSE_END = re.compile(r"[,，。;；:：\n]")
_FRONT = re.compile(r"^[\s\u3000、.:：·•*#\-—]+|^(?:要|应当|应|须|一是|二是|三是)(?=[\u4e00-\u9fff])")
_MARK = re.compile(r"^\s*(?:\(?[一二三四五六七八九十0-9]{1,3}[)、.]+(?![0-9]))+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]+")


def checksum(text: str) -> str:
    """Eight hexadecimal digits that are the same for the same text."""
    return f"{zlib.crc32(text.encode()):08x}"


def member_code(jurisdiction: str, name: str, taken: set[str]) -> str:
    """A code for a new unit or group: a word for what we know (区司法局: `justice`), else a checksum of the name."""
    word = word_for(name) if not name.startswith("各") else None
    code = f"{jurisdiction}.{word}" if word else f"{jurisdiction}.u{checksum(name)}"
    while code in taken:
        code = f"{jurisdiction}.u{checksum(name + code)}"
    return code


def key_of(path: str) -> str:
    """The key that a number in a document makes: `二(三)1` is 2.3.1; nothing for no number."""
    numbers: list[str] = []
    for found in _NUMBERS.findall(path):
        number = ord(found) - 0x245F if "①" <= found <= "⑳" else read_number(found)
        numbers.append(str(number or 0))
    return ".".join(numbers)[:48]


def clean(text: str, longest: int) -> str:
    """Words on one line, without what no file may hold."""
    words = " ".join(_CONTROLS.sub(" ", text).split())
    return words if len(words) <= longest else words[: longest - 1] + "…"


def title_of(text: str, start: int, end: int) -> str:
    """A short title: a task's heading, else its first clause."""
    words = text[start : min(end, start + 400)].lstrip(" \n\u3000、.:：")
    line = words.split("\n", maxsplit=1)[0].strip()
    bounds = [0, *(match.end() for match in _CLAUSE_END.finditer(line)), len(line)]
    title = ""
    for first, last in pairwise(bounds):
        title += line[first:last]
        if len(title.strip()) > 4:
            break
    title = _FRONT.sub("", title).strip(" ,，。;；:：(（")
    return clean(title, LONGEST_TITLE) or clean(line, LONGEST_TITLE) or "（无标题）"


def clause_of(folded: str, start: int, end: int) -> str:
    """The clause that a place stands in, as a title."""
    first = max(folded.rfind(mark, 0, start) for mark in ",。;:\n") + 1
    last = min((at for mark in ",。;\n" if (at := folded.find(mark, end)) >= 0), default=len(folded))
    return clean(_MARK.sub("", folded[first:last]), 60) or clean(folded[start:end], 60)


_PLACE = re.compile(
    r"^[\u4e00-\u9fff]{2,8}?"
    r"(?:特别行政区|自治区|自治州|自治县|实验区|新区|开发区|省|市[\u4e00-\u9fff]{1,4}[区县]|市|区|县|州|旗|镇|乡)"
)
# Provinces and cities that titles name without their rank.
_PROVINCES = re.compile(
    "河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾"
)
_CITIES = re.compile("北京|天津|上海|重庆")


def place_name(text: str) -> str:
    """The jurisdiction that a title or an issuer's name begins with: `上海法治政府…` is 上海市; nothing for none."""
    if found := _PLACE.match(text):
        return found[0]
    if found := _CITIES.match(text):
        return found[0] + "市"
    found = _PROVINCES.match(text)
    return found[0] + "省" if found else ""
