"""A job that exports: what was asked for, by whom, and how far it came."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.access.viewer import OrderScope
from domain.values.enums import ExportDataset, ExportFormat, ExportStatus

ENDED: Final = frozenset((ExportStatus.SUCCEEDED, ExportStatus.FAILED, ExportStatus.CANCELLED))
SUFFIXES: Final = {ExportFormat.JSONL: "jsonl", ExportFormat.CSV: "csv", ExportFormat.PARQUET: "parquet"}
MEDIA_TYPES: Final = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True)
class ExportJobView:
    """One row of `export_jobs`, but for what only the worker needs."""

    id: str
    owner: str
    """Who started it: kind and id of the caller."""
    scope: OrderScope
    """What that caller may see of the orders: as it was then."""
    status: ExportStatus
    format: ExportFormat
    dataset: ExportDataset
    progress: float | None
    """From 0 to 1; None: it has not begun."""
    rows: int
    bytes: int
    sha256: str | None
    watermark: str | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None
    """When its file is deleted; None: it has none, or none any more."""
    attempt: int
    """The number of the last claim: in the end, of the one that made the file."""

    @property
    def file_name(self) -> str:
        return f"{self.dataset.lower().replace('_', '-')}-{self.created_at:%Y%m%dT%H%M%SZ}.{SUFFIXES[self.format]}"

    @property
    def key(self) -> str:
        """Where its file lies in the store."""
        return key_of(self.id, self.attempt, SUFFIXES[self.format])

    @property
    def earlier_keys(self) -> tuple[str, ...]:
        """Where files of lost claims may lie."""
        return tuple(key_of(self.id, number, SUFFIXES[self.format]) for number in range(1, self.attempt))


def key_of(job_id: str, attempt: int, suffix: str) -> str:
    """Each claim has its own: a worker that was too slow neither replaces nor deletes the file of the one that took over."""
    return f"{job_id}-{attempt}.{suffix}"
