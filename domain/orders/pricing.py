"""What an order costs. Pure: the same basket has the same price everywhere.

Theory of operation. The price is made in stages, each on what the one before left of every line:

    list price → line promotions → order promotions → coupons → manual discount → shipping → tax

A rate is rounded half up, once, on its whole base. What is off the whole order is shared over the lines by largest
remainder, weighted by what is left of each, so a line never falls below zero and the order's discount is the sum of its
lines'. A minimum is held against what the stage before left: two coupons never push each other below their minimum.

Prices without tax: tax is `rate × discounted line value`, rounded half up per line.

Prices with tax: all stages work on the catalogue's prices, tax included, since "10 off from 100" speaks of the prices that
the buyer sees; minimums, fixed amounts and free shipping likewise. Then each line is split. Its unit price is
`price ÷ (1 + rate)`, rounded half up; what is left of the line is net in the proportion `unit price : price`; the rest of
it is tax. So a line without discounts has none after the split either, a line given away has no tax, and what the buyer
pays is to the unit the price they saw. The cost: a line's tax is rounded per unit, so that it may differ from
`rate × net value` by half a minor unit for each unit sold. No integer unit price without tax could avoid that.

Shipping has no tax of its own: the offer is what the buyer pays. Free shipping is the offer's own price (0), not a discount:
a ledger row for it would be in no line, and the discounts of the lines would no longer sum to the order's.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from domain.orders.pricing_rules import Coupon, LinePromotion, OrderPromotion, Reduction, ShippingOffer
from domain.values.enums import DiscountFunder, DiscountKind
from domain.values.money import at_rate, share

UNTAXED: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class PriceableLine:
    """`unit_price_minor` as the catalogue (or the partner) says, with tax where the basket's prices include it."""

    line_id: str
    sku: str
    category: str | None
    quantity: int
    unit_price_minor: int


@dataclass(frozen=True, slots=True)
class Basket:
    currency: str
    lines: tuple[PriceableLine, ...]
    line_promotions: tuple[LinePromotion, ...] = ()
    order_promotions: tuple[OrderPromotion, ...] = ()
    coupons: tuple[Coupon, ...] = ()
    manual_discount_minor: int = 0
    shipping: ShippingOffer | None = None
    tax_rates: Mapping[str | None, Decimal] = field(default_factory=dict)
    """By category; one without a rate of its own takes that of None, else none."""
    prices_include_tax: bool = False


@dataclass(frozen=True, slots=True)
class PricedLine:
    """Without tax, but for `tax_minor` and `total_minor = unit_price_minor × quantity − discount_minor + tax_minor`."""

    line_id: str
    quantity: int
    unit_price_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class PricedDiscount:
    """A row of the ledger, without tax. The rows sum to the order's discount; `line_id` None: off the whole order."""

    kind: DiscountKind
    code: str | None
    name: str
    amount_minor: int
    funder: DiscountFunder
    line_id: str | None


@dataclass(frozen=True, slots=True)
class PricedBasket:
    """`total_minor = subtotal_minor − discount_minor + shipping_minor + tax_minor`, and each is the sum of its lines'."""

    currency: str
    lines: tuple[PricedLine, ...]
    discounts: tuple[PricedDiscount, ...]
    list_minor: int
    """Σ list price × quantity in the catalogue's own prices: what a limit on manual discounts is held against."""
    subtotal_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int
    unmet_coupons: tuple[str, ...]
    """Coupons whose minimum the order does not reach: they changed nothing."""

    @property
    def used_coupons(self) -> tuple[str, ...]:
        """The coupons that reduced something: the ones to claim."""
        return tuple(row.code for row in self.discounts if row.kind is DiscountKind.COUPON and row.code is not None)


@dataclass(frozen=True, slots=True)
class _Discount:
    """Any discount of any stage: off one line (`at`, its index) or off the whole order."""

    kind: DiscountKind
    code: str | None
    name: str
    funder: DiscountFunder
    reduction: Reduction
    minimum_minor: int = 0
    at: int | None = None


@dataclass(frozen=True, slots=True)
class _Cut:
    """What a discount did: for each line it touched, its value before and after, in the catalogue's prices."""

    discount: _Discount
    steps: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class _NetPrice:
    """How one line's value is split: which part of it is net of tax."""

    unit_price_minor: int
    catalogue_price_minor: int

    def of(self, value_minor: int) -> int:
        if self.unit_price_minor == self.catalogue_price_minor:
            return value_minor
        return _half_up(value_minor * self.unit_price_minor, self.catalogue_price_minor)


def price(basket: Basket) -> PricedBasket:
    """The price of a basket. Quantities, prices and rates must not be negative; nothing of the result is."""
    left = [line.unit_price_minor * line.quantity for line in basket.lines]
    list_minor = sum(left)
    cuts, unmet_coupons = _reduce(_stages(basket), left)
    net_prices = [_net_price(basket, line) for line in basket.lines]
    lines = tuple(
        _priced_line(basket, line, net_price, value_minor)
        for line, net_price, value_minor in zip(basket.lines, net_prices, left, strict=True)
    )
    subtotal_minor = sum(line.unit_price_minor * line.quantity for line in lines)
    discount_minor = sum(line.discount_minor for line in lines)
    shipping_minor = _shipping(basket.shipping, sum(left))
    tax_minor = sum(line.tax_minor for line in lines)
    return PricedBasket(
        currency=basket.currency,
        lines=lines,
        discounts=tuple(_ledger_row(cut, basket.lines, net_prices) for cut in cuts),
        list_minor=list_minor,
        subtotal_minor=subtotal_minor,
        discount_minor=discount_minor,
        shipping_minor=shipping_minor,
        tax_minor=tax_minor,
        total_minor=subtotal_minor - discount_minor + shipping_minor + tax_minor,
        unmet_coupons=unmet_coupons,
    )


