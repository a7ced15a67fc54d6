"""Each rule is broken by hand, in a transaction that is rolled back: it is named, and no other."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from sqlalchemy import text

from adapters.db.cube_tables import CUBE_DIMENSIONS, CUBE_PARTS, DAY_DIMENSIONS
from adapters.db.engine import Database, Snapshot, Transaction
from adapters.doctor.examination import RULES, examine
from adapters.doctor.findings import Finding, exit_code
from adapters.policy_files import load_policies
from adapters.seeding.seed import seed_demo
from adapters.sql import prepare

pytestmark = pytest.mark.anyio

REFERENCE: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)


def first(table: str, where: str, key: str = "id") -> str:
    return f"{key} = (SELECT min({key}) FROM {table} WHERE {where})"


def in_order(status: str) -> str:
    return first("orders", f"status = '{status}'")


OF_COMPLETED: Final = "order_id = (SELECT min(id) FROM orders WHERE status = 'COMPLETED')"
OF_ONE_LINE: Final = (
    "order_id = (SELECT min(line.order_id) FROM order_lines AS line JOIN orders ON orders.id = line.order_id"
    " WHERE status = 'COMPLETED' AND line_count = 1 AND jsonb_array_length(allocations) = 1)"
)
CTID: Final = "ctid = (SELECT ctid FROM {} WHERE {} LIMIT 1)"

CUBE_KEYS: Final = ", ".join(CUBE_DIMENSIONS)
DAY_KEYS: Final = ", ".join(DAY_DIMENSIONS)
CUBE_SUMS: Final = ", ".join(f"sum({part})" for part in CUBE_PARTS)

BREAKS: Final[dict[str, tuple[str, ...]]] = {
    "on hand = initial + received + restocked − deducted; sellable ≥ 0": (
        "ALTER TABLE services.stock DROP CONSTRAINT ck_stock_balance",
        "UPDATE services.stock SET initial = initial + 1 WHERE sku = 'SKU-00001' AND warehouse = 'ber-1'",
    ),
    "reserved, deducted and restocked units are those of the reservations, and of what came back": (
        "UPDATE services.stock SET reserved = reserved + 1 WHERE sku = 'SKU-00001' AND warehouse = 'ber-1'",
    ),
    "a reservation ends exactly once": (
        "ALTER TABLE services.reservations DROP CONSTRAINT ck_reservations_ended",
        "UPDATE services.reservations SET ended_at = NULL WHERE "
        + CTID.format("services.reservations", "state = 'DEDUCTED'"),
    ),
    "what is held or was given for a line is what it was allocated": (
        f"UPDATE fulfillments SET warehouse = NULL WHERE {OF_ONE_LINE}",
        f"UPDATE order_lines SET allocations = '[]' WHERE {OF_ONE_LINE}",
    ),
    "no reservation is held past its time to live and the grace": (
        "UPDATE services.reservations SET expires_at = '2026-06-01 11:58:59Z' WHERE "
        + CTID.format("services.reservations", "state = 'HELD'"),
    ),
    "no reservation is held for an order that is over": (
        "CREATE TEMP TABLE freed ON COMMIT DROP AS SELECT * FROM services.reservations WHERE state = 'RELEASED' LIMIT 1",
        (
            "UPDATE services.reservations AS r SET state = 'HELD', ended_at = NULL, expires_at = '2026-07-01Z' FROM freed"
            " WHERE r.line_id = freed.line_id AND r.warehouse = freed.warehouse"
        ),
        (
            "UPDATE services.stock AS s SET reserved = reserved + quantity, received = received + quantity,"
            " on_hand = on_hand + quantity FROM freed WHERE s.sku = freed.sku AND s.warehouse = freed.warehouse"
        ),
    ),
    "an external number names at most one order of its channel": (
        "ALTER TABLE orders DROP CONSTRAINT uq_orders_external_number_channel",
        (
            "UPDATE orders SET external_number = 'SAME' WHERE id IN"
            " (SELECT id FROM orders WHERE channel = 'feira' ORDER BY id LIMIT 2)"
        ),
    ),
    "a key stands for at most one order, and an order that was acknowledged is there": (
        (
            "INSERT INTO idempotency_keys VALUES ('MEMBER:mbr_1001', 'placeOrder', 'k', 'hash', 'DONE',"
            """ '{"type": "OrderPlaced", "order_id": "ord_gone"}', now(), now(), now())"""
        ),
    ),
    "a line's total = unit price × quantity − discount + tax": (
        "UPDATE order_lines SET total_minor = total_minor + 1 WHERE " + first("order_lines", "TRUE"),
    ),
    "an order's sums are those of its lines; total = subtotal − discount + shipping + tax": (
        "UPDATE orders SET line_count = line_count + 1 WHERE " + in_order("COMPLETED"),
    ),
    "an order's discount is the sum of its ledger": (
        "UPDATE order_discounts SET amount_minor = amount_minor + 1 WHERE "
        + CTID.format("order_discounts", "line_id IS NULL"),
    ),
    "no line's ledger is above its discount": (
        (
            "UPDATE order_discounts AS d SET line_id = found.line_id FROM (SELECT d.ctid AS at, l.id AS line_id"
            " FROM order_discounts AS d JOIN order_lines AS l ON l.order_id = d.order_id"
            " WHERE d.line_id IS NULL AND d.amount_minor > l.discount_minor LIMIT 1) AS found WHERE d.ctid = found.at"
        ),
    ),
    "installments are the total and the difference that is waited for; what is secured fills them; payable is what is left": (
        f"UPDATE order_installments SET paid_minor = paid_minor - 1 WHERE {OF_COMPLETED}",
    ),
    "of a payment: refunded ≤ captured ≤ authorized, and refunded is the sum of its refunds": (
        "UPDATE refunds SET amount_minor = amount_minor - 1 WHERE " + first("refunds", "status = 'SUCCEEDED'"),
    ),
    "an order's captured, refunded and authorized money, and its payments in flight, are those of its payments": (
        "UPDATE orders SET payments_in_flight = 1 WHERE " + in_order("COMPLETED"),
    ),
    "the payment status is what the sums say": (
        "UPDATE orders SET payment_status = 'UNPAID' WHERE " + in_order("COMPLETED"),
    ),
    "an order that is off is off as a whole; otherwise no more is cancelled than there is": (
        "UPDATE orders SET cancelled_minor = cancelled_minor - 1 WHERE " + in_order("CANCELLED"),
    ),
    "an order has one currency": (f"UPDATE order_installments SET currency = 'XXX' WHERE {OF_COMPLETED}",),
    "a line's units are allocated where its fulfillments are": (
        f"UPDATE fulfillments SET warehouse = 'nowhere' WHERE {OF_ONE_LINE}",
    ),
    "what waits for stock has a place in the queue and no warehouse; nothing else has a place": (
        "UPDATE fulfillments SET backordered_at = now() WHERE " + first("fulfillments", OF_COMPLETED),
    ),
    "a fulfillment's total = subtotal − discount + shipping + tax, and its units are those of its lines": (
        "UPDATE fulfillments SET cancelled_units = 1 WHERE " + first("fulfillments", OF_COMPLETED),
    ),
    "the fulfillments of an order are the order, in every money column and in units": (
        "UPDATE fulfillments SET shipping_minor = shipping_minor + 1, total_minor = total_minor + 1 WHERE "
        + first("fulfillments", OF_COMPLETED),
    ),
    "a line's units are those of its fulfillments": (
        "UPDATE order_lines SET returned_quantity = 1 WHERE " + first("order_lines", OF_COMPLETED),
    ),
    "shipped units are those of the parcels": (
        "UPDATE shipments SET lines = '[]' WHERE " + first("shipments", "jsonb_array_length(lines) = 1"),
    ),
    "the fulfillment status is what the fulfillments say": (
        "UPDATE orders SET fulfillment_status = 'UNFULFILLED' WHERE " + in_order("COMPLETED"),
    ),
    "the worth of units that are off or came back is a part of their line, and what came back had left": (
        f"UPDATE order_lines SET refunded_minor = total_minor + 1 WHERE {OF_ONE_LINE}",
    ),
    "parcels come back only of fulfillments that do": (
        f"UPDATE shipments SET is_returning = TRUE WHERE {OF_COMPLETED}",
    ),
    "the after-sale status is what the cases say": (
        "UPDATE orders SET after_sale_status = 'CLOSED' WHERE "
        + first("orders", "status = 'COMPLETED' AND after_sale_status = 'NONE'"),
    ),
    "a case's units are those of its lines, and of lines of its own order": (
        "UPDATE after_sales SET sent_units = sent_units + 1 WHERE " + first("after_sales", "TRUE"),
    ),
    "of a line's units none is settled twice": (
        "UPDATE order_lines SET kept_quantity = 1 WHERE " + first("order_lines", "cancelled_quantity = quantity"),
    ),
    "no more goes back for units that had left than was agreed to": (
        "UPDATE after_sales SET amount_minor = amount_minor - 1 WHERE "
        + first("after_sales", "kind = 'REFUND_ONLY' AND status = 'COMPLETED'"),
    ),
    "a group's seats are those that orders hold, and no more than it has": (
        "INSERT INTO order_groups VALUES ('grp_1', 'fashion-eu', 2, 1, 'OPEN', now(), now())",
    ),
    "a seat is held by an order of its group; in an open group by none that is off": (
        "INSERT INTO order_groups VALUES ('grp_1', 'fashion-eu', 2, 1, 'OPEN', now(), now())",
        "INSERT INTO group_seats VALUES ('ord_1', 'grp_1', now(), NULL)",
    ),
    "what is kept of an order that is off was taken, and not given back": (
        f"UPDATE orders SET kept_minor = captured_minor + 1 WHERE {in_order('COMPLETED')}",
    ),
    "an order has no more vouchers than units, and none for units that are cancelled": (
        """
        INSERT INTO vouchers SELECT 'vch_' || n, order_id, line.id, n, 'CODE', 'ISSUED', now(), NULL, NULL
        FROM order_lines AS line, generate_series(1, quantity + 1) AS n
        WHERE line.id = (SELECT min(line.id) FROM order_lines AS line JOIN orders ON orders.id = line.order_id
        WHERE status = 'COMPLETED')
        """,
    ),
    "versions are gapless, from 1 to the order's": (
        "UPDATE orders SET version = version + 1 WHERE " + in_order("COMPLETED"),
    ),
    "every step is in the tables": (
        f"UPDATE order_events SET action = 'teleport' WHERE {OF_COMPLETED} AND sequence = 3",
    ),
    "every step begins where the one before ended": (
        "UPDATE order_events SET from_state = 'ACCEPTED' WHERE "
        + first("order_events", "action = 'shipFulfillment' AND from_state = 'READY'"),
    ),
    "the last step of an order, or of a part that has steps, gives its state": (
        "UPDATE payments SET status = 'CANCELLED' WHERE " + first("payments", "status = 'FAILED'"),
    ),
    "what waits to go back remembers where from": (
        "UPDATE orders SET previous_status = 'CONFIRMED' WHERE " + in_order("ON_HOLD"),
    ),
    "no timer is due for longer than the grace": (
        "UPDATE order_timers SET due_at = '2026-06-01 11:58:59Z' WHERE "
        + CTID.format("order_timers", "due_at IS NOT NULL"),
    ),
    "a state that ends by time has its timer": (
        "DELETE FROM order_timers WHERE " + CTID.format("order_timers", "name = 'payTimeout'"),
    ),
    "the hours of the cube are the sums of what orders put in": (
        "INSERT INTO rollup_hours SELECT now(), '', '', '', '', '', '', '', '', 1, 0, 0, 0, 0, 0, 0, 0, 0",
    ),
    "the days of the cube are the sums of what orders put in": (
        "INSERT INTO rollup_days SELECT now(), '', '', '', '', 1, 0, 0, 0, 0, 0, 0, 0, 0",
    ),
    "what an order put into the cube is what it is": (
        "INSERT INTO rollup_state (id, feed_xid, position) SELECT 1, pg_snapshot_xmax(pg_current_snapshot()), 0",
        f"""INSERT INTO rollup_orders
            SELECT id, date_trunc('hour', placed_at, 'UTC'), business_unit, channel, order_type, status, payment_status,
                   fulfillment_status, currency, coalesce(country, ''), 1, CASE WHEN status = 'CANCELLED' THEN 1 ELSE 0 END, unit_count,
                   subtotal_minor, discount_minor, shipping_minor, tax_minor, captured_minor, refunded_minor
            FROM orders WHERE NOT {in_order("COMPLETED")}""",
        f"INSERT INTO rollup_hours SELECT hour, {CUBE_KEYS}, {CUBE_SUMS} FROM rollup_orders GROUP BY hour, {CUBE_KEYS}",
        f"""INSERT INTO rollup_days SELECT date_trunc('day', hour, 'UTC'), {DAY_KEYS}, {CUBE_SUMS} FROM rollup_orders
            GROUP BY date_trunc('day', hour, 'UTC'), {DAY_KEYS}""",
    ),
    "an export that was acknowledged is there": (
        (
            "INSERT INTO idempotency_keys (caller, operation, key, request_hash, state, outcome, locked_until, created_at, expires_at)"
            """ VALUES ('c', 'startExport', 'k', 'h', 'DONE', '{"type": "ExportStarted", "job_id": "exp_gone"}', now(), now(), now())"""
        ),
    ),
    "an export has its digest and its watermark when it succeeded, and no file otherwise": (
        (
            "INSERT INTO export_jobs (id, owner, scope, status, format, dataset, filter, row_count, byte_count, created_at, finished_at)"
            " VALUES ('exp_1', 'o', '{}', 'SUCCEEDED', 'CSV', 'ORDERS', '{}', 0, 0, now(), now())"
        ),
    ),
}


class Opened(Database):
    """A database that is looked at from within an open transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._opened = transaction

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        yield self._opened


