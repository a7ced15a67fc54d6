from datetime import UTC, datetime

from adapters.db.rows import mapper_of
from domain.orders.views import (
    Address,
    Allocation,
    FulfillmentView,
    NextAction,
    OrderLineView,
    OrderView,
    PaymentView,
    ShipmentLine,
    ShipmentView,
    SplitReason,
    TransitionView,
)
from domain.values.enums import OrderStatus, PaymentNextActionKind, SplitDimension
from tests.fixtures.order_rows import fulfillment, line, order, payment, shipment, transition

ORDER = order("1")


def column(view: object, name: str) -> object:
    mapper = mapper_of(type(view))
    return dict(zip(mapper.names, mapper.encode(view), strict=True))[name]


def test_an_order_comes_back_as_it_was() -> None:
    view = order(
        "1",
        status=OrderStatus.ON_HOLD,
        previous_status=OrderStatus.PAID,
        shipping_address=Address(recipient="Ann", country="BR"),
        attributes={"a": [1, None]},
    )
    mapper = mapper_of(OrderView)
    again = mapper.decode(mapper.encode(view))
    assert again == view
    assert again.status is OrderStatus.ON_HOLD


def test_an_enumeration_is_written_as_plain_text() -> None:
    assert type(column(ORDER, "status")) is str
    assert column(ORDER, "status") == "PENDING_PAYMENT"


def test_an_address_is_an_object_of_the_fields_that_are_given() -> None:
    view = order("1", shipping_address=Address(recipient="Ann", country="BR"))
    assert column(view, "shipping_address") == {"recipient": "Ann", "country": "BR"}
    assert column(ORDER, "shipping_address") is None


def test_a_tuple_of_parts_is_an_array_of_objects() -> None:
    view = line(ORDER, "1", allocations=(Allocation("BER", 2), Allocation("PAR", 1)))
    assert column(view, "allocations") == [{"warehouse": "BER", "quantity": 2}, {"warehouse": "PAR", "quantity": 1}]
    mapper = mapper_of(OrderLineView)
    assert mapper.decode(mapper.encode(view)) == view


def test_an_enumeration_inside_an_array_comes_back_as_itself() -> None:
    view = fulfillment(ORDER, "1", split_by=(SplitReason(SplitDimension.SELLER, "sel_1"),))
    assert column(view, "split_by") == [{"dimension": "SELLER", "value": "sel_1"}]
    mapper = mapper_of(FulfillmentView)
    assert mapper.decode(mapper.encode(view)).split_by[0].dimension is SplitDimension.SELLER


def test_a_time_inside_an_object_is_text_and_comes_back_aware() -> None:
    expires_at = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)
    view = payment(ORDER, "1", next_action=NextAction(PaymentNextActionKind.WAIT, expires_at=expires_at))
    assert column(view, "next_action") == {"kind": "WAIT", "expires_at": "2026-03-01T12:30:00.123456+00:00"}
    mapper = mapper_of(PaymentView)
    assert mapper.decode(mapper.encode(view)) == view


def test_a_time_column_is_left_to_the_driver() -> None:
    assert column(ORDER, "placed_at") is ORDER.placed_at


def test_shipment_lines_and_event_details_come_back_as_they_were() -> None:
    parcel = shipment(fulfillment(ORDER, "1"), "1", lines=(ShipmentLine("lin_1", 2),))
    step = transition(ORDER, 1, details={"amount": 3})
    assert mapper_of(ShipmentView).decode(mapper_of(ShipmentView).encode(parcel)) == parcel
    assert mapper_of(TransitionView).decode(mapper_of(TransitionView).encode(step)) == step


def test_a_mapper_is_built_once_per_class() -> None:
    assert mapper_of(OrderView) is mapper_of(OrderView)
