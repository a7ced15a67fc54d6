"""Pricing a wish: check its form, ask the services what is needed, price it. Shared by quoteOrder and placeOrder.

The services are asked in two waves, each at once: product and member first, because promotions and taxes depend on them. No
transaction is open meanwhile.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from domain.access.viewer import Viewer
from domain.actions.groups import group_problems
from domain.actions.presales import balance_dates
from domain.orders.commands import PlaceOrderLine, WantedGroup, Wish
from domain.orders.flows import CURRENT
from domain.orders.installments import BalanceDates
from domain.orders.placement import Buyer, DraftLine, SoldProduct
from domain.orders.pricing import Basket, PriceableLine, PricedBasket, price
from domain.orders.pricing_rules import ShippingOffer, TaxRate
from domain.orders.state import Flow
from domain.policies import ChannelPolicy, UnitPolicy
from domain.ports.bundle import Ports
from domain.ports.members import MemberView
from domain.ports.products import ProductView
from domain.ports.promotions import ActivePromotions, CouponRefusal, PromotionRequest, RefusedCoupon
from domain.values.enums import OrderType, Role
from domain.values.ids import IdKind, kind_of, new_id
from domain.values.money import Money, at_rate
from domain.values.refusals import (
    Forbidden,
    InputProblem,
    InvalidCoupon,
    InvalidInput,
    LimitExceeded,
    Refusal,
    UnknownMember,
    UnknownProduct,
    invalid,
)

MAX_LINES: Final = 200
MAX_COUPONS: Final = 10
MAX_INT: Final = 2**31 - 1
NOT_SENT: Final = ShippingOffer("none", "Not sent", 0)
"""What is not sent costs no shipping."""
TEXT_LIMITS: Final = {
    "recipient": 200, "phone": 50, "region": 100, "city": 100, "line1": 200, "line2": 200, "postal_code": 20,
}  # fmt: skip
COUPON_MESSAGES: Final = {
    CouponRefusal.UNKNOWN: "There is no such coupon.",
    CouponRefusal.EXPIRED: "The coupon has expired.",
    CouponRefusal.NOT_YET: "The coupon is not valid yet.",
    CouponRefusal.EXHAUSTED: "The coupon was used as often as it can be.",
    CouponRefusal.MEMBER_LIMIT: "The member has used the coupon as often as they may.",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a caller deals: checked against policies and rights."""

    unit: UnitPolicy
    channel: ChannelPolicy
    flow: Flow


@dataclass(frozen=True, slots=True)
class PricedWish:
    terms: Terms
    buyer: Buyer
    lines: tuple[DraftLine, ...]
    price: PricedBasket
    shipping_method: str | None
    balance: BalanceDates | None = None
    """Of a presale."""
    group: WantedGroup | None = None


async def priced(ports: Ports, viewer: Viewer, wish: Wish, *, needs_address: bool) -> PricedWish | Refusal:
    """The wish with its price, or why it cannot be had. Raises ServiceUnavailable."""
    terms = terms_of(ports, wish)
    if isinstance(terms, Refusal):
        return terms
    refused = wish_refused(viewer, wish, terms, needs_address=needs_address)
    if refused is not None:
        return refused
    found = await _goods_and_buyer(ports, wish)
    if isinstance(found, Refusal):
        return found
    products, member = found
    return await _with_price(ports, wish, terms, products, member)


def wish_refused(viewer: Viewer, wish: Wish, terms: Terms, *, needs_address: bool) -> Refusal | None:
    """What is wrong with it before any service was asked."""
    return (
        _malformed(wish, terms, needs_address=needs_address)
        or _over_limit(wish, terms)
        or _no_right(viewer, wish, terms)
    )


