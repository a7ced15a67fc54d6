"""Rows that no order has made: the pieces of time without orders, and the whole of no orders."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from domain.analytics.calendar import buckets_of
from domain.analytics.catalogue import MEASURES
from domain.analytics.figures import Values, exact_of, nothing
from domain.analytics.plan import OrderKey, Plan
from domain.analytics.planning import MAX_CELLS
from domain.values.enums import Dimension
from domain.values.faults import BadRequest
from domain.values.money import minor_digits

Key = tuple[Any, ...]
Groups = dict[Key, Values]


def is_one_row(plan: Plan) -> bool:
    """Whether nothing but CURRENCY, that was not asked for, makes rows of the whole: then no orders are a row, too."""
    return plan.is_currency_joined and plan.rows.key_count == 1


def nothing_found(plan: Plan, currency: str | None) -> Groups:
    """The row of no orders, where it meets the conditions and is not passed over."""
    none = nothing(plan.rows.parts)
    is_shown = plan.request.offset == 0 and all(
        exact_of(MEASURES[one.measure], plan.rows.parts)(none) is not None and (one.gte or 0) <= 0 <= (one.lte or 0)
        for one in plan.request.having
    )
    return {(currency,): none} if is_shown else {}


def filled(plan: Plan, groups: Mapping[Key, Values], currency: str | None) -> tuple[Groups, bool]:
    """Every combination of dimensions that occurs, in every bucket; sorted and cut as was asked. `currency`: of no orders."""
    request, clock = plan.request, plan.rows.clock
    if plan.fill is None or clock is None or clock.grain is None:
        raise AssertionError("gaps are filled of a grain and a span only")
    kinds = list(dict.fromkeys(key[1:] for key in groups))
    if not kinds and not request.dimensions:
        kinds = [(currency,)] if plan.is_currency_joined else [()]
    buckets = list(buckets_of(plan.fill, clock.grain, ZoneInfo(clock.zone)))
    check_cells(len(buckets) * len(kinds))
    none = nothing(plan.rows.parts)
    cells = {(bucket, *kind): groups.get((bucket, *kind), none) for bucket, kind in product(buckets, kinds)}
    ordered = _sorted(plan, cells)
    shown = ordered[request.offset : request.offset + request.limit]
    return {key: cells[key] for key in shown}, len(ordered) > request.offset + request.limit


def check_cells(count: int) -> None:
    if count > MAX_CELLS:
        message = f"These are {count} groups or more; at most {MAX_CELLS} can be filled or compared: ask for less."
        raise BadRequest(message, "TOO_MANY_CELLS")


def _sorted(plan: Plan, cells: Groups) -> list[Key]:
    """As an engine sorts: by the keys that were asked for, then by all columns; what is unknown last."""
    keys = list(cells)
    for position in reversed(range(plan.rows.key_count)):
        keys.sort(key=lambda key: _sortable(key[position]))
    for order in reversed(plan.request.order_by):
        value_of = _ordering(plan, order)
        values = {key: value_of(key, cells[key]) for key in keys}
        known = [key for key in keys if values[key] is not None]
        known.sort(key=values.__getitem__, reverse=order.is_descending)
        keys = known + [key for key in keys if values[key] is None]
    return keys


def _ordering(plan: Plan, order: OrderKey) -> Callable[[Key, Values], Any]:
    """Money in major units, so that amounts of different currencies are in one order."""
    if order.measure is None:
        at = 0 if order.dimension is None else plan.rows.has_time + plan.rows.dimensions.index(order.dimension)
        return lambda key, _values: key[at].encode() if isinstance(key[at], str) else key[at]
    entry = MEASURES[order.measure]
    exact = exact_of(entry, plan.rows.parts)
    if not entry.is_money or Dimension.CURRENCY not in plan.rows.dimensions:
        return lambda _key, values: exact(values)
    currency_at = plan.rows.has_time + plan.rows.dimensions.index(Dimension.CURRENCY)

    def major(key: Key, values: Values) -> Any:
        value, currency = exact(values), key[currency_at]
        return value if value is None or currency is None else value / 10 ** minor_digits(currency)

    return major


def _sortable(value: Any) -> tuple[bool, Any]:
    """Texts as bytes, as the data base has them; nothing last."""
    return value is None, value.encode() if isinstance(value, str) else value or 0
