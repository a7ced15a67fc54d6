"""Rows as a file that is sent while it is made: CSV and Parquet, in pieces.

An encoder is given rows whose values are str, int, Decimal, bool or aware datetime, in the order of its columns, and gives back
bytes. It works and does not wait: it is for a thread. Cells are guarded and typed as in the files of exports.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from adapters.export.parquet_files import schema_of
from adapters.export.text_cells import content_of, csv_texts
from domain.exports.datasets import ColumnKind, ExportColumn

Rows = Sequence[Sequence[Any]]

GROUP_ROWS: Final = 32_000


class StreamEncoder(Protocol):
    def begin(self) -> bytes: ...

    def encode(self, rows: Rows) -> bytes: ...

    def end(self) -> bytes: ...


class CsvStream:
    """Lines as in exports: UTF-8, a header, NULL is nothing at all and an empty text is `""`; times are RFC 3339 in UTC."""

    def __init__(self, columns: Sequence[ExportColumn]) -> None:
        self._columns = tuple(columns)

    def begin(self) -> bytes:
        return (",".join(column.name for column in self._columns) + "\n").encode()

    def encode(self, rows: Rows) -> bytes:
        parts: list[Any] = []
        for column, values in zip(self._columns, zip(*rows, strict=True), strict=True):
            parts += [pc.coalesce(_cells(column.kind, values), ""), ","]
        parts[-1] = "\n"
        return bytes(content_of(pc.binary_join_element_wise(*parts, "")))

    def end(self) -> bytes:
        return b""


class ParquetStream:
    """Typed columns, zstd; row groups large enough to be read fast and small enough to be held."""

    def __init__(self, columns: Sequence[ExportColumn]) -> None:
        self._sink = _Sink()
        self._schema = schema_of(tuple(columns))
        self._writer = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._batches: list[pa.RecordBatch] = []

    def begin(self) -> bytes:
        return self._sink.taken()

    def encode(self, rows: Rows) -> bytes:
        columns = zip(self._schema, zip(*rows, strict=True), strict=True)
        arrays = [pa.array(values, type=field.type) for field, values in columns]
        self._batches.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        if sum(batch.num_rows for batch in self._batches) >= GROUP_ROWS:
            self._write()
        return self._sink.taken()

    def end(self) -> bytes:
        if self._batches:
            self._write()
        self._writer.close()
        return self._sink.taken()

    def _write(self) -> None:
        self._writer.write_table(pa.Table.from_batches(self._batches))
        self._batches.clear()


STREAMS: Final[Mapping[str, Callable[[Sequence[ExportColumn]], StreamEncoder]]] = {
    "csv": CsvStream,
    "parquet": ParquetStream,
}
"""By the end of a file's name."""


class _Sink(io.RawIOBase):
    """What was written and not taken yet; counts all of it, because Parquet notes where things stand."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._bytes += data
        size = len(memoryview(data).cast("B"))
        self._position += size
        return size

    def tell(self) -> int:
        return self._position

    def taken(self) -> bytes:
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken


def _cells(kind: ColumnKind, values: Sequence[Any]) -> pa.Array:
    if kind is ColumnKind.TEXT:
        return csv_texts(pa.array(values, pa.string()))
    text = _TEXT_OF[kind]
    return pa.array([None if value is None else text(value) for value in values], pa.string())


def _time(value: datetime) -> str:
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


_TEXT_OF: Final[Mapping[ColumnKind, Callable[[Any], str]]] = {
    ColumnKind.WHOLE: str,
    ColumnKind.MONEY: lambda value: format(value, "f"),
    ColumnKind.FLAG: lambda value: "true" if value else "false",
    ColumnKind.TIME: _time,
}
