"""Amounts that are made of others, asked for alone: of the columns then, those that they are made of are read."""

import math

import pytest

from resolvers.context import RequestContext
from tests.fixtures.executing import EXECUTORS, executed
from tests.fixtures.shop import ADMIN, TOTAL, Shop

pytestmark = pytest.mark.anyio

AMOUNT = "{ amountMinor }"


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (f"paidTotal {AMOUNT}", {"paidTotal": {"amountMinor": str(TOTAL)}}),
        (f"dueTotal {AMOUNT}", {"dueTotal": {"amountMinor": "0"}}),
        (
            f"lines {{ refundableTotal {AMOUNT} }}",
            {"lines": [{"refundableTotal": {"amountMinor": "4760"}}, {"refundableTotal": {"amountMinor": "1607"}}]},
        ),
    ],
)
async def test_an_amount_can_be_asked_for_alone(shop: Shop, executor: str, field: str, expected: object) -> None:
    await shop.paid()
    context = RequestContext.of(ADMIN, shop.ports, deadline=math.inf, request_id="req-1")
    query = f"{{ orders(first: 1) {{ nodes {{ {field} }} }} }}"
    result = await executed(query, context=context, executor=EXECUTORS[executor])
    assert result.errors is None
    assert result.data == {"orders": {"nodes": [expected]}}
