"""From a plan to an order that has lived until the reference time, with the books of the services beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from adapters.seeding.acts import MERCHANT
from adapters.seeding.books import Books, Group, SeatRow
from adapters.seeding.catalogue import MOST_UNITS
from adapters.seeding.plans import GROUP_SIZE, Plan, PlannedGroup, PlannedLine, sold_price_minor
from adapters.seeding.stage import PendingErrand, Stage, live
from adapters.seeding.terms import COUPONS, active_promotions, shipping_offers, tax_rates
from domain.access.viewer import Actor
from domain.actions.pricing_terms import NOT_SENT
from domain.actions.stock_holding import demands_of, held_until
from domain.orders.flows import CURRENT
from domain.orders.installments import BalanceDates
from domain.orders.model import Order
from domain.orders.placement import Draft, DraftLine, Seat, SoldProduct, placed
from domain.orders.pricing import Basket, PriceableLine, PricedBasket, price
from domain.orders.pricing_rules import ShippingOffer
from domain.values.enums import ActorKind, ChannelKind, GroupStatus, OrderType, Role, StockPolicy
from domain.values.ids import IdKind
from domain.values.money import at_rate

_PARTNERS: Final = frozenset((ChannelKind.PARTNER, ChannelKind.MARKETPLACE))
_OWN_PRICE_PERCENT: Final = 92
"""What a channel with prices of its own asks, of the catalogue's."""
MANUAL_DISCOUNT: Final = Decimal("0.05")
"""What a shop assistant gives now and then; every unit's limit is above it."""
QUIET: Final = timedelta(minutes=10)
"""After the reference time no timer is due for so long: writing a million orders takes nearly that. Every deadline is longer."""
BALANCE_OPENS: Final = timedelta(days=2)
BALANCE_DUE: Final = timedelta(days=9)
"""Of the demo's presales, from the order on."""
_COUPONS: Final = {term.rule.code: term.rule for term in COUPONS}


@dataclass(frozen=True, slots=True)
class Played:
    order: Order
    books: Books
    pending: tuple[PendingErrand, ...]
    """What the worker has still to do, after the reference time."""


def played(plan: Plan, number: int, reference: datetime) -> Played:
    """`number` of the sequence of order numbers. An order that would break the quiet was placed later."""
    life = _lived(plan, number, reference)
    while any(reference < timer.due_at < reference + QUIET for timer in life.order.timers if timer.due_at):
        plan = replace(plan, placed_at=plan.placed_at + QUIET)
        life = _lived(plan, number, reference)
    return life


def _lived(plan: Plan, number: int, reference: datetime) -> Played:
    stage = Stage(
        flow=CURRENT[plan.order_type],
        unit=plan.unit,
        channel=plan.channel,
        buyer=_buyer(plan),
        stock={line.product.sku: _shelf(plan.rolls, line) for line in plan.lines},
        rolls=plan.rolls,
        now=plan.placed_at,
        refunds_fail=plan.refunds_fail,
        has_codes=plan.has_codes,
    )
    _place(stage, plan, number, reference)
    live(stage, plan.script, reference)
    return Played(stage.order, stage.books, tuple(stage.pending))


def _buyer(plan: Plan) -> Actor:
    if plan.channel.kind in _PARTNERS:
        return Actor(ActorKind.PARTNER, plan.channel.code, plan.channel.name, frozenset((Role.PARTNER,)))
    buyer = plan.member.buyer
    return Actor(ActorKind.MEMBER, buyer.member_id, buyer.name, frozenset((Role.BUYER,)))


def _shelf(rolls: Random, line: PlannedLine) -> dict[str, int]:
    """What the warehouses had in that moment: one had enough, the others perhaps a part of it."""
    warehouses = list(line.product.leftover)
    if not warehouses:
        return {}
    full = rolls.choice(warehouses)
    return {code: MOST_UNITS if code == full else rolls.randint(0, MOST_UNITS) for code in warehouses}


