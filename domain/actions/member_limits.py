"""What a member may have at once of a business unit: unpaid orders, and units of one SKU over a period.

Both are counted inside the transaction that writes, under a lock on the member: of two orders at once the second counts the first.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from domain.actions.pricing_terms import PricedWish
from domain.orders.views import OrderLineView, OrderView
from domain.policies import UnitPolicy
from domain.ports.unit_of_work import UnitOfWork
from domain.values.refusals import LimitExceeded

Units = Mapping[str, int]
"""By SKU."""


async def member_limit(uow: UnitOfWork, offer: PricedWish, now: datetime) -> LimitExceeded | None:
    """Why the member may not have one more order like this."""
    unit, units = offer.terms.unit, dict[str, int]()
    for line in offer.lines:
        units[line.product.sku] = units.get(line.product.sku, 0) + line.quantity
    return await _too_many_unpaid(uow, offer) or await _too_many_units(uow, unit, offer.buyer.member_id, units, now)


async def modified_limit(
    uow: UnitOfWork, unit: UnitPolicy, head: OrderView, lines: tuple[OrderLineView, ...], had: Units, now: datetime
) -> LimitExceeded | None:
    """The same of an order that is to have these lines, where it has more units of a SKU than it had."""
    units: dict[str, int] = {}
    for line in lines:
        units[line.sku] = units.get(line.sku, 0) + line.quantity
    more = {sku: count for sku, count in units.items() if count > had.get(sku, 0)}
    return await _too_many_units(uow, unit, head.member_id, more, now, besides=head.id)


async def _too_many_unpaid(uow: UnitOfWork, offer: PricedWish) -> LimitExceeded | None:
    limit = offer.terms.unit.limits.unpaid_orders_per_member
    if await uow.unpaid_orders_of(offer.terms.unit.code, offer.buyer.member_id) < limit:
        return None
    message = f"A member has at most {limit} orders that are not paid."
    return LimitExceeded(code="TOO_MANY_UNPAID_ORDERS", message=message, path=("memberId",), limit=limit)


async def _too_many_units(
    uow: UnitOfWork, unit: UnitPolicy, member_id: str, units: Units, now: datetime, *, besides: str | None = None
) -> LimitExceeded | None:
    limits = unit.limits
    if limits.units_per_member is None or not units:
        return None
    since = now - timedelta(seconds=limits.member_period_s)
    has_imported = limits.counts_imported
    had = await uow.units_of_member(
        unit.code, member_id, sorted(units), since, has_imported=has_imported, besides=besides
    )
    for sku, count in units.items():
        if had.get(sku, 0) + count > limits.units_per_member:
            message = f"A member has at most {limits.units_per_member} units of {sku} in the time that counts."
            return LimitExceeded(
                code="TOO_MANY_UNITS_OF_MEMBER", message=message, path=("lines",), limit=limits.units_per_member
            )
    return None
