"""Placing: from a priced basket and its reservation to an order in its first state. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.orders.heads import new_head
from domain.orders.installments import BalanceDates, first_status, installments_of
from domain.orders.model import Order
from domain.orders.pricing import PricedBasket, PricedLine
from domain.orders.review import without_dates
from domain.orders.state import Step, begun, settled
from domain.orders.views import (
    Address,
    Allocation,
    DiscountView,
    InstallmentView,
    Json,
    OrderLineView,
    OrderView,
)
from domain.policies import ChannelPolicy
from domain.values.enums import MachineKind, OrderStatus, OrderType, StockPolicy, SupplyChannel
from domain.values.replacing import replace


@dataclass(frozen=True, slots=True)
class SoldProduct:
    """The product as it is at the moment of sale: what the line keeps of it."""

    sku: str
    name: str
    category: str | None
    seller_id: str | None
    seller_name: str | None
    supply_channel: SupplyChannel
    delivery_mode: str | None


@dataclass(frozen=True, slots=True)
class DraftLine:
    line_id: str
    product: SoldProduct
    quantity: int
    options: Json
    delivery_mode: str | None
    stock_policy: StockPolicy


@dataclass(frozen=True, slots=True)
class Buyer:
    member_id: str
    name: str | None
    level: str | None


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat in a group that was taken, and until when the group may form."""

    group_id: str
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """An order that is priced and not placed yet."""

    order_id: str
    channel: ChannelPolicy
    order_type: OrderType
    external_number: str | None
    buyer: Buyer
    lines: tuple[DraftLine, ...]
    price: PricedBasket
    shipping_address: Address | None
    shipping_method: str | None
    note: str | None
    attributes: Json
    is_reviewed: bool = False
    """A person approves it before it can be paid."""
    balance: BalanceDates | None = None
    """Of a presale."""
    seat: Seat | None = None
    """In the group of a group buy."""


def placed(draft: Draft, number: str, allocations: Mapping[str, tuple[Allocation, ...]], step: Step) -> Order:
    """The order as it begins: awaiting review or payment, or paid when it costs nothing. `allocations` by line id."""
    head = _head(draft, number, step)
    order = Order(
        head, lines=_lines(draft, allocations), discounts=_discounts(draft), installments=_installments(draft, step)
    )
    if draft.is_reviewed:
        order = without_dates(order)
    order = begun(order, MachineKind.ORDER, head.id, "placeOrder", step)
    return settled(order, step)


def _head(draft: Draft, number: str, step: Step) -> OrderView:
    price = draft.price
    head = new_head(
        draft,
        price,
        order_id=draft.order_id,
        number=number,
        channel=draft.channel,
        status=_first_status(draft),
        currency=price.currency,
        step=step,
    )
    return replace(
        head,
        payable_minor=price.total_minor,
        shipping_method=draft.shipping_method,
        note=draft.note,
        attributes=draft.attributes,
        group_id=draft.seat.group_id if draft.seat else None,
        group_deadline=draft.seat.deadline if draft.seat else None,
    )


def _first_status(draft: Draft) -> OrderStatus:
    if draft.is_reviewed:
        return OrderStatus.PENDING_REVIEW
    return first_status(draft.order_type, draft.price.total_minor)


def _lines(draft: Draft, allocations: Mapping[str, tuple[Allocation, ...]]) -> tuple[OrderLineView, ...]:
    priced = {line.line_id: line for line in draft.price.lines}
    return tuple(
        order_line(
            draft.order_id,
            draft.price.currency,
            line,
            priced[line.line_id],
            position,
            allocations.get(line.line_id, ()),
        )
        for position, line in enumerate(draft.lines, start=1)
    )


def order_line(
    order_id: str,
    currency: str,
    line: DraftLine,
    price: PricedLine,
    position: int,
    allocations: tuple[Allocation, ...] = (),
) -> OrderLineView:
    """What the order keeps of a line as it was sold."""
    product = line.product
    return OrderLineView(
        id=line.line_id,
        order_id=order_id,
        position=position,
        sku=product.sku,
        name=product.name,
        category=product.category,
        seller_id=product.seller_id,
        seller_name=product.seller_name,
        supply_channel=product.supply_channel,
        delivery_mode=line.delivery_mode or product.delivery_mode,
        quantity=line.quantity,
        currency=currency,
        unit_price_minor=price.unit_price_minor,
        discount_minor=price.discount_minor,
        tax_minor=price.tax_minor,
        total_minor=price.total_minor,
        options=line.options,
        stock_policy=line.stock_policy,
        allocations=allocations,
        shipped_quantity=0,
        cancelled_quantity=0,
        returned_quantity=0,
        refunded_minor=0,
    )


def _discounts(draft: Draft) -> tuple[DiscountView, ...]:
    return tuple(
        DiscountView(
            order_id=draft.order_id,
            position=position,
            kind=row.kind,
            code=row.code,
            name=row.name,
            amount_minor=row.amount_minor,
            currency=draft.price.currency,
            funder=row.funder,
            line_id=row.line_id,
        )
        for position, row in enumerate(draft.price.discounts, start=1)
    )


def _installments(draft: Draft, step: Step) -> tuple[InstallmentView, ...]:
    price = draft.price
    return installments_of(draft.order_id, draft.order_type, price.total_minor, price.currency, draft.balance, step)