def _stages(basket: Basket) -> tuple[tuple[_Discount, ...], ...]:
    return (
        tuple(_line_discounts(basket)),
        tuple(_order_discount(DiscountKind.ORDER_PROMOTION, rule) for rule in basket.order_promotions),
        # The same coupon named twice is one coupon.
        tuple(_order_discount(DiscountKind.COUPON, rule) for rule in dict.fromkeys(basket.coupons)),
        (_manual_discount(basket.manual_discount_minor),),
    )


def _line_discounts(basket: Basket) -> Iterator[_Discount]:
    for rule in basket.line_promotions:
        for at, line in enumerate(basket.lines):
            if _names(rule, line) and line.quantity >= rule.minimum_quantity:
                yield _Discount(DiscountKind.LINE_PROMOTION, rule.code, rule.name, rule.funder, rule.reduction, at=at)


def _names(rule: LinePromotion, line: PriceableLine) -> bool:
    is_for_all = not rule.skus and not rule.categories
    return is_for_all or line.sku in rule.skus or line.category in rule.categories


def _order_discount(kind: DiscountKind, rule: OrderPromotion | Coupon) -> _Discount:
    return _Discount(kind, rule.code, rule.name, rule.funder, rule.reduction, rule.minimum_minor)


def _manual_discount(amount_minor: int) -> _Discount:
    reduction = Reduction(amount_minor=amount_minor)
    return _Discount(DiscountKind.MANUAL, None, "Manual discount", DiscountFunder.MERCHANT, reduction)


def _reduce(stages: Sequence[Sequence[_Discount]], left: list[int]) -> tuple[list[_Cut], tuple[str, ...]]:
    """Takes every discount off `left`, in place; which did something, and which coupons missed their minimum."""
    cuts: list[_Cut] = []
    unmet: list[_Discount] = []
    for stage in stages:
        reached_minor = sum(left)
        for discount in stage:
            if reached_minor < discount.minimum_minor:
                unmet.append(discount)
            elif steps := _take(discount, left):
                cuts.append(_Cut(discount, steps))
    coupons = tuple(missed.code for missed in unmet if missed.kind is DiscountKind.COUPON and missed.code is not None)
    return cuts, coupons


def _take(discount: _Discount, left: list[int]) -> tuple[tuple[int, int, int], ...]:
    touched = range(len(left)) if discount.at is None else (discount.at,)
    values = [left[at] for at in touched]
    amount_minor = _amount(discount.reduction, sum(values))
    steps = tuple(
        (at, value, value - part)
        for at, value, part in zip(touched, values, share(amount_minor, values), strict=True)
        if part
    )
    for at, _, after in steps:
        left[at] = after
    return steps


def _amount(reduction: Reduction, base_minor: int) -> int:
    wanted = at_rate(base_minor, reduction.rate) if reduction.rate is not None else reduction.amount_minor or 0
    return max(0, min(wanted, base_minor))


def _net_price(basket: Basket, line: PriceableLine) -> _NetPrice:
    if not basket.prices_include_tax:
        return _NetPrice(line.unit_price_minor, line.unit_price_minor)
    numerator, denominator = (1 + _tax_rate(basket, line)).as_integer_ratio()
    return _NetPrice(_half_up(line.unit_price_minor * denominator, numerator), line.unit_price_minor)


def _tax_rate(basket: Basket, line: PriceableLine) -> Decimal:
    return basket.tax_rates.get(line.category, basket.tax_rates.get(None, UNTAXED))


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _priced_line(basket: Basket, line: PriceableLine, net_price: _NetPrice, value_minor: int) -> PricedLine:
    net_minor = net_price.of(value_minor)
    is_split = basket.prices_include_tax
    tax_minor = value_minor - net_minor if is_split else at_rate(net_minor, _tax_rate(basket, line))
    return PricedLine(
        line_id=line.line_id,
        quantity=line.quantity,
        unit_price_minor=net_price.unit_price_minor,
        discount_minor=net_price.unit_price_minor * line.quantity - net_minor,
        tax_minor=tax_minor,
        total_minor=net_minor + tax_minor,
    )


def _ledger_row(cut: _Cut, lines: Sequence[PriceableLine], net_prices: Sequence[_NetPrice]) -> PricedDiscount:
    discount = cut.discount
    return PricedDiscount(
        kind=discount.kind,
        code=discount.code,
        name=discount.name,
        amount_minor=sum(net_prices[at].of(before) - net_prices[at].of(after) for at, before, after in cut.steps),
        funder=discount.funder,
        line_id=None if discount.at is None else lines[discount.at].line_id,
    )


def _shipping(offer: ShippingOffer | None, goods_minor: int) -> int:
    if offer is None or (offer.free_from_minor is not None and goods_minor >= offer.free_from_minor):
        return 0
    return offer.amount_minor
