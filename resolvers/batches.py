"""What can be loaded: by which name, from which service, and how all keys of a level are asked for at once.

A batch takes n distinct keys and gives n values in their order: a read model, a tuple of them, None for an unknown key, or an
exception where one key alone failed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from domain.access.viewer import Viewer
from domain.actions.start_export import owner_of
from domain.orders.views import (
    AfterSaleLineView,
    AfterSaleView,
    CheckpointView,
    DiscountView,
    FulfillmentLineView,
    FulfillmentView,
    InstallmentView,
    OrderLineView,
    OrderView,
    PaymentView,
    RefundView,
    ShipmentView,
    TimerView,
    VoucherView,
)
from domain.ports.bundle import Ports
from domain.ports.members import MemberView
from domain.ports.order_views import Columns, OrderQuery
from domain.values.paging import PageRequest, Slice
from resolvers.listings import (
    AfterSaleListing,
    AfterSaleSet,
    ExportListing,
    FulfillmentListing,
    FulfillmentSet,
    HistoryListing,
    MemberListing,
    OrderListing,
    OrderNumber,
    OrderSet,
    ProductListing,
)

K = TypeVar("K")
V = TypeVar("V")
Run = Callable[[Ports, Viewer, list[Any], Columns], Awaitable[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Primes:
    """Rows that a batch brings along, and the loader that then need not ask for them by id."""

    loader: str
    rows: Callable[[Any], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Batch:
    service: str
    run: Run
    primes: Primes | None = None
    rows: type[Any] | None = None
    """The read model whose columns can be chosen; the others are always read whole."""
    parent: str | None = None
    """The column of child rows that holds their parents' ids: all child rows of a level are read at once."""


def _by_id(view: type[Any]) -> Batch:
    """Rows by their own ids, in the viewer's scope."""

    def run(ports: Ports, viewer: Viewer, ids: list[str], columns: Columns) -> Awaitable[Sequence[Any]]:
        return ports.order_views.by_ids(viewer.scope, view, ids, columns=columns)

    return Batch("order", run, rows=view)


def _of(parent: str, view: type[Any], by_id: str | None = None) -> Batch:
    """Child rows by the id of a parent that was read in scope; `by_id` is the loader of the same rows by their own ids."""

    def run(ports: Ports, _viewer: Viewer, ids: list[str], columns: Columns) -> Awaitable[Sequence[Any]]:
        return ports.order_views.of_parents(view, parent, ids, columns=columns)

    return Batch("order", run, None if by_id is None else Primes(by_id, tuple), view, parent)


def _whole(
    service: str, run: Callable[[Ports, Viewer, list[Any]], Awaitable[Sequence[Any]]], primes: Primes | None = None
) -> Batch:
    """What is always read as a whole."""
    return Batch(service, lambda ports, viewer, keys, _columns: run(ports, viewer, keys), primes)


async def _members(ports: Ports, viewer: Viewer, member_ids: list[str]) -> Sequence[MemberView | None]:
    """Those the viewer may not see are unknown, and not asked for."""
    seen = [member_id for member_id in member_ids if viewer.may_see_member(member_id)]
    found = dict(zip(seen, await ports.members.by_ids(seen), strict=True)) if seen else {}
    return [found.get(member_id) for member_id in member_ids]


async def _each(calls: Iterable[Awaitable[Any]]) -> list[Any]:
    """All at once; what one of them raises is its value. One alone, as nearly always, needs no task of its own."""
    first, *others = calls
    if others:
        return await asyncio.gather(first, *others, return_exceptions=True)
    try:
        return [await first]
    except Exception as error:  # noqa: BLE001  whatever it is, whoever asked for it is told
        return [error]


def _found(ports: Ports, viewer: Viewer, keys: list[OrderNumber]) -> Awaitable[list[Any]]:
    def find(key: OrderNumber) -> Awaitable[OrderView | None]:
        views, scope = ports.order_views, viewer.scope
        if key.channel is None:
            return views.by_number(scope, key.number)
        return views.by_external_number(scope, key.channel, key.number)

    return _each(find(key) for key in keys)


