"""The promotion service: what is reduced now, and the claims on coupons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.orders.installments import BalanceDates
from domain.orders.pricing_rules import Coupon, LinePromotion, OrderPromotion


@dataclass(frozen=True, slots=True)
class PromotionRequest:
    business_unit: str
    channel: str
    currency: str
    member_id: str
    member_level: str | None
    coupon_codes: tuple[str, ...]
    at: datetime
    order_id: str | None = None
    """The order whose own claims do not count against a coupon's limits."""


class CouponRefusal(StrEnum):
    UNKNOWN = "UNKNOWN_COUPON"
    EXPIRED = "COUPON_EXPIRED"
    NOT_YET = "COUPON_NOT_YET_VALID"
    EXHAUSTED = "COUPON_EXHAUSTED"
    MEMBER_LIMIT = "COUPON_MEMBER_LIMIT"


@dataclass(frozen=True, slots=True)
class RefusedCoupon:
    coupon_code: str
    refusal: CouponRefusal


@dataclass(frozen=True, slots=True)
class ActivePromotions:
    lines: tuple[LinePromotion, ...]
    """In the order in which they apply."""
    orders: tuple[OrderPromotion, ...]
    coupons: tuple[Coupon, ...]
    """As asked for."""
    refused: tuple[RefusedCoupon, ...] = ()
    """Coupons asked for that cannot be used."""


class Promotions(Protocol):
    async def presales(self, business_unit: str, skus: Sequence[str], at: datetime) -> list[BalanceDates | None]:
        """When the balance of each SKU is paid: n SKUs → n results, same order; None: it is on no presale now. One round
        trip. Raises ServiceUnavailable.
        """
        ...

    async def active(self, request: PromotionRequest) -> ActivePromotions:
        """What holds for such an order now. One round trip. Raises ServiceUnavailable."""
        ...

    async def claim(
        self, order_id: str, member_id: str, coupon_codes: Sequence[str], at: datetime
    ) -> RefusedCoupon | None:
        """Takes one use of each coupon for the order, all or none. Idempotent by order and code."""
        ...

    async def claim_only(
        self, order_id: str, member_id: str, coupon_codes: Sequence[str], at: datetime
    ) -> RefusedCoupon | None:
        """The order claims these coupons and no others: those besides are given back, what is missing is taken, as by `claim`.
        All of it, or nothing is changed. Idempotent.
        """
        ...

    async def release(self, order_id: str) -> None:
        """Gives the order's claims back. Idempotent."""
        ...

    async def forget_member(self, order_id: str) -> None:
        """The order is erased: its claims stay counted, and whose they were is not known any more. Idempotent."""
        ...
