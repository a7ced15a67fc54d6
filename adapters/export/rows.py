"""Rows as PostgreSQL copies them, read into Arrow: each column as the text that it is, or typed."""

from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.csv as arrow_csv

from domain.exports.datasets import ColumnKind, ExportColumn

_TYPED: Final = {
    ColumnKind.MONEY: pa.int64(),
    ColumnKind.WHOLE: pa.int64(),
    ColumnKind.TIME: pa.timestamp("us", tz="UTC"),
    ColumnKind.FLAG: pa.bool_(),
}
_FORM: Final = arrow_csv.ParseOptions(newlines_in_values=True)


class RowReader:
    """Not typed, every value is the text that PostgreSQL wrote."""

    def __init__(self, columns: Sequence[ExportColumn], *, is_typed: bool) -> None:
        types: Mapping[ColumnKind, pa.DataType] = _TYPED if is_typed else {}
        self._names = [column.name for column in columns]
        self._read = arrow_csv.ConvertOptions(
            column_types={column.name: types.get(column.kind, pa.string()) for column in columns},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        )

    def table(self, rows: bytes) -> pa.Table:
        """Whole rows. One thread: the others belong to whoever else is served."""
        blocks = arrow_csv.ReadOptions(use_threads=False, block_size=len(rows) + 1, column_names=self._names)
        return arrow_csv.read_csv(
            pa.BufferReader(rows), read_options=blocks, parse_options=_FORM, convert_options=self._read
        )


def column_of(table: pa.Table, name: str) -> pa.Array:
    """In one piece."""
    pieces = table.column(name)
    if pieces.num_chunks == 1:
        return pieces.chunk(0)
    return pa.concat_arrays(pieces.chunks) if pieces.num_chunks else pa.array([], pieces.type)
