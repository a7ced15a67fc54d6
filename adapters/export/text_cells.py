"""Cells of text files, a whole column at once: Arrow works on columns, and without the interpreter's lock.

A value is text already as PostgreSQL wrote it, but for amounts, which come as minor units.
"""

import json
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from domain.values.money import minor_digits

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet may run begins with one of these; the wide ones are made narrow where East Asian text is read."""
GUARD: Final = "'"
_FORMULA: Final = r"^[=+\-@\t\r\n＝＋－＠]"
_ESCAPED_IN_JSON: Final = r'[\x00-\x1f"\\]'
_QUOTED_IN_CSV: Final = r'[",\r\n]'
_BYTES_ESCAPED_IN_JSON: Final = bytes(range(32)) + b'"\\'
_BYTES_QUOTED_IN_CSV: Final = b'",\r\n'
_BYTES_OF_FORMULAS: Final = "".join(FORMULA_SIGNS).encode()
_INT64_DIGITS: Final = 19


def guarded(text: str) -> str:
    """One cell of text, safe to be opened in a spreadsheet."""
    return GUARD + text if text.startswith(FORMULA_SIGNS) else text


def amounts(minor: pa.Array, currency: pa.Array) -> pa.Array:
    """`1999`, `EUR` → `19.99`: with as many digits as the currency has."""
    by_digits: dict[int, list[str]] = {}
    for code in pc.unique(currency).to_pylist():
        by_digits.setdefault(minor_digits(code), []).append(code)
    written: Any = None
    for digits, codes in by_digits.items():
        text = _of_digits(minor, digits)
        is_theirs = pc.is_in(currency, value_set=pa.array(codes, pa.string())) if written is not None else None
        written = text if written is None else pc.if_else(is_theirs, text, written)
    return minor if written is None else written


def _of_digits(minor: pa.Array, digits: int) -> pa.Array:
    """A point among the digits; below zero, which is rare, by reckoning."""
    if digits == 0:
        return minor
    if _has_any(minor, b"-"):
        exact = pc.cast(pc.cast(minor, pa.int64()), pa.decimal128(_INT64_DIGITS, 0))
        return pc.cast(
            pc.multiply(exact, pa.scalar(Decimal(1).scaleb(-digits), pa.decimal128(digits + 1, digits))), pa.string()
        )
    padded = pc.ascii_lpad(minor, width=digits + 1, padding="0")
    return pc.binary_replace_slice(padded, start=-digits, stop=-digits, replacement=".")


def content_of(values: pa.Array) -> memoryview:
    """All texts one after the other: that is how Arrow keeps them."""
    _validity, offsets, content = values.buffers()
    if content is None:
        return memoryview(b"")
    bounds = memoryview(offsets).cast("i")
    return memoryview(content)[bounds[values.offset] : bounds[values.offset + len(values)]]


def _has_any(values: pa.Array, signs: bytes) -> bool:
    """Whether one of these bytes is anywhere in the texts: a tenth of the price of asking each text."""
    content = bytes(content_of(values))
    return len(content.translate(None, signs)) != len(content)


def times(written: pa.Array) -> pa.Array:
    """`2026-11-22 21:22:49.5+00` → `2026-11-22T21:22:49.5Z`."""
    apart = pc.binary_replace_slice(written, start=-3, stop=1 << 30, replacement="Z")
    return pc.binary_replace_slice(apart, start=10, stop=11, replacement="T")


def flags(written: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(written, "t"), "true", "false")


def json_texts(values: pa.Array) -> pa.Array:
    """What stands between the quotes of JSON strings. Few texts have signs that must be escaped."""
    if not _has_any(values, _BYTES_ESCAPED_IN_JSON):
        return values
    has_signs = pc.fill_null(pc.match_substring_regex(values, _ESCAPED_IN_JSON), fill_value=False)
    escaped = [json.dumps(text, ensure_ascii=False)[1:-1] for text in values.filter(has_signs).to_pylist()]
    return pc.replace_with_mask(values, has_signs, pa.array(escaped, pa.string()))


def csv_texts(values: pa.Array) -> pa.Array:
    """With formulas guarded, and quoted where they must be. An empty text is `""`: nothing at all is for what is missing."""
    if _has_any(values, _BYTES_OF_FORMULAS):
        is_formula = pc.match_substring_regex(values, _FORMULA)
        if pc.any(is_formula).as_py():
            values = pc.if_else(is_formula, pc.binary_join_element_wise(GUARD, values, ""), values)
    is_quoted = pc.equal(values, "")
    if _has_any(values, _BYTES_QUOTED_IN_CSV):
        is_quoted = pc.or_(pc.match_substring_regex(values, _QUOTED_IN_CSV), is_quoted)
    if not pc.any(is_quoted).as_py():
        return values
    doubled = pc.replace_substring(values, pattern='"', replacement='""')
    return pc.if_else(is_quoted, pc.binary_join_element_wise('"', doubled, '"', ""), values)
