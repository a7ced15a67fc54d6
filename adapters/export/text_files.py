"""JSON lines and CSV: files that are written piece by piece, and continued where an earlier try was safe on the disk."""

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from adapters.export import text_cells
from adapters.export.rows import RowReader, column_of
from domain.exports.datasets import CURRENCY, DATASETS, ColumnKind, ExportColumn
from domain.values.enums import ExportDataset

_PIECE_BYTES: Final = 1 << 20
Way = Callable[[pa.Array], pa.Array]


def _same(values: pa.Array) -> pa.Array:
    return values


class TextFile(ABC):
    def __init__(self, dataset: ExportDataset, path: Path, resume_at: int | None) -> None:
        self._columns = DATASETS[dataset].columns
        self._reader = RowReader(self._columns, is_typed=False)
        self._hash = hashlib.sha256()
        self._bytes = 0
        self._file = path.open("r+b" if resume_at is not None else "wb")
        if resume_at is None:
            self._append(self._head())
        else:
            self._resume(resume_at)

    def write(self, rows: bytes) -> int:
        table = self._reader.table(rows)
        self._append(text_cells.content_of(self._lines(table)))
        count: int = table.num_rows
        return count

    def flush(self) -> int | None:
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._bytes

    def close(self) -> tuple[int, str]:
        self.flush()
        self._file.close()
        return self._bytes, self._hash.hexdigest()

    def abandon(self) -> None:
        self._file.close()

    @abstractmethod
    def _head(self) -> bytes: ...

    @abstractmethod
    def _lines(self, table: pa.Table) -> pa.Array:
        """One text per row, its line break included."""

    def _append(self, content: Any) -> None:
        self._file.write(content)
        self._hash.update(content)
        self._bytes += len(content)

    def _resume(self, at: int) -> None:
        """What an earlier try wrote up to there is kept, and what may stand behind it is not."""
        self._file.truncate(at)
        while piece := self._file.read(_PIECE_BYTES):
            self._hash.update(piece)
            self._bytes += len(piece)
        if self._bytes != at:
            raise OSError(f"The file of an earlier try has {self._bytes} bytes instead of {at}.")


class JsonLines(TextFile):
    def _head(self) -> bytes:
        return b""

    def _lines(self, table: pa.Table) -> pa.Array:
        """Quotes are parts of the texts between the values, as far as no value is missing: so each is copied once."""
        parts: list[Any] = []
        between = "{"
        for column in self._columns:
            values = _written(table, column, _IN_JSON)
            between += f'"{column.name}":'
            is_quoted = column.kind in _QUOTED
            if column.is_nullable:
                quoted = pc.binary_join_element_wise('"', values, '"', "") if is_quoted else values
                parts += [between, pc.coalesce(quoted, "null")]
                between = ","
            else:
                parts += [between + '"' * is_quoted, values]
                between = '"' * is_quoted + ","
        return pc.binary_join_element_wise(*parts, between.rstrip(",") + "}\n", "")


class CsvFile(TextFile):
    def _head(self) -> bytes:
        return (",".join(column.name for column in self._columns) + "\n").encode()

    def _lines(self, table: pa.Table) -> pa.Array:
        parts: list[Any] = []
        for column in self._columns:
            values = _written(table, column, _IN_CSV)
            parts += [pc.coalesce(values, "") if column.is_nullable else values, ","]
        parts[-1] = "\n"
        return pc.binary_join_element_wise(*parts, "")


def _written(table: pa.Table, column: ExportColumn, ways: "Mapping[ColumnKind, Way]") -> pa.Array:
    values = column_of(table, column.name)
    if column.kind is ColumnKind.MONEY:
        return text_cells.amounts(values, column_of(table, CURRENCY.name))
    return ways[column.kind](values)


_QUOTED: Final = frozenset((ColumnKind.TEXT, ColumnKind.MONEY, ColumnKind.TIME))
_IN_JSON: Final[Mapping[ColumnKind, Way]] = {
    ColumnKind.TEXT: text_cells.json_texts,
    ColumnKind.WHOLE: _same,
    ColumnKind.TIME: text_cells.times,
    ColumnKind.FLAG: text_cells.flags,
    ColumnKind.JSON: _same,
}
_IN_CSV: Final[Mapping[ColumnKind, Way]] = {
    ColumnKind.TEXT: text_cells.csv_texts,
    ColumnKind.WHOLE: _same,
    ColumnKind.TIME: text_cells.times,
    ColumnKind.FLAG: text_cells.flags,
    ColumnKind.JSON: text_cells.csv_texts,
}
