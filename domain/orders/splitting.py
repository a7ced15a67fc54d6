"""How an order is split into what one sender sends from one place: by the unit's rules, or by hand. Pure.

Money follows the units. A line's discount and tax are shared over its parts by quantity; the order's shipping over its lines
by value, then over a line's parts by quantity; always by largest remainder, so every column of the parts sums to the
order's. Parts come in the order of the lines' positions, then of the warehouse codes, whatever order they were read in.

A part leaves from one place, whatever the rules say: units of different warehouses are never in one, nor are units that are
still to be found. Where they are was decided when they were reserved: from as few warehouses as possible.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from domain.orders.views import Json, OrderLineView, SplitReason
from domain.policies import SplitRules
from domain.values.enums import SplitDimension, StockPolicy
from domain.values.money import share

NOBODY: Final = "NONE"
"""The value of a reason where a part has none: no seller (the unit sells it itself), no warehouse, no kind."""
STANDARD: Final = SplitRules()


@dataclass(frozen=True, slots=True)
class PartLine:
    line_id: str
    sku: str
    options: Json
    quantity: int


@dataclass(frozen=True, slots=True)
class Part:
    """What one fulfillment will hold. `reasons`: what sets it apart from the other parts; none when it is the only one."""

    reasons: tuple[SplitReason, ...]
    warehouse: str | None
    seller_id: str | None
    seller_name: str | None
    lines: tuple[PartLine, ...]
    subtotal_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int
    is_short: bool = False
    """Its units are to come from stock, and were found in none."""


@dataclass(frozen=True, slots=True)
class Units:
    """Units of one line that travel together. `warehouse`: where they are; None: nowhere yet, or they are not stocked."""

    line: OrderLineView
    warehouse: str | None
    quantity: int

    @property
    def is_short(self) -> bool:
        return self.warehouse is None and self.line.stock_policy is not StockPolicy.NONE


@dataclass(frozen=True, slots=True)
class HandPart:
    """A part as a person wants it: units by line id, all from one warehouse."""

    warehouse: str | None
    quantities: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Share:
    """What some units of a line have of the order's money."""

    subtotal_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        return self.subtotal_minor - self.discount_minor + self.shipping_minor + self.tax_minor


_VALUES: Final[dict[SplitDimension, Callable[[Units, SplitRules], str | None]]] = {
    SplitDimension.SELLER: lambda units, _: units.line.seller_id,
    SplitDimension.SUPPLY_CHANNEL: lambda units, _: units.line.supply_channel,
    SplitDimension.WAREHOUSE: lambda units, _: units.warehouse,
    SplitDimension.SKU_KIND: lambda units, rules: rules.kind_of(units.line.category),
    SplitDimension.DELIVERY_MODE: lambda units, _: units.line.delivery_mode,
}


def split(
    lines: Sequence[OrderLineView],
    shipping_minor: int,
    rules: SplitRules = STANDARD,
    by: Collection[SplitDimension] | None = None,
) -> tuple[Part, ...]:
    """The parts of an order, from its lines and their allocations, by the rules' dimensions or by those of `by`."""
    dimensions = [each for each in _VALUES if each in _with_warehouse(rules.by if by is None else by)]

    def key(units: Units) -> Hashable:
        return units.is_short, *(_value(units, dimension, rules) for dimension in dimensions)

    found = [units for line in _in_order(lines) for units in allocated_units(line)]
    return _parted(lines, shipping_minor, [(key(units), units) for units in found], dimensions, rules)


def split_by_hand(
    lines: Sequence[OrderLineView], shipping_minor: int, parts: Sequence[HandPart], rules: SplitRules = STANDARD
) -> tuple[Part, ...]:
    """The parts as they are wanted; together they must have every unit of the lines once."""
    found = [
        (position, Units(line, part.warehouse, part.quantities[line.id]))
        for position, part in enumerate(parts)
        for line in _in_order(lines)
        if line.id in part.quantities
    ]
    return _parted(lines, shipping_minor, found, list(_VALUES), rules)


