"""Word documents as a reader sees them: order, numbers, tables, accepted changes; and none that is a trap."""

import io
import zipfile

import docx
import pytest

from service.kit.errors import Invalid, TooLarge
from service.phrases.values import Setting
from service.reading.input import read_document
from service.reading.input.numbering import counted
from service.reading.rules.items import find_items
from tests.reading.input.making import cell, packed, paragraph, word


def _lines(raw: bytes) -> list[str]:
    document = read_document(raw, "plan.docx")
    assert document.kind == "docx"
    return document.text.split("\n")


def test_paragraphs_and_tables_stand_in_their_order_without_headers() -> None:
    made = docx.Document()
    made.sections[0].header.paragraphs[0].text = "内部资料"
    made.sections[0].footer.paragraphs[0].text = "— 1 —"
    made.add_paragraph("一、工作任务")
    table = made.add_table(rows=4, cols=3)
    rows = (
        ("任务", "责任单位", "完成时限"),
        ("清理文件", "区司法局", "2024年10月底前"),
        ("开展培训", "", ""),
        ("总结", "区府办", ""),
    )
    for row, cells in zip(table.rows, rows, strict=True):
        for place, text in zip(row.cells, cells, strict=True):
            place.text = text
    table.cell(1, 2).merge(table.cell(2, 2))
    table.cell(2, 1).text = "区司法局\n区财政局"
    table.cell(3, 1).merge(table.cell(3, 2))
    made.add_paragraph("二、组织实施")
    assert _lines(packed(made)) == [
        "一、工作任务",
        "任务\t责任单位\t完成时限",
        "清理文件\t区司法局\t2024年10月底前",
        "开展培训\t区司法局、区财政局\t",
        "总结\t区府办",
        "二、组织实施",
    ]


def test_rows_are_what_the_rules_take_for_a_table() -> None:
    made = docx.Document()
    table = made.add_table(rows=4, cols=2)
    for row, cells in zip(
        table.rows, (("工作任务", "完成时限"), *(("清理", f"2024年{month}月底前") for month in (3, 6, 9))), strict=True
    ):
        for place, text in zip(row.cells, cells, strict=True):
            place.text = text
    items = find_items(read_document(packed(made), "plan.docx").plain, Setting(year=2024))
    assert [item.due.text for item in items if item.due] == ["2024年3月底前", "2024年6月底前", "2024年9月底前"]


LEVELS = """<w:abstractNum w:abstractNumId="0">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCountingThousand"/><w:lvlText w:val="%1、"/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="chineseCountingThousand"/><w:lvlText w:val="（%2）"/></w:lvl>
<w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:isLgl/><w:lvlText w:val="%1.%3"/></w:lvl>
<w:lvl w:ilvl="3"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="●"/></w:lvl>
</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
<w:num w:numId="2"><w:abstractNumId w:val="0"/>
<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>"""


