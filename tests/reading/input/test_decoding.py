"""Encodings of Chinese text, told apart; what is no text is refused."""

import random

import pytest

from service.kit.errors import Invalid, TooLarge
from service.reading.input import LARGEST, read_document
from service.reading.input import documents as limits

TEXT = "区司法局牵头，各乡镇人民政府配合，2024年10月底前完成。\n每年3月报告。"
TRADITIONAL = "區司法局牽頭，各鄉鎮人民政府配合，2024年10月底前完成。"
BIG5 = ("按Big5编码识别",)
GB = ("按GB18030编码识别",)


@pytest.mark.parametrize(
    ("text", "encoding", "notes"),
    (
        (TEXT, "utf-8", ()),
        (TEXT, "utf-8-sig", ()),
        (TEXT, "utf-16", ()),
        (TEXT, "utf-32", ()),
        (TEXT, "utf-16-le", ("按无标记的UTF-16编码识别",)),
        (TEXT, "gb18030", GB),
        (TEXT, "gb2312", GB),
        (TEXT + "㐂𠀀", "gb18030", GB),
        (TRADITIONAL, "gbk", GB),
        (TRADITIONAL, "big5", BIG5),
        ("司法局牽頭", "big5", BIG5),
        ("司法局牵头", "gbk", GB),
    ),
)
def test_an_encoding_is_recognised(text: str, encoding: str, notes: tuple[str, ...]) -> None:
    document = read_document(text.encode(encoding), "plan.txt")
    assert (document.kind, document.text, document.notes) == ("text", text, notes)


def test_line_ends_of_every_system_are_one() -> None:
    assert read_document("甲\r\n乙\r丙\u2028丁".encode(), "plan.txt").text == "甲\n乙\n丙\n丁"


@pytest.mark.parametrize("encoding", ("utf-8", "gb18030"))
def test_a_text_that_was_cut_in_the_middle_of_a_character_says_so(encoding: str) -> None:
    document = read_document((TEXT * 5).encode(encoding) + "局".encode(encoding)[:-1], "plan.txt")
    assert document.text.startswith(TEXT)
    assert "1处字节已损坏" in document.notes[-1]


NO_TEXT = {
    "random bytes": random.Random(1).randbytes(4096),
    "a foreign alphabet": "これは日本語のテキストです。実施する。".encode("shift_jis"),
    "Latin-1": "Été à la plage, déjà vu".encode("latin-1"),
    "zeros": bytes(100),
    "nothing": b"",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "the old Word format": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "a password": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
    "RTF": b"{\\rtf1 hello}",
    "a web page's source": b"<!DOCTYPE html><html>",
}


@pytest.mark.parametrize("what", NO_TEXT)
def test_what_is_no_text_is_refused_by_its_name(what: str) -> None:
    with pytest.raises(Invalid, match=r"plan\.txt"):
        read_document(NO_TEXT[what], "plan.txt")


def test_too_many_bytes_and_too_many_characters_are_too_large() -> None:
    for raw in (b"a" * (LARGEST + 1), b"a" * (limits.LONGEST + 1)):
        with pytest.raises(TooLarge):
            read_document(raw, "plan.txt")
