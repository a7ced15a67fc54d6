"""Importing the Olist data set: what comes in is what the source has, counted apart from the importer, to the cent."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import text

from adapters.bootstrap import ports_over
from adapters.db.engine import Database, prepare
from adapters.doctor.examination import examine
from adapters.imports.csv_files import ImportFault
from adapters.imports.olist import import_olist
from adapters.policy_files import load_policies
from domain.orders.views import Json
from domain.policies import Policies
from domain.ports.bundle import Ports, Terms

pytestmark = pytest.mark.anyio

SMALL: Final = Path(__file__).parents[1] / "fixtures" / "olist"
WHOLE: Final = Path(__file__).parents[3] / "shared" / "olist"
FOLDERS: Final = [folder for folder in (SMALL, WHOLE) if folder.is_dir()]
NOW: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
STATUSES: Final = {
    "created": "PENDING_PAYMENT",
    "approved": "PAID",
    "invoiced": "CONFIRMED",
    "processing": "IN_FULFILLMENT",
    "shipped": "SHIPPED",
    "delivered": "DELIVERED",
    "canceled": "CANCELLED",
    "unavailable": "CANCELLED",
}


class FixedClock:
    def now(self) -> datetime:
        return NOW


@dataclass
class Recount:
    """The source, counted without the importer: orders with items only."""

    orders: set[str] = field(default_factory=set)
    without_items: set[str] = field(default_factory=set)
    total: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    by_status: Counter[str] = field(default_factory=Counter)
    by_seller: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    by_category: defaultdict[str | None, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    by_method: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    units_by_sku: Counter[str] = field(default_factory=Counter)
    differences: dict[str, Decimal] = field(default_factory=dict)
    out_of_order: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    payments: int = 0


def source(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def recounted(folder: Path) -> Recount:
    counted = Recount()
    translations = source(folder, "product_category_name_translation")
    english = {row["product_category_namept"]: row["product_category_name_english"] for row in translations}
    categories = {row["product_id"]: row["product_category_name"] for row in source(folder, "products")}
    people = {row["customer_id"]: row["customer_unique_id"] for row in source(folder, "customers")}
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in source(folder, "order_items"):
        price, freight = Decimal(row["price"]), Decimal(row["freight_value"])
        category = categories[row["product_id"]]
        totals[row["order_id"]] += price + freight
        counted.total += price + freight
        counted.shipping += freight
        counted.by_seller[row["seller_id"]] += price
        counted.by_category[english.get(category, category) or None] += price
        counted.units_by_sku[row["product_id"]] += 1
    paid: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in source(folder, "order_payments"):
        paid[row["order_id"]] += Decimal(row["payment_value"])
        counted.by_method[row["payment_type"]] += Decimal(row["payment_value"])
        counted.payments += 1
    for row in source(folder, "orders"):
        if row["order_id"] not in totals:
            counted.without_items.add(row["order_id"])
            continue
        counted.orders.add(row["order_id"])
        counted.members.add(f"mbr_{people[row['customer_id']]}")
        counted.by_status[STATUSES[row["order_status"]]] += 1
        difference = paid[row["order_id"]] - totals[row["order_id"]]
        if difference and paid[row["order_id"]]:
            counted.differences[row["order_id"]] = difference
        times = [moment(row[name]) for name in list(row)[3:7] if row[name]]
        if times != sorted(times):
            counted.out_of_order.add(row["order_id"])
    return counted


def moment(value: str) -> datetime:
    return datetime.strptime(value, "%m/%d/%Y %H:%M").replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def policies() -> Policies:
    return load_policies()


@pytest.fixture
def ports(database: Database, policies: Policies) -> Ports:
    return ports_over(database, policies, "a secret of the tests", Terms(), clock=FixedClock())


@pytest.fixture
def sql(database: Database) -> Callable[[str], Any]:
    async def rows(statement: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await database.rows(prepare(text(statement)))]

    return rows


def silent(_done: int, _whole: int) -> None:
    pass


def minor(amount: Decimal) -> int:
    return int(amount * 100)


def minors(amounts: dict[Any, Decimal]) -> dict[Any, int]:
    return {key: minor(amount) for key, amount in amounts.items()}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.parent.name))
async def test_what_is_imported_adds_up_to_the_source_and_is_imported_once(
    folder: Path, ports: Ports, database: Database, sql: Callable[[str], Any]
) -> None:
    counted, seen = recounted(folder), list[tuple[int, int]]()
    report = await import_olist(ports, folder, None, lambda done, whole: seen.append((done, whole)))

    whole = len(counted.orders)
    assert (report.imported, report.skipped, report.failed) == (whole, 0, ())
    assert set(report.without_items) == counted.without_items
    assert seen == [(done, whole) for done in (*range(0, whole, 500), whole)]
    assert {row[0] for row in await sql("SELECT external_number FROM orders")} == counted.orders
    assert await sql("SELECT sum(total_minor), sum(shipping_minor), sum(captured_minor) FROM orders") == [
        (minor(counted.total), minor(counted.shipping), minor(sum(counted.by_method.values(), Decimal(0))))
    ]
    assert dict(await sql("SELECT status, count(*) FROM orders GROUP BY 1")) == counted.by_status
    assert {row[0] for row in await sql("SELECT member_id FROM orders")} == counted.members
    sold = "sum(unit_price_minor * quantity) FROM order_lines GROUP BY 1"
    assert dict(await sql(f"SELECT substr(seller_id, 5), {sold}")) == minors(counted.by_seller)
    assert dict(await sql(f"SELECT category, {sold}")) == minors(counted.by_category)
    assert dict(await sql("SELECT sku, sum(quantity) FROM order_lines GROUP BY 1")) == counted.units_by_sku
    assert dict(await sql("SELECT method, sum(captured_minor) FROM payments GROUP BY 1")) == minors(counted.by_method)
    assert await sql("SELECT count(*) FROM payments") == [(counted.payments,)]
    assert dict(
        await sql(
            "SELECT external_number, import_difference_minor FROM orders WHERE import_difference_minor IS NOT NULL"
        )
    ) == minors(counted.differences)
    marked = "SELECT external_number FROM orders WHERE attributes -> 'timesOutOfOrder' = 'true'"
    assert {row[0] for row in await sql(marked)} == counted.out_of_order
    assert report.out_of_order == len(counted.out_of_order)
    assert sorted(report.differences_minor) == sorted(minors(counted.differences).values())
    assert await sql("SELECT count(*) FROM order_timers") == [(0,)]
    assert [each for each in await examine(database, now=NOW) if each.violations] == []

    again = await import_olist(ports, folder, None, silent)
    assert (again.imported, again.skipped) == (0, whole)
    assert await sql("SELECT count(*), max(version) FROM orders") == [(whole, 1)]


async def test_the_report_says_what_was_found(ports: Ports) -> None:
    report = await import_olist(ports, SMALL, None, silent)
    assert report.text().splitlines() == [
        "15 orders found: 13 imported, 0 were there already.",
        "2 have no items and were not imported:",
        "  unavailable",
        "  emptied",
        "1 were paid too much, by up to 5.45 (see importDifference).",
        "1 were paid too little, by up to 0.02 (see importDifference).",
        "1 have times out of order (marked in their attributes).",
    ]


async def test_original_times_are_kept(ports: Ports, sql: Callable[[str], Any]) -> None:
    await import_olist(ports, SMALL, None, silent)
    (plain,) = await sql("SELECT placed_at, paid_at, completed_at FROM orders WHERE external_number = 'plain'")
    assert plain == (datetime(2018, 7, 24, 23, 41, tzinfo=UTC), datetime(2018, 7, 26, 6, 24, tzinfo=UTC), None)
    parcels = await sql(
        "SELECT shipped_at, delivered_at FROM shipments JOIN orders ON orders.id = order_id"
        " WHERE external_number IN ('plain', 'undated') ORDER BY shipped_at"
    )
    assert parcels == [
        (datetime(2017, 11, 30, 20, 12, tzinfo=UTC), None),
        *[(datetime(2018, 7, 26, 17, 31, tzinfo=UTC), datetime(2018, 8, 7, 18, 27, tzinfo=UTC))] * 2,
    ]
    (attributes,) = await sql("SELECT attributes FROM orders WHERE external_number = 'backwards'")
    expected: Json = {
        "estimatedDeliveryAt": "2018-03-30T03:00:00+00:00",
        "legacyStatus": "delivered",
        "timesOutOfOrder": True,
    }
    assert attributes == (expected,)


async def test_only_orders_since_a_day_of_the_source_are_imported(ports: Ports, sql: Callable[[str], Any]) -> None:
    report = await import_olist(ports, SMALL, date(2018, 8, 3), silent)
    assert (report.found, report.imported) == (4, 4)
    rows = await sql("SELECT external_number FROM orders ORDER BY placed_at")
    assert [row[0] for row in rows] == ["processing", "approved", "created", "cancelled"]
    assert (await import_olist(ports, SMALL, date(2018, 1, 31), silent)).imported == 8
    assert (await import_olist(ports, SMALL, date(2018, 2, 1), silent)).skipped == 11


async def test_an_import_that_was_interrupted_goes_on_where_it_stopped(
    ports: Ports, database: Database, sql: Callable[[str], Any]
) -> None:
    def interrupted(done: int, _whole: int) -> None:
        if done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await import_olist(ports, SMALL, None, interrupted, batch_orders=5)
    assert await sql("SELECT count(*) FROM orders") == [(10,)]
    report = await import_olist(ports, SMALL, None, silent, batch_orders=5)
    assert (report.imported, report.skipped) == (3, 10)
    assert await sql("SELECT sum(total_minor) FROM orders") == [(minor(recounted(SMALL).total),)]
    assert [each for each in await examine(database, now=NOW) if each.violations] == []


async def test_a_fault_in_the_last_row_leaves_nothing_behind(
    ports: Ports, sql: Callable[[str], Any], tmp_path: Path
) -> None:
    for path in SMALL.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    payments = tmp_path / "order_payments.csv"
    payments.write_text(payments.read_text().replace("cancelledlate,1,credit_card,1,54.5", "cancelledlate,1,,1,54.5"))
    with pytest.raises(ImportFault, match=r"^order_payments\.csv:15: payment_type is empty\.$"):
        await import_olist(ports, tmp_path, None, silent)
    assert await sql("SELECT count(*) FROM orders") == [(0,)]


async def test_an_order_that_cannot_be_imported_ends_the_import_before_it_began(
    ports: Ports, sql: Callable[[str], Any], tmp_path: Path
) -> None:
    for path in SMALL.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    customers = tmp_path / "customers.csv"
    customers.write_text(customers.read_text().replace("visit-03,person-b,", "visit-03,person b,"))
    with pytest.raises(ImportFault) as caught:
        await import_olist(ports, tmp_path, None, silent)
    assert str(caught.value) == "orders.csv:4: the order cannot be imported: buyer.id: It is not the id of a member."
    assert await sql("SELECT count(*) FROM orders") == [(0,)]


async def test_policies_without_the_channel_are_told_apart_from_bad_files(database: Database) -> None:
    ports = ports_over(database, Policies({}, {}), "a secret of the tests", Terms(), clock=FixedClock())
    with pytest.raises(ImportFault) as caught:
        await import_olist(ports, SMALL, None, silent)
    assert (
        str(caught.value)
        == "Orders of legacy-olist for marketplace-br cannot be imported: There is no such business unit."
    )
