"""What keeps an order from being imported. What merely does not add up is no problem: it is imported as it is."""

import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

from domain.orders.import_commands import ImportedLine, ImportedOrder
from domain.orders.import_fulfillments import NO_CARRIER
from domain.orders.import_sums import ImportedLineSums, imported_sums
from domain.orders.state import Flow
from domain.values.enums import MachineKind
from domain.values.ids import IdKind, kind_of
from domain.values.money import MAX_MINOR, InvalidMoney, Money, minor_digits
from domain.values.refusals import InputProblem

MAX_LINES: Final = 200
MAX_PAYMENTS: Final = 50
MAX_SHIPMENTS: Final = 200
MAX_UNITS: Final = 2**31 - 1
MAX_DEPTH: Final = 20
MAX_NUMBER: Final = 2**63 - 1
"""Whole numbers beyond 64 bits are no numbers to the JSON of most programs."""

TEXT_LIMITS: Final = {
    "externalNumber": 100, "legacyStatus": 100, "id": 104, "name": 500, "level": 100, "sku": 100, "category": 100,
    "sellerId": 104, "method": 100, "reference": 200, "carrier": 100, "trackingNumber": 100, "recipient": 200,
    "phone": 50, "country": 2, "region": 100, "city": 100, "line1": 200, "line2": 200, "postalCode": 20,
}  # fmt: skip
REQUIRED_TEXTS: Final = frozenset(("externalNumber", "id", "sku", "method"))

Texts = Iterator[tuple[tuple[str, ...], str | None]]


def import_problems(order: ImportedOrder, flow: Flow | None) -> tuple[InputProblem, ...]:
    """`flow`: of the order's type; None: there is none. No problem means that `imported` takes the order."""
    found = [problem for check in _CHECKS for problem in check(order)]
    found += _flow_problems(order, flow)
    return tuple(found or _sum_problems(order))


def _flow_problems(order: ImportedOrder, flow: Flow | None) -> Iterator[InputProblem]:
    if flow is None:
        yield InputProblem(("orderType",), "ORDER_TYPE_NOT_OFFERED", f"{order.order_type} orders are not offered.")
    elif not any(s.machine is MachineKind.ORDER and s.name == order.status for s in flow.states):
        message = f"{flow.order_type} orders are never {order.status} here."
        yield InputProblem(("status",), "STATUS_NOT_IN_FLOW", message)
    elif order.shipments and not flow.has(MachineKind.FULFILLMENT):
        yield InputProblem(("shipments",), "NOT_SENT", f"Nothing of {flow.order_type} orders is sent.")


def _count_problems(order: ImportedOrder) -> Iterator[InputProblem]:
    if not order.lines:
        yield InputProblem(("lines",), "EMPTY", "An order has at least one line.")
    for name, count, most in (
        ("lines", len(order.lines), MAX_LINES),
        ("payments", len(order.payments), MAX_PAYMENTS),
        ("shipments", len(order.shipments), MAX_SHIPMENTS),
    ):
        if count > most:
            yield InputProblem((name,), "TOO_MANY", f"An order has at most {most} {name}.")
    for position, line in enumerate(order.lines):
        if line.quantity < 1:
            path = ("lines", str(position), "quantity")
            yield InputProblem(path, "NOT_POSITIVE", "A quantity is at least 1.")
    if sum(line.quantity for line in order.lines) > MAX_UNITS:
        yield InputProblem(("lines",), "TOO_MANY", f"An order has at most {MAX_UNITS} units.")


def _text_problems(order: ImportedOrder) -> Iterator[InputProblem]:
    for path, text in _texts(order):
        least, most = int(path[-1] in REQUIRED_TEXTS), TEXT_LIMITS[path[-1]]
        if text is not None and not least <= len(text) <= most:
            yield InputProblem(path, "INVALID_LENGTH", f"It has {least} to {most} characters.")


def _texts(order: ImportedOrder) -> Texts:
    yield ("externalNumber",), order.external_number
    yield ("legacyStatus",), order.legacy_status
    yield from ((("buyer", name), getattr(order.buyer, name)) for name in ("id", "name", "level"))
    address = order.shipping_address
    for name in _ADDRESS if address else ():
        yield ("shippingAddress", _ADDRESS[name]), getattr(address, name)
    for attribute, parts, names in (
        ("lines", order.lines, _LINE),
        ("payments", order.payments, _PAYMENT),
        ("shipments", order.shipments, _SHIPMENT),
    ):
        for position, part in enumerate(parts):
            yield from (((attribute, str(position), names[name]), getattr(part, name)) for name in names)


