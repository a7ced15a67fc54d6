"""Reading orders: lists, details and what hangs on them, always within a scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from domain.access.viewer import OrderScope
from domain.orders.views import AfterSaleView, FulfillmentView, GroupView, OrderView, TransitionView
from domain.values.enums import (
    AfterSaleKind,
    AfterSaleState,
    AfterSaleStatus,
    ChannelKind,
    FulfillmentState,
    FulfillmentStatus,
    OrderSort,
    OrderStatus,
    OrderType,
    PaymentStatus,
)
from domain.values.paging import PageRequest, Slice

V = TypeVar("V")
Columns = frozenset[str] | None
"""The fields of a read model that are wanted; None: all. What keys and order need is read besides; the rest of the view stays
empty, and asking for it is an AttributeError.
"""


@dataclass(frozen=True, slots=True)
class DateTimeRange:
    gte: datetime | None = None
    gt: datetime | None = None
    lte: datetime | None = None
    lt: datetime | None = None


@dataclass(frozen=True, slots=True)
class MinorRange:
    """A range of amounts, in minor units of the filter's currency."""

    gte: int | None = None
    gt: int | None = None
    lte: int | None = None
    lt: int | None = None


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """All that is given must hold; None: not given; an empty tuple matches nothing."""

    id: tuple[str, ...] | None = None
    number: tuple[str, ...] | None = None
    status: tuple[OrderStatus, ...] | None = None
    payment_status: tuple[PaymentStatus, ...] | None = None
    fulfillment_status: tuple[FulfillmentStatus, ...] | None = None
    after_sale_status: tuple[AfterSaleStatus, ...] | None = None
    order_type: tuple[OrderType, ...] | None = None
    channel: tuple[str, ...] | None = None
    business_unit: tuple[str, ...] | None = None
    channel_kind: tuple[ChannelKind, ...] | None = None
    member_id: tuple[str, ...] | None = None
    member_level: tuple[str, ...] | None = None
    sku: tuple[str, ...] | None = None
    category: tuple[str, ...] | None = None
    seller_id: tuple[str, ...] | None = None
    warehouse: tuple[str, ...] | None = None
    country: tuple[str, ...] | None = None
    region: tuple[str, ...] | None = None
    coupon_code: tuple[str, ...] | None = None
    tracking_number: tuple[str, ...] | None = None
    external_number: tuple[str, ...] | None = None
    placed_at: DateTimeRange | None = None
    paid_at: DateTimeRange | None = None
    completed_at: DateTimeRange | None = None
    cancelled_at: DateTimeRange | None = None
    updated_at: DateTimeRange | None = None
    total: MinorRange | None = None
    """Only together with `currency`, at this or an outer level that `and`s it."""
    currency: str | None = None
    all_of: tuple["OrderFilter", ...] | None = None
    any_of: tuple["OrderFilter", ...] | None = None
    none_of: "OrderFilter | None" = None


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """A set of orders: `scope` is what exists for the viewer, the rest is what they asked for."""

    scope: OrderScope
    filter: OrderFilter = OrderFilter()
    search: str | None = None
    sort: OrderSort = OrderSort.PLACED_AT_DESC
    columns: Columns = None
    """Of the orders of a page; counts and facets are the same whatever is wanted."""


@dataclass(frozen=True, slots=True)
class PartsOf:
    """Child rows of one read model, by the parents' ids in the column `parent`."""

    view: type[Any]
    parent: str
    ids: tuple[str, ...]
    columns: Columns = None


@dataclass(frozen=True, slots=True)
class FacetCount:
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class OrderFacets:
    """Of the filtered set; each list by count, largest first, then by value."""

    status: tuple[FacetCount, ...]
    payment_status: tuple[FacetCount, ...]
    fulfillment_status: tuple[FacetCount, ...]
    channel: tuple[FacetCount, ...]
    business_unit: tuple[FacetCount, ...]


