"""The money of an imported order, in minor units, by the rules of "Price and shares". Raises InvalidMoney."""

from dataclasses import dataclass
from decimal import Decimal

from domain.orders.import_commands import ImportedLine, ImportedOrder
from domain.values.money import Money, share


@dataclass(frozen=True, slots=True)
class ImportedLineSums:
    unit_price_minor: int
    own_discount_minor: int
    """Of the discount: what the source says of this very line."""
    discount_minor: int
    tax_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class ImportedSums:
    lines: tuple[ImportedLineSums, ...]
    subtotal_minor: int
    shared_discount_minor: int
    """Of the discount: what the source says of no line."""
    discount_minor: int
    shipping_minor: int
    shared_tax_minor: int
    tax_minor: int
    total_minor: int
    payments_minor: tuple[int, ...]

    @property
    def paid_minor(self) -> int:
        return sum(self.payments_minor)


def imported_sums(order: ImportedOrder) -> ImportedSums:
    values = [_minor(line.unit_price, order) * line.quantity for line in order.lines]
    own_discounts = [_minor(line.discount, order) for line in order.lines]
    own_taxes = [_minor(line.tax, order) for line in order.lines]
    shared_discount = _rest(order.discount, own_discounts, order)
    shared_tax = _rest(order.tax, own_taxes, order)
    left = [value - own for value, own in zip(values, own_discounts, strict=True)]
    discounts = _with_shares(own_discounts, shared_discount, left)
    worth = [value - discount for value, discount in zip(values, discounts, strict=True)]
    taxes = _with_shares(own_taxes, shared_tax, worth)
    parts = zip(order.lines, values, own_discounts, discounts, taxes, strict=True)
    lines = tuple(_line(line, order, *sums) for line, *sums in parts)
    shipping = _minor(order.shipping, order)
    return ImportedSums(
        lines=lines,
        subtotal_minor=sum(values),
        shared_discount_minor=shared_discount,
        discount_minor=sum(discounts),
        shipping_minor=shipping,
        shared_tax_minor=shared_tax,
        tax_minor=sum(taxes),
        total_minor=sum(values) - sum(discounts) + shipping + sum(taxes),
        payments_minor=tuple(_minor(payment.amount, order) for payment in order.payments),
    )


def _line(
    line: ImportedLine, order: ImportedOrder, value: int, own_discount: int, discount: int, tax: int
) -> ImportedLineSums:
    return ImportedLineSums(_minor(line.unit_price, order), own_discount, discount, tax, value - discount + tax)


def _minor(amount: Decimal | None, order: ImportedOrder) -> int:
    return 0 if amount is None else Money.of(amount, order.currency).amount_minor


def _rest(whole: Decimal | None, parts: list[int], order: ImportedOrder) -> int:
    return 0 if whole is None else _minor(whole, order) - sum(parts)


def _with_shares(own: list[int], rest: int, weights: list[int]) -> list[int]:
    return [part + more for part, more in zip(own, share(rest, weights), strict=True)]
