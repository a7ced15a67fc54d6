"""How an order is split into what one sender sends from one place: by seller, supply channel and warehouse. Pure.

Money follows the units. A line's discount and tax are shared over its parts by quantity; the order's shipping over its lines
by value, then over a line's parts by quantity; always by largest remainder, so every column of the parts sums to the
order's. Parts come in the order of the lines' positions, then of the warehouse codes, whatever order they were read in.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from domain.orders.views import Json, OrderLineView, SplitReason
from domain.values.enums import SplitDimension, StockPolicy, SupplyChannel
from domain.values.money import share

NOBODY: Final = "NONE"
"""The value of a reason where a part has no seller (the unit sells it itself) or no warehouse."""


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
class _Key:
    seller_id: str | None
    supply_channel: SupplyChannel
    warehouse: str | None
    is_short: bool

    def value(self, dimension: SplitDimension) -> str:
        return _VALUES[dimension](self) or NOBODY


@dataclass(frozen=True, slots=True)
class _Piece:
    """Units of one line that go into one part, with their share of the line's money."""

    line: OrderLineView
    warehouse: str | None
    quantity: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int

    @property
    def key(self) -> _Key:
        is_short = self.warehouse is None and self.line.stock_policy is not StockPolicy.NONE
        return _Key(self.line.seller_id, self.line.supply_channel, self.warehouse, is_short)


_VALUES: Final[dict[SplitDimension, Callable[[_Key], str | None]]] = {
    SplitDimension.SELLER: lambda key: key.seller_id,
    SplitDimension.SUPPLY_CHANNEL: lambda key: key.supply_channel,
    SplitDimension.WAREHOUSE: lambda key: key.warehouse,
}


def split(lines: Sequence[OrderLineView], shipping_minor: int) -> tuple[Part, ...]:
    """The parts of an order, from its lines and their allocations. Units without one go to no warehouse; those that should
    have one are apart from those that need none.
    """
    ordered = sorted(lines, key=lambda line: line.position)
    shipping = share(shipping_minor, [line.unit_price_minor * line.quantity - line.discount_minor for line in ordered])
    groups: dict[_Key, list[_Piece]] = {}
    for line, line_shipping_minor in zip(ordered, shipping, strict=True):
        for piece in _pieces(line, line_shipping_minor):
            groups.setdefault(piece.key, []).append(piece)
    dimensions = [by for by in _VALUES if len({key.value(by) for key in groups}) > 1]
    return tuple(_part(key, pieces, dimensions) for key, pieces in groups.items())


def _pieces(line: OrderLineView, shipping_minor: int) -> Iterator[_Piece]:
    quantities = _by_warehouse(line)
    weights = list(quantities.values())
    shares = zip(
        share(line.discount_minor, weights), share(shipping_minor, weights), share(line.tax_minor, weights), strict=True
    )
    for (warehouse, quantity), (discount, shipping, tax) in zip(quantities.items(), shares, strict=True):
        yield _Piece(line, warehouse, quantity, discount, shipping, tax)


def _by_warehouse(line: OrderLineView) -> dict[str | None, int]:
    quantities: dict[str | None, int] = {}
    for allocation in sorted(line.allocations, key=lambda allocation: allocation.warehouse):
        quantities[allocation.warehouse] = quantities.get(allocation.warehouse, 0) + allocation.quantity
    rest = line.quantity - sum(quantities.values())
    if rest < 0:
        raise ValueError(f"Line {line.id} has more units allocated than ordered: {-rest} too many.")
    return quantities | {None: rest} if rest else quantities


def _part(key: _Key, pieces: Sequence[_Piece], dimensions: Sequence[SplitDimension]) -> Part:
    subtotal_minor = sum(piece.line.unit_price_minor * piece.quantity for piece in pieces)
    discount_minor = sum(piece.discount_minor for piece in pieces)
    shipping_minor = sum(piece.shipping_minor for piece in pieces)
    tax_minor = sum(piece.tax_minor for piece in pieces)
    return Part(
        reasons=tuple(SplitReason(dimension, key.value(dimension)) for dimension in dimensions),
        warehouse=key.warehouse,
        seller_id=key.seller_id,
        seller_name=pieces[0].line.seller_name,
        lines=tuple(PartLine(piece.line.id, piece.line.sku, piece.line.options, piece.quantity) for piece in pieces),
        subtotal_minor=subtotal_minor,
        discount_minor=discount_minor,
        shipping_minor=shipping_minor,
        tax_minor=tax_minor,
        total_minor=subtotal_minor - discount_minor + shipping_minor + tax_minor,
        is_short=key.is_short,
    )
