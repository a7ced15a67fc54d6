"""Cells of text files against Python's own readers, for any text."""

import csv
import io
import json
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.export import parquet_files, text_cells
from domain.values.money import MAX_MINOR, amount_text

TEXTS = st.lists(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(
        [
            "",
            "=1+1",
            "+49",
            "-1",
            "@x",
            "\tx",
            "\rx",
            "\n=1",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            'a"b',
            "a,b",
            "a\nb",
            "a\r\nb",
            "\\",
            '\\"',
            "'=1",
            "é😀",
        ]
    )
    | st.none(),
    max_size=8,
)
AMOUNTS = st.lists(
    st.tuples(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(["EUR", "JPY", "BHD", "USD"])), max_size=8
)


@given(TEXTS)
def test_json_reads_the_texts_back(texts: list[str | None]) -> None:
    cells = text_cells.json_texts(pa.array(texts, pa.string())).to_pylist()
    assert [None if cell is None else json.loads(f'"{cell}"') for cell in cells] == texts
    assert not any("\n" in cell for cell in cells if cell is not None)


@given(TEXTS)
def test_csv_reads_the_texts_back_and_none_is_a_formula(texts: list[str | None]) -> None:
    cells = text_cells.csv_texts(pa.array(texts, pa.string())).to_pylist()
    for cell, text in zip(cells, texts, strict=True):
        if text is None:
            assert cell is None
            continue
        (read,) = next(csv.reader(io.StringIO(cell, newline="")))
        is_formula = text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
        assert read == (f"'{text}" if is_formula else text) == text_cells.guarded(text)
        assert not read.startswith(text_cells.FORMULA_SIGNS)


@given(AMOUNTS)
def test_amounts_are_exact_in_every_currency(amounts: list[tuple[int, str]]) -> None:
    minor = pa.array([str(amount) for amount, _ in amounts], pa.string())
    currency = pa.array([code for _, code in amounts], pa.string())
    wanted = [amount_text(amount, code) for amount, code in amounts]
    assert text_cells.amounts(minor, currency).to_pylist() == wanted
    exact = parquet_files.decimals(pa.array([amount for amount, _ in amounts], pa.int64()), currency)
    assert exact.type == parquet_files.MONEY
    assert exact.to_pylist() == [Decimal(text) for text in wanted]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2026-11-22 21:22:49.5+00", "2026-11-22T21:22:49.5Z"),
        ("2026-11-22 21:22:49+00", "2026-11-22T21:22:49Z"),
        ("2026-11-22 21:22:49.123456+00", "2026-11-22T21:22:49.123456Z"),
    ],
)
def test_times_are_rfc_3339(written: str, shown: str) -> None:
    assert text_cells.times(pa.array([written, None], pa.string())).to_pylist() == [shown, None]