def _numbered(text: str, level: int, number: int = 1) -> str:
    return paragraph(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


def test_numbers_that_word_counts_are_written_out() -> None:
    body = "".join(
        (
            _numbered("甲", 0),
            _numbered("乙", 1),
            _numbered("丙", 1),
            _numbered("丁", 0),
            _numbered("戊", 1),
            _numbered("己", 2),
            _numbered("庚", 3),
            _numbered("", 1),
            _numbered("辛", 1),
            _numbered("壬", 0, 2),
            paragraph("癸", '<w:numPr><w:numId w:val="0"/></w:numPr>'),
        )
    )
    assert _lines(word(body, LEVELS)) == [
        "一、甲",
        "（一）乙",
        "（二）丙",
        "二、丁",
        "（一）戊",
        "2.1 己",
        "庚",
        "（三）辛",
        "一、壬",
        "癸",
    ]


def test_a_style_may_name_the_list() -> None:
    made = docx.Document()
    for text in ("甲", "乙"):
        made.add_paragraph(text, style="List Number")
    assert _lines(packed(made)) == ["1.甲", "2.乙"]


@pytest.mark.parametrize(
    ("number", "written"),
    ((1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (105, "一百零五"), (1010, "一千零一十"), (0, "0")),
)
def test_numbers_are_counted_as_chinese_counts(number: int, written: str) -> None:
    assert counted(number) == written


CHANGED = {
    "deletions and moves": (
        "<w:p><w:r><w:t>于</w:t></w:r><w:del><w:r><w:delText>9月</w:delText></w:r></w:del>"
        "<w:moveFrom><w:r><w:t>8月</w:t></w:r></w:moveFrom><w:ins><w:r><w:t>10月</w:t></w:r></w:ins>"
        "<w:r><w:t>底前完成</w:t></w:r></w:p>",
        ["于10月底前完成"],
    ),
    "a deleted end of paragraph": (
        paragraph("2024年", "<w:rPr><w:del/></w:rPr>") + paragraph("10月底前"),
        ["2024年10月底前"],
    ),
    "a deleted row": (
        f"<w:tbl><w:tr><w:trPr><w:del/></w:trPr>{cell('旧')}</w:tr><w:tr>{cell('新')}{cell('行')}</w:tr></w:tbl>",
        ["新\t行"],
    ),
    "hidden words, fields and footnotes": (
        "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>隐</w:t></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>"
        '<w:hyperlink><w:r><w:t>办法</w:t></w:r></w:hyperlink><w:r><w:footnoteReference w:id="1"/></w:r></w:p>',
        ["办法"],
    ),
    "a line's end, a tab, a page's end": (
        '<w:p><w:r><w:t>甲</w:t><w:br/><w:t>乙</w:t><w:tab/><w:t>丙</w:t><w:br w:type="page"/>'
        "<w:t>丁</w:t></w:r></w:p>",
        ["甲", "乙 丙丁"],
    ),
    "a text box": (
        "<w:p><w:r><w:t>正文</w:t></w:r><w:r><w:txbxContent>" + paragraph("框内") + "</w:txbxContent></w:r></w:p>",
        ["正文", "框内"],
    ),
    "a table of contents": (
        '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
        f"<w:sdtContent>{paragraph('一、总则 1')}</w:sdtContent></w:sdt><w:sdt><w:sdtContent>{paragraph('一、总则')}"
        "</w:sdtContent></w:sdt>",
        ["一、总则"],
    ),
}


@pytest.mark.parametrize("what", CHANGED)
def test_a_document_reads_as_with_all_changes_accepted(what: str) -> None:
    body, lines = CHANGED[what]
    assert _lines(word(body)) == lines


def test_changes_are_told() -> None:
    assert read_document(word(CHANGED["deletions and moves"][0]), "plan.docx").notes == ("修订：已按接受全部修订读取",)


def _bomb() -> bytes:
    made = io.BytesIO(packed(docx.Document()))
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/media/image.png", bytes(100 << 20))
    return made.getvalue()


ENTITY = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>'
TRAPS = {
    "a zip bomb": (_bomb, TooLarge),
    "a part that unpacks to too much": (lambda: packed(docx.Document(), document=b"<a>" + b" " * (25 << 20)), TooLarge),
    "too many tags": (lambda: word("<w:p/>" * 1_000_001), TooLarge),
    "entities": (lambda: packed(docx.Document(), document=ENTITY.encode()), Invalid),
    "entities in UTF-16": (lambda: packed(docx.Document(), styles=ENTITY.encode("utf-16")), Invalid),
    "deep nesting": (lambda: word("<w:ins>" * 5_000 + "</w:ins>" * 5_000), Invalid),
    "no document": (lambda: _zip("mimetype"), Invalid),
    "no zip": (lambda: b"PK\x03\x04" + bytes(100), Invalid),
    "no text": (word, Invalid),
}


def _zip(name: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        package.writestr(name, "x")
    return made.getvalue()


@pytest.mark.parametrize("what", TRAPS)
def test_a_trap_is_refused_before_it_closes(what: str) -> None:
    make, error = TRAPS[what]
    with pytest.raises(error, match=r"plan\.docx") as refused:
        read_document(make(), "plan.docx")
    assert type(refused.value) is error


def test_damage_anywhere_gives_text_or_a_refusal() -> None:
    whole = bytearray(word(CHANGED["deletions and moves"][0], LEVELS))
    for place in range(0, len(whole), len(whole) // 60):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        try:
            read_document(bytes(damaged), "plan.docx")
        except Invalid:
            continue
