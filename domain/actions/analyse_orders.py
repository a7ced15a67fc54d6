"""orderAnalytics: who may ask, the plan, its cuts at one moment, and the table made of them."""

from typing import Final

from domain.access.viewer import Viewer
from domain.analytics.plan import AnalyticsRequest, Plan
from domain.analytics.planning import planned
from domain.analytics.table import AnalyticsTable, Found, lacks_currencies, tabulated
from domain.ports.analytics import AnalyticsMoment, OrdersAsked
from domain.ports.bundle import Ports
from domain.ports.filter_facts import facts_of
from domain.ports.order_views import OrderFilter
from domain.values.enums import Role
from domain.values.faults import BadRequest

ANALYSTS: Final = frozenset((Role.ANALYST, Role.ADMIN, Role.MERCHANT, Role.FINANCE, Role.PARTNER, Role.BUYER))
"""Each within its scope: a partner its channels' orders, a buyer its own."""


async def analyse_orders(
    ports: Ports, viewer: Viewer, request: AnalyticsRequest, order_filter: OrderFilter
) -> AnalyticsTable:
    """Raises BadRequest for what cannot be answered, and for whom nothing is reckoned up."""
    if not viewer.roles & ANALYSTS:
        raise BadRequest("Your roles do not allow reading analytics.", "FORBIDDEN")
    asked = OrdersAsked(viewer.scope, order_filter)
    plan = planned(request, facts_of(asked))
    async with ports.analytics.moment(asked) as moment:
        found = await _found(plan, moment)
    return tabulated(plan, found)


async def _found(plan: Plan, moment: AnalyticsMoment) -> Found:
    rows = await moment.rows(plan.rows)
    compared = plan.comparison
    return Found(
        as_of=moment.as_of,
        watermark=moment.watermark,
        rows=rows,
        totals=(await moment.rows(plan.totals))[0] if plan.totals else None,
        currencies=(await moment.rows(plan.currencies))[0]
        if plan.currencies and lacks_currencies(plan, rows)
        else None,
        compared=await moment.rows(compared.cut) if compared else (),
        compared_totals=(await moment.rows(compared.totals))[0] if compared and compared.totals else None,
    )