def terms_of(ports: Ports, wish: Wish) -> Terms | Refusal:
    unit, channel = ports.policies.unit(wish.business_unit), ports.policies.channel(wish.channel)
    if unit is None:
        return invalid("businessUnit", code="UNKNOWN_BUSINESS_UNIT", message="There is no such business unit.")
    if channel is None or unit.code not in channel.business_units:
        return invalid("channel", code="UNKNOWN_CHANNEL", message="The business unit does not sell on such a channel.")
    flow = CURRENT.get(wish.order_type)
    if flow is None:
        message = f"{wish.order_type} orders are not offered."
        return invalid("orderType", code="ORDER_TYPE_NOT_OFFERED", message=message)
    return Terms(unit, channel, flow)


def _no_right(viewer: Viewer, wish: Wish, terms: Terms) -> Refusal | None:
    scope, roles = viewer.scope, viewer.actor.roles
    if scope.business_units is not None and terms.unit.code not in scope.business_units:
        return Forbidden(message="You do not sell for this business unit.", path=("businessUnit",))
    if scope.channels is not None and terms.channel.code not in scope.channels:
        return Forbidden(message="You do not sell on this channel.", path=("channel",))
    if scope.member_id is not None and wish.member_id != scope.member_id:
        return Forbidden(message="You can only buy for yourself.", path=("memberId",))
    has_own_prices = any(line.unit_price is not None for line in wish.lines)
    if has_own_prices and not (terms.channel.has_own_prices and Role.PARTNER in roles):
        return Forbidden(message="The channel does not sell at its own prices.", path=("lines",))
    if wish.manual_discount is not None and not roles & {Role.MERCHANT, Role.SUPPORT}:
        return Forbidden(message="Only the merchant and support give discounts.", path=("manualDiscount",))
    return None


def _over_limit(wish: Wish, terms: Terms) -> LimitExceeded | None:
    if len(wish.lines) > MAX_LINES:
        return LimitExceeded(message=f"An order has at most {MAX_LINES} lines.", path=("lines",), limit=MAX_LINES)
    if len(wish.coupon_codes) > MAX_COUPONS:
        message = f"An order takes at most {MAX_COUPONS} coupons."
        return LimitExceeded(message=message, path=("couponCodes",), limit=MAX_COUPONS)
    units: dict[str, int] = {}
    for position, line in enumerate(wish.lines):
        units[line.sku] = units.get(line.sku, 0) + line.quantity
        if units[line.sku] > terms.unit.limits.units_per_sku:
            limit = terms.unit.limits.units_per_sku
            message = f"An order takes at most {limit} units of one SKU."
            return LimitExceeded(message=message, path=("lines", str(position), "quantity"), limit=limit)
    return None


def _malformed(wish: Wish, terms: Terms, *, needs_address: bool) -> InvalidInput | None:
    problems = [
        *_line_problems(wish.lines, terms.unit.currency),
        *_coupon_problems(wish.coupon_codes),
        *_address_problems(wish, needs_address=needs_address),
        *_money_problems(wish, terms.unit.currency),
    ]
    if kind_of(wish.member_id) is not IdKind.MEMBER:
        problems.append(InputProblem(("memberId",), "INVALID_ID", "It is not the id of a member."))
    problems += group_problems(wish, terms.unit.limits.group_size)
    return InvalidInput(path=problems[0].path, problems=tuple(problems)) if problems else None


def _line_problems(lines: Sequence[PlaceOrderLine], currency: str) -> list[InputProblem]:
    problems = [] if lines else [InputProblem(("lines",), "EMPTY", "An order has at least one line.")]
    for position, line in enumerate(lines):
        path = ("lines", str(position))
        if line.quantity < 1:
            problems.append(InputProblem((*path, "quantity"), "NOT_POSITIVE", "A quantity is at least 1."))
        if not 0 < len(line.sku) <= 100:
            problems.append(InputProblem((*path, "sku"), "INVALID_LENGTH", "A SKU has 1 to 100 characters."))
        if line.delivery_mode is not None and not 0 < len(line.delivery_mode) <= 100:
            problems.append(InputProblem((*path, "deliveryMode"), "INVALID_LENGTH", "It has 1 to 100 characters."))
        if line.options is not None and not isinstance(line.options, dict):
            problems.append(InputProblem((*path, "options"), "NOT_AN_OBJECT", "Options are a JSON object."))
        price = line.unit_price
        if price is not None and (price.currency != currency or price.amount_minor < 0):
            message = f"A price is not negative and in {currency}."
            problems.append(InputProblem((*path, "unitPrice"), "INVALID_PRICE", message))
    return problems


