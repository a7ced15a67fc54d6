"""What mutations answer: a union of one success and the refusals that can be expected."""

from typing import Annotated, Any

import strawberry

from resolvers.loaded import Load, loaded
from schema.types.after_sale import AfterSale
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
from schema.types.money import money
from schema.types.order import Order
from schema.types.payment import Payment, Refund
from schema.types.quote import OrderQuote
from schema.types.refund_quote import RefundQuote


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


@strawberry.type(description="The order is changed, will be once its difference is paid, or would be.")
@in_body_order
class ModifyOrderSuccess:
    order = _order()
    difference = money("difference_minor", "The new total less the former one: below zero goes back.")
    is_applied: bool = strawberry.field(
        name="applied", description="False: a dry run, or it waits until the difference is paid."
    )
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
class RefundActionSuccess:
    refund = loaded(Load("refunds", "refund_id"), graphql_type=Refund, description="The refund, as it is now.")
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


@strawberry.type(description="The action was taken.")
@in_body_order
class AfterSaleActionSuccess:
    after_sale = loaded(
        Load("after_sales", "after_sale_id"), graphql_type=AfterSale, description="The case, as it is now."
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
    after_sale = loaded(
        Load("after_sales", "after_sale_id"),
        graphql_type=AfterSale | None,
        description="The after-sale case that it comes back for, as it is now.",
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


@strawberry.type(description="The batch was worked off.")
class PlaceOrdersSuccess:
    results: list[PlaceOrderResult] = strawberry.field(description="What became of each order, by position.")
    placed: int = strawberry.field(description="How many are placed.")
    failed: int = strawberry.field(description="How many are not.")
    is_replayed: bool = _replayed()


PlaceOrdersResult = Annotated[
    PlaceOrdersSuccess
    | InvalidInput
    | LimitExceeded
    | IdempotencyConflict
    | RequestInProgress
    | ServiceUnavailable
    | Forbidden,
    strawberry.union("PlaceOrdersResult", description="What became of a batch of orders to be placed."),
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
ModifyOrderResult = Annotated[
    ModifyOrderSuccess
    | ActionRejected
    | VersionConflict
    | OutOfStock
    | UnknownProduct
    | LimitExceeded
    | InvalidCoupon
    | PriceChanged
    | InvalidInput
    | NotFound
    | IdempotencyConflict
    | RequestInProgress
    | ServiceUnavailable
    | Forbidden,
    strawberry.union("ModifyOrderResult", description="What became of a change of an order."),
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
RefundActionResult = Annotated[
    RefundActionSuccess
    | ActionRejected
    | VersionConflict
    | InvalidInput
    | NotFound
    | IdempotencyConflict
    | RequestInProgress
    | ServiceUnavailable
    | Forbidden,
    strawberry.union("RefundActionResult", description="What became of an action on a refund."),
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
AfterSaleActionResult = Annotated[
    AfterSaleActionSuccess
    | ActionRejected
    | VersionConflict
    | OutOfStock
    | UnknownProduct
    | InvalidInput
    | NotFound
    | IdempotencyConflict
    | RequestInProgress
    | ServiceUnavailable
    | Forbidden,
    strawberry.union("AfterSaleActionResult", description="What became of an action on an after-sale case."),
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
QuoteRefundResult = Annotated[
    RefundQuote | InvalidInput | NotFound | Forbidden,
    strawberry.union(
        "QuoteRefundResult", description="What giving units back would bring, or why that cannot be said."
    ),
]
ImportOrdersResult = Annotated[
    ImportOrdersSuccess | InvalidInput | LimitExceeded | IdempotencyConflict | RequestInProgress | Forbidden,
    strawberry.union("ImportOrdersResult", description="What became of a batch of orders to be imported."),
]
