"""Untrusted text made harmless, and cut to size."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.webhooks.rules.formats.text import cut, fit, harmless, one_line, safe_link
from tests.webhooks.strategies import hostile, patient, texts

anything = texts | hostile


@pytest.mark.parametrize(
    ("text", "expected"),
    (
        ("  a\n\tb\r\u2028c  ", "a b c"),
        ("甲\u202e乙\u200b丙\x07", "甲乙丙"),
        ("\U000e0100", "\U000e0100"),  # a variation selector is part of a Han character
        ("\ue863\U00031350", "\ue863\U00031350"),  # private use, and newer than this Python: rare Han characters
        ("", ""),
    ),
)
def test_text_on_one_line_keeps_every_character_that_can_be_seen(text: str, expected: str) -> None:
    assert one_line(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    (
        ("<at id=all></at>", "＜at id=all＞＜/at＞"),
        ("<@all> @13800000000", "＜＠all＞ ＠13800000000"),
        ("[点我](https://evil.example)", "［点我］(https：//evil.example)"),
        ("# *一* _二_ `三` ~~四~~ &lt;", "＃ ＊一＊ ＿二＿ ｀三｀ ～～四～～ ＆lt;"),
        ("二(三)1：2024年10月底前", "二(三)1：2024年10月底前"),
    ),
)
def test_markup_and_mentions_become_letters(text: str, expected: str) -> None:
    assert harmless(text) == expected


@patient
@given(anything)
def test_nothing_harmful_survives_and_harmless_text_stays(text: str) -> None:
    safe = harmless(text)
    assert not set(safe) & set("\\`*_[]<>#@~|!&\n\r")
    assert "://" not in safe
    assert harmless(safe) == safe


@patient
@given(anything, st.integers(0, 400))
def test_a_cut_text_fits_and_is_a_beginning(text: str, most: int) -> None:
    kept = cut(text, most)
    assert len(kept.encode()) <= most
    assert kept == text or (text.startswith(kept.removesuffix("…")) and (kept.endswith("…") or most < 3))


@patient
@given(st.text(st.sampled_from("甲é😀e\u0301\u0308a"), max_size=40), st.integers(3, 60))
def test_a_cut_never_parts_a_character_from_its_marks(text: str, most: int) -> None:
    kept = cut(text, most)
    if kept.removesuffix("…") and kept != text:  # marks that open a text belong to nothing
        following = text[len(kept.removesuffix("…")) :][:1]
        assert not unicodedata.category(following or "a").startswith("M")


@patient
@given(st.lists(st.text("甲a", min_size=1, max_size=20), max_size=50), st.integers(30, 600))
def test_a_list_is_cut_to_the_most_entries_that_fit(entries: list[str], most: int) -> None:
    def write(kept: object) -> bytes:
        assert isinstance(kept, list)
        tail = f"+{len(entries) - len(kept)}" if len(kept) < len(entries) else ""
        return ("\n".join(["head", *kept]) + tail).encode()

    body = fit(entries, write, most_bytes=most)
    shown = next(count for count in range(len(entries), -1, -1) if write(entries[:count]) == body)
    assert len(body) <= most
    assert shown == len(entries) or len(write(entries[: shown + 1])) > most


@pytest.mark.parametrize(
    ("url", "link"),
    (
        (
            "https://milepost.example/occurrences/oc_1?lang=zh#top",
            "https://milepost.example/occurrences/oc_1?lang=zh#top",
        ),
        ("https://milepost.example/a(b) c", "https://milepost.example/a%28b%29%20c"),
        ("https://milepost.example/期限", "https://milepost.example/%E6%9C%9F%E9%99%90"),
        ("javascript:alert(1)", None),
        ("https://", None),
        ("//milepost.example", None),
        ("https://[", None),
        ("https://milepost.example/" + "a" * 1000, None),
        ("", None),
        (None, None),
    ),
)
def test_a_link_is_an_address_that_cannot_end_early(url: str | None, link: str | None) -> None:
    assert safe_link(url) == link
