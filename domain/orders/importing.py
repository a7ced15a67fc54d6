"""Importing: from what a legacy system says of an order to the order as it is from now on. Pure.

Theory of operation
    The order begins in the status that the source gives it, with one event: its whole history here. Its payments, parcels and
    times are the source's; nothing is made up, so a time that the source left out stays empty. No timer runs and no stock is
    held: what waited there was not waiting for us.

    What does not add up is imported as it is and marked: payments that differ from the total in `import_difference_minor`,
    times that run backwards in the attribute `timesOutOfOrder`. The source's own word for the status is kept in `legacyStatus`.

What keeps an order from being imported is found by `import_problems`, which must have found nothing.
"""

from datetime import datetime
from itertools import pairwise
from typing import Final

from domain.orders.heads import new_head
from domain.orders.import_commands import ImportedLine, ImportedOrder, ImportedPayment
from domain.orders.import_fulfillments import OFF, with_fulfillments, without_goods
from domain.orders.import_sums import ImportedLineSums, ImportedSums, imported_sums
from domain.orders.model import Order
from domain.orders.state import REMEMBERED, Step, begun
from domain.orders.sums import drawn
from domain.orders.views import (
    UNPAID_STATUSES,
    DiscountView,
    InstallmentView,
    Json,
    OrderLineView,
    OrderView,
    PaymentView,
)
from domain.policies import ChannelPolicy
from domain.values.enums import (
    DiscountFunder,
    DiscountKind,
    InstallmentKind,
    MachineKind,
    OrderStatus,
    PaymentState,
    StockPolicy,
    SupplyChannel,
)
from domain.values.ids import IdKind
from domain.values.replacing import replace

DISCOUNT_NAME: Final = "Discount of the legacy system"
LEGACY_STATUS: Final = "legacyStatus"
TIMES_OUT_OF_ORDER: Final = "timesOutOfOrder"


def imported(said: ImportedOrder, channel: ChannelPolicy, number: str, step: Step) -> Order:
    """The order at its version 1. `step.now` is when it came here."""
    sums = imported_sums(said)
    head = _head(said, sums, channel, number, step)
    lines = tuple(
        _line(said, line, line_sums, position, head.id, step)
        for position, (line, line_sums) in enumerate(zip(said.lines, sums.lines, strict=True), start=1)
    )
    order = Order(
        head,
        lines=lines,
        discounts=_discounts(head, lines, sums),
        installments=(
            InstallmentView(head.id, 1, InstallmentKind.FULL, sums.total_minor, 0, said.currency, said.placed_at, None),
        ),
        payments=tuple(
            _payment(head, payment, amount, step)
            for payment, amount in zip(said.payments, sums.payments_minor, strict=True)
        ),
    )
    order = (
        with_fulfillments(order, said.shipments, step)
        if step.flow.has(MachineKind.FULFILLMENT)
        else without_goods(order)
    )
    order = begun(order, MachineKind.ORDER, head.id, "importOrders", step)
    return drawn(replace(order, timers=()))


def times_out_of_order(said: ImportedOrder) -> bool:
    """Placed, paid, sent, arrived, completed; and cancelled after it was placed: as far as the source has the times."""
    ways: list[tuple[datetime | None, ...]] = [
        (said.placed_at, said.paid_at, parcel.shipped_at, parcel.delivered_at, said.completed_at)
        for parcel in said.shipments
    ]
    ways += [(said.placed_at, said.paid_at, said.completed_at), (said.placed_at, said.cancelled_at)]
    ways += [(said.placed_at, payment.at) for payment in said.payments]
    return any(later < earlier for way in ways for earlier, later in pairwise(at for at in way if at is not None))


