"""Exports: the jobs as callers see them, the queue as the worker does, the rows, and the files that they become."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from domain.access.viewer import OrderScope
from domain.exports.jobs import ExportJobView
from domain.ports.order_views import OrderFilter
from domain.values.enums import ExportDataset, ExportFormat
from domain.values.paging import PageRequest, Slice


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Which rows: those of the orders in the scope that the filter lets through and that changed after the cursor `since`."""

    dataset: ExportDataset
    scope: OrderScope
    filter: OrderFilter = field(default_factory=OrderFilter)
    since: str | None = None


@dataclass(frozen=True, slots=True)
class ExportClaim:
    """A job under a worker's lease. `attempt` tells this claim from later ones."""

    job: ExportJobView
    request: ExportRequest

    @property
    def attempt(self) -> int:
        return self.job.attempt


@dataclass(frozen=True, slots=True)
class ExportFile:
    """What became of a job."""

    rows: int
    bytes: int
    sha256: str
    watermark: str


class ExportJobs(Protocol):
    """Jobs as their owner sees them: whoever started them, as long as the same orders exist for that caller."""

    async def by_ids(self, owner: str, scope: OrderScope, ids: Sequence[str]) -> list[ExportJobView | None]:
        """As many results: n ids → n results, same order; None: unknown, or another's."""
        ...

    async def page(self, owner: str, scope: OrderScope, page: PageRequest) -> Slice[ExportJobView]:
        """Newest first; position `(created_at, id)`."""
        ...

    def check_since(self, cursor: str) -> None:
        """Raises BadRequest, INVALID_CURSOR, for what is no cursor of `orderChanges`."""
        ...


class NoExportJobs:
    """Where exports are not wired: there are no jobs."""

    async def by_ids(self, _owner: str, _scope: OrderScope, ids: Sequence[str]) -> list[ExportJobView | None]:
        return [None for _ in ids]

    async def page(self, _owner: str, _scope: OrderScope, _page: PageRequest) -> Slice[ExportJobView]:
        return Slice((), has_next=False, has_previous=False)

    def check_since(self, cursor: str) -> None:
        """There is nothing to hold it against."""


class ExportLinks(Protocol):
    def path(self, job: ExportJobView, now: datetime) -> str | None:
        """Where the job's file is fetched: a path on this server that is signed, and good for a while. None: it has no file."""
        ...


class NoExportLinks:
    def path(self, _job: ExportJobView, _now: datetime) -> str | None:
        return None


class ExportQueue(Protocol):
    """What the worker claims, one job at a time. A worker that dies loses its claim when the lease runs out."""

    async def claim(self, now: datetime, lease_s: int) -> ExportClaim | None: ...

    async def renew(self, claim: ExportClaim, now: datetime, lease_s: int, progress: float) -> bool:
        """False: the job was cancelled, or another worker has it; nothing was written."""
        ...

    async def release(self, claim: ExportClaim) -> None:
        """The worker stops: the next one may go on at once, and this was no attempt."""
        ...

    async def succeed(self, claim: ExportClaim, file: ExportFile, now: datetime, expires_at: datetime) -> bool:
        """False: as in `renew`."""
        ...

    async def retry(self, claim: ExportClaim, due_at: datetime) -> None: ...

    async def fail(self, claim: ExportClaim, now: datetime, error: str) -> None: ...

    async def expired(self, now: datetime, limit: int) -> list[ExportJobView]:
        """Jobs whose file is to be deleted."""
        ...

    async def ended(self, ids: Sequence[str]) -> list[ExportJobView]:
        """Those of these jobs on which nobody will work any more."""
        ...

    async def forget_file(self, job_id: str) -> None:
        """The file is deleted."""
        ...


Take = Callable[[bytes], Awaitable[None]]


class ExportReading(Protocol):
    """One snapshot of the rows."""

    @property
    def watermark(self) -> str:
        """A cursor of `orderChanges` from the same moment: what changes after it is not in here."""
        ...

    @property
    def total(self) -> int:
        """How many rows there are."""
        ...

    async def copy(self, take: Take) -> int:
        """Gives all rows as CSV, in pieces of any size: empty is NULL, quoted empty is the empty text; without a header.
        Amounts are minor units, flags `t` and `f`, times as PostgreSQL writes them in UTC. How many rows that were.
        """
        ...


class ExportRows(Protocol):
    def read(self, request: ExportRequest) -> AbstractAsyncContextManager[ExportReading]:
        """Within the block everything is of one moment. Raises BadRequest for a cursor that is none, or that is of another database."""
        ...


class FileEncoder(Protocol):
    """Writes one file. Its methods work, and do not wait: they are for threads."""

    def write(self, rows: bytes) -> int:
        """Whole rows of CSV as `ExportReading.copy` gives them; how many those were."""
        ...

    def flush(self) -> int | None:
        """Whatever was written is safe on the disk: how many bytes. None: the format cannot be continued there."""
        ...

    def close(self) -> tuple[int, str]:
        """Ends the file: its bytes and their SHA-256."""
        ...

    def abandon(self) -> None:
        """Lets the file go as it is."""
        ...


class FileFormats(Protocol):
    def encoder(self, kind: ExportFormat, dataset: ExportDataset, path: Path, resume_at: int | None) -> FileEncoder:
        """`resume_at`: the bytes of an earlier try to keep; what is behind them goes. None: a new file."""
        ...
