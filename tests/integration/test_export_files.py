"""What is in the files: every dataset in every format, against the rows told by hand-written SQL."""

import csv
import hashlib
import io
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from adapters.db.engine import prepare
from domain.actions.request_after_sale import request_after_sale
from domain.after_sales.commands import RequestAfterSale
from domain.exports.datasets import DATASETS, ColumnKind
from domain.orders.commands import LineQuantity, PlaceOrderLine
from domain.values.enums import AfterSaleKind, ExportDataset
from tests.fixtures.exports import Exporting, json_rows
from tests.fixtures.shop import ANNA, Shop, did

pytestmark = pytest.mark.anyio

_ORDER: Final = "o.id AS order_id, o.number AS order_number, o.business_unit, o.channel, o.placed_at"
_SHARED: Final = "o.number AS order_number, o.business_unit, o.channel, o.placed_at"


def _money(*names: str, of: str) -> str:
    """All of the shop's currencies but the yen have two digits; what a test adds in yen has none."""
    return ", ".join(
        f"CASE WHEN {of}.currency = 'JPY' THEN {of}.{name}_minor::numeric ELSE {of}.{name}_minor / 100.0 END::text AS {shown}"
        for name, _, shown in (name.partition(":") for name in names)
    )


SQL: Final[Mapping[ExportDataset, str]] = {
    ExportDataset.ORDERS: f"SELECT {_ORDER}, external_number, channel_kind, order_type, status, payment_status, fulfillment_status,"
    " after_sale_status, version, updated_at, paid_at, completed_at, cancelled_at, member_id, buyer_level AS member_level, currency,"
    f""" {
        _money(
            "subtotal:subtotal",
            "discount:discount_total",
            "shipping:shipping_total",
            "tax:tax_total",
            "total:total",
            "captured:captured_total",
            "refunded:refunded_total",
            "cancelled:cancelled_total",
            of="o",
        )
    },"""
    " line_count, unit_count, country, region, shipping_address ->> 'city' AS city, is_imported, attributes"
    " FROM orders o ORDER BY o.id",
    ExportDataset.ORDER_LINES: f"SELECT l.id AS line_id, l.order_id, {_SHARED}, o.status AS order_status, l.position, l.sku, l.name,"
    " l.category, l.seller_id, l.supply_channel, l.delivery_mode, l.quantity, l.shipped_quantity, l.cancelled_quantity,"
    f""" l.returned_quantity, l.currency, {
        _money(
            "unit_price:unit_price",
            "discount:discount_total",
            "tax:tax_total",
            "total:total",
            "refunded:refunded_total",
            of="l",
        )
    }, l.options"""
    " FROM order_lines l JOIN orders o ON o.id = l.order_id ORDER BY l.order_id, l.position",
    ExportDataset.PAYMENTS: f"SELECT p.id AS payment_id, p.order_id, {_SHARED}, p.status, p.method, p.currency,"
    f""" {_money("amount:amount", "authorized:authorized", "captured:captured", "refunded:refunded", of="p")},"""
    " p.provider_reference, p.external_reference, p.created_at"
    " FROM payments p JOIN orders o ON o.id = p.order_id ORDER BY p.order_id, p.created_at, p.id",
    ExportDataset.AFTER_SALES: f"SELECT a.id AS after_sale_id, a.order_id, {_SHARED}, a.number, a.kind, a.status,"
    " (SELECT sum(quantity) FROM after_sale_lines WHERE after_sale_id = a.id) AS unit_count,"
    " (SELECT sum(accepted) FROM after_sale_lines WHERE after_sale_id = a.id) AS accepted_units,"
    " (SELECT sum(damaged) FROM after_sale_lines WHERE after_sale_id = a.id) AS damaged_units,"
    f""" a.currency, {_money("amount:amount", of="a")}, a.created_at"""
    " FROM after_sales a JOIN orders o ON o.id = a.order_id ORDER BY a.order_id, a.number",
    ExportDataset.TRANSITIONS: f"SELECT e.id AS event_id, e.order_id, {_SHARED}, e.sequence, e.machine, e.subject_id, e.from_state,"
    " e.to_state, e.action, e.actor_kind, e.at"
    " FROM order_events e JOIN orders o ON o.id = e.order_id ORDER BY e.order_id, e.sequence",
}


async def expected(shop: Shop, dataset: ExportDataset) -> list[dict[str, Any]]:
    """Values as Python has them; amounts as Decimals."""
    rows = await shop.database.rows(prepare(text(SQL[dataset])))
    kinds = {column.name: column.kind for column in DATASETS[dataset].columns}
    return [{name: _as(kinds[name], value) for name, value in row.items()} for row in rows]


def _as(kind: ColumnKind, value: Any) -> Any:
    return Decimal(value).normalize() if kind is ColumnKind.MONEY and value is not None else value


@pytest.fixture
async def exporting(shop: Shop, tmp_path: Path) -> Exporting:
    """Orders in several states, with a case, a payment of another unit, and values that are hard to write."""
    paid = await shop.delivered()
    await did(request_after_sale(shop.ports, ANNA, await _refund_of(shop, paid)))
    await shop.placed()
    await shop.cancel(await shop.placed())
    await _spoil(shop)
    return Exporting(shop, tmp_path)


