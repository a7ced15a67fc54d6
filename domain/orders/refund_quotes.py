"""What giving units back brings: a quote, and what a refund is made of. No rules here, so that read models can hold it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UnitsWorth:
    """Units of one line, and their shares."""

    line_id: str
    quantity: int
    items_minor: int
    """The price less the discounts."""
    tax_minor: int
    shipping_minor: int
    currency: str

    @property
    def line_minor(self) -> int:
        """Of the line's total: without the shipping."""
        return self.items_minor + self.tax_minor

    @property
    def amount_minor(self) -> int:
        return self.line_minor + self.shipping_minor


@dataclass(frozen=True, slots=True)
class PaymentShare:
    """What of a refund goes back to one payment."""

    payment_id: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class UnitsRefund:
    """What is given back for units. `total_minor` is what really goes back: the worth of the units, less what of it was never
    paid, less the fees; it is the sum of `by_payment`.
    """

    order_id: str
    currency: str
    lines: tuple[UnitsWorth, ...]
    fees_minor: int
    total_minor: int
    maximum_minor: int
    """What could be given back at most, for whatever reason."""
    by_payment: tuple[PaymentShare, ...]

    @property
    def items_minor(self) -> int:
        return sum(line.items_minor for line in self.lines)

    @property
    def tax_minor(self) -> int:
        return sum(line.tax_minor for line in self.lines)

    @property
    def shipping_minor(self) -> int:
        return sum(line.shipping_minor for line in self.lines)

    @property
    def worth_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)
