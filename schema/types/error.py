"""Refusals: what a caller can expect to hear instead of success. Each says when it is returned."""

import strawberry

from resolvers.loaded import Load, loaded
from schema.types.flow import BlockedReason
from schema.types.money import money
from schema.types.order import Order
from schema.types.payment import Payment


@strawberry.interface(description="Why something was not done; nothing was changed.")
class UserError:
    code: str = strawberry.field(description="For programs: never changes.")
    message: str = strawberry.field(description="For people.")
    path: list[str] = strawberry.field(description="Leads to the part of the input that is meant.")
    retryable: bool = strawberry.field(description="Whether the very same request may succeed later.")


@strawberry.type(description="A SKU that has too little stock.")
class ShortLine:
    sku: str = strawberry.field(description="The SKU.")
    requested: int = strawberry.field(description="How many units were wanted.")
    available: int = strawberry.field(description="How many units there are.")


@strawberry.type(description="There is too little stock.")
class OutOfStock(UserError):
    lines: list[ShortLine] = strawberry.field(description="Of what.")


@strawberry.type(description="The price is not the expected one.")
class PriceChanged(UserError):
    expected = money("expected_minor", "What the caller expected.", currency="expected_currency")
    actual = money("actual_minor", "What it is.")


@strawberry.type(description="Some products are unknown, or not for sale.")
class UnknownProduct(UserError):
    skus: list[str] = strawberry.field(description="Their SKUs.")


@strawberry.type(description="There is no such member.")
class UnknownMember(UserError):
    pass


@strawberry.type(description="A coupon cannot be used.")
class InvalidCoupon(UserError):
    coupon_code: str = strawberry.field(description="Which one.")


@strawberry.type(description="One thing that is wrong with the input.")
class InputProblem:
    path: list[str] = strawberry.field(description="Where.")
    code: str = strawberry.field(description="For programs.")
    message: str = strawberry.field(description="For people.")


@strawberry.type(description="The input has the right types, but not values that can be used.")
class InvalidInput(UserError):
    problems: list[InputProblem] = strawberry.field(description="Everything that is wrong with it.")


@strawberry.type(description="All or nothing: this one is good, but another one of the batch is not.")
class NotAttempted(UserError):
    pass


@strawberry.type(description="More than is allowed.")
class LimitExceeded(UserError):
    limit: int = strawberry.field(description="How much is.")


@strawberry.type(description="The channel has an order with this external number already.")
class DuplicateExternalNumber(UserError):
    order = loaded(
        Load("orders", "order_id"),
        graphql_type=Order | None,
        description="That order; null where the viewer may not see it.",
    )


@strawberry.type(description="The idempotency key was used with another input.")
class IdempotencyConflict(UserError):
    pass


@strawberry.type(description="A request with the same idempotency key is being worked on.")
class RequestInProgress(UserError):
    retry_after_ms: int = strawberry.field(description="When to ask again.")


@strawberry.type(description="A service that is needed does not answer.")
class ServiceUnavailable(UserError):
    service: str = strawberry.field(description="Which one.")


@strawberry.type(description="None of the caller's roles may do this.")
class Forbidden(UserError):
    pass


@strawberry.type(description="There is no such object for the caller.")
class NotFound(UserError):
    pass


@strawberry.type(description="The state machine does not allow it now.")
class ActionRejected(UserError):
    action: str = strawberry.field(description="What was to be done.")
    state: str = strawberry.field(description="The state in which it cannot be.")
    blocked_by: list[BlockedReason] = strawberry.field(description="Why it cannot.")


@strawberry.type(description="The order has another version than the caller expected.")
class VersionConflict(UserError):
    expected_version: int = strawberry.field(description="The expected one.")
    current_version: int = strawberry.field(description="The one it has.")


@strawberry.type(description="The payment provider declined.")
class PaymentDeclined(UserError):
    payment = loaded(Load("payments", "payment_id"), graphql_type=Payment, description="The payment, as it is now.")
