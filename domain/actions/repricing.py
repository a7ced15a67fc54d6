"""Pricing an order anew after it was changed. Existing units keep the price that was agreed, new ones have today's.

Promotions, and coupons that the order has already, are those of the moment it was placed: what was agreed is not lost because a
promotion ended. Coupons that are new must be valid now. Shipping and tax are today's, for where it is sent.

Where prices include tax, an order keeps its prices without it. The price with tax is the catalogue's, if that is still the one
agreed; else the one that gives the agreed price back.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.actions.pricing_terms import NOT_SENT, coupon_refused, draft_line, offer_of
from domain.orders.commands import PlaceOrderLine
from domain.orders.modifying import NewTerms
from domain.orders.placement import DraftLine, order_line
from domain.orders.pricing import Basket, PriceableLine, PricedBasket, PricedDiscount, PricedLine, price
from domain.orders.pricing_rules import ShippingOffer, TaxRate
from domain.orders.views import Address, DiscountView, OrderLineView, OrderView
from domain.policies import UnitPolicy
from domain.ports.bundle import Ports
from domain.ports.products import ProductView
from domain.ports.promotions import ActivePromotions, PromotionRequest
from domain.values.enums import DiscountKind, OrderType
from domain.values.refusals import InvalidCoupon, InvalidInput, Refusal, UnknownProduct
from domain.values.replacing import replace

UNTAXED = Decimal(0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The order as it is to be, not priced yet. `quantities`: by id of the lines that it has."""

    head: OrderView
    lines: tuple[OrderLineView, ...]
    discounts: tuple[DiscountView, ...]
    quantities: Mapping[str, int]
    added: tuple[PlaceOrderLine, ...]
    coupon_codes: tuple[str, ...]
    shipping_address: Address | None
    note: str | None

    @property
    def kept(self) -> tuple[OrderLineView, ...]:
        return tuple(line for line in self.lines if self.quantities[line.id])

    @property
    def old_coupons(self) -> tuple[str, ...]:
        return coupons_of(self.discounts)


@dataclass(frozen=True, slots=True)
class _Answers:
    products: dict[str, ProductView]
    promotions: ActivePromotions
    offers: tuple[ShippingOffer, ...]
    rates: Mapping[str | None, Decimal]
    former_rates: Mapping[str | None, Decimal]


def coupons_of(discounts: Sequence[DiscountView]) -> tuple[str, ...]:
    return tuple(row.code for row in discounts if row.kind is DiscountKind.COUPON and row.code is not None)


async def repriced(ports: Ports, unit: UnitPolicy, wanted: Wanted) -> NewTerms | Refusal:
    """Raises ServiceUnavailable."""
    answers = await _answers(ports, unit, wanted)
    if isinstance(answers, Refusal):
        return answers
    offer = _offer(wanted, answers)
    if isinstance(offer, Refusal):
        return offer
    added = tuple(draft_line(ports, line, answers.products[line.sku], unit) for line in wanted.added)
    basket = price(_basket(unit, wanted, answers, added, offer))
    if basket.unmet_coupons:
        message = "The order does not reach the coupon's minimum."
        return InvalidCoupon(code="COUPON_MINIMUM", message=message, coupon_code=basket.unmet_coupons[0])
    return _terms(wanted, added, basket)


def _offer(wanted: Wanted, answers: _Answers) -> ShippingOffer | InvalidInput:
    """By the method that was chosen, where it is offered still."""
    if wanted.head.order_type is OrderType.VIRTUAL:
        return NOT_SENT
    method = wanted.head.shipping_method
    is_offered = any(offer.method == method for offer in answers.offers)
    return offer_of(answers.offers, method if is_offered else None)


async def _answers(ports: Ports, unit: UnitPolicy, wanted: Wanted) -> _Answers | Refusal:
    skus = list(dict.fromkeys([*(line.sku for line in wanted.kept), *(line.sku for line in wanted.added)]))
    found = dict(zip(skus, await ports.products.by_skus(skus), strict=True))
    products = {sku: product for sku, product in found.items() if product is not None}
    missing = tuple(dict.fromkeys(line.sku for line in wanted.added if not _is_sold(products.get(line.sku), unit)))
    if missing:
        return UnknownProduct(path=("addLines",), skus=missing)
    former, address = wanted.head.shipping_address, wanted.shipping_address
    categories = list(
        dict.fromkeys([*(line.category for line in wanted.kept), *(p.category for p in products.values())])
    )
    promotions, offers, rates, former_rates = await asyncio.gather(
        _promotions(ports, wanted),
        ports.logistics.offers(unit.code, _country(unit, address), unit.currency),
        ports.taxes.rates(_country(unit, address), address.region if address else None, categories),
        ports.taxes.rates(_country(unit, former), former.region if former else None, categories),
    )
    if promotions.refused:
        return coupon_refused(promotions.refused[0])
    return _Answers(products, promotions, tuple(offers), _by_category(rates), _by_category(former_rates))