def shares(lines: Iterable[OrderLineView], shipping_minor: int, units: Sequence[tuple[str, int]]) -> list[Share]:
    """Of each `(line id, quantity)`, in their order. The units of a line that are named are all of its units."""
    wanted = [line for line in _in_order(lines) if line.quantity]
    goods = [line.unit_price_minor * line.quantity - line.discount_minor for line in wanted]
    of_line: dict[str, Iterator[Share]] = {}
    for line, line_shipping_minor in zip(wanted, share(shipping_minor, goods), strict=True):
        quantities = [quantity for line_id, quantity in units if line_id == line.id]
        of_line[line.id] = _line_shares(line, line_shipping_minor, quantities)
    return [next(of_line[line_id]) for line_id, _ in units]


def allocated_units(line: OrderLineView) -> Iterator[Units]:
    """Where its units are. The rest of them is nowhere."""
    quantities: dict[str, int] = {}
    for allocation in sorted(line.allocations, key=lambda allocation: allocation.warehouse):
        quantities[allocation.warehouse] = quantities.get(allocation.warehouse, 0) + allocation.quantity
    rest = line.quantity - sum(quantities.values())
    if rest < 0:
        raise ValueError(f"Line {line.id} has more units allocated than ordered: {-rest} too many.")
    yield from (Units(line, warehouse, quantity) for warehouse, quantity in quantities.items())
    if rest:
        yield Units(line, None, rest)


def _with_warehouse(by: Collection[SplitDimension]) -> frozenset[SplitDimension]:
    return frozenset(by) | {SplitDimension.WAREHOUSE}


def _in_order(lines: Iterable[OrderLineView]) -> list[OrderLineView]:
    return sorted(lines, key=lambda line: line.position)


def _line_shares(line: OrderLineView, shipping_minor: int, quantities: Sequence[int]) -> Iterator[Share]:
    columns = (share(minor, quantities) for minor in (line.discount_minor, shipping_minor, line.tax_minor))
    for quantity, discount, shipping, tax in zip(quantities, *columns, strict=True):
        yield Share(line.unit_price_minor * quantity, discount, shipping, tax)


def _value(units: Units, dimension: SplitDimension, rules: SplitRules) -> str:
    return _VALUES[dimension](units, rules) or NOBODY


def _parted(
    lines: Sequence[OrderLineView],
    shipping_minor: int,
    found: Sequence[tuple[Hashable, Units]],
    dimensions: Sequence[SplitDimension],
    rules: SplitRules,
) -> tuple[Part, ...]:
    """A part for each key."""
    money = shares(lines, shipping_minor, [(units.line.id, units.quantity) for _, units in found])
    groups: dict[Hashable, list[tuple[Units, Share]]] = {}
    for (key, units), its_share in zip(found, money, strict=True):
        groups.setdefault(key, []).append((units, its_share))
    values = {
        key: {dimension: {_value(units, dimension, rules) for units, _ in group} for dimension in dimensions}
        for key, group in groups.items()
    }
    telling = [by for by in dimensions if len({frozenset(of[by]) for of in values.values()}) > 1]
    return tuple(_part(group, _reasons(values[key], telling)) for key, group in groups.items())


def _reasons(values: Mapping[SplitDimension, set[str]], telling: Sequence[SplitDimension]) -> tuple[SplitReason, ...]:
    """What its units have in common, where the parts differ in it."""
    return tuple(SplitReason(by, value) for by in telling if len(values[by]) == 1 for value in values[by])


def _part(group: Sequence[tuple[Units, Share]], reasons: tuple[SplitReason, ...]) -> Part:
    first, money = group[0][0], [its_share for _, its_share in group]
    sellers = {(units.line.seller_id, units.line.seller_name) for units, _ in group}
    seller_id, seller_name = sellers.pop() if len(sellers) == 1 else (None, None)
    return Part(
        reasons=reasons,
        warehouse=first.warehouse,
        seller_id=seller_id,
        seller_name=seller_name,
        lines=tuple(PartLine(units.line.id, units.line.sku, units.line.options, units.quantity) for units, _ in group),
        subtotal_minor=sum(its.subtotal_minor for its in money),
        discount_minor=sum(its.discount_minor for its in money),
        shipping_minor=sum(its.shipping_minor for its in money),
        tax_minor=sum(its.tax_minor for its in money),
        total_minor=sum(its.total_minor for its in money),
        is_short=any(units.is_short for units, _ in group),
    )
