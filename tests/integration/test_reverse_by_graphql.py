"""Money and goods that go back, as callers send and read them."""

import asyncio
from typing import Any, Final

import pytest

from domain.access.viewer import Viewer
from domain.orders.commands import PlaceOrderLine
from resolvers.context import RequestContext
from tests.fixtures.executing import executed
from tests.fixtures.reverse import line_ids, part_ids
from tests.fixtures.shop import ANNA, BOB, FINANCE, SUPPORT, WAREHOUSE, Shop, did

pytestmark = pytest.mark.anyio

ERROR: Final = "... on UserError { code path }"
QUOTE: Final = f"""query ($input: QuoteRefundInput!) {{ quoteRefund(input: $input) {{ __typename
  ... on RefundQuote {{ items {{ amount }} tax {{ amount }} shipping {{ amount }} fees {{ amount }} total {{ amount currency }}
      maximum {{ amount }} lines {{ lineId quantity amount {{ amount }} }} byPayment {{ paymentId amount {{ amount }} }} }}
  ... on InvalidInput {{ problems {{ path code }} }} {ERROR} }} }}"""
REFUND: Final = f"""mutation ($input: RefundPaymentInput!) {{ refundPayment(input: $input) {{ __typename
  ... on RefundActionSuccess {{ replayed order {{ version }} payment {{ status refunds {{ id }} }}
      refund {{ id status reason orderVersion availableActions(includeBlocked: true) {{ action enabled }} }} }} {ERROR} }} }}"""
ON_REFUND: Final = f"""mutation ($input: RefundActionInput!) {{ %s(input: $input) {{ __typename
  ... on RefundActionSuccess {{ refund {{ status }} order {{ status }} }} {ERROR} }} }}"""
CANCEL: Final = f"""mutation ($input: CancelOrderInput!) {{ cancelOrder(input: $input) {{ __typename
  ... on OrderActionSuccess {{ order {{ status cancelledTotal {{ amount }} fulfillments {{ status }}
      lines {{ cancelledQuantity refundableTotal {{ amount }} }} }} }} {ERROR} }} }}"""
ON_FULFILLMENT: Final = f"""mutation ($input: %s!) {{ %s(input: $input) {{ __typename
  ... on FulfillmentActionSuccess {{ fulfillment {{ status availableActions {{ action }} }} order {{ status }} }}
  ... on InvalidInput {{ problems {{ path code }} }} {ERROR} }} }}"""
RESOLVE: Final = f"""mutation ($input: ResolveExceptionInput!) {{ resolveException(input: $input) {{ __typename
  ... on OrderActionSuccess {{ order {{ status }} }} ... on ActionRejected {{ blockedBy {{ code }} }} {ERROR} }} }}"""


async def ask(shop: Shop, query: str, viewer: Viewer, **asked: Any) -> Any:
    deadline = asyncio.get_running_loop().time() + 60
    context = RequestContext.of(viewer, shop.ports, deadline=deadline, request_id="r")
    result = await executed(query, {"input": asked}, context=context)
    assert result.errors is None
    assert result.data is not None
    return next(iter(result.data.values()))


async def test_a_quote_says_what_cancelling_brings(shop: Shop) -> None:
    order_id = await shop.paid()
    tee, poster = await line_ids(shop, order_id)
    payment = (await shop.order(order_id)).payments[0]
    asked = {"orderId": order_id, "lines": [{"lineId": tee, "quantity": 1}]}
    assert await ask(shop, QUOTE, ANNA, **asked) == {
        "__typename": "RefundQuote",
        "items": {"amount": "20.00"},
        "tax": {"amount": "3.80"},
        "shipping": {"amount": "1.83"},
        "fees": {"amount": "0.00"},
        "total": {"amount": "25.63", "currency": "EUR"},
        "maximum": {"amount": "68.57"},
        "lines": [{"lineId": tee, "quantity": 1, "amount": {"amount": "25.63"}}],
        "byPayment": [{"paymentId": payment.id, "amount": {"amount": "25.63"}}],
    }
    outcome = await ask(shop, CANCEL, ANNA, **asked, reason="Too many")
    assert outcome == {
        "__typename": "OrderActionSuccess",
        "order": {
            "status": "PAID",
            "cancelledTotal": {"amount": "25.63"},
            "fulfillments": [{"status": "ALLOCATED"}, {"status": "ALLOCATED"}],
            "lines": [
                {"cancelledQuantity": 1, "refundableTotal": {"amount": "23.80"}},
                {"cancelledQuantity": 0, "refundableTotal": {"amount": "16.07"}},
            ],
        },
    }
    wrong = {"orderId": order_id, "lines": [{"lineId": tee, "quantity": 2}, {"lineId": "lin_1", "quantity": 1}]}
    assert (await ask(shop, QUOTE, ANNA, **wrong))["problems"] == [
        {"path": ["lines", "0", "quantity"], "code": "QUANTITY_OUT_OF_RANGE"},
        {"path": ["lines", "1", "lineId"], "code": "UNKNOWN_LINE"},
    ]
    none = {"orderId": order_id, "lines": [{"lineId": poster, "quantity": 1}]}
    assert (await ask(shop, QUOTE, BOB, **none))["__typename"] == "NotFound"