def import_difference(said: ImportedOrder, sums: ImportedSums) -> int | None:
    """What the payments differ from the total by; None where that is no difference: they add up, or too little was paid of an
    order that still waits for payment, or nothing of one that is off.
    """
    difference = sums.paid_minor - sums.total_minor
    is_owed = said.status in UNPAID_STATUSES and difference < 0
    is_waived = said.status is OrderStatus.CANCELLED and sums.paid_minor == 0
    return None if difference == 0 or is_owed or is_waived else difference


def _head(said: ImportedOrder, sums: ImportedSums, channel: ChannelPolicy, number: str, step: Step) -> OrderView:
    head = new_head(
        said,
        sums,
        order_id=step.ids(IdKind.ORDER),
        number=number,
        channel=channel,
        status=said.status,
        currency=said.currency,
        step=step,
    )
    return replace(
        head,
        # The source does not say what was held or failed: the first state that it can have been.
        previous_status=OrderStatus.PAID if said.status in REMEMBERED else None,
        placed_at=said.placed_at,
        paid_at=said.paid_at,
        completed_at=said.completed_at,
        cancelled_at=said.cancelled_at,
        cancelled_minor=sums.total_minor if said.status in OFF else 0,
        import_difference_minor=import_difference(said, sums),
        attributes=_attributes(said),
        is_imported=True,
    )


def _attributes(said: ImportedOrder) -> Json:
    attributes = dict(said.attributes or {})
    if said.legacy_status is not None:
        attributes[LEGACY_STATUS] = said.legacy_status
    if times_out_of_order(said):
        attributes[TIMES_OUT_OF_ORDER] = True
    return attributes


def _line(
    said: ImportedOrder, line: ImportedLine, sums: ImportedLineSums, position: int, order_id: str, step: Step
) -> OrderLineView:
    return OrderLineView(
        id=step.ids(IdKind.LINE),
        order_id=order_id,
        position=position,
        sku=line.sku,
        name=line.name or f"{line.category or ''} {line.sku}".strip(),
        category=line.category,
        seller_id=line.seller_id,
        seller_name=None,
        supply_channel=SupplyChannel.OWN if line.seller_id is None else SupplyChannel.SELLER,
        delivery_mode=None,
        quantity=line.quantity,
        currency=said.currency,
        unit_price_minor=sums.unit_price_minor,
        discount_minor=sums.discount_minor,
        tax_minor=sums.tax_minor,
        total_minor=sums.total_minor,
        options={},
        stock_policy=StockPolicy.NONE,
        allocations=(),
        shipped_quantity=0,
        cancelled_quantity=0,
        returned_quantity=0,
        refunded_minor=0,
    )


def _discounts(head: OrderView, lines: tuple[OrderLineView, ...], sums: ImportedSums) -> tuple[DiscountView, ...]:
    """What the source takes off its lines, then what it takes off the whole. It does not say why: by hand."""
    rows = [(s.own_discount_minor, line.id) for line, s in zip(lines, sums.lines, strict=True) if s.own_discount_minor]
    shared: list[tuple[int, str | None]] = [(sums.shared_discount_minor, None)] if sums.shared_discount_minor else []
    kind, funder = DiscountKind.MANUAL, DiscountFunder.MERCHANT
    return tuple(
        DiscountView(head.id, position, kind, None, DISCOUNT_NAME, amount, head.currency, funder, line_id)
        for position, (amount, line_id) in enumerate([*rows, *shared], start=1)
    )


def _payment(head: OrderView, said: ImportedPayment, amount_minor: int, step: Step) -> PaymentView:
    return PaymentView(
        id=step.ids(IdKind.PAYMENT),
        order_id=head.id,
        status=PaymentState.CAPTURED,
        method=said.method,
        currency=head.currency,
        amount_minor=amount_minor,
        authorized_minor=amount_minor,
        captured_minor=amount_minor,
        refunded_minor=0,
        excess_minor=0,
        is_captured_at_once=True,
        provider_reference=None,
        external_reference=said.reference,
        next_action=None,
        created_at=said.at or head.paid_at or head.placed_at,
    )
