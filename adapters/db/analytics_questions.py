"""The statements of cuts for engines that have no cube: those of PostgreSQL, before they are compiled."""

from adapters.analytics_questions import Question
from adapters.db.analytics_facts import facts
from adapters.db.analytics_statements import aggregated, cut_values, shape_of
from adapters.db.order_requests import order_request
from domain.analytics.plan import Cut
from domain.ports.analytics import OrdersAsked
from domain.ports.order_views import OrderQuery


def question(asked: OrdersAsked, cut: Cut) -> Question:
    request, shape = order_request(OrderQuery(asked.scope, asked.filter)), shape_of(cut)
    return Question(
        (shape, request.shape),
        lambda: aggregated(shape, facts(shape, request.shape).subquery("facts")),
        request.values | cut_values(cut),
    )