def _place(stage: Stage, plan: Plan, number: int, reference: datetime) -> None:
    order_id, now = stage.ids(IdKind.ORDER), stage.now
    lines = tuple(_draft_line(stage, line) for line in plan.lines)
    is_sent = plan.order_type is not OrderType.VIRTUAL
    offer = _offer(plan) if is_sent else NOT_SENT
    balance = _balance(now) if plan.order_type is OrderType.PRESALE else None
    seat = _seat(stage, plan) if plan.group else None
    drafted_price = _priced(_basket(plan, lines, offer, reference))
    draft = Draft(
        order_id=order_id,
        channel=plan.channel,
        order_type=plan.order_type,
        external_number=_external_number(plan, number),
        buyer=plan.member.buyer,
        lines=lines,
        price=drafted_price,
        shipping_address=plan.member.address if is_sent else None,
        shipping_method=offer.method if is_sent else None,
        note=plan.note,
        attributes={},
        is_reviewed=plan.is_reviewed,
        balance=balance,
        seat=seat,
    )
    books = Books(order_id)
    demands = demands_of(lines)
    until = held_until(plan.unit, now, is_reviewed=plan.is_reviewed, balance=balance)
    allocations = books.reserve(demands, stage.stock, until, now) if demands else {}
    if plan.group and seat:
        _sit_down(books, plan, plan.group, seat, now)
    books.claim(drafted_price.used_coupons, plan.member.buyer.member_id, now)
    actor = MERCHANT if plan.channel.kind is ChannelKind.STORE else stage.buyer
    stage.begin(placed(draft, f"{now:%Y%m%d}{number:08d}", allocations, stage.step(actor)), books)


def _offer(plan: Plan) -> ShippingOffer:
    offers = shipping_offers(plan.unit, plan.member.address.country or plan.unit.country)
    return offers[min(1, len(offers) - 1) if plan.is_express else 0]


def _balance(now: datetime) -> BalanceDates:
    return BalanceDates(now + BALANCE_OPENS, now + BALANCE_DUE)


def _seat(stage: Stage, plan: Plan) -> Seat | None:
    deadline = stage.now + timedelta(seconds=stage.unit.timeouts.group_s)
    return Seat(plan.group.id, deadline) if plan.group else None


def _sit_down(books: Books, plan: Plan, group: PlannedGroup, seat: Seat, now: datetime) -> None:
    books.seat = SeatRow(books.order_id, group.id, now)
    if group.is_opened:
        status = GroupStatus.OPEN.value
        books.group = Group(group.id, plan.unit.code, GROUP_SIZE, 1, status, seat.deadline, now)


def _draft_line(stage: Stage, line: PlannedLine) -> DraftLine:
    product = line.product
    seller = product.seller
    sold = SoldProduct(
        sku=product.sku,
        name=product.name,
        category=product.category,
        seller_id=seller.id if seller else None,
        seller_name=seller.name if seller else None,
        supply_channel=product.supply_channel,
        delivery_mode=product.delivery_mode,
    )
    policy = stage.unit.stock.of(product.category) if product.leftover else StockPolicy.NONE
    return DraftLine(stage.ids(IdKind.LINE), sold, line.quantity, dict(line.options), None, policy)


def _basket(plan: Plan, lines: Sequence[DraftLine], offer: ShippingOffer, reference: datetime) -> Basket:
    address, at = plan.member.address, plan.placed_at
    percent = _OWN_PRICE_PERCENT if plan.channel.has_own_prices else 100
    line_promotions, order_promotions = active_promotions(plan.unit.code, plan.member.buyer.level, at, reference)
    priceable = tuple(
        PriceableLine(
            line_id=line.line_id,
            sku=line.product.sku,
            category=line.product.category,
            quantity=line.quantity,
            unit_price_minor=sold_price_minor(planned.product, at, reference) * percent // 100,
        )
        for line, planned in zip(lines, plan.lines, strict=True)
    )
    list_minor = sum(line.unit_price_minor * line.quantity for line in priceable)
    return Basket(
        currency=plan.unit.currency,
        lines=priceable,
        line_promotions=line_promotions,
        order_promotions=order_promotions,
        coupons=(_COUPONS[plan.coupon_code],) if plan.coupon_code else (),
        manual_discount_minor=at_rate(list_minor, MANUAL_DISCOUNT) if _is_haggled(plan) else 0,
        shipping=offer,
        tax_rates=tax_rates(
            address.country or plan.unit.country, address.region, (p.product.category for p in plan.lines)
        ),
        prices_include_tax=plan.unit.prices_include_tax,
    )


def _is_haggled(plan: Plan) -> bool:
    return plan.channel.kind is ChannelKind.STORE and plan.rolls.random() < 0.2


def _priced(basket: Basket) -> PricedBasket:
    """A coupon whose minimum is not reached is left at home."""
    with_coupons = price(basket)
    return price(replace(basket, coupons=())) if with_coupons.unmet_coupons else with_coupons


def _external_number(plan: Plan, number: int) -> str | None:
    """Those who sell for us have numbers of their own."""
    if plan.channel.kind not in _PARTNERS:
        return None
    return plan.external_number or f"{plan.channel.code.upper()}-{number}"
