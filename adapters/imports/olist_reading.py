"""Reads a folder of the Olist data set, whole and checked, before anything of it is imported.

The files refer to each other, so a file that was cut off between two rows is found too: by a row elsewhere whose order,
customer, product or seller it lacks, by an order that was paid and has no items, or is under way and has no payments.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from adapters.imports.csv_files import CsvRow, ImportFault, read_rows
from adapters.imports.status_map import OLIST
from domain.orders.import_commands import (
    ImportedBuyer,
    ImportedLine,
    ImportedOrder,
    ImportedPayment,
    ImportedShipment,
)
from domain.orders.views import UNPAID_STATUSES, Address
from domain.values.enums import OrderStatus

SAO_PAULO: Final = ZoneInfo("America/Sao_Paulo")
CURRENCY: Final = "BRL"
COUNTRY: Final = "BR"
ZIP_DIGITS: Final = 5

MAY_BE_UNPAID: Final = UNPAID_STATUSES | {OrderStatus.CANCELLED}

CUSTOMERS: Final = "customers.csv"
ITEMS: Final = "order_items.csv"
PAYMENTS: Final = "order_payments.csv"
ORDERS: Final = "orders.csv"
CATEGORIES: Final = "product_category_name_translation.csv"
PRODUCTS: Final = "products.csv"
SELLERS: Final = "sellers.csv"
COLUMNS: Final = {
    CUSTOMERS: ("customer_id", "customer_unique_id", "customer_zip_code_prefix", "customer_city", "customer_state"),
    ITEMS: ("order_id", "order_item_id", "product_id", "seller_id", "shipping_limit_date", "price", "freight_value"),
    PAYMENTS: ("order_id", "payment_sequential", "payment_type", "payment_installments", "payment_value"),
    ORDERS: (
        "order_id", "customer_id", "order_status", "order_purchase_timestamp", "order_approved_at",
        "order_delivered_carrier_date", "order_delivered_customer_date", "order_estimated_delivery_date",
    ),
    CATEGORIES: ("product_category_namept", "product_category_name_english"),
    PRODUCTS: ("product_id", "product_category_name"),
    SELLERS: ("seller_id",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class OlistOrder:
    """An order of the source. `placed_on` is its day in the source's own time, `line` its line in orders.csv."""

    line: int
    placed_on: date
    order: ImportedOrder


@dataclass(frozen=True, slots=True)
class _Customer:
    unique_id: str
    address: Address


@dataclass(frozen=True, slots=True)
class _Item:
    product_id: str
    seller_id: str
    price: Decimal
    freight: Decimal


@dataclass(frozen=True, slots=True)
class _Payment:
    sequential: int
    method: str
    amount: Decimal


@dataclass(slots=True)
class _Files:
    """What was read so far."""

    folder: Path
    categories: dict[str, str] = field(default_factory=dict)
    products: dict[str, str | None] = field(default_factory=dict)
    """Category by product."""
    sellers: set[str] = field(default_factory=set)
    customers: dict[str, _Customer] = field(default_factory=dict)
    items: dict[str, list[_Item]] = field(default_factory=dict)
    payments: dict[str, list[_Payment]] = field(default_factory=dict)
    _seen: set[tuple[str, ...]] = field(default_factory=set)

    def rows(self, name: str, *keys: str) -> Iterator[CsvRow]:
        """The rows of a file, each with a key of its own."""
        self._seen.clear()
        for row in read_rows(self.folder, name, COLUMNS[name]):
            key = tuple(row.text(column) for column in keys)
            if key in self._seen:
                row.fail(f"{', '.join(keys)} {'/'.join(key)} is there twice")
            self._seen.add(key)
            yield row


def read_olist(folder: Path) -> list[OlistOrder]:
    """All orders of the folder, also those without items, in the file's order. Raises ImportFault."""
    if not folder.is_dir():
        raise ImportFault(f"{folder} is no folder.")
    files = _Files(folder)
    for row in files.rows(CATEGORIES, "product_category_namept"):
        files.categories[row.text("product_category_namept")] = row.text("product_category_name_english")
    for row in files.rows(PRODUCTS, "product_id"):
        name = row.text_or_none("product_category_name")
        files.products[row.text("product_id")] = files.categories.get(name, name) if name else None
    files.sellers = {row.text("seller_id") for row in files.rows(SELLERS, "seller_id")}
    files.customers = {row.text("customer_id"): _customer(row) for row in files.rows(CUSTOMERS, "customer_id")}
    order_rows = list(files.rows(ORDERS, "order_id"))
    order_ids = {row.text("order_id") for row in order_rows}
    for row in files.rows(ITEMS, "order_id", "order_item_id"):
        files.items.setdefault(_known(row, "order_id", order_ids, ORDERS), []).append(_item(row, files))
    for row in files.rows(PAYMENTS, "order_id", "payment_sequential"):
        files.payments.setdefault(_known(row, "order_id", order_ids, ORDERS), []).append(_payment(row))
    return [_order(row, files) for row in order_rows]