async def test_money_goes_back(shop: Shop) -> None:
    order_id = await shop.paid()
    payment = (await shop.order(order_id)).payments[0]
    money = {"amount": "10.00", "currency": "EUR"}
    asked = {"paymentId": payment.id, "amount": money, "reason": "Scratched", "idempotencyKey": "k"}
    outcome = await ask(shop, REFUND, SUPPORT, **asked)
    refund = (await shop.order(order_id)).refunds[0]
    version = (await shop.order(order_id)).head.version
    assert outcome == {
        "__typename": "RefundActionSuccess",
        "replayed": False,
        "order": {"version": version},
        "payment": {"status": "CAPTURED", "refunds": [{"id": refund.id}]},
        "refund": {
            "id": refund.id,
            "status": "PROCESSING",
            "reason": "Scratched",
            "orderVersion": version,
            "availableActions": [],
        },
    }
    assert await ask(shop, REFUND, SUPPORT, **asked) == {**outcome, "replayed": True}
    for action, code in (("approveRefund", "ACTION_REJECTED"), ("retryRefund", "ACTION_REJECTED")):
        assert (await ask(shop, ON_REFUND % action, FINANCE, refundId=refund.id))["code"] == code
    rejected = await ask(shop, ON_REFUND % "rejectRefund", FINANCE, refundId=refund.id)
    assert (rejected["code"], rejected["path"]) == ("INVALID_INPUT", ["note"])


async def test_parcels_are_stopped_and_come_back(shop: Shop) -> None:
    order_id = await shop.packed(await shop.placed(lines=(PlaceOrderLine("TEE", 2),)))
    (part,), (tee,) = await part_ids(shop, order_id), await line_ids(shop, order_id)
    await did(shop.ship(part, "T-1"))
    stop = ON_FULFILLMENT % ("FulfillmentActionInput", "interceptFulfillment")
    assert (await ask(shop, stop, WAREHOUSE, fulfillmentId=part))["fulfillment"] == {
        "status": "INTERCEPTING",
        "availableActions": [{"action": "resolveIntercept"}, {"action": "recordTracking"}],
    }
    resolve = ON_FULFILLMENT % ("ResolveInterceptInput", "resolveIntercept")
    assert (await ask(shop, resolve, WAREHOUSE, fulfillmentId=part, succeeded=True))["fulfillment"] == {
        "status": "RETURNING",
        "availableActions": [{"action": "recordTracking"}, {"action": "returnFulfillment"}],
    }
    take = ON_FULFILLMENT % ("ReturnFulfillmentInput", "returnFulfillment")
    wrong = [{"lineId": tee, "accepted": 1, "damaged": 2}]
    assert (await ask(shop, take, WAREHOUSE, fulfillmentId=part, lines=wrong))["problems"] == [
        {"path": ["lines", "0", "accepted"], "code": "QUANTITY_OUT_OF_RANGE"}
    ]
    outcome = await ask(shop, take, WAREHOUSE, fulfillmentId=part, lines=[{"lineId": tee, "accepted": 1, "damaged": 1}])
    assert outcome == {
        "__typename": "FulfillmentActionSuccess",
        "fulfillment": {"status": "RETURNED", "availableActions": [{"action": "recordTracking"}]},
        "order": {"status": "RETURNED"},
    }


async def test_an_exception_is_resolved(shop: Shop) -> None:
    order_id = await shop.paid(method="test_card_authorize")
    await did(shop.act_on_payment("voidPayment", (await shop.order(order_id)).payments[0].id))
    refused = await ask(shop, RESOLVE, SUPPORT, orderId=order_id, resolution="RETRY")
    assert refused["blockedBy"] == [{"code": "PAYMENT_DUE"}]
    assert await ask(shop, RESOLVE, SUPPORT, orderId=order_id, resolution="REFUND") == {
        "__typename": "OrderActionSuccess",
        "order": {"status": "CANCELLED"},
    }
