"""The check sum of texts that are joined, from the sums of the texts alone. Pure.

A gzip member ends with the CRC-32 of everything in it (RFC 1952, 2.3.1). Where a feed is joined from pieces that are
kept compressed, their plain bytes need not be read again for it. The arithmetic is that of zlib's `crc32_combine`:
polynomials over GF(2) modulo the one of CRC-32, the lowest power in the highest bit.
"""

_POLYNOMIAL = 0xEDB88320
_ONE = 1 << 31


def _times(a: int, b: int) -> int:
    """a·b; a is not 0."""
    product, bit = 0, _ONE
    while True:
        if a & bit:
            product ^= b
            if not a & (bit - 1):
                return product
        bit >>= 1
        b = (b >> 1) ^ _POLYNOMIAL if b & 1 else b >> 1


def _powers() -> list[int]:
    """x to the power of 8·2ⁿ, for lengths of up to 2³² bytes."""
    found = [_ONE >> 8]
    while len(found) < 32:
        found.append(_times(found[-1], found[-1]))
    return found


_POWERS = _powers()


def shift_of(length: int) -> int:
    """What `joined` multiplies by where so many bytes come after: x to the power of 8·length."""
    shift = _ONE
    for power in _POWERS:
        if length & 1:
            shift = _times(power, shift)
        length >>= 1
    return shift


def joined(first: int, second: int, shift: int) -> int:
    """The CRC-32 of two texts, one after the other, from those of each. `shift`: that of the second one's length."""
    return _times(shift, first) ^ second
