"""What changes a price: promotions, coupons, taxes and shipping, as the services tell them."""

from dataclasses import dataclass
from decimal import Decimal

from domain.values.enums import DiscountFunder


@dataclass(frozen=True, slots=True)
class Reduction:
    """Either a rate of the base (0.10: ten percent) or a fixed amount, never more than the base."""

    rate: Decimal | None = None
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class LinePromotion:
    """Reduces each line that it names by SKU or category; both empty: every line."""

    code: str
    name: str
    funder: DiscountFunder
    reduction: Reduction
    skus: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    minimum_quantity: int = 1


@dataclass(frozen=True, slots=True)
class OrderPromotion:
    """Reduces what line promotions left of the subtotal, from `minimum_minor` on."""

    code: str
    name: str
    funder: DiscountFunder
    reduction: Reduction
    minimum_minor: int = 0


@dataclass(frozen=True, slots=True)
class Coupon:
    """Reduces what the promotions left, from `minimum_minor` on. The claim on it is taken with the order."""

    code: str
    name: str
    funder: DiscountFunder
    reduction: Reduction
    minimum_minor: int = 0


@dataclass(frozen=True, slots=True)
class ShippingOffer:
    method: str
    name: str
    amount_minor: int
    free_from_minor: int | None = None
    """From this goods value on (after discounts) shipping is free."""


@dataclass(frozen=True, slots=True)
class TaxRate:
    """The rate of one category in one place (0.19: nineteen percent)."""

    category: str | None
    rate: Decimal
