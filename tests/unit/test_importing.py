"""Importing: what a legacy order becomes, what of it does not add up, and what keeps one out."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Final

import pytest

from domain.access.viewer import Actor
from domain.orders.flows import PHYSICAL_1
from domain.orders.import_commands import ImportedBuyer, ImportedOrder, ImportedPayment, ImportedShipment
from domain.orders.import_problems import import_problems
from domain.orders.importing import imported
from domain.orders.model import Order
from domain.orders.state import Step
from domain.orders.views import Address, ShipmentLine
from domain.policies import ChannelPolicy, UnitPolicy
from domain.values.enums import ActorKind, ChannelKind, OrderStatus, OrderType, Role, StockPolicy, SupplyChannel
from domain.values.faults import DomainFault
from domain.values.ids import IdKind
from tests.fixtures.legacy import ARRIVED, LINES, PAID, PARCEL, PLACED, SENT, legacy
from tests.fixtures.orders import START

UNIT: Final = UnitPolicy("acme-eu", "Acme Europe", "EUR", "DE")
CHANNEL: Final = ChannelPolicy("old-shop", "Old shop", ChannelKind.LEGACY, ("acme-eu",))
MERCHANT: Final = Actor(ActorKind.STAFF, "staff-1", "Sam", frozenset((Role.MERCHANT,)))
ALL_STATUSES: Final = tuple(
    status for status in OrderStatus if any(state.name == status for state in PHYSICAL_1.states)
)


def step(actor: Actor = MERCHANT) -> Step:
    numbers = count(1)

    def ids(kind: IdKind) -> str:
        return f"{kind}{next(numbers)}"

    return Step(PHYSICAL_1, UNIT, actor, START, ids)


def made(*, status: OrderStatus = OrderStatus.DELIVERED, **changes: Any) -> Order:
    said = legacy(status=status, **changes)
    assert import_problems(said, PHYSICAL_1) == ()
    return imported(said, CHANNEL, "2019050100000001", step())


def codes(order: ImportedOrder) -> list[tuple[str, str]]:
    return [(".".join(problem.path), problem.code) for problem in import_problems(order, PHYSICAL_1)]


def units(order: Order) -> list[tuple[str, int, int]]:
    """State, units sent and units cancelled of each fulfillment."""
    return [(part.status.value, part.shipped_units, part.cancelled_units) for part in order.fulfillments]


def test_an_imported_order_has_one_event_no_timer_and_the_times_of_its_source() -> None:
    order = made(shipments=(PARCEL,), completed_at=None)
    (event,) = order.events
    assert (event.sequence, event.action, event.from_state, event.to_state) == (1, "importOrders", None, "DELIVERED")
    assert (event.actor_id, event.at) == ("staff-1", START)
    assert order.timers == ()
    assert order.errands == ()
    head = order.head
    assert (head.version, head.is_imported, head.updated_at) == (1, True, START)
    assert (head.placed_at, head.paid_at, head.completed_at, head.cancelled_at) == (PLACED, PAID, None, None)
    assert (head.number, head.external_number) == ("2019050100000001", "L-1")
    assert (head.channel, head.channel_kind, head.business_unit) == ("old-shop", ChannelKind.LEGACY, "acme-eu")
    assert (head.member_id, head.buyer_name, head.buyer_level) == ("mbr_anna", "Anna Berg", "gold")
    assert head.attributes == {"legacyStatus": "done"}


def test_only_those_who_may_import_do() -> None:
    support = Actor(ActorKind.STAFF, "staff-2", None, frozenset((Role.SUPPORT,)))
    with pytest.raises(DomainFault):
        imported(legacy(), CHANNEL, "1", step(support))


def test_the_sums_are_those_of_the_source() -> None:
    order = made()
    head = order.head
    assert (head.subtotal_minor, head.shipping_minor, head.total_minor) == (2850, 450, 3300)
    assert (head.discount_minor, head.tax_minor, head.captured_minor, head.payable_minor) == (0, 0, 3300, 0)
    assert (head.line_count, head.unit_count) == (3, 6)
    assert [line.total_minor for line in order.lines] == [2000, 550, 300]
    assert [(i.kind.value, i.amount_minor, i.paid_minor, i.due_at) for i in order.installments] == [
        ("FULL", 3300, 3300, None)
    ]
    assert head.import_difference_minor is None


def test_a_line_keeps_what_the_source_knows_and_holds_no_stock() -> None:
    vase, second, third = made().lines
    assert [line.name for line in (vase, second, third)] == ["Old Vase", "decor OLD-2", "OLD-3"]
    assert [line.seller_id for line in (vase, second, third)] == ["sel_anne", "sel_bert", None]
    assert [line.supply_channel for line in (vase, third)] == [SupplyChannel.SELLER, SupplyChannel.OWN]
    assert {line.stock_policy for line in (vase, second, third)} == {StockPolicy.NONE}


def test_discount_and_tax_of_the_whole_are_shared_over_the_lines() -> None:
    lines = (
        replace(LINES[0], discount=Decimal(2), tax=Decimal("1.80")),
        replace(LINES[1], discount=Decimal(0)),
        LINES[2],
    )
    order = made(lines=lines, discount=Decimal("4.65"), tax=Decimal(3))
    # 2.65 more, by what is left: 18.00, 5.50 and 3.00; 1.20 more, by what is left then
    assert [line.discount_minor for line in order.lines] == [380, 55, 30]
    assert [line.tax_minor for line in order.lines] == [261, 25, 14]
    assert order.head.total_minor == 2850 - 465 + 450 + 300
    assert [(row.amount_minor, row.line_id) for row in order.discounts] == [(200, order.lines[0].id), (265, None)]
    assert sum(part.total_minor for part in order.fulfillments) == order.head.total_minor


def test_discounts_of_lines_alone_are_the_orders() -> None:
    order = made(lines=(replace(LINES[0], discount=Decimal(2)), *LINES[1:]))
    assert (order.head.discount_minor, order.head.total_minor) == (200, 3100)
    assert [row.amount_minor for row in order.discounts] == [200]


@pytest.mark.parametrize(
    ("paid", "difference", "payment_status"),
    [("71.09", 3809, "PAID"), ("32.99", -1, "PARTIALLY_PAID"), ("33", None, "PAID"), ("0", -3300, "UNPAID")],
)
def test_payments_that_differ_from_the_total_are_marked_and_never_owed(
    paid: str, difference: int | None, payment_status: str
) -> None:
    order = made(payments=(ImportedPayment("card", Decimal(paid)),))
    assert order.head.import_difference_minor == difference
    assert (order.head.payment_status, order.head.payable_minor, order.head.due_minor) == (payment_status, 0, 0)
    assert order.installments[0].paid_minor == min(3300, order.head.captured_minor)


@pytest.mark.parametrize(
    ("status", "paid", "difference"),
    [
        (OrderStatus.PENDING_PAYMENT, "0", None),
        (OrderStatus.PARTIALLY_PAID, "20", None),
        (OrderStatus.PARTIALLY_PAID, "40", 700),
        (OrderStatus.CANCELLED, "0", None),
        (OrderStatus.CANCELLED, "20", -1300),
    ],
)
def test_what_is_still_owed_or_was_never_due_is_no_difference(
    status: OrderStatus, paid: str, difference: int | None
) -> None:
    assert made(status=status, payments=(ImportedPayment("card", Decimal(paid)),)).head.import_difference_minor == (
        difference
    )


def test_an_unpaid_order_still_owes_its_total() -> None:
    head = made(status=OrderStatus.PENDING_PAYMENT, payments=(), paid_at=None).head
    assert (head.payable_minor, head.due_minor, head.payment_status) == (3300, 3300, "UNPAID")


def test_payments_are_captured_and_take_the_orders_time_where_they_have_none() -> None:
    payments = (ImportedPayment("card", Decimal(30), PLACED, "r-1"), ImportedPayment("voucher", Decimal(3)))
    order = made(payments=payments)
    assert [(p.method, p.status.value, p.amount_minor, p.captured_minor) for p in order.payments] == [
        ("card", "CAPTURED", 3000, 3000),
        ("voucher", "CAPTURED", 300, 300),
    ]
    assert [(p.created_at, p.external_reference) for p in order.payments] == [(PLACED, "r-1"), (PAID, None)]
    assert made(payments=payments, paid_at=None).payments[1].created_at == PLACED


def test_there_is_a_fulfillment_for_each_seller() -> None:
    order = made(shipments=(PARCEL,))
    assert [(part.number, part.seller_id, part.total_minor) for part in order.fulfillments] == [
        ("2019050100000001-1", "sel_anne", 2316),
        ("2019050100000001-2", "sel_bert", 637),
        ("2019050100000001-3", None, 347),
    ]
    assert units(order) == [("DELIVERED", 2, 0), ("DELIVERED", 1, 0), ("DELIVERED", 3, 0)]
    assert {part.created_at for part in order.fulfillments} == {PAID}
    assert order.head.fulfillment_status == "DELIVERED"
    assert [line.shipped_quantity for line in order.lines] == [2, 1, 3]


def test_a_parcel_of_several_sellers_is_one_for_each_and_the_first_has_the_number() -> None:
    order = made(shipments=(PARCEL,))
    assert [(s.carrier, s.tracking_number, s.shipped_at, s.delivered_at) for s in order.shipments] == [
        ("DHL", "T-1", SENT, ARRIVED),
        ("DHL", None, SENT, ARRIVED),
        ("DHL", None, SENT, ARRIVED),
    ]
    assert [s.lines for s in order.shipments] == [(ShipmentLine(line.id, line.quantity),) for line in order.lines]


@pytest.mark.parametrize(
    ("status", "expected", "drawn_as"),
    [
        (OrderStatus.PENDING_PAYMENT, [], "UNFULFILLED"),
        (OrderStatus.PARTIALLY_PAID, [], "UNFULFILLED"),
        (OrderStatus.PAID, [("ALLOCATED", 0, 0)], "UNFULFILLED"),
        (OrderStatus.EXCEPTION, [("ALLOCATED", 0, 0)], "UNFULFILLED"),
        (OrderStatus.ON_HOLD, [("ON_HOLD", 0, 0)], "UNFULFILLED"),
        (OrderStatus.CONFIRMED, [("ALLOCATED", 0, 0)], "UNFULFILLED"),
        (OrderStatus.IN_FULFILLMENT, [("ACCEPTED", 0, 0)], "IN_PROGRESS"),
        (OrderStatus.PARTIALLY_SHIPPED, [("ACCEPTED", 0, 0)], "IN_PROGRESS"),
        (OrderStatus.SHIPPED, [("SHIPPED", 2, 0)], "SHIPPED"),
        (OrderStatus.DELIVERED, [("DELIVERED", 2, 0)], "DELIVERED"),
        (OrderStatus.RECEIVED, [("DELIVERED", 2, 0)], "DELIVERED"),
        (OrderStatus.COMPLETED, [("DELIVERED", 2, 0)], "DELIVERED"),
        (OrderStatus.REFUNDING, [], "CANCELLED"),
        (OrderStatus.CANCELLED, [], "CANCELLED"),
    ],
)
def test_without_a_parcel_the_status_says_how_far_the_goods_are(
    status: OrderStatus, expected: list[tuple[str, int, int]], drawn_as: str
) -> None:
    order = made(status=status, lines=LINES[:1])
    assert units(order) == expected
    assert order.head.fulfillment_status == drawn_as
    assert order.shipments == ()


def test_every_state_of_the_flow_can_be_imported() -> None:
    assert {made(status=status).head.status for status in ALL_STATUSES} == set(ALL_STATUSES)
    assert len(ALL_STATUSES) == 18
    assert set(OrderStatus) - set(ALL_STATUSES) == {
        OrderStatus.PENDING_DEPOSIT,
        OrderStatus.PENDING_BALANCE,
        OrderStatus.GROUP_PENDING,
    }


def test_what_waits_to_go_back_goes_back_to_paid() -> None:
    order = made(status=OrderStatus.ON_HOLD)
    assert order.head.previous_status is OrderStatus.PAID
    assert {part.previous_status for part in order.fulfillments} == {"ALLOCATED"}


def test_a_parcel_says_more_than_the_status() -> None:
    some = ImportedShipment(SENT, None, "DHL", "T-1", ("OLD-1",))
    order = made(status=OrderStatus.PARTIALLY_SHIPPED, shipments=(some,))
    assert units(order) == [("SHIPPED", 2, 0), ("ACCEPTED", 0, 0), ("ACCEPTED", 0, 0)]
    assert (order.head.fulfillment_status, order.head.shipped_units) == ("PARTIALLY_SHIPPED", 2)
    assert units(made(status=OrderStatus.PENDING_PAYMENT, shipments=(PARCEL,), lines=LINES[:1])) == [
        ("DELIVERED", 2, 0)
    ]


def test_parcels_with_the_same_sku_share_its_units() -> None:
    first = ImportedShipment(SENT, ARRIVED, None, None, ("OLD-3",))
    second = ImportedShipment(SENT + timedelta(days=1), None, None, None, ("OLD-3",))
    order = made(status=OrderStatus.SHIPPED, lines=LINES[2:], shipments=(first, second))
    assert [(s.carrier, s.lines[0].quantity) for s in order.shipments] == [("UNKNOWN", 2), ("UNKNOWN", 1)]
    assert units(order) == [("SHIPPED", 3, 0)]


def test_a_parcel_for_which_no_units_are_left_is_kept_empty() -> None:
    parcels = tuple(ImportedShipment(SENT, ARRIVED, "DHL", number, ("OLD-2",)) for number in ("T-1", "T-2"))
    order = made(shipments=parcels)
    assert [(s.tracking_number, len(s.lines)) for s in order.shipments] == [("T-1", 1), ("T-2", 0)]
    assert {s.fulfillment_id for s in order.shipments} == {order.fulfillments[1].id}


def test_half_of_a_fulfillment_can_be_on_its_way() -> None:
    lines = tuple(replace(line, seller=None) for line in LINES)
    some = ImportedShipment(SENT, ARRIVED, None, None, ("OLD-1",))
    order = made(status=OrderStatus.IN_FULFILLMENT, lines=lines, shipments=(some,))
    assert units(order) == [("PARTIALLY_SHIPPED", 2, 0)]


def test_of_a_cancelled_order_what_was_sent_stays_sent() -> None:
    some = ImportedShipment(SENT, ARRIVED, "DHL", "T-1", ("OLD-1",))
    order = made(status=OrderStatus.CANCELLED, shipments=(some,), cancelled_at=ARRIVED)
    assert units(order) == [("DELIVERED", 2, 0), ("CANCELLED", 0, 1), ("CANCELLED", 0, 3)]
    assert [(line.shipped_quantity, line.cancelled_quantity) for line in order.lines] == [(2, 0), (0, 1), (0, 3)]
    assert (order.head.cancelled_minor, order.head.payable_minor, order.head.due_minor) == (3300, 0, 0)
    assert order.head.cancelled_at == ARRIVED


@pytest.mark.parametrize(
    "changes",
    [
        {"paid_at": PLACED - timedelta(minutes=1)},
        {"shipments": (replace(PARCEL, shipped_at=PAID - timedelta(minutes=1)),)},
        {"shipments": (replace(PARCEL, delivered_at=SENT - timedelta(minutes=1)),)},
        {"completed_at": PLACED},
        {"cancelled_at": PLACED - timedelta(seconds=1)},
        {"payments": (ImportedPayment("card", Decimal(33), PLACED - timedelta(days=1)),)},
    ],
)
def test_times_out_of_order_are_kept_and_marked(changes: dict[str, Any]) -> None:
    order = made(**changes)
    assert order.head.attributes == {"legacyStatus": "done", "timesOutOfOrder": True}


def test_attributes_are_kept_and_equal_times_are_in_order() -> None:
    order = made(attributes={"shop": 7}, paid_at=PLACED, legacy_status=None, shipments=(PARCEL,))
    assert order.head.attributes == {"shop": 7}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"order_type": OrderType.PHYSICAL, "status": OrderStatus.GROUP_PENDING}, ("status", "STATUS_NOT_IN_FLOW")),
        ({"lines": ()}, ("lines", "EMPTY")),
        ({"lines": LINES[:1] * 201}, ("lines", "TOO_MANY")),
        ({"payments": (ImportedPayment("card", Decimal(1)),) * 51}, ("payments", "TOO_MANY")),
        ({"lines": (replace(LINES[0], quantity=0),)}, ("lines.0.quantity", "NOT_POSITIVE")),
        ({"lines": (replace(LINES[0], quantity=2**31),)}, ("lines", "TOO_MANY")),
        ({"external_number": ""}, ("externalNumber", "INVALID_LENGTH")),
        ({"lines": (LINES[0], replace(LINES[1], sku="x" * 101))}, ("lines.1.sku", "INVALID_LENGTH")),
        ({"buyer": ImportedBuyer("an na")}, ("buyer.id", "INVALID_ID")),
        ({"lines": (replace(LINES[0], seller="é"),)}, ("lines.0.sellerId", "INVALID_ID")),
        ({"shipping_address": Address(country="de")}, ("shippingAddress.country", "INVALID_COUNTRY")),
        ({"shipping_address": Address(postal_code="1" * 21)}, ("shippingAddress.postalCode", "INVALID_LENGTH")),
        ({"currency": "XXX"}, ("currency", "INVALID_CURRENCY")),
        ({"shipping": Decimal("0.001")}, ("shippingTotal", "INVALID_AMOUNT")),
        ({"lines": (replace(LINES[0], unit_price=Decimal(-1)),)}, ("lines.0.unitPrice", "INVALID_AMOUNT")),
        ({"payments": (ImportedPayment("card", Decimal("NaN")),)}, ("payments.0.amount", "INVALID_AMOUNT")),
        ({"discount": Decimal("28.51")}, ("discountTotal", "DISCOUNT_DOES_NOT_FIT")),
        (
            {"lines": (replace(LINES[0], discount=Decimal(2)),), "discount": Decimal(1)},
            ("discountTotal", "DISCOUNT_DOES_NOT_FIT"),
        ),
        (
            {"lines": (replace(LINES[0], discount=Decimal(21)), LINES[1])},
            ("discountTotal", "DISCOUNT_DOES_NOT_FIT"),
        ),
        ({"lines": (replace(LINES[0], tax=Decimal(2)),), "tax": Decimal(1)}, ("taxTotal", "TAX_DOES_NOT_FIT")),
        (
            {"lines": (replace(LINES[0], unit_price=Decimal(10**12), quantity=11),)},
            ("lines", "OUT_OF_RANGE"),
        ),
        ({"shipments": (replace(PARCEL, skus=("NONE",)),)}, ("shipments.0.skus", "UNKNOWN_SKU")),
        ({"shipments": (PARCEL, PARCEL)}, ("shipments.1.trackingNumber", "DUPLICATE_TRACKING_NUMBER")),
        ({"attributes": [1]}, ("attributes", "NOT_AN_OBJECT")),
        ({"attributes": {"a": [2**63]}}, ("attributes", "INVALID_JSON")),
        ({"attributes": {"a": float("inf")}}, ("attributes", "INVALID_JSON")),
    ],
)
def test_what_keeps_an_order_out_is_named(changes: dict[str, Any], problem: tuple[str, str]) -> None:
    assert codes(legacy(**changes)) == [problem]


def test_an_order_type_that_is_not_offered_keeps_it_out() -> None:
    (problem,) = import_problems(legacy(order_type=OrderType.VIRTUAL), None)
    assert (problem.path, problem.code) == (("orderType",), "ORDER_TYPE_NOT_OFFERED")
