"""The views of the schema `bi`: what each has, where it comes from, and the statements that make them.

Tools read them by SQL, `/bi/` by HTTP. Money is numeric in whole currency units beside its currency. Names, phones, streets and
free text stay inside: a country, a region and a city are as near as a row comes to a person, beside the member's id.
A migration carries the statements as they were when it was written; a test holds the newest ones against this file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from domain.exports.datasets import ColumnKind, ExportColumn
from domain.ports.bi_datasets import BiDataset
from domain.values.money import currencies_of

SCHEMA: Final = "bi"
_MAJOR: Final = f"{SCHEMA}.major"
_OF: Final = {
    "text": ColumnKind.TEXT,
    "whole": ColumnKind.WHOLE,
    "money": ColumnKind.MONEY,
    "time": ColumnKind.TIME,
    "flag": ColumnKind.FLAG,
}


@dataclass(frozen=True, slots=True)
class View:
    dataset: BiDataset
    expressions: Mapping[str, str]
    source: str


Cell = tuple[ExportColumn, str]


def _cell(name: str, kind: str, expression: str, description: str) -> Cell:
    """A kind that ends with `?` may be NULL."""
    column = ExportColumn(name, _OF[kind.rstrip("?")], description, is_nullable=kind.endswith("?"))
    return column, f"{_MAJOR}({expression}, o.currency)" if column.kind is ColumnKind.MONEY else expression


def _view(name: str, grain: str, key: str, time: str, source: str, cells: Iterable[Cell]) -> View:
    found = tuple(cells)
    dataset = BiDataset(name, grain, tuple(key.split()), time, tuple(column for column, _ in found))
    return View(dataset, {column.name: expression for column, expression in found}, source)


def _of_order(*more: Cell) -> tuple[Cell, ...]:
    """What every row that hangs on an order says of it: tools slice by these without a join."""
    return (
        *more,
        _cell("order_id", "text", "o.id", "The order."),
        _cell("order_number", "text", "o.number", "The order's number."),
        _cell("business_unit", "text", "o.business_unit", "The order's business unit, by code."),
        _cell("channel", "text", "o.channel", "The order's channel, by code."),
        _cell("order_type", "text", "o.order_type", "The order's type: which flow it follows."),
        _cell("order_status", "text", "o.status", "The order's status now."),
        _cell("placed_at", "time", "o.placed_at", "When the order was placed."),
        _cell("currency", "text", "o.currency", "ISO 4217 code of every amount in the row."),
    )


_ORDERS: Final = _view("orders", "one row per order, as it is now", "order_id", "placed_at", "orders AS o", (
    _cell("order_id", "text", "o.id", "The order."),
    _cell("order_number", "text", "o.number", "The order's number, as people know it."),
    _cell("external_number", "text?", "o.external_number", "Its number on the channel it came from."),
    _cell("business_unit", "text", "o.business_unit", "Business unit, by code."),
    _cell("channel", "text", "o.channel", "Channel, by code."),
    _cell("channel_kind", "text", "o.channel_kind", "Kind of the channel: STOREFRONT, APP, PARTNER, MARKETPLACE, STORE or LEGACY."),
    _cell("order_type", "text", "o.order_type", "Which flow it follows: PHYSICAL, VIRTUAL, MADE_TO_ORDER, PRESALE or GROUP_BUY."),
    _cell("status", "text", "o.status", "Status of the order's flow."),
    _cell("payment_status", "text", "o.payment_status", "How much of it is paid."),
    _cell("fulfillment_status", "text", "o.fulfillment_status", "How far the goods are."),
    _cell("after_sale_status", "text", "o.after_sale_status", "Whether an after-sale case is open, closed, or none."),
    _cell("version", "whole", "o.version", "Grows with every change of the order."),
    _cell("placed_at", "time", "o.placed_at", "When it was placed."),
    _cell("updated_at", "time", "o.updated_at", "When it changed last."),
    _cell("paid_at", "time?", "o.paid_at", "When it was paid."),
    _cell("completed_at", "time?", "o.completed_at", "When it was completed."),
    _cell("cancelled_at", "time?", "o.cancelled_at", "When it was cancelled."),
    _cell("member_id", "text", "o.member_id", "Who ordered: the member's id, and nothing else of a person."),
    _cell("member_level", "text?", "o.buyer_level", "The member's level as it was at placement."),
    _cell("country", "text?", "o.country", "Country of the delivery address, ISO 3166 code."),
    _cell("region", "text?", "o.region", "Region of the delivery address."),
    _cell("city", "text?", "o.shipping_address ->> 'city'", "City of the delivery address."),
    _cell("shipping_method", "text?", "o.shipping_method", "How it is sent."),
    _cell("currency", "text", "o.currency", "ISO 4217 code of every amount in the row."),
    _cell("subtotal", "money", "o.subtotal_minor", "The lines' prices times their quantities, before discounts."),
    _cell("discount_total", "money", "o.discount_minor", "All discounts, as a positive amount."),
    _cell("shipping_total", "money", "o.shipping_minor", "Shipping fee."),
    _cell("tax_total", "money", "o.tax_minor", "Tax."),
    _cell("total", "money", "o.total_minor", "What the order costs."),
    _cell("captured_total", "money", "o.captured_minor", "Captured so far, refunds not taken off."),
    _cell("authorized_total", "money", "o.authorized_minor", "Authorized and not captured yet."),
    _cell("refunded_total", "money", "o.refunded_minor", "Given back so far."),
    _cell("cancelled_total", "money", "o.cancelled_minor", "What cancelled units cost."),
    _cell("payable_total", "money", "o.payable_minor", "What can be paid now."),
    _cell("line_count", "whole", "o.line_count", "Number of lines."),
    _cell("unit_count", "whole", "o.unit_count", "Units of all lines."),
    _cell("shipped_units", "whole", "o.shipped_units", "Units that were sent."),
    _cell("is_imported", "flag", "o.is_imported", "Whether it came from a system of before."),
))  # fmt: skip

_LINES: Final = _view(
    "order_lines", "one row per line of an order", "line_id", "placed_at",
    "order_lines AS l JOIN orders AS o ON o.id = l.order_id", _of_order(
    _cell("line_id", "text", "l.id", "The line."),
    _cell("position", "whole", "l.position", "Its place in the order, from 0."),
    _cell("sku", "text", "l.sku", "What was sold."),
    _cell("name", "text", "l.name", "Its name as sold."),
    _cell("category", "text?", "l.category", "Its category as sold."),
    _cell("seller_id", "text?", "l.seller_id", "Who sells it; NULL: the business unit itself."),
    _cell("supply_channel", "text", "l.supply_channel", "Who holds the goods: OWN, SELLER or DROPSHIP."),
    _cell("quantity", "whole", "l.quantity", "Units ordered."),
    _cell("shipped_quantity", "whole", "l.shipped_quantity", "Units sent."),
    _cell("cancelled_quantity", "whole", "l.cancelled_quantity", "Units cancelled."),
    _cell("returned_quantity", "whole", "l.returned_quantity", "Units that came back."),
    _cell("unit_price", "money", "l.unit_price_minor", "Price of one unit."),
    _cell("discount_total", "money", "l.discount_minor", "The line's share of all discounts."),
    _cell("tax_total", "money", "l.tax_minor", "The line's tax."),
    _cell("total", "money", "l.total_minor", "What the line costs."),
    _cell("refunded_total", "money", "l.refunded_minor", "Given back for the line so far."),
))  # fmt: skip

_PAYMENTS: Final = _view(
    "payments", "one row per payment attempt", "payment_id", "created_at",
    "payments AS p JOIN orders AS o ON o.id = p.order_id", _of_order(
    _cell("payment_id", "text", "p.id", "The payment."),
    _cell("created_at", "time", "p.created_at", "When it was begun."),
    _cell("status", "text", "p.status", "Its state."),
    _cell("method", "text", "p.method", "How it is paid: a card, an external terminal, …"),
    _cell("amount", "money", "p.amount_minor", "What it is for."),
    _cell("authorized", "money", "p.authorized_minor", "Authorized."),
    _cell("captured", "money", "p.captured_minor", "Captured."),
    _cell("refunded", "money", "p.refunded_minor", "Given back of it."),
))  # fmt: skip

_REFUNDS: Final = _view(
    "refunds", "one row per refund of a payment", "refund_id", "created_at",
    "refunds AS r JOIN orders AS o ON o.id = r.order_id", _of_order(
    _cell("refund_id", "text", "r.id", "The refund."),
    _cell("payment_id", "text", "r.payment_id", "The payment that it gives back of."),
    _cell("after_sale_id", "text?", "r.after_sale_id", "The after-sale case that it is for."),
    _cell("created_at", "time", "r.created_at", "When it was asked for."),
    _cell("status", "text", "r.status", "Its state; only SUCCEEDED ones are money given back."),
    _cell("amount", "money", "r.amount_minor", "How much."),
    _cell("is_excess", "flag", "r.is_excess", "Whether it gives back what was paid too much."),
))  # fmt: skip

_FULFILLMENTS: Final = _view(
    "fulfillments", "one row per fulfillment: the part of an order that one place delivers; amounts are its share of the order",
    "fulfillment_id", "created_at", "fulfillments AS f JOIN orders AS o ON o.id = f.order_id", _of_order(
    _cell("fulfillment_id", "text", "f.id", "The fulfillment."),
    _cell("number", "text", "f.number", "Its number within the order."),
    _cell("kind", "text", "f.kind", "ORIGINAL, or REPLACEMENT for an exchange."),
    _cell("status", "text", "f.status", "Its state."),
    _cell("warehouse", "text?", "f.warehouse", "Warehouse, by code."),
    _cell("seller_id", "text?", "f.seller_id", "Seller that delivers."),
    _cell("created_at", "time", "f.created_at", "When it was split off."),
    _cell("promised_at", "time?", "f.promised_at", "Until when it was promised."),
    _cell("superseded_at", "time?", "f.superseded_at", "When others took its place; leave such rows out of sums."),
    _cell("unit_count", "whole", "f.unit_count", "Units."),
    _cell("shipped_units", "whole", "f.shipped_units", "Units sent."),
    _cell("cancelled_units", "whole", "f.cancelled_units", "Units cancelled."),
    _cell("subtotal", "money", "f.subtotal_minor", "Share of the order's subtotal."),
    _cell("discount_total", "money", "f.discount_minor", "Share of the order's discounts."),
    _cell("shipping_total", "money", "f.shipping_minor", "Share of the shipping fee."),
    _cell("tax_total", "money", "f.tax_minor", "Share of the tax."),
    _cell("total", "money", "f.total_minor", "Share of the order's total."),
))  # fmt: skip

_AFTER_SALES: Final = _view(
    "after_sales", "one row per after-sale case", "after_sale_id", "created_at",
    "after_sales AS a JOIN orders AS o ON o.id = a.order_id", _of_order(
    _cell("after_sale_id", "text", "a.id", "The case."),
    _cell("number", "text", "a.number", "Its number within the order."),
    _cell("kind", "text", "a.kind", "REFUND_ONLY, RETURN_REFUND or EXCHANGE."),
    _cell("status", "text", "a.status", "Its state."),
    _cell("created_at", "time", "a.created_at", "When it was asked for."),
    _cell("sent_units", "whole", "a.sent_units", "Units that the buyer sent back."),
    _cell("asked", "money?", "a.asked_minor", "What the buyer asked for."),
    _cell("amount", "money?", "a.amount_minor", "What was granted."),
))  # fmt: skip

_TRANSITIONS: Final = _view(
    "transitions", "one row per transition of an order or of a part of it, ever since: rows are only added",
    "order_id sequence", "at", "order_events AS e JOIN orders AS o ON o.id = e.order_id", _of_order(
    _cell("event_id", "text", "e.id", "The event."),
    _cell("sequence", "whole", "e.sequence", "Its number within the order, from 1."),
    _cell("at", "time", "e.at", "When it happened."),
    _cell("machine", "text", "e.machine", "What moved: ORDER, FULFILLMENT, PAYMENT, REFUND or AFTER_SALE."),
    _cell("subject_id", "text", "e.subject_id", "Which one of these."),
    _cell("action", "text", "e.action", "The step that was taken."),
    _cell("from_state", "text?", "e.from_state", "The state before; NULL at the beginning."),
    _cell("to_state", "text", "e.to_state", "The state after."),
    _cell("actor_kind", "text", "e.actor_kind", "Kind of who did it: MEMBER, STAFF, PARTNER, SYSTEM or PROVIDER."),
))  # fmt: skip


def _sum(name: str, expression: str, description: str) -> Cell:
    return _cell(name, "money", f"sum({expression})::bigint", description)


_DAILY: Final = _view(
    "daily_sales", "one row per day (UTC), business unit, channel and currency in which an order was placed",
    "day business_unit channel currency", "day", "orders AS o GROUP BY 1, 2, 3, 4", (
    _cell("day", "time", "date_trunc('day', o.placed_at, 'UTC')", "Day of placement: its beginning, in UTC."),
    _cell("business_unit", "text", "o.business_unit", "Business unit, by code."),
    _cell("channel", "text", "o.channel", "Channel, by code."),
    _cell("currency", "text", "o.currency", "ISO 4217 code of every amount in the row."),
    _cell("orders", "whole", "count(*)", "Orders placed, cancelled ones among them."),
    _cell("cancelled_orders", "whole", "count(*) FILTER (WHERE o.status = 'CANCELLED')", "Of these, orders that are cancelled now."),
    _cell("units", "whole", "sum(o.unit_count)::bigint", "Units ordered."),
    _sum("gross", "o.subtotal_minor", "Units at their prices, before discounts, shipping and tax."),
    _sum("discounts", "o.discount_minor", "All discounts, as a positive amount."),
    _sum("net", "o.subtotal_minor - o.discount_minor", "Gross less discounts."),
    _sum("shipping", "o.shipping_minor", "Shipping fees."),
    _sum("tax", "o.tax_minor", "Tax."),
    _sum("paid", "o.captured_minor - o.refunded_minor", "Captured so far, less what went back."),
    _sum("refunded", "o.refunded_minor", "What went back so far."),
))  # fmt: skip

VIEWS: Final[Mapping[str, View]] = {
    view.dataset.name: view
    for view in (_ORDERS, _LINES, _PAYMENTS, _REFUNDS, _FULFILLMENTS, _AFTER_SALES, _TRANSITIONS, _DAILY)
}
DATASETS: Final[Mapping[str, BiDataset]] = {name: view.dataset for name, view in VIEWS.items()}


def definitions() -> list[str]:
    """The statements that make the schema, in their order."""
    return [f"CREATE SCHEMA {SCHEMA}", _comment(f"SCHEMA {SCHEMA}", SCHEMA_COMMENT), *_major(), *_made(VIEWS.values())]


SCHEMA_COMMENT: Final = "Read-only views for BI tools. Amounts are in whole currency units beside their currency: never add up two currencies."


def _major() -> tuple[str, str]:
    """Multiplied, not divided: the result has exactly as many decimal digits as the currency."""
    cases = "".join(
        f" WHEN currency IN ({', '.join(map(_quoted, currencies_of(digits)))}) THEN {factor}"
        for digits, factor in ((0, "amount::numeric"), (3, "amount * 0.001"))
    )
    name, body = f"{_MAJOR}(amount bigint, currency text)", f"CASE{cases} ELSE amount * 0.01 END"
    return (
        f"CREATE FUNCTION {name} RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN {body}",
        _comment(f"FUNCTION {_MAJOR}(bigint, text)", "An amount in minor units as a number of whole currency units."),
    )


def _made(views: Iterable[View]) -> Iterable[str]:
    for view in views:
        name = f"{SCHEMA}.{view.dataset.name}"
        columns = ",\n  ".join(f"{expression} AS {_column(column)}" for column, expression in view.expressions.items())
        yield f"CREATE VIEW {name} AS SELECT\n  {columns}\nFROM {view.source}"
        yield _comment(f"VIEW {name}", f"Grain: {view.dataset.grain}.")
        for column in view.dataset.columns:
            yield _comment(f"COLUMN {name}.{_column(column.name)}", column.description)


def _column(name: str) -> str:
    """Quoted: `position` and `method` are words of SQL somewhere."""
    return f'"{name}"'


def _comment(what: str, words: str) -> str:
    return f"COMMENT ON {what} IS {_quoted(words)}"


def _quoted(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"
