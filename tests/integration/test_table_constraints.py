"""What the database refuses, whoever writes."""

from typing import Any

import asyncpg
import pytest

from adapters.db.engine import Database
from tests.fixtures.order_rows import (
    fulfillment,
    insert,
    installment,
    line,
    order,
    payment,
    shipment,
    timer,
    transition,
)

pytestmark = pytest.mark.anyio

A, B = order("a", external_number="7"), order("b")
PART = fulfillment(A, "1")
PARCEL = shipment(PART, "1", tracking_number="T")
ROWS = (A, B, line(A, "1"), PART, PARCEL, transition(A, 1))

REFUSED: dict[str, Any] = {
    "uq_orders_number": order("x", number=A.number),
    "uq_orders_external_number_channel": order("x", external_number="7"),
    "ck_orders_version": order("x", version=0),
    "ck_orders_not_negative": order("x", payable_minor=-1),
    "ck_orders_units": order("x", shipped_units=2),
    "uq_order_lines_order_id_position": line(A, "2"),
    "ck_order_lines_units": line(A, "2", position=2, shipped_quantity=2),
    "ck_order_lines_not_negative": line(A, "2", position=2, tax_minor=-1),
    "fk_order_lines_order_id": line(order("x"), "2"),
    "ck_order_installments_not_negative": installment(A, 1, paid_minor=-1),
    "ck_payments_sums": payment(A, "1", captured_minor=2, authorized_minor=1),
    "uq_fulfillments_order_id_number": fulfillment(A, "x", number=PART.number),
    "ck_fulfillments_units": fulfillment(A, "x", cancelled_units=2),
    "ix_shipments_tracking_number_carrier": shipment(PART, "2", tracking_number="T"),
    "uq_order_events_order_id_sequence": transition(A, 1, id="evt_x"),
    "ck_order_events_sequence": transition(A, 0),
    "ck_order_timers_runs_or_rests": timer(A, "pay", due_at=None),
}


@pytest.mark.parametrize("constraint", REFUSED)
async def test_a_row_that_breaks_a_rule_is_refused(database: Database, constraint: str) -> None:
    await insert(database, *ROWS)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await insert(database, REFUSED[constraint])
    assert refused.value.constraint_name == constraint


async def test_what_is_unique_may_be_missing_or_stand_elsewhere(database: Database) -> None:
    await insert(database, *ROWS)
    await insert(
        database,
        order("x", external_number="7", channel="app"),
        order("y"),
        shipment(PART, "2", tracking_number="T", carrier="UPS"),
        shipment(PART, "3"),
        shipment(PART, "4"),
        timer(A, "resting", due_at=None, remaining_s=0),
    )
