"""What mutations answer: a union of one success and the refusals that can be expected."""

from typing import Annotated, Any

import strawberry

from resolvers.loaded import Load, loaded
from schema.types.body_order import in_body_order
from schema.types.error import (
    ActionRejected,
    DuplicateExternalNumber,
    Forbidden,
    IdempotencyConflict,
    InvalidCoupon,
    InvalidInput,
    LimitExceeded,
    NotAttempted,
    NotFound,
    OutOfStock,
    PaymentDeclined,
    PriceChanged,
    RequestInProgress,
    ServiceUnavailable,
    UnknownMember,
    UnknownProduct,
    VersionConflict,
)
from schema.types.fulfillment import Fulfillment, Shipment
from schema.types.order import Order
from schema.types.payment import Payment
from schema.types.quote import OrderQuote


def _order() -> Any:
    return loaded(Load("orders", "order_id"), graphql_type=Order, description="The order, as it is now.")


def _payment() -> Any:
    return loaded(Load("payments", "payment_id"), graphql_type=Payment, description="The payment, as it is now.")


def _replayed() -> Any:
    return strawberry.field(name="replayed", description="Whether it was done before, under the same idempotency key.")


@strawberry.type(description="The order was placed.")
@in_body_order
class PlaceOrderSuccess:
    order = _order()
    is_replayed: bool = _replayed()


@strawberry.type(description="The action was taken.")
@in_body_order
class OrderActionSuccess:
    order = _order()
    is_replayed: bool = _replayed()


@strawberry.type(description="The payment was started; its state says how far it came.")
@in_body_order
class PayOrderSuccess:
    order = _order()
    payment = _payment()
    is_replayed: bool = _replayed()


@strawberry.type(description="The action was taken.")
@in_body_order
class PaymentActionSuccess:
    payment = _payment()
    order = _order()
    is_replayed: bool = _replayed()


@strawberry.type(description="The action was taken.")
@in_body_order
class FulfillmentActionSuccess:
    fulfillment = loaded(
        Load("fulfillments", "fulfillment_id"), graphql_type=Fulfillment, description="The fulfillment, as it is now."
    )
    order = _order()
    is_replayed: bool = _replayed()


@strawberry.type(description="The checkpoint is recorded.")
@in_body_order
class RecordTrackingSuccess:
    shipment = loaded(Load("shipments", "shipment_id"), graphql_type=Shipment, description="The parcel, as it is now.")
    fulfillment = loaded(
        Load("fulfillments", "fulfillment_id"),
        graphql_type=Fulfillment | None,
        description="The fulfillment that it is a part of, as it is now.",
    )
    order = _order()
    is_replayed: bool = strawberry.field(name="replayed", description="Whether this event was recorded before.")


@strawberry.type(description="An order of the batch that was not imported.")
class ImportFailure:
    index: int = strawberry.field(description="Its place in the batch, from 0.")
    external_number: str | None = strawberry.field(description="Its number in the legacy system.")
    code: str = strawberry.field(description="For programs: never changes.")
    message: str = strawberry.field(description="For people.")


@strawberry.type(description="The batch was worked off; orders that cannot be imported keep no other from it.")
class ImportOrdersSuccess:
    imported: int = strawberry.field(description="How many orders were imported, or would be in a dry run.")
    skipped: int = strawberry.field(description="How many were there already.")
    failed: list[ImportFailure] = strawberry.field(description="Those that cannot be imported, and why.")
    is_replayed: bool = _replayed()


PlaceOrderResult = Annotated[
    PlaceOrderSuccess
    | OutOfStock
    | PriceChanged
    | UnknownProduct
    | UnknownMember
    | InvalidCoupon
    | InvalidInput
    | LimitExceeded
    | DuplicateExternalNumber
    | NotAttempted
    | IdempotencyConflict
    | RequestInProgress
    | ServiceUnavailable
    | Forbidden,
    strawberry.union("PlaceOrderResult", description="What became of an order to be placed."),
]
OrderActionResult = Annotated[
    OrderActionSuccess
    | PaymentDeclined
    | ActionRejected
    | VersionConflict
    | InvalidInput
    | OutOfStock
    | NotFound
    | IdempotencyConflict
    | RequestInProgress
    | ServiceUnavailable
    | Forbidden,
    strawberry.union("OrderActionResult", description="What became of an action on an order."),
]
PayOrderResult = Annotated[
    PayOrderSuccess
    | PaymentDeclined
    | OutOfStock
    | ActionRejected
    | VersionConflict
    | InvalidInput
    | NotFound
    | IdempotencyConflict
    | RequestInProgress
    | ServiceUnavailable
    | Forbidden,
    strawberry.union("PayOrderResult", description="What became of a payment to be made."),
]
PaymentActionResult = Annotated[
    PaymentActionSuccess
    | PaymentDeclined
    | ActionRejected
    | VersionConflict
    | InvalidInput
    | NotFound
    | IdempotencyConflict
    | RequestInProgress
    | ServiceUnavailable
    | Forbidden,
    strawberry.union("PaymentActionResult", description="What became of an action on a payment."),
]
FulfillmentActionResult = Annotated[
    FulfillmentActionSuccess
    | PaymentDeclined
    | OutOfStock
    | ActionRejected
    | VersionConflict
    | InvalidInput
    | NotFound
    | IdempotencyConflict
    | RequestInProgress
    | ServiceUnavailable
    | Forbidden,
    strawberry.union("FulfillmentActionResult", description="What became of an action on a fulfillment."),
]
RecordTrackingResult = Annotated[
    RecordTrackingSuccess | ActionRejected | InvalidInput | NotFound | ServiceUnavailable | Forbidden,
    strawberry.union("RecordTrackingResult", description="What became of a carrier's word on a parcel."),
]
QuoteOrderResult = Annotated[
    OrderQuote
    | OutOfStock
    | UnknownProduct
    | UnknownMember
    | InvalidCoupon
    | InvalidInput
    | ServiceUnavailable
    | Forbidden,
    strawberry.union("QuoteOrderResult", description="A quote, or why there is none."),
]
ImportOrdersResult = Annotated[
    ImportOrdersSuccess | InvalidInput | LimitExceeded | IdempotencyConflict | RequestInProgress | Forbidden,
    strawberry.union("ImportOrdersResult", description="What became of a batch of orders to be imported."),
]
