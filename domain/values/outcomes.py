"""Outcomes of actions: what was done, as ids (the caller reads the objects as it likes), or a refusal."""

from dataclasses import dataclass
from typing import Final

from domain.values import refusals
from domain.values.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """`is_replayed`: done before, under the same idempotency key."""

    is_replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Success):
    """The order that was changed."""

    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced(Done):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersPlaced(Success):
    """A batch was worked off: what became of each order, in the order of the batch."""

    results: tuple[Success | Refusal, ...]
    placed: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged(Done):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderModified(Done):
    """Not applied: nothing was to be done, or the difference is waited for."""

    difference_minor: int
    currency: str
    is_applied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaid(Done):
    payment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentChanged(Done):
    payment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundChanged(Done):
    payment_id: str
    refund_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfillmentChanged(Done):
    fulfillment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterSaleChanged(Done):
    after_sale_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingRecorded(Done):
    """A parcel on its way out has a fulfillment, one on its way back a case."""

    shipment_id: str
    fulfillment_id: str | None = None
    after_sale_id: str | None = None


@dataclass(frozen=True, slots=True)
class ImportFailure:
    """An order of a batch that was not imported."""

    index: int
    external_number: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersImported(Success):
    """`skipped`: orders that were there already."""

    imported: int
    skipped: int
    failed: tuple[ImportFailure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportStarted(Success):
    """Also a job that was cancelled: the job it is about."""

    job_id: str


Outcome = Success | Refusal

STORABLE: Final[dict[str, type[Outcome]]] = {
    outcome.__name__: outcome
    for outcome in (
        OrderPlaced,
        OrdersPlaced,
        OrderChanged,
        OrderModified,
        OrderPaid,
        PaymentChanged,
        RefundChanged,
        FulfillmentChanged,
        AfterSaleChanged,
        OrdersImported,
        ExportStarted,
        refusals.OutOfStock,
        refusals.PriceChanged,
        refusals.UnknownProduct,
        refusals.UnknownMember,
        refusals.InvalidCoupon,
        refusals.InvalidInput,
        refusals.LimitExceeded,
        refusals.NotAttempted,
        refusals.IdempotencyConflict,
        refusals.DuplicateExternalNumber,
        refusals.Forbidden,
        refusals.NotFound,
        refusals.ActionRejected,
        refusals.VersionConflict,
        refusals.PaymentDeclined,
    )
}
"""Outcomes that an idempotency key keeps, by the name under which they are stored. Failures of ours are never kept."""
