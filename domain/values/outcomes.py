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
class OrderChanged(Done):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaid(Done):
    payment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentChanged(Done):
    payment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfillmentChanged(Done):
    fulfillment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingRecorded(Done):
    shipment_id: str
    fulfillment_id: str


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


Outcome = Success | Refusal

STORABLE: Final[dict[str, type[Outcome]]] = {
    outcome.__name__: outcome
    for outcome in (
        OrderPlaced,
        OrderChanged,
        OrderPaid,
        PaymentChanged,
        FulfillmentChanged,
        OrdersImported,
        refusals.OutOfStock,
        refusals.PriceChanged,
        refusals.UnknownProduct,
        refusals.UnknownMember,
        refusals.InvalidCoupon,
        refusals.InvalidInput,
        refusals.LimitExceeded,
        refusals.DuplicateExternalNumber,
        refusals.Forbidden,
        refusals.NotFound,
        refusals.ActionRejected,
        refusals.VersionConflict,
        refusals.PaymentDeclined,
    )
}
"""Outcomes that an idempotency key keeps, by the name under which they are stored. Failures of ours are never kept."""
