"""What can be asked of exports."""

from dataclasses import dataclass, field

from domain.ports.order_views import OrderFilter
from domain.values.enums import ExportDataset, ExportFormat


@dataclass(frozen=True, slots=True)
class StartExport:
    format: ExportFormat
    dataset: ExportDataset
    filter: OrderFilter = field(default_factory=OrderFilter)
    since: str | None = None
    """A cursor of `orderChanges`: only orders that changed after it."""
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class CancelExport:
    job_id: str
    idempotency_key: str | None = None