async def _refund_of(shop: Shop, order_id: str) -> RequestAfterSale:
    line = (await shop.order(order_id)).lines[0]
    return RequestAfterSale("case", order_id, AfterSaleKind.REFUND_ONLY, "Torn", (LineQuantity(line.id, 1),))


async def _spoil(shop: Shop) -> None:
    """Texts that a spreadsheet would run, quotes, line breaks, an empty text, and amounts without minor digits."""
    async with shop.database.transaction() as transaction:
        for statement in (
            "UPDATE order_lines SET name = E'=HYPERLINK(\"http://x\")', category = '' WHERE sku = 'TEE'",
            "UPDATE order_lines SET name = E'a, \"b\"\\nc\\t\\\\d é 😀' WHERE sku = 'POSTER'",
            "UPDATE order_lines SET delivery_mode = '-1' WHERE sku = 'POSTER'",
            'UPDATE order_lines SET options = \'{"colour": "a \\"b\\", é"}\' WHERE sku = \'TEE\'',
            "UPDATE payments SET external_reference = '+49', provider_reference = E'@x\\ry'",
        ):
            await transaction.execute(prepare(text(statement.replace(":", "\\:"))))
        await transaction.commit()


def typed(dataset: ExportDataset, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of JSON or Parquet with its values as `expected` has them."""
    return {column.name: _read(column.kind, row[column.name]) for column in DATASETS[dataset].columns}


def _read(kind: ColumnKind, value: Any) -> Any:
    if value is None:
        return None
    if kind is ColumnKind.MONEY:
        return Decimal(value).normalize()
    return datetime.fromisoformat(value) if kind is ColumnKind.TIME and isinstance(value, str) else value


@pytest.mark.parametrize("dataset", ExportDataset)
async def test_json_lines_are_the_rows(exporting: Exporting, dataset: ExportDataset) -> None:
    job, content = await exporting.made(format="JSONL", dataset=dataset.value)
    rows = json_rows(content)
    assert [typed(dataset, row) for row in rows] == await expected(exporting.shop, dataset)
    assert rows
    assert [list(row) for row in rows] == [[column.name for column in DATASETS[dataset].columns]] * len(rows)
    assert (job.rows, job.bytes, job.sha256) == (len(rows), len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("dataset", ExportDataset)
async def test_parquet_has_the_rows_typed(exporting: Exporting, dataset: ExportDataset) -> None:
    job, content = await exporting.made(format="PARQUET", dataset=dataset.value)
    table = pq.read_table(io.BytesIO(content))
    wanted = await expected(exporting.shop, dataset)
    columns = DATASETS[dataset].columns
    of_json = [column.name for column in columns if column.kind is ColumnKind.JSON]
    rows = [typed(dataset, row) for row in table.to_pylist()]
    for row in rows:
        row |= {name: json_rows(row[name].encode())[0] for name in of_json}
    assert rows == wanted
    types = {column.name: table.schema.field(column.name).type for column in columns}
    assert {types[column.name] for column in columns if column.kind is ColumnKind.MONEY} <= {pa.decimal128(22, 3)}
    assert {types[column.name] for column in columns if column.kind is ColumnKind.TIME} == {pa.timestamp("us", "UTC")}
    assert {types[column.name] for column in columns if column.kind is ColumnKind.WHOLE} <= {pa.int64()}
    assert (job.rows, job.bytes, job.sha256) == (len(rows), len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("dataset", ExportDataset)
async def test_csv_has_the_rows_as_texts_and_formulas_are_guarded(exporting: Exporting, dataset: ExportDataset) -> None:
    job, content = await exporting.made(format="CSV", dataset=dataset.value)
    columns = DATASETS[dataset].columns
    head, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    assert head == [column.name for column in columns]
    wanted = await expected(exporting.shop, dataset)
    assert len(rows) == len(wanted) == job.rows
    for row, told in zip(rows, wanted, strict=True):
        for cell, column in zip(row, columns, strict=True):
            assert _cell(column.kind, cell) == _told(column.kind, told[column.name]), column.name


def _cell(kind: ColumnKind, cell: str) -> Any:
    if kind is ColumnKind.JSON:
        return json_rows(cell.encode())[0]
    if cell and kind is ColumnKind.MONEY:
        return Decimal(cell).normalize()
    return datetime.fromisoformat(cell) if cell and kind is ColumnKind.TIME else cell


def _told(kind: ColumnKind, value: Any) -> Any:
    if value is None:
        return ""
    if kind is ColumnKind.TEXT:
        return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
    if kind is ColumnKind.FLAG:
        return "true" if value else "false"
    return str(value) if kind is ColumnKind.WHOLE else value


async def test_the_same_rows_are_the_same_bytes_whatever_the_pieces(shop: Shop, tmp_path: Path) -> None:
    for _ in range(3):
        await shop.placed(ANNA, lines=(PlaceOrderLine("FREE", 1), PlaceOrderLine("MUG", 1)))
    digests = set()
    for number, piece_bytes in enumerate((1, 500, 10_000_000)):
        exporting = Exporting(shop, tmp_path / str(number), piece_bytes)
        job, _ = await exporting.made(format="JSONL", dataset="ORDER_LINES", idempotencyKey=str(number))
        digests.add((job.rows, job.sha256))
    assert len(digests) == 1
    assert next(iter(digests))[0] == 6
