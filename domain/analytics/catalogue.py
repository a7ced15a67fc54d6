"""Every measure and dimension: what it is, what it is made of, and at what level of an order it lives.

The figures add up: GROSS − DISCOUNTS = NET, and NET + SHIPPING + TAX is the order's total. PAID is an order's `paidTotal`, what was
captured less what went back; PAID + REFUNDED is what was captured. All orders count, cancelled ones too: STATUS tells them apart.

A measure is made of *parts*, which are sums or counts of distinct things; nothing else is asked of an engine. What is not
additive is a quotient of such sums, or a count of distinct things, and so is reckoned anew for every total.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from domain.values.enums import Dimension, Measure


class Part(StrEnum):
    """What is summed or counted; amounts in minor units."""

    ORDERS = "orders"
    CANCELLED_ORDERS = "cancelled_orders"
    MEMBERS = "members"
    UNITS = "units"
    GROSS = "gross"
    DISCOUNTS = "discounts"
    SHIPPING = "shipping"
    TAX = "tax"
    CAPTURED = "captured"
    REFUNDED = "refunded"


class Level(IntEnum):
    """The rows that a figure is summed over: orders, their lines, or the pieces of lines that leave from one warehouse."""

    ORDER = 0
    LINE = 1
    PIECE = 2


class Unit(StrEnum):
    """What a figure counts; a money's column bears the currency itself where there is one."""

    ORDERS = "orders"
    UNITS = "units"
    MEMBERS = "members"
    CURRENCY = "currency"
    RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Formula:
    """`Σ plus − Σ minus`, divided by another such sum where one is given; nothing divided by nothing is unknown."""

    plus: tuple[Part, ...]
    minus: tuple[Part, ...] = ()
    divisor: tuple[Part, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        return (*self.plus, *self.minus, *self.divisor)


@dataclass(frozen=True, slots=True)
class MeasureEntry:
    formula: Formula
    unit: Unit
    description: str
    additive: bool = True

    @property
    def is_money(self) -> bool:
        return self.unit is Unit.CURRENCY

    @property
    def needs_currency(self) -> bool:
        """Whether amounts are in it: sums of different currencies are none, nor is a rate of them."""
        return bool(MONEY_PARTS.intersection(self.formula.parts))

    @property
    def type(self) -> str:
        return "Decimal" if self.unit in {Unit.CURRENCY, Unit.RATIO} else "BigInt"


@dataclass(frozen=True, slots=True)
class DimensionEntry:
    level: Level
    description: str
    type: str = "String"


MONEY_PARTS: Final = frozenset(
    (Part.GROSS, Part.DISCOUNTS, Part.SHIPPING, Part.TAX, Part.CAPTURED, Part.REFUNDED),
)
DISTINCT_PARTS: Final = frozenset((Part.MEMBERS,))
"""Counts of distinct things even over orders; by lines, orders are counted so, too."""

MEASURES: Final[Mapping[Measure, MeasureEntry]] = {
    Measure.ORDERS: MeasureEntry(Formula((Part.ORDERS,)), Unit.ORDERS, "Orders, whatever their status."),
    Measure.UNITS: MeasureEntry(Formula((Part.UNITS,)), Unit.UNITS, "Units that were ordered."),
    Measure.GROSS: MeasureEntry(
        Formula((Part.GROSS,)), Unit.CURRENCY, "Units at their prices, before discounts, shipping and tax."
    ),
    Measure.DISCOUNTS: MeasureEntry(Formula((Part.DISCOUNTS,)), Unit.CURRENCY, "All discounts."),
    Measure.SHIPPING: MeasureEntry(Formula((Part.SHIPPING,)), Unit.CURRENCY, "What sending them costs the buyers."),
    Measure.TAX: MeasureEntry(Formula((Part.TAX,)), Unit.CURRENCY, "The tax on the goods."),
    Measure.NET: MeasureEntry(
        Formula((Part.GROSS,), (Part.DISCOUNTS,)),
        Unit.CURRENCY,
        "GROSS less DISCOUNTS; with SHIPPING and TAX it is the orders' total.",
    ),
    Measure.PAID: MeasureEntry(
        Formula((Part.CAPTURED,), (Part.REFUNDED,)), Unit.CURRENCY, "What was captured, less what went back."
    ),
    Measure.REFUNDED: MeasureEntry(Formula((Part.REFUNDED,)), Unit.CURRENCY, "What went back to the buyers."),
    Measure.AVERAGE_ORDER_VALUE: MeasureEntry(
        Formula((Part.GROSS,), (Part.DISCOUNTS,), (Part.ORDERS,)),
        Unit.CURRENCY,
        "NET by ORDERS, rounded half up to the currency's digits.",
        additive=False,
    ),
    Measure.MEMBERS: MeasureEntry(
        Formula((Part.MEMBERS,)), Unit.MEMBERS, "Different members who bought.", additive=False
    ),
    Measure.CANCELLED_ORDERS: MeasureEntry(
        Formula((Part.CANCELLED_ORDERS,)), Unit.ORDERS, "Orders whose status is CANCELLED."
    ),
    Measure.CANCEL_RATE: MeasureEntry(
        Formula((Part.CANCELLED_ORDERS,), (), (Part.ORDERS,)),
        Unit.RATIO,
        "CANCELLED_ORDERS by ORDERS, from 0 to 1, six digits.",
        additive=False,
    ),
    Measure.REFUND_RATE: MeasureEntry(
        Formula((Part.REFUNDED,), (), (Part.CAPTURED,)),
        Unit.RATIO,
        "REFUNDED by what was captured, from 0 to 1, six digits; null where nothing was.",
        additive=False,
    ),
}

DIMENSIONS: Final[Mapping[Dimension, DimensionEntry]] = {
    Dimension.SELLER: DimensionEntry(Level.LINE, "Who sells the line, by id; null: the business unit itself."),
    Dimension.BUSINESS_UNIT: DimensionEntry(Level.ORDER, "The business unit that sells, by code."),
    Dimension.CHANNEL: DimensionEntry(Level.ORDER, "The channel that it came through, by code."),
    Dimension.CHANNEL_KIND: DimensionEntry(Level.ORDER, "The kind of that channel."),
    Dimension.ORDER_TYPE: DimensionEntry(Level.ORDER, "The order's type."),
    Dimension.STATUS: DimensionEntry(Level.ORDER, "The order's status."),
    Dimension.PAYMENT_STATUS: DimensionEntry(Level.ORDER, "Its payment status."),
    Dimension.FULFILLMENT_STATUS: DimensionEntry(Level.ORDER, "Its fulfillment status."),
    Dimension.CURRENCY: DimensionEntry(Level.ORDER, "Its currency, by ISO 4217 code."),
    Dimension.COUNTRY: DimensionEntry(Level.ORDER, "The country it is sent to."),
    Dimension.REGION: DimensionEntry(Level.ORDER, "The region it is sent to."),
    Dimension.SKU: DimensionEntry(Level.LINE, "The line's SKU."),
    Dimension.CATEGORY: DimensionEntry(Level.LINE, "The line's category, as sold."),
    Dimension.MEMBER_LEVEL: DimensionEntry(Level.ORDER, "The member's level, as at placement."),
    Dimension.WAREHOUSE: DimensionEntry(
        Level.PIECE, "The warehouse that the line's units leave from, by code; null: not split off yet, or none."
    ),
}


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A measure or a dimension, as it is shown."""

    name: str
    type: str
    unit: str | None
    additive: bool
    description: str


@dataclass(frozen=True, slots=True)
class AnalyticsCatalogue:
    measures: tuple[CatalogEntry, ...]
    dimensions: tuple[CatalogEntry, ...]


CATALOGUE: Final = AnalyticsCatalogue(
    tuple(
        CatalogEntry(measure.value, entry.type, entry.unit.value, entry.additive, entry.description)
        for measure, entry in MEASURES.items()
    ),
    # Whether rows of different values can be summed: an order has lines of several SKUs, and is counted with each of them.
    tuple(
        CatalogEntry(dimension.value, entry.type, None, entry.level is Level.ORDER, entry.description)
        for dimension, entry in DIMENSIONS.items()
    ),
)


def parts_of(measures: Iterable[Measure]) -> tuple[Part, ...]:
    """Each part once, in the order of `Part`."""
    wanted = {part for measure in measures for part in MEASURES[measure].formula.parts}
    return tuple(part for part in Part if part in wanted)