@dataclass(frozen=True, slots=True)
class FulfillmentFilter:
    status: tuple[FulfillmentState, ...] | None = None
    warehouse: tuple[str, ...] | None = None
    seller_id: tuple[str, ...] | None = None
    order_id: tuple[str, ...] | None = None
    promised_at: DateTimeRange | None = None


@dataclass(frozen=True, slots=True)
class AfterSaleFilter:
    status: tuple[AfterSaleState, ...] | None = None
    kind: tuple[AfterSaleKind, ...] | None = None
    order_id: tuple[str, ...] | None = None
    created_at: DateTimeRange | None = None


class OrderViews(Protocol):
    """Every method is one SQL statement, whatever the number of keys."""

    async def page(self, query: OrderQuery, page: PageRequest) -> Slice[OrderView]:
        """Position: `(placed_at | updated_at | total_minor, id)`, as the sort says."""
        ...

    async def page_by_member(
        self, query: OrderQuery, page: PageRequest, member_ids: Sequence[str]
    ) -> list[Slice[OrderView]]:
        """The same page of each member's orders: n members → n slices, same order."""
        ...

    async def count(self, query: OrderQuery) -> int: ...

    async def count_by_member(self, query: OrderQuery, member_ids: Sequence[str]) -> list[int]: ...

    async def facets(self, query: OrderQuery) -> OrderFacets: ...

    async def facets_by_member(self, query: OrderQuery, member_ids: Sequence[str]) -> list[OrderFacets]: ...

    async def by_number(self, scope: OrderScope, number: str) -> OrderView | None: ...

    async def by_external_number(self, scope: OrderScope, channel: str, number: str) -> OrderView | None: ...

    async def by_ids(
        self, scope: OrderScope, view: type[V], ids: Sequence[str], *, columns: Columns = None
    ) -> list[V | None]:
        """Rows of one read model by their own id (OrderView, OrderLineView, PaymentView, RefundView, FulfillmentView,
        ShipmentView, VoucherView): n ids → n results, same order; None: unknown, or outside of the scope.
        """
        ...

    async def of_parents(
        self, view: type[V], parent: str, ids: Sequence[str], *, columns: Columns = None
    ) -> list[tuple[V, ...]]:
        """Child rows by a parent's id column (`order_id`, `payment_id`, `fulfillment_id`, `shipment_id`), in their natural
        order: n ids → n tuples. The parents were read within a scope already.
        """
        ...

    async def parts(self, asked: Sequence[PartsOf]) -> list[list[tuple[Any, ...]]]:
        """`of_parents` of several read models at once: for each that was asked, what that would give."""
        ...

    async def history(self, order_ids: Sequence[str], first: int, after_sequence: int) -> list[Slice[TransitionView]]:
        """Of each order, the steps after a sequence number: n ids → n slices."""
        ...

    async def groups(self, scope: OrderScope, ids: Sequence[str]) -> list[GroupView | None]:
        """Of the scope's business units: whoever may join one may see it. n ids → n results, same order."""
        ...

    async def fulfillments(
        self, scope: OrderScope, query: FulfillmentFilter, page: PageRequest, *, columns: Columns = None
    ) -> Slice[FulfillmentView]:
        """Newest first; position `(created_at, id)`."""
        ...

    async def count_fulfillments(self, scope: OrderScope, query: FulfillmentFilter) -> int: ...

    async def after_sales(
        self, scope: OrderScope, query: AfterSaleFilter, page: PageRequest, *, columns: Columns = None
    ) -> Slice[AfterSaleView]:
        """Newest first; position `(created_at, id)`."""
        ...

    async def count_after_sales(self, scope: OrderScope, query: AfterSaleFilter) -> int: ...

    async def subject_history(
        self, subjects: Sequence[tuple[str, str]], first: int, after_sequence: int
    ) -> list[Slice[TransitionView]]:
        """Of each `(order_id, subject_id)`, that subject's own steps after a sequence number: n pairs → n slices."""
        ...