def _known(row: CsvRow, column: str, ids: Iterable[str], file: str) -> str:
    value = row.text(column)
    return value if value in ids else row.fail(f"{column} {value} is not in {file}")


def _customer(row: CsvRow) -> _Customer:
    prefix = row.text("customer_zip_code_prefix")
    address = Address(
        country=COUNTRY,
        region=row.text("customer_state"),
        city=row.text("customer_city"),
        postal_code=prefix.zfill(ZIP_DIGITS),  # a spreadsheet took the leading zero
    )
    return _Customer(row.text("customer_unique_id"), address)


def _item(row: CsvRow, files: _Files) -> _Item:
    row.time("shipping_limit_date", SAO_PAULO)
    return _Item(
        _known(row, "product_id", files.products, PRODUCTS),
        _known(row, "seller_id", files.sellers, SELLERS),
        row.amount("price"),
        row.amount("freight_value"),
    )


def _payment(row: CsvRow) -> _Payment:
    row.whole("payment_installments")
    return _Payment(row.whole("payment_sequential"), row.text("payment_type"), row.amount("payment_value"))


def _order(row: CsvRow, files: _Files) -> OlistOrder:
    order_id = row.text("order_id")
    customer = files.customers[_known(row, "customer_id", files.customers, CUSTOMERS)]
    items = files.items.get(order_id, [])
    placed_at = row.time("order_purchase_timestamp", SAO_PAULO)
    paid_at = row.time_or_none("order_approved_at", SAO_PAULO)
    sent_at = row.time_or_none("order_delivered_carrier_date", SAO_PAULO)
    arrived_at = row.time_or_none("order_delivered_customer_date", SAO_PAULO)
    payments = sorted(files.payments.get(order_id, []), key=lambda payment: payment.sequential)
    status = _status(row)
    if payments and not items:
        row.fail(f"the order was paid and has no items: {ITEMS} may be cut off")
    if items and not payments and status not in MAY_BE_UNPAID:
        row.fail(f"the order is {row.text('order_status')} and has no payments: {PAYMENTS} may be cut off")
    order = ImportedOrder(
        external_number=order_id,
        status=status,
        placed_at=placed_at,
        paid_at=paid_at,
        buyer=ImportedBuyer(customer.unique_id),
        shipping_address=customer.address,
        currency=CURRENCY,
        lines=_lines(items, files),
        shipping=sum((item.freight for item in items), Decimal(0)),
        payments=tuple(
            ImportedPayment(payment.method, payment.amount, paid_at, f"{order_id}-{payment.sequential}")
            for payment in payments
        ),
        shipments=(ImportedShipment(sent_at, arrived_at),) if sent_at else (),
        legacy_status=row.text("order_status"),
        attributes=_attributes(row, sent_at, arrived_at),
    )
    return OlistOrder(row.line, placed_at.astimezone(SAO_PAULO).date(), order)


def _status(row: CsvRow) -> OrderStatus:
    legacy = row.text("order_status")
    status = OLIST.get(legacy)
    return status or row.fail(f'order_status: "{legacy}" is none of {", ".join(sorted(OLIST))}')


def _lines(items: list[_Item], files: _Files) -> tuple[ImportedLine, ...]:
    """A line for each product at one seller's one price; the source has a row for each unit."""
    units = Counter((item.product_id, item.seller_id, item.price) for item in items)
    return tuple(
        ImportedLine(sku, quantity, price, category=files.products[sku], seller=seller)
        for (sku, seller, price), quantity in units.items()
    )


def _attributes(row: CsvRow, sent_at: datetime | None, arrived_at: datetime | None) -> dict[str, Any]:
    """Times for which an order has no place of its own."""
    times = {"estimatedDeliveryAt": row.time_or_none("order_estimated_delivery_date", SAO_PAULO)}
    if sent_at is None:
        times["deliveredAt"] = arrived_at  # there is no parcel to keep it
    return {name: at.isoformat() for name, at in times.items() if at}