def _id_problems(order: ImportedOrder) -> Iterator[InputProblem]:
    if kind_of(order.buyer.member_id) is not IdKind.MEMBER:
        yield InputProblem(("buyer", "id"), "INVALID_ID", "It is not the id of a member.")
    for position, line in enumerate(order.lines):
        if line.seller_id is not None and kind_of(line.seller_id) is not IdKind.SELLER:
            yield InputProblem(("lines", str(position), "sellerId"), "INVALID_ID", "It is not the id of a seller.")
    country = order.shipping_address.country if order.shipping_address else None
    if country is not None and not (
        country.isascii() and country.isalpha() and country.isupper() and len(country) == 2
    ):
        message = "A country is two capital letters (ISO 3166-1)."
        yield InputProblem(("shippingAddress", "country"), "INVALID_COUNTRY", message)


def _shipment_problems(order: ImportedOrder) -> Iterator[InputProblem]:
    skus = {line.sku for line in order.lines}
    numbers: set[tuple[str, str]] = set()
    for position, shipment in enumerate(order.shipments):
        path = ("shipments", str(position))
        if shipment.skus is not None and (not shipment.skus or not skus.issuperset(shipment.skus)):
            yield InputProblem((*path, "skus"), "UNKNOWN_SKU", "A parcel holds SKUs of the order's lines.")
        if shipment.tracking_number is None:
            continue
        number = (shipment.carrier or NO_CARRIER, shipment.tracking_number)
        if number in numbers:
            yield InputProblem((*path, "trackingNumber"), "DUPLICATE_TRACKING_NUMBER", "It is of another parcel too.")
        numbers.add(number)


def _amount_problems(order: ImportedOrder) -> Iterator[InputProblem]:
    try:
        minor_digits(order.currency)
    except InvalidMoney as error:
        yield InputProblem(("currency",), "INVALID_CURRENCY", str(error))
        return
    for path, amount in _amounts(order):
        message = None if amount is None else _amount_problem(amount, order.currency)
        if message is not None:
            yield InputProblem(path, "INVALID_AMOUNT", message)


def _amounts(order: ImportedOrder) -> Iterator[tuple[tuple[str, ...], Decimal | None]]:
    yield ("shippingTotal",), order.shipping
    yield ("discountTotal",), order.discount
    yield ("taxTotal",), order.tax
    for position, line in enumerate(order.lines):
        for name, amount in (("unitPrice", line.unit_price), ("discountTotal", line.discount), ("taxTotal", line.tax)):
            yield ("lines", str(position), name), amount
    for position, payment in enumerate(order.payments):
        yield ("payments", str(position), "amount"), payment.amount


def _amount_problem(amount: Decimal, currency: str) -> str | None:
    try:
        money = Money.of(amount, currency)
    except InvalidMoney as error:
        return str(error)
    return "It is not negative." if money.amount_minor < 0 else None


def _attribute_problems(order: ImportedOrder) -> Iterator[InputProblem]:
    if order.attributes is not None and not isinstance(order.attributes, dict):
        yield InputProblem(("attributes",), "NOT_AN_OBJECT", "Attributes are a JSON object.")
    elif not _is_plain(order.attributes, MAX_DEPTH):
        message = f"Numbers are finite and of 64 bits, and at most {MAX_DEPTH} levels are nested."
        yield InputProblem(("attributes",), "INVALID_JSON", message)


def _is_plain(value: Any, depth: int) -> bool:
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return depth > 0 and all(_is_plain(part, depth - 1) for part in parts)
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or abs(value) <= MAX_NUMBER


def _sum_problems(order: ImportedOrder) -> Iterator[InputProblem]:
    """Asked once every part is in order by itself."""
    sums = imported_sums(order)
    if max(sums.subtotal_minor, sums.total_minor, sums.paid_minor) > MAX_MINOR:
        yield InputProblem(("lines",), "OUT_OF_RANGE", "The order costs more than can be counted.")
    is_over = any(map(_is_over, order.lines, sums.lines))
    if sums.shared_discount_minor < 0 or is_over:
        message = "The order's discount covers its lines' discounts, and is not above its goods."
        yield InputProblem(("discountTotal",), "DISCOUNT_DOES_NOT_FIT", message)
    if sums.shared_tax_minor < 0:
        yield InputProblem(("taxTotal",), "TAX_DOES_NOT_FIT", "The order's tax covers its lines' taxes.")


def _is_over(line: ImportedLine, sums: ImportedLineSums) -> bool:
    return max(sums.own_discount_minor, sums.discount_minor) > sums.unit_price_minor * line.quantity


_ADDRESS: Final = {
    "recipient": "recipient", "phone": "phone", "country": "country", "region": "region", "city": "city",
    "line1": "line1", "line2": "line2", "postal_code": "postalCode",
}  # fmt: skip
_LINE: Final = {"sku": "sku", "name": "name", "category": "category", "seller": "sellerId"}
_PAYMENT: Final = {"method": "method", "reference": "reference"}
_SHIPMENT: Final = {"carrier": "carrier", "tracking_number": "trackingNumber"}
_CHECKS: Final[tuple[Callable[[ImportedOrder], Iterator[InputProblem]], ...]] = (
    _count_problems,
    _text_problems,
    _id_problems,
    _shipment_problems,
    _amount_problems,
    _attribute_problems,
)
