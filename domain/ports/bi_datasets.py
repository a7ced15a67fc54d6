"""What BI tools read as tables: datasets with a grain, their columns, and rows by batches.

Their columns are named and typed like those of exports; there are more datasets, and each row is as it is now.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from domain.access.viewer import OrderScope
from domain.exports.datasets import ExportColumn


@dataclass(frozen=True, slots=True)
class BiDataset:
    """`key`: what a row is known by and ordered by; `time`: the column that a range of time is about."""

    name: str
    grain: str
    key: tuple[str, ...]
    time: str
    columns: tuple[ExportColumn, ...]

    def column(self, name: str) -> ExportColumn | None:
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class BiQuery:
    """Rows of one dataset. `begins_at` is in the range, `ends_at` is not. `among`: of a column of text, its values."""

    dataset: BiDataset
    columns: tuple[ExportColumn, ...]
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    among: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class BiReading(Protocol):
    """One snapshot of a query's rows."""

    @property
    def moment(self) -> str:
        """Of two readings with the same one, the database holds the same."""
        ...

    def batches(self) -> AsyncGenerator[Sequence[Sequence[Any]], None]:
        """The rows, some thousand at a time, ordered by the dataset's key; values in the order of the query's columns."""
        ...


class BiRows(Protocol):
    def read(self, scope: OrderScope, query: BiQuery) -> AbstractAsyncContextManager[BiReading]:
        """Within the block. Bounded memory, whatever the size."""
        ...
