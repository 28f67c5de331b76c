"""Numbers as documents write them: `12`, `十二`, `二〇二四`, `两`."""

DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "0": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1_000}

# Characters that a number may be made of, for a regular expression's class. Folded text has `0` for 〇.
CHARACTERS = "0-9零一二三四五六七八九十百千两"


def read_number(text: str) -> int | None:
    """A number from 0 to 9,999; None where the text is none.

    `二十五` counts by places, `二0二四` digit by digit, as years are read.
    """
    if text.isascii() and text.isdigit():
        return int(text) if len(text) <= 9 else None
    if any(each in _UNITS for each in text):
        return _counted(text)
    spelled = "".join(str(DIGITS.get(each, each)) for each in text)
    return int(spelled) if spelled.isascii() and spelled.isdigit() else None


def _counted(text: str) -> int | None:
    total, digit = 0, None
    for each in text:
        if each in _UNITS:
            total += (1 if digit is None else digit) * _UNITS[each]
            digit = None
        elif each in DIGITS:
            digit = DIGITS[each]
        else:
            return None
    return total + (digit or 0)