async def _order_pages(ports: Ports, _viewer: Viewer, keys: list[OrderListing], columns: Columns) -> list[Any]:
    def page(asked: tuple[OrderQuery, PageRequest]) -> Awaitable[Slice[OrderView]]:
        return ports.order_views.page(*asked)

    def pages(asked: tuple[OrderQuery, PageRequest], member_ids: list[str]) -> Awaitable[list[Slice[OrderView]]]:
        return ports.order_views.page_by_member(*asked, member_ids)

    return await _by_member(keys, lambda key: (replace(key.query, columns=columns), key.page), page, pages)


async def _order_counts(ports: Ports, _viewer: Viewer, keys: list[OrderSet]) -> list[Any]:
    views = ports.order_views
    return await _by_member(keys, _query_of, views.count, views.count_by_member)


async def _order_facets(ports: Ports, _viewer: Viewer, keys: list[OrderSet]) -> list[Any]:
    views = ports.order_views
    return await _by_member(keys, _query_of, views.facets, views.facets_by_member)


def _query_of(key: OrderSet) -> OrderQuery:
    return key.query


async def _by_member(
    keys: Sequence[OrderListing | OrderSet],
    asked_of: Callable[[Any], K],
    of_all: Callable[[K], Awaitable[V]],
    of_members: Callable[[K, list[str]], Awaitable[list[V]]],
) -> list[Any]:
    """One call for each thing that is asked of everybody's orders; one for each that is asked of some members'."""
    groups: dict[tuple[K, bool], list[str]] = {}
    for key in keys:
        members = groups.setdefault((asked_of(key), key.member_id is None), [])
        members += [] if key.member_id is None else [key.member_id]
    answers = await _each(
        of_all(asked) if is_of_all else of_members(asked, groups[asked, is_of_all]) for asked, is_of_all in groups
    )
    values: dict[tuple[K, str | None], Any] = {}
    for ((asked, is_of_all), members), answer in zip(groups.items(), answers, strict=True):
        found = [answer] if is_of_all else [answer] * len(members) if isinstance(answer, Exception) else answer
        keyed = [(asked, None)] if is_of_all else [(asked, member_id) for member_id in members]
        values |= zip(keyed, found, strict=True)
    return [values[asked_of(key), key.member_id] for key in keys]


async def _histories(ports: Ports, _viewer: Viewer, keys: list[HistoryListing]) -> list[Any]:
    """One call for each page that is asked for, of all orders that it is asked of; those of their parts apart."""
    views = ports.order_views
    groups: dict[tuple[bool, int, int], list[HistoryListing]] = {}
    for key in keys:
        groups.setdefault((key.subject_id is None, key.page.limit, key.after_sequence), []).append(key)

    def pages(of_whole: bool, first: int, after: int, asked: list[HistoryListing]) -> Awaitable[Sequence[Any]]:
        if of_whole:
            return views.history([key.order_id for key in asked], first, after)
        return views.subject_history([(key.order_id, key.subject_id or "") for key in asked], first, after)

    answers = await _each(pages(*page, asked) for page, asked in groups.items())
    values: dict[HistoryListing, Any] = {}
    for asked, answer in zip(groups.values(), answers, strict=True):
        found = [answer] * len(asked) if isinstance(answer, Exception) else answer
        values |= zip(asked, found, strict=True)
    return [values[key] for key in keys]


def _after_sale_pages(
    ports: Ports, _viewer: Viewer, keys: list[AfterSaleListing], columns: Columns
) -> Awaitable[list[Any]]:
    views = ports.order_views
    return _each(views.after_sales(key.scope, key.filter, key.page, columns=columns) for key in keys)


def _after_sale_counts(ports: Ports, _viewer: Viewer, keys: list[AfterSaleSet]) -> Awaitable[list[Any]]:
    return _each(ports.order_views.count_after_sales(key.scope, key.filter) for key in keys)


def _fulfillment_pages(
    ports: Ports, _viewer: Viewer, keys: list[FulfillmentListing], columns: Columns
) -> Awaitable[list[Any]]:
    views = ports.order_views
    return _each(views.fulfillments(key.scope, key.filter, key.page, columns=columns) for key in keys)


def _fulfillment_counts(ports: Ports, _viewer: Viewer, keys: list[FulfillmentSet]) -> Awaitable[list[Any]]:
    return _each(ports.order_views.count_fulfillments(key.scope, key.filter) for key in keys)


