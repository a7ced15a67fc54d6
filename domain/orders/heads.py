"""The head of an order that begins, however it came here: placed, or imported. Pure."""

from collections.abc import Sequence
from typing import Protocol

from domain.orders.import_sums import ImportedSums
from domain.orders.pricing import PricedBasket
from domain.orders.state import Step
from domain.orders.views import Address, OrderView
from domain.policies import ChannelPolicy
from domain.values.enums import AfterSaleStatus, FulfillmentStatus, OrderStatus, OrderType, PaymentStatus


class Buying(Protocol):
    """Who buys."""

    @property
    def member_id(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def level(self) -> str | None: ...


class Counted(Protocol):
    """A line, as far as the head counts it."""

    @property
    def quantity(self) -> int: ...


class Wanted(Protocol):
    """What the order is to be, by whoever asked for it."""

    @property
    def external_number(self) -> str | None: ...
    @property
    def order_type(self) -> OrderType: ...
    @property
    def buyer(self) -> Buying: ...
    @property
    def lines(self) -> Sequence[Counted]: ...
    @property
    def shipping_address(self) -> Address | None: ...


def new_head(
    wanted: Wanted,
    sums: PricedBasket | ImportedSums,
    *,
    order_id: str,
    number: str,
    channel: ChannelPolicy,
    status: OrderStatus,
    currency: str,
    step: Step,
) -> OrderView:
    """Placed now; of what it costs nothing is paid, sent or returned, nor is any of it payable."""
    buyer, address = wanted.buyer, wanted.shipping_address
    return OrderView(
        id=order_id,
        number=number,
        external_number=wanted.external_number,
        business_unit=step.policy.code,
        channel=channel.code,
        channel_kind=channel.kind,
        order_type=wanted.order_type,
        flow_version=step.flow.version,
        status=status,
        previous_status=None,
        payment_status=PaymentStatus.UNPAID,
        fulfillment_status=FulfillmentStatus.UNFULFILLED,
        after_sale_status=AfterSaleStatus.NONE,
        version=0,
        placed_at=step.now,
        updated_at=step.now,
        paid_at=None,
        completed_at=None,
        cancelled_at=None,
        member_id=buyer.member_id,
        buyer_name=buyer.name,
        buyer_level=buyer.level,
        currency=currency,
        subtotal_minor=sums.subtotal_minor,
        discount_minor=sums.discount_minor,
        shipping_minor=sums.shipping_minor,
        tax_minor=sums.tax_minor,
        total_minor=sums.total_minor,
        captured_minor=0,
        authorized_minor=0,
        refunded_minor=0,
        cancelled_minor=0,
        payable_minor=0,
        import_difference_minor=None,
        line_count=len(wanted.lines),
        unit_count=sum(line.quantity for line in wanted.lines),
        shipped_units=0,
        payments_in_flight=0,
        receipt_extensions=0,
        shipping_address=address,
        country=address.country if address else None,
        region=address.region if address else None,
        shipping_method=None,
        note=None,
        attributes={},
        is_imported=False,
    )
