"""What a list field was asked for, read and checked, but not loaded: the parent of a connection, and its loader's key.

A connection loads its page when its nodes, edges or page info are selected, its count and facets when those are: so what is not
selected costs nothing.
"""

from dataclasses import dataclass, fields
from typing import Any, Self, cast

from domain.access.viewer import OrderScope
from domain.ports.members import MemberFilter
from domain.ports.order_views import AfterSaleFilter, FulfillmentFilter, OrderQuery
from domain.ports.products import ProductFilter
from domain.values.paging import PageRequest
from resolvers.cursors import CursorKind


class _Listing:
    """Equal where all is equal. Its hash is reckoned once: it is a key, and as large as a filter."""

    __slots__ = ("_hash",)
    _hash: int

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            values = tuple(getattr(self, field.name) for field in fields(cast("Any", self)))
            object.__setattr__(self, "_hash", hash(values))
            return self._hash

    @property
    def itself(self) -> Self:
        """The key under which its page is loaded."""
        return self


@dataclass(frozen=True, slots=True)
class OrderNumber:
    """An order by its number, or by its external number on a channel."""

    number: str
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class OrderSet:
    """Orders that can be counted; of one member, or of all."""

    query: OrderQuery
    member_id: str | None = None


@dataclass(frozen=True, slots=True)
class OrderListing(_Listing):
    __hash__ = _Listing.__hash__

    query: OrderQuery
    page: PageRequest
    member_id: str | None = None

    @property
    def counted(self) -> OrderSet:
        return OrderSet(self.query, self.member_id)

    @property
    def cursor_kind(self) -> CursorKind:
        return CursorKind(self.query.sort)


@dataclass(frozen=True, slots=True)
class ProductListing(_Listing):
    __hash__ = _Listing.__hash__

    filter: ProductFilter
    page: PageRequest

    @property
    def counted(self) -> ProductFilter:
        return self.filter

    @property
    def cursor_kind(self) -> CursorKind:
        return CursorKind.PRODUCT


@dataclass(frozen=True, slots=True)
class MemberListing(_Listing):
    __hash__ = _Listing.__hash__

    filter: MemberFilter
    page: PageRequest

    @property
    def counted(self) -> MemberFilter:
        return self.filter

    @property
    def cursor_kind(self) -> CursorKind:
        return CursorKind.MEMBER


@dataclass(frozen=True, slots=True)
class FulfillmentSet:
    scope: OrderScope
    filter: FulfillmentFilter


@dataclass(frozen=True, slots=True)
class FulfillmentListing(_Listing):
    __hash__ = _Listing.__hash__

    scope: OrderScope
    filter: FulfillmentFilter
    page: PageRequest

    @property
    def counted(self) -> FulfillmentSet:
        return FulfillmentSet(self.scope, self.filter)

    @property
    def cursor_kind(self) -> CursorKind:
        return CursorKind.FULFILLMENT


@dataclass(frozen=True, slots=True)
class AfterSaleSet:
    scope: OrderScope
    filter: AfterSaleFilter


@dataclass(frozen=True, slots=True)
class AfterSaleListing(_Listing):
    __hash__ = _Listing.__hash__

    scope: OrderScope
    filter: AfterSaleFilter
    page: PageRequest

    @property
    def counted(self) -> AfterSaleSet:
        return AfterSaleSet(self.scope, self.filter)

    @property
    def cursor_kind(self) -> CursorKind:
        return CursorKind.AFTER_SALE


@dataclass(frozen=True, slots=True)
class ExportListing(_Listing):
    """Of one owner, as long as the same orders exist for it."""

    __hash__ = _Listing.__hash__

    owner: str
    scope: OrderScope
    page: PageRequest

    @property
    def cursor_kind(self) -> CursorKind:
        return CursorKind.EXPORT


@dataclass(frozen=True, slots=True)
class HistoryListing(_Listing):
    """The steps of an order; with a subject, those of that part alone."""

    __hash__ = _Listing.__hash__

    order_id: str
    page: PageRequest
    subject_id: str | None = None

    @property
    def after_sequence(self) -> int:
        sequence = self.page.after[0] if self.page.after else 0
        return sequence if isinstance(sequence, int) else 0

    @property
    def cursor_kind(self) -> CursorKind:
        return CursorKind.TRANSITION