def _coupon_problems(codes: Sequence[str]) -> list[InputProblem]:
    if len(set(codes)) < len(codes):
        return [InputProblem(("couponCodes",), "DUPLICATE_COUPON", "A coupon is named twice.")]
    return []


def _address_problems(wish: Wish, *, needs_address: bool) -> list[InputProblem]:
    address = wish.shipping_address
    if address is None:
        missing = InputProblem(("shippingAddress",), "MISSING", "Goods that are sent need an address.")
        return [missing] if needs_address and wish.order_type is not OrderType.VIRTUAL else []
    problems = []
    if wish.order_type is OrderType.VIRTUAL:
        message = "Nothing of a virtual order is sent: it takes no address."
        problems.append(InputProblem(("shippingAddress",), "NOT_SENT", message))
    country = address.country or ""
    if not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):
        message = "A country is two capital letters (ISO 3166-1)."
        problems.append(InputProblem(("shippingAddress", "country"), "INVALID_COUNTRY", message))
    for name, limit in TEXT_LIMITS.items():
        text = getattr(address, name)
        is_required = name in {"recipient", "city", "line1"}
        if (text is not None and len(text) > limit) or (is_required and not (text or "").strip()):
            path = ("shippingAddress", "postalCode" if name == "postal_code" else name)
            least = 1 if is_required else 0
            problems.append(InputProblem(path, "INVALID_LENGTH", f"It has {least} to {limit} characters."))
    return problems


def _money_problems(wish: Wish, currency: str) -> list[InputProblem]:
    discount = wish.manual_discount
    if discount is None or (discount.currency == currency and discount.amount_minor >= 0):
        return []
    return [InputProblem(("manualDiscount",), "INVALID_AMOUNT", f"A discount is not negative and in {currency}.")]


async def _goods_and_buyer(ports: Ports, wish: Wish) -> tuple[dict[str, ProductView], MemberView] | Refusal:
    skus = list(dict.fromkeys(line.sku for line in wish.lines))
    products, members = await _both(ports, skus, wish.member_id)
    member = members[0]
    if member is None:
        return UnknownMember()
    sold = {p.sku: p for p in products if p is not None and p.is_available}
    missing = tuple(sku for sku in skus if sku not in sold)
    return UnknownProduct(skus=missing) if missing else (sold, member)


async def _both(
    ports: Ports, skus: Sequence[str], member_id: str
) -> tuple[list[ProductView | None], list[MemberView | None]]:
    products, members = await asyncio.gather(ports.products.by_skus(skus), ports.members.by_ids([member_id]))
    return products, members


async def _with_price(
    ports: Ports, wish: Wish, terms: Terms, products: dict[str, ProductView], member: MemberView
) -> PricedWish | Refusal:
    unit = terms.unit
    foreign = tuple(sku for sku, product in products.items() if product.currency != unit.currency)
    if foreign:
        return UnknownProduct(message=f"Some products are not sold in {unit.currency}.", skus=foreign)
    address = wish.shipping_address
    country = address.country if address and address.country else unit.country
    categories = list(dict.fromkeys(product.category for product in products.values()))
    request = PromotionRequest(
        unit.code, wish.channel, unit.currency, member.id, member.level, wish.coupon_codes, ports.clock.now()
    )
    promotions, offers, rates = await asyncio.gather(
        ports.promotions.active(request),
        ports.logistics.offers(unit.code, country, unit.currency),
        ports.taxes.rates(country, address.region if address else None, categories),
    )
    if promotions.refused:
        return coupon_refused(promotions.refused[0])
    offer = NOT_SENT if wish.order_type is OrderType.VIRTUAL else offer_of(offers, wish.shipping_method)
    if isinstance(offer, Refusal):
        return offer
    balance = await balance_dates(ports, wish) if wish.order_type is OrderType.PRESALE else None
    if isinstance(balance, Refusal):
        return balance
    lines = tuple(draft_line(ports, line, products[line.sku], unit) for line in wish.lines)
    basket = _basket(wish, unit, lines, products, promotions, offer, rates)
    offered = _checked(wish, terms, member, lines, price(basket), offer)
    return replace(offered, balance=balance, group=wish.group) if isinstance(offered, PricedWish) else offered


