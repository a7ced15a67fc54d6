"""Parquet: typed and compressed. A file is written in one go, as its directory stands at its end."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from adapters.export.rows import RowReader, column_of
from domain.exports.datasets import CURRENCY, DATASETS, ColumnKind, ExportColumn
from domain.values.enums import ExportDataset
from domain.values.money import minor_digits

SCALE: Final = 3
"""Decimal digits of every amount: as many as the currency with the most of them has."""
MONEY: Final = pa.decimal128(22, SCALE)
_INT64_DIGITS: Final = 19
_GROUP_BYTES: Final = 8 << 20
"""Rows are gathered up to this size, in memory, before they are written as one group."""
_PIECE_BYTES: Final = 1 << 20
_TYPES: Final[Mapping[ColumnKind, pa.DataType]] = {
    ColumnKind.TEXT: pa.string(),
    ColumnKind.WHOLE: pa.int64(),
    ColumnKind.MONEY: MONEY,
    ColumnKind.TIME: pa.timestamp("us", tz="UTC"),
    ColumnKind.FLAG: pa.bool_(),
    ColumnKind.JSON: pa.string(),
}


class ParquetFile:
    def __init__(self, dataset: ExportDataset, path: Path) -> None:
        self._columns = DATASETS[dataset].columns
        self._reader = RowReader(self._columns, is_typed=True)
        self._path = path
        self._schema = schema_of(self._columns)
        self._writer = pq.ParquetWriter(path, self._schema, compression="snappy")
        self._gathered: list[pa.Table] = []

    def write(self, rows: bytes) -> int:
        table = self._reader.table(rows)
        self._gathered.append(self._typed(table))
        if sum(one.nbytes for one in self._gathered) >= _GROUP_BYTES:
            self._write_group()
        count: int = table.num_rows
        return count

    def flush(self) -> int | None:
        return None

    def close(self) -> tuple[int, str]:
        self._write_group()
        self._writer.close()
        digest, size = hashlib.sha256(), 0
        with self._path.open("rb") as written:
            while piece := written.read(_PIECE_BYTES):
                digest.update(piece)
                size += len(piece)
        return size, digest.hexdigest()

    def abandon(self) -> None:
        self._gathered.clear()
        self._writer.close()

    def _write_group(self) -> None:
        if self._gathered:
            group = pa.concat_tables(self._gathered)
            self._gathered.clear()
            self._writer.write_table(group, row_group_size=group.num_rows)

    def _typed(self, table: pa.Table) -> pa.Table:
        return pa.Table.from_arrays([self._values(table, column) for column in self._columns], schema=self._schema)

    def _values(self, table: pa.Table, column: ExportColumn) -> pa.Array:
        values = column_of(table, column.name)
        return decimals(values, column_of(table, CURRENCY.name)) if column.kind is ColumnKind.MONEY else values


def schema_of(columns: tuple[ExportColumn, ...]) -> pa.Schema:
    return pa.schema(
        [
            pa.field(
                column.name,
                _TYPES[column.kind],
                nullable=column.is_nullable,
                metadata={"description": column.description},
            )
            for column in columns
        ]
    )


def decimals(minor: pa.Array, currency: pa.Array) -> pa.Array:
    codes = pc.unique(currency)
    factors = pa.array([10 ** (SCALE - minor_digits(code)) for code in codes.to_pylist()], pa.int64())
    thousandths = pc.multiply_checked(minor, factors.take(pc.index_in(currency, value_set=codes)))
    return pc.cast(pc.multiply(pc.cast(thousandths, pa.decimal128(_INT64_DIGITS, 0)), _thousandth()), MONEY)


def _thousandth() -> Any:
    return pa.scalar("0.001").cast(pa.decimal128(SCALE + 1, SCALE))
