"""The datasets of exports, as one table: the grain of each, its columns in their order, and what they mean.

Amounts are exact decimals in the row's `currency`. No names, streets, phones or free text: of the buyer a row has the member's
id, level and the place (country, region, city). Rows stand in the order of their orders' ids, then
in that of the order's own parts: the same in every export.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.values.enums import ExportDataset


class ColumnKind(StrEnum):
    """What a column holds: TEXT; WHOLE, a 64-bit number; MONEY, a decimal; TIME, UTC; FLAG; JSON, an object or a list."""

    TEXT = "TEXT"
    WHOLE = "WHOLE"
    MONEY = "MONEY"
    TIME = "TIME"
    FLAG = "FLAG"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class ExportColumn:
    name: str
    kind: ColumnKind
    description: str
    is_nullable: bool = False


@dataclass(frozen=True, slots=True)
class Dataset:
    grain: str
    key: str
    """The column that is unique."""
    columns: tuple[ExportColumn, ...]


_KINDS: Final = {
    "text": ColumnKind.TEXT,
    "whole": ColumnKind.WHOLE,
    "money": ColumnKind.MONEY,
    "time": ColumnKind.TIME,
    "flag": ColumnKind.FLAG,
    "json": ColumnKind.JSON,
}


def _column(name: str, kind: str, description: str) -> ExportColumn:
    """A kind that ends with `?` may be empty."""
    return ExportColumn(name, _KINDS[kind.rstrip("?")], description, kind.endswith("?"))


CURRENCY: Final = _column("currency", "text", "ISO 4217 code of every amount in the row.")
_ORDER: Final = (
    _column("order_id", "text", "The order."),
    _column("order_number", "text", "The order's number."),
    _column("business_unit", "text", "Code of the business unit that sells."),
    _column("channel", "text", "Code of the channel it came through."),
    _column("placed_at", "time", "When the order was placed."),
)
"""What every row says of its order."""

ORDERS: Final = Dataset(
    "One row per order, as it is at the watermark.",
    "order_id",
    (
        *_ORDER,
        _column("external_number", "text?", "The order's number in its channel's own system."),
        _column("channel_kind", "text", "What kind of channel."),
        _column("order_type", "text", "What kind of order."),
        _column("status", "text", "The state of the order."),
        _column("payment_status", "text", "How far it is paid."),
        _column("fulfillment_status", "text", "How far it is sent."),
        _column("after_sale_status", "text", "Whether after-sale cases are open."),
        _column("version", "whole", "Counts every change: of two rows of one order the higher one is newer."),
        _column("updated_at", "time", "When it last changed."),
        _column("paid_at", "time?", "When everything was secured."),
        _column("completed_at", "time?", "When it was completed."),
        _column("cancelled_at", "time?", "When it was cancelled."),
        _column("member_id", "text", "Who buys."),
        _column("member_level", "text?", "The member's level as at placement."),
        CURRENCY,
        _column("subtotal", "money", "The lines before discounts."),
        _column("discount_total", "money", "All discounts."),
        _column("shipping_total", "money", "Shipping."),
        _column("tax_total", "money", "Tax."),
        _column("total", "money", "subtotal − discounts + shipping + tax."),
        _column("captured_total", "money", "What was taken of the payments."),
        _column("refunded_total", "money", "What went back."),
        _column("cancelled_total", "money", "What cancelled units were worth."),
        _column("line_count", "whole", "How many lines."),
        _column("unit_count", "whole", "How many units."),
        _column("country", "text?", "Where it is sent, by ISO 3166 code."),
        _column("region", "text?", "State or province."),
        _column("city", "text?", "City."),
        _column("is_imported", "flag", "Whether a legacy system brought it."),
        _column("attributes", "json", "What else is kept with it."),
    ),
)
ORDER_LINES: Final = Dataset(
    "One row per order line, as it is at the watermark.",
    "line_id",
    (
        _column("line_id", "text", "The line."),
        *_ORDER,
        _column("order_status", "text", "The state of the order."),
        _column("position", "whole", "Its place in the order, from 0."),
        _column("sku", "text", "The product's SKU."),
        _column("name", "text", "The product's name as sold."),
        _column("category", "text?", "Its category as sold."),
        _column("seller_id", "text?", "Who sells."),
        _column("supply_channel", "text", "Who sends."),
        _column("delivery_mode", "text?", "How it is delivered."),
        _column("quantity", "whole", "Units ordered."),
        _column("shipped_quantity", "whole", "Of them: sent."),
        _column("cancelled_quantity", "whole", "Of them: cancelled."),
        _column("returned_quantity", "whole", "Of them: came back."),
        CURRENCY,
        _column("unit_price", "money", "The price of one unit as sold."),
        _column("discount_total", "money", "What was taken off the line, its share of the order's discounts included."),
        _column("tax_total", "money", "The line's tax."),
        _column("total", "money", "unit price × quantity − discounts + tax."),
        _column("refunded_total", "money", "What went back of it."),
        _column("options", "json", "What was chosen: colour, size, …"),
    ),
)
PAYMENTS: Final = Dataset(
    "One row per payment, as it is at the watermark.",
    "payment_id",
    (
        _column("payment_id", "text", "The payment."),
        *_ORDER,
        _column("status", "text", "The state of the payment."),
        _column("method", "text", "How it is paid."),
        CURRENCY,
        _column("amount", "money", "What was asked for."),
        _column("authorized", "money", "What was secured."),
        _column("captured", "money", "What was taken."),
        _column("refunded", "money", "What went back."),
        _column("provider_reference", "text?", "The provider's own name for it."),
        _column("external_reference", "text?", "Of a payment made elsewhere: its reference there."),
        _column("created_at", "time", "When it was begun."),
    ),
)
AFTER_SALES: Final = Dataset(
    "One row per after-sale case, as it is at the watermark.",
    "after_sale_id",
    (
        _column("after_sale_id", "text", "The case."),
        *_ORDER,
        _column("number", "text", "The case's number."),
        _column("kind", "text", "What the buyer wants."),
        _column("status", "text", "The state of the case."),
        _column("unit_count", "whole", "How many units it is about."),
        _column("accepted_units", "whole", "Of them: came back and can be sold again."),
        _column("damaged_units", "whole", "Of them: came back and cannot."),
        CURRENCY,
        _column("amount", "money?", "What was agreed to; empty: nothing yet, or an exchange."),
        _column("created_at", "time", "When it was opened."),
    ),
)
TRANSITIONS: Final = Dataset(
    "One row per step of an order's machines, each once, up to the watermark.",
    "event_id",
    (
        _column("event_id", "text", "The step."),
        *_ORDER,
        _column("sequence", "whole", "Its place in the order's history, from 1."),
        _column("machine", "text", "Which machine: the order's, or one of its parts'."),
        _column("subject_id", "text", "What moved: the order, a payment, a fulfillment, …"),
        _column("from_state", "text?", "The state before; empty: it began."),
        _column("to_state", "text", "The state after."),
        _column("action", "text", "What was done."),
        _column("actor_kind", "text", "What kind of caller did it."),
        _column("at", "time", "When."),
    ),
)
DATASETS: Final[Mapping[ExportDataset, Dataset]] = {
    ExportDataset.ORDERS: ORDERS,
    ExportDataset.ORDER_LINES: ORDER_LINES,
    ExportDataset.PAYMENTS: PAYMENTS,
    ExportDataset.AFTER_SALES: AFTER_SALES,
    ExportDataset.TRANSITIONS: TRANSITIONS,
}


def datasets_markdown() -> str:
    """The tables of `docs/bi.md`."""
    return "\n".join(line for kind, dataset in DATASETS.items() for line in _table(kind, dataset))


def _table(kind: ExportDataset, dataset: Dataset) -> list[str]:
    rows = [
        f"| `{column.name}` | {column.kind.lower()}{', may be empty' if column.is_nullable else ''} | {column.description} |"
        for column in dataset.columns
    ]
    return [f"### `{kind}`", "", dataset.grain, "", "| column | kind | meaning |", "|---|---|---|", *rows, ""]
