"""One spelling for what is written in many: full width, traditional characters, dashes. Lengths stay, so spans stay.

Every character becomes exactly one character: a place in the folded text is the same place in the text that was given.
"""

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # ！ to ～: the forms that fill a Chinese character
_SPACES = dict.fromkeys(map(ord, "\u3000\u00a0\u2002\u2003\u2009\u202f\t"), " ")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹣－─━"), "-")
_TILDES = dict.fromkeys(map(ord, "～〜∼˜"), "~")
_BRACKETS = {ord(wide): narrow for wide, narrow in zip("（）〔〕［］﹙﹚", "()[][]()", strict=True)}
_ZEROS = dict.fromkeys(map(ord, "〇○Ｏ"), "0")

# The traditional forms that stand in deadline phrases; names of units are compared by `units.rules`.
_TRADITIONAL: dict[int, int] = str.maketrans(
    "內個當屆終與間開啟進續際點節號據實時應從於後動態調計劃項業學級責單負辦協參牽頭標歲達萬規範設製訂組織總結報",
    "内个当届终与间开启进续际点节号据实时应从于后动态调计划项业学级责单负办协参牵头标岁达万规范设制订组织总结报",
)

_FOLDS: dict[int, int | str] = {**_WIDE, **_SPACES, **_DASHES, **_TILDES, **_BRACKETS, **_ZEROS, **_TRADITIONAL}


def fold(text: str) -> str:
    """The text in one spelling, character by character: `２０１９年１月１日—３月` becomes `2019年1月1日-3月`."""
    return text.translate(_FOLDS)
