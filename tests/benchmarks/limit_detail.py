"""DETAIL in hand-written SQL: JSON made by PostgreSQL in one statement. One flat statement per table would be twelve round trips.

Those alone cost the server more than this does.
"""

from typing import Any, Final

import asyncpg

from adapters.policy_files import load_policies
from domain.policies import Policies
from tests.benchmarks.limit_sql import Variables, fields, moment, money, rows


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _names(column: str, names: dict[str, str]) -> str:
    """What the server knows from its policies: a code's name, or the code itself."""
    cases = " ".join(f"WHEN {_quoted(code)} THEN {_quoted(name)}" for code, name in names.items())
    return f"CASE {column} {cases} ELSE {column} END"


def _named(seller: str) -> str:
    name = fields(id=f"{seller}.seller_id", name=f"COALESCE({seller}.seller_name, {seller}.seller_id)")
    return f"CASE WHEN {seller}.seller_id IS NULL THEN NULL ELSE {name} END"


_WAREHOUSE: Final = fields(id="'whs_' || w.code", code="w.code", name="w.name")
_STOCK: Final = (
    "(SELECT CASE WHEN count(*) = 0 THEN NULL ELSE "
    + fields(
        onHand="sum(s.on_hand)",
        reserved="sum(s.reserved)",
        available="sum(greatest(s.on_hand - s.reserved, 0))",
        byWarehouse="json_agg("
        + fields(
            warehouse=_WAREHOUSE,
            onHand="s.on_hand",
            reserved="s.reserved",
            available="greatest(s.on_hand - s.reserved, 0)",
        )
        + " ORDER BY w.code)",
    )
    + " END FROM services.stock AS s JOIN services.warehouses AS w ON w.code = s.warehouse WHERE s.sku = l.sku)"
)
_PRODUCT: Final = (
    "(SELECT "
    + fields(
        id="'prd_' || p.sku",
        sku="p.sku",
        name="p.name",
        category="p.category",
        isAvailable="p.is_available",
        price=money("p.price_minor", "p.currency"),
        content="CASE WHEN c.sku IS NULL THEN NULL ELSE "
        + fields(
            title="c.title",
            description="COALESCE(c.description, '')",
            images="c.images",
            attributes="c.attributes",
        )
        + " END",
    )
    + " FROM services.products AS p LEFT JOIN services.product_content AS c ON c.sku = p.sku WHERE p.sku = l.sku)"
)
_LINE: Final = fields(
    id="l.id",
    sku="l.sku",
    name="l.name",
    category="l.category",
    seller=_named("l"),
    supplyChannel="l.supply_channel",
    deliveryMode="l.delivery_mode",
    quantity="l.quantity",
    unitPrice=money("l.unit_price_minor", "l.currency"),
    discountTotal=money("l.discount_minor", "l.currency"),
    taxTotal=money("l.tax_minor", "l.currency"),
    total=money("l.total_minor", "l.currency"),
    options="l.options",
    product=_PRODUCT,
    stock=_STOCK,
    shippedQuantity="l.shipped_quantity",
    cancelledQuantity="l.cancelled_quantity",
    returnedQuantity="l.returned_quantity",
)
_DISCOUNT: Final = fields(
    kind="d.kind",
    code="d.code",
    name="d.name",
    amount=money("d.amount_minor", "d.currency"),
    funder="d.funder",
    lineId="d.line_id",
)
_INSTALLMENT: Final = fields(
    kind="i.kind",
    amount=money("i.amount_minor", "i.currency"),
    paid=money("i.paid_minor", "i.currency"),
    opensAt=moment("i.opens_at"),
    dueAt=moment("i.due_at"),
)
_REFUND: Final = fields(
    id="r.id",
    status="r.status",
    amount=money("r.amount_minor", "r.currency"),
    reason="r.reason",
    createdAt=moment("r.created_at"),
)
_PAYMENT: Final = fields(
    id="p.id",
    status="p.status",
    method="p.method",
    amount=money("p.amount_minor", "p.currency"),
    authorized=money("p.authorized_minor", "p.currency"),
    captured=money("p.captured_minor", "p.currency"),
    refunded=money("p.refunded_minor", "p.currency"),
    providerReference="p.provider_reference",
    externalReference="p.external_reference",
    createdAt=moment("p.created_at"),
    refunds=rows(_REFUND, "(SELECT * FROM refunds WHERE payment_id = p.id ORDER BY created_at, id) AS r"),
)
_FULFILLMENT_LINE: Final = fields(
    sku="fl.sku",
    quantity="fl.quantity",
    shippedQuantity="fl.shipped_quantity",
    cancelledQuantity="fl.cancelled_quantity",
    returnedQuantity="fl.returned_quantity",
    options="fl.options",
    line=fields(id="fl.line_id", name="fl.line_name"),
)
_SHIPMENT: Final = fields(
    id="s.id",
    carrier="s.carrier",
    trackingNumber="s.tracking_number",
    shippedAt=moment("s.shipped_at"),
    deliveredAt=moment("s.delivered_at"),
)
_FULFILLMENT: Final = fields(
    id="f.id",
    number="f.number",
    kind="f.kind",
    status="f.status",
    warehouse=f"(SELECT {_WAREHOUSE} FROM services.warehouses AS w WHERE w.code = f.warehouse)",
    seller=_named("f"),
    splitBy="f.split_by",
    lines=rows(
        _FULFILLMENT_LINE,
        "(SELECT x.*, y.name AS line_name FROM fulfillment_lines AS x JOIN order_lines AS y ON y.id = x.line_id"
        " WHERE x.fulfillment_id = f.id ORDER BY y.position) AS fl",
    ),
    subtotal=money("f.subtotal_minor", "f.currency"),
    discountShare=money("f.discount_minor", "f.currency"),
    shippingShare=money("f.shipping_minor", "f.currency"),
    taxShare=money("f.tax_minor", "f.currency"),
    total=money("f.total_minor", "f.currency"),
    promisedAt=moment("f.promised_at"),
    shipments=rows(_SHIPMENT, "(SELECT * FROM shipments WHERE fulfillment_id = f.id ORDER BY shipped_at, id) AS s"),
)
_STEP: Final = (
    "json_build_object('sequence', e.sequence, 'machine', e.machine, 'subjectId', e.subject_id, 'from', e.from_state,"
    " 'to', e.to_state, 'action', e.action, 'actor',"
    " json_build_object('kind', e.actor_kind, 'id', e.actor_id, 'name', e.actor_name),"
    f" 'at', {moment('e.at')}, 'note', e.note, 'details', e.details)"
)
_TIMER: Final = fields(name="t.name", action="t.action", dueAt=moment("t.due_at"))
_ADDRESS_PARTS: Final = {
    "recipient": "recipient",
    "phone": "phone",
    "country": "country",
    "region": "region",
    "city": "city",
    "line1": "line1",
    "line2": "line2",
    "postalCode": "postal_code",
}
_ADDRESS: Final = fields(**{name: f"o.shipping_address->>'{key}'" for name, key in _ADDRESS_PARTS.items()})


