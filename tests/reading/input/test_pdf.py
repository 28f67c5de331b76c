"""PDFs: paragraphs across lines and pages, tables, furniture; scans, passwords and bombs are refused."""

import json

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader

from service.kit.errors import Invalid
from service.reading.input import pdf, pdf_pages, read_document
from service.reading.input.paging import Page, joined
from tests.reading.input.making import Paper, hostile_pdf

LEFT, INDENT = 80, 112  # a paragraph's first line is indented by two characters of 16 points
TASK = (
    "（一）建立健全行政执法标准规范，对不符合要求的及",
    "时清理，做到有据可依、有章可循，并报区司法局。（责任单",
    "位：区司法局、区财政局、区教育局，完成时间：2024年10月底",
    "前）",
)


def _body(*, first: int = 1) -> bytes:
    """Three pages with a header and a page number each; a paragraph and a table run over their ends."""
    paper = Paper()
    for number in range(first, first + 3):
        lines = [(LEFT, 800.0, "某某区人民政府文件"), (270.0, 40.0, f"— {number} —")]
        if number == first:
            lines += [
                (200.0, 740.0, "提升执法质量工作方案"),
                (INDENT, 700.0, "一、工作任务"),
                (INDENT, 672.0, TASK[0]),
                (LEFT, 644.0, TASK[1]),
            ]
        elif number == first + 1:
            lines += [(LEFT, 740.0, TASK[2]), (LEFT, 712.0, TASK[3]), (INDENT, 684.0, "二、任务分工表")]
            lines += _table(paper, 640, (("任务", "完成时限"), ("清理文件", "2024年6月"), ("开展培训", "每年12月")))
        else:
            lines += _table(paper, 740, (("任务", "完成时限"), ("组织考试", "年底前")))
        paper.page(lines)
    return paper.done()


def _table(paper: Paper, top: float, rows: tuple[tuple[str, str], ...]) -> list[tuple[float, float, str]]:
    paper.grid([LEFT, 280, 500], [top - 30 * place for place in range(len(rows) + 1)])
    return [
        (x, top - 30 * place - 22, text)
        for place, row in enumerate(rows)
        for x, text in zip((90.0, 290.0), row, strict=True)
    ]


def test_lines_become_paragraphs_and_pages_lose_their_furniture() -> None:
    document = read_document(_body(), "plan.pdf")
    assert document.kind == "pdf"
    assert document.text.split("\n") == [
        "提升执法质量工作方案",
        "一、工作任务",
        "".join(TASK),
        "二、任务分工表",
        "任务\t完成时限",
        "清理文件\t2024年6月",
        "开展培训\t每年12月",
        "组织考试\t年底前",
    ]


def test_paragraphs_end_where_a_line_is_short_or_the_next_is_indented() -> None:
    full = [(80.0, 500.0, 100.0 + 28 * place, 116.0 + 28 * place) for place in range(4)]
    lines = [(*place, text) for place, text in zip(full, ("甲" * 26, "乙" * 26, "丙" * 26, "丁" * 26), strict=True)]
    indented = [lines[0], lines[1], (112.0, *lines[2][1:]), lines[3]]
    assert joined([Page(842, indented, [])]).split("\n") == ["甲" * 26 + "乙" * 26, "丙" * 26 + "丁" * 26]
    short = [lines[0], (80.0, 300.0, *lines[1][2:4], "乙。"), lines[2], lines[3]]
    assert joined([Page(842, short, [])]).split("\n") == ["甲" * 26 + "乙。", "丙" * 26 + "丁" * 26]


def test_a_number_at_the_pages_edge_is_furniture_and_one_inside_is_not() -> None:
    lines = [(80.0, 100.0, 400.0, 416.0, "12"), (290.0, 300.0, 800.0, 812.0, "3")]
    assert joined([Page(842, lines, [])]) == "12"


def test_what_glyphs_only_look_like_is_put_right() -> None:
    paper = Paper()
    paper.page([(LEFT, 700, "区人⺠政府⽉报")])
    assert read_document(paper.done(), "plan.pdf").text == "区人民政府月报"


def _scan(*texts: str) -> bytes:
    paper = Paper()
    picture = ImageReader(_picture())
    for text in texts:
        paper.canvas.drawImage(picture, 0, 0, 595, 842)
        paper.page([(LEFT, 700, text)])
    return paper.done()


def _picture() -> "object":
    from PIL import Image

    return Image.new("L", (60, 84), 200)


def test_a_scan_is_refused_and_a_scanned_page_is_told() -> None:
    with pytest.raises(Invalid, match="a scan, pictures without text"):
        read_document(_scan("", "- 2 -"), "plan.pdf")
    document = read_document(_scan("区司法局牵头，十月底前完成。", ""), "plan.pdf")
    assert document.notes == ("第2页没有文字，可能是扫描件，未读取",)


def test_a_password_is_refused_and_a_mere_restriction_is_not() -> None:
    for password, refused in (("secret", True), ("", False)):
        paper = Paper(encrypt=StandardEncryption(password, "owner", canPrint=0, strength=128))
        paper.page([(LEFT, 700, "Report by 2024-10-31")], font="Helvetica")
        raw = paper.done()
        if refused:
            with pytest.raises(Invalid, match="protected by a password"):
                read_document(raw, "plan.pdf")
        else:
            assert read_document(raw, "plan.pdf").text == "Report by 2024-10-31"


BOMBS = {
    "a stream that unpacks without end": lambda: hostile_pdf(b" " * (200 << 20)),
    "forms inside forms": lambda: hostile_pdf(
        b"/X0 Do", *(b"/X%d Do " % (place + 1) * 10 for place in range(14)), b"n"
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_ends_with_its_own_process(bomb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = BOMBS[bomb]()
    assert len(raw) < 2 << 20
    monkeypatch.setattr(pdf, "SECONDS", 2)
    monkeypatch.setattr(pdf, "MEMORY", 400 << 20)
    with pytest.raises(Invalid, match=r"plan\.pdf: this"):
        read_document(raw, "plan.pdf")


@pytest.mark.parametrize("raw", (b"%PDF-1.7", b"%PDF-1.7\n" + bytes(range(256)) * 40, hostile_pdf(b"")[:-200]))
def test_a_damaged_pdf_is_refused(raw: bytes) -> None:
    with pytest.raises(Invalid, match=r"plan\.pdf"):
        read_document(raw, "plan.pdf")


def test_too_many_pages_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_pages, "MOST_PAGES", 2)
    assert pdf_pages.read_pages(_body()) == {"refused": pdf_pages.TOO_MANY_PAGES}


def test_the_other_process_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILEPOST_SECRET", "s" * 40)
    assert "MILEPOST_SECRET" not in pdf.environment()


def test_what_the_process_says_is_json() -> None:
    found = json.loads(json.dumps(pdf_pages.read_pages(_body())))
    assert [len(page["tables"]) for page in found["pages"]] == [0, 1, 1]