def _checked(
    wish: Wish,
    terms: Terms,
    member: MemberView,
    lines: tuple[DraftLine, ...],
    priced_basket: PricedBasket,
    offer: ShippingOffer,
) -> PricedWish | Refusal:
    if priced_basket.unmet_coupons:
        code = priced_basket.unmet_coupons[0]
        return InvalidCoupon(
            code="COUPON_MINIMUM", message="The order does not reach the coupon's minimum.", coupon_code=code
        )
    limit = at_rate(priced_basket.list_minor, terms.unit.limits.manual_discount_rate)
    if wish.manual_discount is not None and wish.manual_discount.amount_minor > limit:
        shown = Money(limit, terms.unit.currency).amount
        message = f"A manual discount is at most {shown} {terms.unit.currency} here."
        return LimitExceeded(message=message, path=("manualDiscount",), limit=min(limit, MAX_INT))
    buyer = Buyer(member.id, member.name, member.level)
    return PricedWish(terms, buyer, lines, priced_basket, None if offer is NOT_SENT else offer.method)


def coupon_refused(refused: RefusedCoupon) -> InvalidCoupon:
    message = COUPON_MESSAGES[refused.refusal]
    return InvalidCoupon(code=refused.refusal, message=message, coupon_code=refused.coupon_code)


def offer_of(offers: Sequence[ShippingOffer], method: str | None) -> ShippingOffer | InvalidInput:
    if not offers:
        message = "We do not send to this country."
        return invalid("shippingAddress", "country", code="COUNTRY_NOT_SERVED", message=message)
    if method is None:
        return offers[0]
    found = next((offer for offer in offers if offer.method == method), None)
    if found is not None:
        return found
    known = ", ".join(offer.method for offer in offers)
    return invalid(
        "shippingMethod", code="UNKNOWN_METHOD", message=f"There is no such method here; there are: {known}."
    )


def draft_line(ports: Ports, line: PlaceOrderLine, product: ProductView, unit: UnitPolicy) -> DraftLine:
    sold = SoldProduct(
        product.sku,
        product.name,
        product.category,
        product.seller_id,
        product.seller_name,
        product.supply_channel,
        product.delivery_mode,
    )
    line_id = new_id(IdKind.LINE, int(ports.clock.now().timestamp() * 1000))
    policy = unit.stock.of(product.category)
    return DraftLine(line_id, sold, line.quantity, line.options or {}, line.delivery_mode, policy)


def _basket(
    wish: Wish,
    unit: UnitPolicy,
    lines: Sequence[DraftLine],
    products: dict[str, ProductView],
    promotions: ActivePromotions,
    offer: ShippingOffer,
    rates: Sequence[TaxRate],
) -> Basket:
    wanted = zip(lines, wish.lines, strict=True)
    return Basket(
        currency=unit.currency,
        lines=tuple(
            PriceableLine(
                line.line_id,
                line.product.sku,
                line.product.category,
                line.quantity,
                asked.unit_price.amount_minor if asked.unit_price else products[asked.sku].price_minor,
            )
            for line, asked in wanted
        ),
        line_promotions=promotions.lines,
        order_promotions=promotions.orders,
        coupons=promotions.coupons,
        manual_discount_minor=wish.manual_discount.amount_minor if wish.manual_discount else 0,
        shipping=offer,
        tax_rates={rate.category: rate.rate for rate in rates},
        prices_include_tax=unit.prices_include_tax,
    )