def _head(policies: Policies) -> list[str]:
    """Two calls: a function of PostgreSQL takes at most a hundred arguments."""
    units = {unit.code: unit.name for unit in policies.units.values()}
    channels = {channel.code: channel.name for channel in policies.channels.values()}
    names = fields(
        id="o.id",
        number="o.number",
        externalNumber="o.external_number",
        businessUnit=fields(code="o.business_unit", name=_names("o.business_unit", units)),
        channel=fields(code="o.channel", name=_names("o.channel", channels), kind="o.channel_kind"),
        orderType="o.order_type",
        status="o.status",
        paymentStatus="o.payment_status",
        fulfillmentStatus="o.fulfillment_status",
        afterSaleStatus="o.after_sale_status",
        version="o.version",
        memberId="o.member_id",
        buyer=fields(id="o.member_id", name="o.buyer_name", level="o.buyer_level"),
        member=f"(SELECT {fields(id='m.id', name='m.name', level='m.level', email='m.email', phone='m.phone')}"
        " FROM services.members AS m WHERE m.id = o.member_id)",
        lineCount="o.line_count",
        shippingAddress=f"CASE WHEN o.shipping_address IS NULL THEN NULL ELSE {_ADDRESS} END",
        shippingMethod="o.shipping_method",
        note="o.note",
        attributes="o.attributes",
        **{_camel(name): moment(f"o.{name}") for name in _MOMENTS},
    )
    sums = {name: money(minor, "o.currency") for name, minor in _SUMS.items()}
    return [names, fields(**sums)]


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.title() for part in others)


_MOMENTS: Final = ("placed_at", "updated_at", "paid_at", "completed_at", "cancelled_at")
_SUMS: Final = {
    "subtotal": "o.subtotal_minor",
    "discountTotal": "o.discount_minor",
    "shippingTotal": "o.shipping_minor",
    "taxTotal": "o.tax_minor",
    "total": "o.total_minor",
    "paidTotal": "(o.captured_minor - o.refunded_minor)",
    "refundedTotal": "o.refunded_minor",
    "cancelledTotal": "o.cancelled_minor",
}
_PARTS: Final = {
    "lines": (_LINE, "(SELECT * FROM order_lines WHERE order_id = o.id ORDER BY position) AS l"),
    "discounts": (_DISCOUNT, "(SELECT * FROM order_discounts WHERE order_id = o.id ORDER BY position) AS d"),
    "installments": (_INSTALLMENT, "(SELECT * FROM order_installments WHERE order_id = o.id ORDER BY position) AS i"),
    "payments": (_PAYMENT, "(SELECT * FROM payments WHERE order_id = o.id ORDER BY created_at, id) AS p"),
    "fulfillments": (
        _FULFILLMENT,
        "(SELECT * FROM fulfillments WHERE order_id = o.id ORDER BY created_at, length(number), number) AS f",
    ),
    "timers": (
        _TIMER,
        (
            "(SELECT * FROM order_timers WHERE order_id = o.id AND due_at IS NOT NULL"
            " ORDER BY due_at, name, subject_id) AS t"
        ),
    ),
    "history": (_STEP, "(SELECT * FROM order_events WHERE order_id = o.id ORDER BY sequence LIMIT 50) AS e"),
}


def _statement() -> str:
    """The order's own fields in two objects, then an array for each of `_PARTS`."""
    parts = [rows(item, source) for item, source in _PARTS.values()]
    return f"SELECT {', '.join([*_head(load_policies()), *parts])} FROM orders AS o WHERE o.id = $1"


_DETAIL: Final = _statement()
_PLAIN_PARTS: Final = tuple(name for name in _PARTS if name != "history")


async def detail_by_json(connection: asyncpg.Connection, variables: Variables) -> bytes:
    row: Any = await connection.fetchrow(_DETAIL, variables["id"])
    if row is None:
        return b'{"order":null}'
    names, sums, *parts, history = row
    inner = "".join(f',"{name}":{part}' for name, part in zip(_PLAIN_PARTS, parts, strict=True))
    # The two objects become one: the end of the first and the beginning of the second are cut off.
    return f'{{"order":{names[:-1]},{sums[1:-1]}{inner},"history":{{"nodes":{history}}}}}}}'.encode()