async def seeded(database: Database) -> None:
    await seed_demo(database, load_policies(), 300, 1, REFERENCE, lambda _done, _whole: None)


async def examined(database: Database, *statements: str) -> list[Finding]:
    """After the statements, whose work is undone."""
    async with database.transaction() as transaction:
        for statement in statements:
            await transaction.execute(prepare(text(statement.replace(":", r"\:"))))
        return await examine(Opened(transaction), now=REFERENCE)


def violated(findings: list[Finding]) -> dict[str, int]:
    return {finding.title: finding.violations for finding in findings if finding.violations}


async def test_every_rule_names_what_breaks_it_and_no_other_does(database: Database) -> None:
    await seeded(database)
    assert violated(await examined(database)) == {}
    found: dict[str, Any] = {}
    for title, statements in BREAKS.items():
        findings = await examined(database, *statements)
        assert exit_code(findings) == 1, title
        found[title] = violated(findings)
    assert found == {title: {title: 1} for title in BREAKS}


def test_every_rule_is_broken_once() -> None:
    assert [rule.title for rule in RULES] == list(BREAKS)
    assert sorted({rule.code for rule in RULES}) == ["I1", "I10", "I2", "I3", "I4", "I5", "I7"]


async def test_a_finding_counts_all_and_names_five(database: Database) -> None:
    await seeded(database)
    findings = await examined(database, "UPDATE order_lines SET total_minor = total_minor + 1")
    (finding,) = (finding for finding in findings if finding.violations)
    lines = await database.rows(prepare(text("SELECT id FROM order_lines ORDER BY id")))
    assert finding.violations == finding.looked_at == len(lines)
    assert finding.examples == tuple(row["id"] for row in lines[:5])


async def test_a_timer_may_be_late_by_the_grace(database: Database) -> None:
    await seeded(database)
    late = "UPDATE order_timers SET due_at = '2026-06-01 11:59:00Z' WHERE due_at IS NOT NULL"
    assert violated(await examined(database, late)) == {}


@pytest.mark.parametrize("timer", ["payTimeout", "interceptTimeout", "autoApprove", "authorizationExpiry"])
async def test_every_machine_that_waits_has_its_timer(database: Database, timer: str) -> None:
    await seeded(database)
    gone = "DELETE FROM order_timers WHERE " + CTID.format("order_timers", f"name = '{timer}'")
    assert violated(await examined(database, gone)) == {"a state that ends by time has its timer": 1}


async def test_an_empty_database_is_healthy(database: Database) -> None:
    findings = await examine(database, now=REFERENCE)
    assert [(finding.looked_at, finding.violations, finding.examples) for finding in findings] == [(0, 0, ())] * len(
        RULES
    )
    assert exit_code(findings) == 0