def _is_sold(product: ProductView | None, unit: UnitPolicy) -> bool:
    return product is not None and product.is_available and product.currency == unit.currency


def _country(unit: UnitPolicy, address: Address | None) -> str:
    return address.country if address and address.country else unit.country


def _by_category(rates: Sequence[TaxRate]) -> dict[str | None, Decimal]:
    return {rate.category: rate.rate for rate in rates}


async def _promotions(ports: Ports, wanted: Wanted) -> ActivePromotions:
    """Those of the placement, with the coupons in the order in which they were named."""
    head, old = wanted.head, set(wanted.old_coupons)
    kept = tuple(code for code in wanted.coupon_codes if code in old)
    new = tuple(code for code in wanted.coupon_codes if code not in old)
    request = PromotionRequest(
        head.business_unit, head.channel, head.currency, head.member_id, head.buyer_level, kept, head.placed_at, head.id
    )
    agreed = await ports.promotions.active(request)
    if not new:
        return agreed
    now = await ports.promotions.active(replace(request, coupon_codes=new, at=ports.clock.now()))
    rules = {rule.code: rule for rule in agreed.coupons + now.coupons}
    coupons = tuple(rules[code] for code in wanted.coupon_codes if code in rules)
    return replace(agreed, coupons=coupons, refused=agreed.refused + now.refused)


def _basket(
    unit: UnitPolicy, wanted: Wanted, answers: _Answers, added: Sequence[DraftLine], offer: ShippingOffer
) -> Basket:
    kept = (
        PriceableLine(line.id, line.sku, line.category, wanted.quantities[line.id], _agreed_price(unit, line, answers))
        for line in wanted.kept
    )
    new = (
        PriceableLine(
            line.line_id,
            line.product.sku,
            line.product.category,
            line.quantity,
            asked.unit_price.amount_minor if asked.unit_price else answers.products[asked.sku].price_minor,
        )
        for line, asked in zip(added, wanted.added, strict=True)
    )
    return Basket(
        currency=unit.currency,
        lines=(*kept, *new),
        line_promotions=answers.promotions.lines,
        order_promotions=answers.promotions.orders,
        coupons=answers.promotions.coupons,
        manual_discount_minor=_manual_discount(unit, wanted),
        shipping=offer,
        tax_rates=answers.rates,
        prices_include_tax=unit.prices_include_tax,
    )


def _agreed_price(unit: UnitPolicy, line: OrderLineView, answers: _Answers) -> int:
    """As the catalogue would have it."""
    if not unit.prices_include_tax:
        return line.unit_price_minor
    rates = answers.former_rates
    factor = 1 + rates.get(line.category, rates.get(None, UNTAXED))
    numerator, denominator = factor.as_integer_ratio()
    product = answers.products.get(line.sku)
    if product is not None and _half_up(product.price_minor * denominator, numerator) == line.unit_price_minor:
        return product.price_minor
    return _half_up(line.unit_price_minor * numerator, denominator)


def _manual_discount(unit: UnitPolicy, wanted: Wanted) -> int:
    """The ledger has it without tax."""
    given = sum(row.amount_minor for row in wanted.discounts if row.kind is DiscountKind.MANUAL)
    net = sum(line.total_minor - line.tax_minor for line in wanted.lines)
    if not given or not unit.prices_include_tax or not net:
        return given
    return _half_up(given * sum(line.total_minor for line in wanted.lines), net)


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _terms(wanted: Wanted, added: Sequence[DraftLine], basket: PricedBasket) -> NewTerms:
    prices, head = {line.line_id: line for line in basket.lines}, wanted.head
    first = len(wanted.lines) + 1
    return NewTerms(
        lines=(
            *(_changed_line(line, prices.get(line.id)) for line in wanted.lines),
            *(
                order_line(head.id, head.currency, line, prices[line.line_id], position)
                for position, line in enumerate(added, start=first)
            ),
        ),
        discounts=tuple(_row(head, position, row) for position, row in enumerate(basket.discounts, start=1)),
        shipping_minor=basket.shipping_minor,
        shipping_address=wanted.shipping_address,
        note=wanted.note,
    )


def _changed_line(line: OrderLineView, priced: PricedLine | None) -> OrderLineView:
    """One without units costs nothing; its price stays what it was."""
    if priced is None:
        return replace(line, quantity=0, discount_minor=0, tax_minor=0, total_minor=0)
    return replace(
        line,
        quantity=priced.quantity,
        unit_price_minor=priced.unit_price_minor,
        discount_minor=priced.discount_minor,
        tax_minor=priced.tax_minor,
        total_minor=priced.total_minor,
    )


def _row(head: OrderView, position: int, row: PricedDiscount) -> DiscountView:
    return DiscountView(
        head.id, position, row.kind, row.code, row.name, row.amount_minor, head.currency, row.funder, row.line_id
    )
