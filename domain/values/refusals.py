"""Refusals: what a caller can expect to hear instead of success. Values, not exceptions; each is a member of the contract's unions.

`code` never changes once published; `message` is a sentence for people; `path` leads to the part of the input that is meant;
`retryable` says whether the very same request may succeed later.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BlockedReason:
    """Why an action cannot be taken now."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class InputProblem:
    path: tuple[str, ...]
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ShortLine:
    sku: str
    requested: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    code: str
    message: str
    path: tuple[str, ...] = ()
    retryable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfStock(Refusal):
    code: str = "OUT_OF_STOCK"
    message: str = "There is too little stock for some lines."
    retryable: bool = True
    lines: tuple[ShortLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChanged(Refusal):
    code: str = "PRICE_CHANGED"
    message: str = "The price is no longer the expected one."
    path: tuple[str, ...] = ("expectedTotal",)
    expected_minor: int
    actual_minor: int
    expected_currency: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownProduct(Refusal):
    code: str = "UNKNOWN_PRODUCT"
    message: str = "Some products are unknown or not for sale."
    path: tuple[str, ...] = ("lines",)
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownMember(Refusal):
    code: str = "UNKNOWN_MEMBER"
    message: str = "There is no such member."
    path: tuple[str, ...] = ("memberId",)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidCoupon(Refusal):
    code: str = "INVALID_COUPON"
    path: tuple[str, ...] = ("couponCodes",)
    coupon_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidInput(Refusal):
    code: str = "INVALID_INPUT"
    message: str = "Some of the input is not valid."
    problems: tuple[InputProblem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAttempted(Refusal):
    """Of a batch that is placed as a whole or not at all."""

    code: str = "NOT_ATTEMPTED"
    message: str = "Another order of the batch cannot be placed, so none was."


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitExceeded(Refusal):
    code: str = "LIMIT_EXCEEDED"
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateExternalNumber(Refusal):
    code: str = "DUPLICATE_EXTERNAL_NUMBER"
    message: str = "An order with this external number exists on the channel."
    path: tuple[str, ...] = ("externalNumber",)
    order_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyConflict(Refusal):
    code: str = "IDEMPOTENCY_CONFLICT"
    message: str = "This idempotency key was used with another input."
    path: tuple[str, ...] = ("idempotencyKey",)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestInProgress(Refusal):
    code: str = "REQUEST_IN_PROGRESS"
    message: str = "A request with this idempotency key is being worked on."
    path: tuple[str, ...] = ("idempotencyKey",)
    retryable: bool = True
    retry_after_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDown(Refusal):
    """The contract's ServiceUnavailable, as an answer: nothing was changed, the caller may try again."""

    code: str = "SERVICE_UNAVAILABLE"
    message: str = "A service that is needed does not answer."
    retryable: bool = True
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbidden(Refusal):
    code: str = "FORBIDDEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound(Refusal):
    code: str = "NOT_FOUND"
    message: str = "There is no such object."


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRejected(Refusal):
    code: str = "ACTION_REJECTED"
    action: str
    state: str
    blocked_by: tuple[BlockedReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionConflict(Refusal):
    code: str = "VERSION_CONFLICT"
    message: str = "The order has changed since."
    path: tuple[str, ...] = ("expectedVersion",)
    expected_version: int
    current_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDeclined(Refusal):
    code: str = "PAYMENT_DECLINED"
    payment_id: str


def invalid(*path: str, code: str, message: str) -> InvalidInput:
    """One problem of the input as a refusal."""
    return InvalidInput(path=path, problems=(InputProblem(path, code, message),))
