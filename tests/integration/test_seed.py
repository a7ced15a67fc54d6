from datetime import UTC, datetime
from typing import Any, Final

import pytest
from sqlalchemy import text

from adapters.db.engine import Database
from adapters.doctor.examination import examine
from adapters.embedded.promotions import EmbeddedPromotions
from adapters.policy_files import load_policies
from adapters.seeding import known
from adapters.seeding.order_rows import COLUMNS
from adapters.seeding.play import QUIET
from adapters.seeding.seed import seed_demo
from adapters.seeding.seeded import is_seeded
from adapters.sql import prepare
from domain.orders.flows import FLOWS
from domain.ports.promotions import CouponRefusal, PromotionRequest, RefusedCoupon
from domain.values.enums import GroupStatus, MachineKind, OrderType

pytestmark = pytest.mark.anyio

REFERENCE: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
POLICIES: Final = load_policies()


async def seed(database: Database, orders: int, number: int = 1) -> list[tuple[int, int]]:
    told: list[tuple[int, int]] = []
    await seed_demo(database, POLICIES, orders, number, REFERENCE, lambda done, whole: told.append((done, whole)))
    return told


async def count(database: Database, query: str, **parameters: Any) -> int:
    found: int = await database.value(prepare(text(f"SELECT count(*) FROM {query}")), **parameters)
    return found


async def broken(database: Database) -> list[str]:
    return [finding.title for finding in await examine(database, now=REFERENCE) if finding.violations]


async def dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All that seeding writes, but for what the database numbers itself."""
    tables = {name: ", ".join(columns) for name, columns in COLUMNS.items()}
    services = (
        "products",
        "members",
        "stock",
        "reservations",
        "coupons",
        "coupon_claims",
        "provider_payments",
        "voucher_codes",
        "voucher_pools",
        "presales",
        "stock_returns",
    )
    tables |= {f"services.{name}": "*" for name in services}
    return {
        name: [
            tuple(row) for row in await database.rows(prepare(text(f"SELECT {columns} FROM {name} ORDER BY 1, 2, 3")))
        ]
        for name, columns in tables.items()
    }


async def test_two_thousand_orders_are_in_every_state_with_nothing_due_and_the_doctor_content(
    database: Database,
) -> None:
    assert not await is_seeded(database)
    told = await seed(database, 2000)
    assert told == [(done, 2000) for done in range(0, 2001, 250)]
    assert await is_seeded(database)
    states = {state.name for flow in FLOWS.values() for state in flow.states if state.machine is MachineKind.ORDER}
    statuses = await database.rows(prepare(text("SELECT status, count(*) FROM orders GROUP BY status")))
    assert {row["status"] for row in statuses} == states
    assert sum(row["count"] for row in statuses) == 2000
    assert 200 < await count(database, "orders WHERE is_imported") < 300
    assert await count(database, "orders WHERE is_imported <> (channel_kind = 'LEGACY')") == 0
    assert await count(database, "orders WHERE is_imported AND version = 1") == await count(
        database, "orders WHERE is_imported"
    )
    assert await count(database, "orders WHERE import_difference_minor <> 0") > 0
    assert await count(database, "order_timers WHERE due_at < :soon", soon=REFERENCE + QUIET) == 0
    assert await count(database, "jobs WHERE due_at <= :now", now=REFERENCE) == 0
    assert await count(database, "services.products") == 300
    assert await count(database, "services.members") == 500
    states = {
        state.name for flow in FLOWS.values() for state in flow.states if state.machine is MachineKind.FULFILLMENT
    }
    found = await database.rows(prepare(text("SELECT DISTINCT status FROM fulfillments")))
    assert {row["status"] for row in found} == states - {"CREATED"}  # which nothing stays in
    assert await count(database, "fulfillments WHERE jsonb_array_length(declined_by) > 0 AND status = 'DELIVERED'") > 0
    types = await database.rows(prepare(text("SELECT DISTINCT order_type FROM orders")))
    assert {row["order_type"] for row in types} == set(OrderType)
    groups = await database.rows(prepare(text("SELECT DISTINCT status FROM order_groups")))
    assert {row["status"] for row in groups} == set(GroupStatus)
    for status in ("ISSUED", "REDEEMED"):
        assert await count(database, "vouchers WHERE status = :status", status=status) > 0
    assert await count(database, "services.stock_returns WHERE had_left") > 0
    assert await count(database, "payments WHERE status = 'PARTIALLY_REFUNDED'") > 0
    for said in ("IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED", "REFUSED"):
        assert await count(database, "shipment_checkpoints WHERE status = :said", said=said) > 0
    assert await broken(database) == []


async def test_the_same_seed_on_an_empty_database_gives_the_same_rows(database: Database) -> None:
    await seed(database, 60)
    first = await dump(database)
    tables = ", ".join(first)
    async with database.transaction() as transaction:
        await transaction.execute(prepare(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")))
        await transaction.commit()
    await seed(database, 60)
    assert await dump(database) == first


async def test_what_is_added_stands_beside_what_was_there(database: Database) -> None:
    await seed(database, 40)
    await seed(database, 40, number=2)
    assert await count(database, "orders") == 80
    assert await count(database, "services.products") == 300
    assert await count(database, "orders WHERE external_number = :number", number=known.EXTERNAL_NUMBER) == 1
    assert await broken(database) == []


async def test_the_numbers_go_on_where_the_sequence_is(database: Database) -> None:
    await seed(database, 30)
    next_number = await database.value(prepare(text("SELECT nextval('order_numbers')")))
    last = await database.value(prepare(text("SELECT max(right(number, 8)::integer) FROM orders")))
    assert (next_number, last) == (31, 30)


async def test_coupons_are_refused_as_their_names_say(database: Database) -> None:
    await seed(database, 300)
    codes = (known.COUPON, known.EXPIRED_COUPON, known.EXHAUSTED_COUPON)
    request = PromotionRequest(
        known.UNIT, known.PARTNER_CHANNEL, "EUR", known.MEMBER, "SILVER", codes, REFERENCE
    )  # fmt: skip
    active = await EmbeddedPromotions(database).active(request)
    assert [coupon.code for coupon in active.coupons] == [known.COUPON]
    assert active.refused == (
        RefusedCoupon(known.EXPIRED_COUPON, CouponRefusal.EXPIRED),
        RefusedCoupon(known.EXHAUSTED_COUPON, CouponRefusal.EXHAUSTED),
    )


async def test_used_coupons_are_the_claims_on_them(database: Database) -> None:
    await seed(database, 300)
    differing = """services.coupons AS coupon WHERE used <>
        (SELECT count(*) FROM services.coupon_claims AS claim WHERE claim.code = coupon.code AND claim.state = 'CLAIMED')"""
    assert await count(database, differing) == 0
    assert await count(database, "services.coupon_claims") > 0


async def test_no_orders_are_a_catalogue_alone(database: Database) -> None:
    assert await seed(database, 0) == [(0, 0)]
    assert await is_seeded(database)
    assert await count(database, "orders") == 0
    assert await count(database, "services.stock WHERE on_hand <> initial") == 0