def _product_pages(ports: Ports, _viewer: Viewer, keys: list[ProductListing]) -> Awaitable[list[Any]]:
    return _each(ports.products.search(key.filter, key.page) for key in keys)


def _member_pages(ports: Ports, _viewer: Viewer, keys: list[MemberListing]) -> Awaitable[list[Any]]:
    return _each(ports.members.search(key.filter, key.page) for key in keys)


def _exports(ports: Ports, viewer: Viewer, ids: list[str]) -> Awaitable[Sequence[Any]]:
    return ports.exports.by_ids(owner_of(viewer), viewer.scope, ids)


def _export_pages(ports: Ports, _viewer: Viewer, keys: list[ExportListing]) -> Awaitable[list[Any]]:
    return _each(ports.exports.page(key.owner, key.scope, key.page) for key in keys)


def _items(page: Slice[Any]) -> Iterable[Any]:
    return page.items


def _itself(row: Any) -> Iterable[Any]:
    return () if row is None else (row,)


BATCHES: Final[dict[str, Batch]] = {
    "products": _whole("product", lambda ports, _, skus: ports.products.by_skus(skus)),
    "product_pages": _whole("product", _product_pages),
    "product_counts": _whole("product", lambda ports, _, filters: _each(map(ports.products.count, filters))),
    "content": _whole("content", lambda ports, _, skus: ports.content.by_skus(skus)),
    "stock": _whole("inventory", lambda ports, _, skus: ports.inventory.stock(skus)),
    "warehouses": _whole("inventory", lambda ports, _, codes: ports.inventory.warehouses(codes)),
    "members": _whole("member", _members),
    "member_pages": _whole("member", _member_pages),
    "member_counts": _whole("member", lambda ports, _, filters: _each(map(ports.members.count, filters))),
    "orders": _by_id(OrderView),
    "orders_by_number": _whole("order", _found, Primes("orders", _itself)),
    "order_pages": Batch("order", _order_pages, Primes("orders", _items), OrderView),
    "order_counts": _whole("order", _order_counts),
    "order_facets": _whole("order", _order_facets),
    "histories": _whole("order", _histories),
    "lines": _by_id(OrderLineView),
    "payments": _by_id(PaymentView),
    "refunds": _by_id(RefundView),
    "fulfillments": _by_id(FulfillmentView),
    "fulfillment_pages": Batch("order", _fulfillment_pages, Primes("fulfillments", _items), FulfillmentView),
    "fulfillment_counts": _whole("order", _fulfillment_counts),
    "shipments": _by_id(ShipmentView),
    "after_sales": _by_id(AfterSaleView),
    "after_sale_pages": Batch("order", _after_sale_pages, Primes("after_sales", _items), AfterSaleView),
    "after_sale_counts": _whole("order", _after_sale_counts),
    "order_after_sales": _of("order_id", AfterSaleView, "after_sales"),
    "after_sale_lines": _of("after_sale_id", AfterSaleLineView),
    "after_sale_refunds": _of("after_sale_id", RefundView, "refunds"),
    "vouchers": _by_id(VoucherView),
    "groups": _whole("order", lambda ports, viewer, ids: ports.order_views.groups(viewer.scope, ids)),
    "exports": _whole("export", _exports),
    "export_pages": _whole("export", _export_pages, Primes("exports", _items)),
    "order_lines": _of("order_id", OrderLineView, "lines"),
    "order_discounts": _of("order_id", DiscountView),
    "order_installments": _of("order_id", InstallmentView),
    "order_payments": _of("order_id", PaymentView, "payments"),
    "order_fulfillments": _of("order_id", FulfillmentView, "fulfillments"),
    "order_timers": _of("order_id", TimerView),
    "payment_refunds": _of("payment_id", RefundView, "refunds"),
    "fulfillment_lines": _of("fulfillment_id", FulfillmentLineView),
    "fulfillment_shipments": _of("fulfillment_id", ShipmentView, "shipments"),
    "line_vouchers": _of("line_id", VoucherView, "vouchers"),
    "shipment_checkpoints": _of("shipment_id", CheckpointView),
}
"""By the name that fields use (`resolvers/loaded.py`)."""

ROWS: Final[dict[str, type[Any]]] = {name: batch.rows for name, batch in BATCHES.items() if batch.rows is not None}
"""The read model of each loader whose columns can be chosen. What it is primed by, or primes, is of the same kind."""
