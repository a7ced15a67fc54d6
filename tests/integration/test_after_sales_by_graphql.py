"""After-sale cases as callers send and read them."""

import asyncio
from typing import Any, Final

import pytest

from domain.access.viewer import Viewer
from resolvers.context import RequestContext
from tests.fixtures.cases import arrived, claimed
from tests.fixtures.executing import executed
from tests.fixtures.shop import ANNA, BOB, MERCHANT, SUPPORT, WAREHOUSE, Shop

pytestmark = pytest.mark.anyio

FAILURES: Final = """... on ActionRejected { action state blockedBy { code } }
  ... on InvalidInput { problems { path code } } ... on UserError { code path }"""
CASE: Final = """id number kind status reason attachments orderVersion amount { amount } deadline
  quote { items { amount } shipping { amount } tax { amount } fees { amount } total { amount }
          lines { quantity amount { amount } } byPayment { amount { amount } } }
  lines { line { sku } quantity received accepted damaged } refunds { status amount { amount } }
  returnShipment { trackingNumber lines { sku quantity shippedQuantity } } replacement { id }
  availableActions { action nextState } history { nodes { action from to } }"""
REQUEST: Final = f"""mutation ($input: RequestAfterSaleInput!) {{ requestAfterSale(input: $input) {{ __typename
  ... on AfterSaleActionSuccess {{ replayed order {{ status afterSaleStatus }} afterSale {{ {CASE} }} }} {FAILURES} }} }}"""
READ: Final = f"query ($id: ID!) {{ afterSale(id: $id) {{ {CASE} order {{ afterSales {{ number }} }} }} }}"
LIST: Final = """query ($filter: AfterSaleFilter, $after: String) { afterSales(filter: $filter, first: 1, after: $after) {
  totalCount nodes { number status } pageInfo { hasNextPage endCursor } } }"""
TRACK: Final = """mutation ($input: RecordTrackingInput!) { recordTracking(input: $input) { __typename
  ... on RecordTrackingSuccess { fulfillment { id } afterSale { status } shipment { deliveredAt } } } }"""


def acting(action: str, asked: str) -> str:
    return (
        f"mutation ($input: {asked}!) {{ {action}(input: $input) {{ __typename"
        f" ... on AfterSaleActionSuccess {{ replayed order {{ status }} afterSale {{ status amount {{ amount }}"
        f" availableActions {{ action }} }} }} {FAILURES} }} }}"
    )


async def ask(shop: Shop, query: str, viewer: Viewer, **variables: Any) -> Any:
    deadline = asyncio.get_running_loop().time() + 60
    context = RequestContext.of(viewer, shop.ports, deadline=deadline, request_id="r")
    result = await executed(query, variables, context=context)
    assert result.errors is None
    assert result.data is not None
    return next(iter(result.data.values()))


async def request(shop: Shop, order_id: str, units: int, **more: Any) -> Any:
    line = (await shop.order(order_id)).lines[0].id
    asked = {
        "idempotencyKey": shop.key(),
        "orderId": order_id,
        "kind": "RETURN_REFUND",
        "reason": "Too small",
        "lines": [{"lineId": line, "quantity": units}],
        **more,
    }
    return await ask(shop, REQUEST, ANNA, input=asked)


async def test_a_case_from_the_request_to_the_money(shop: Shop) -> None:
    order_id = await arrived(shop)
    outcome = await request(
        shop, order_id, 2, attachments=["https://pictures/1"], amount={"amount": "30.00", "currency": "EUR"}
    )
    order = await shop.order(order_id)
    case = outcome["afterSale"]
    assert (outcome["__typename"], outcome["replayed"]) == ("AfterSaleActionSuccess", False)
    assert outcome["order"] == {"status": "DELIVERED", "afterSaleStatus": "OPEN"}
    assert case == {
        "id": order.after_sales[0].id,
        "number": f"{order.head.number}-A1",
        "kind": "RETURN_REFUND",
        "status": "REQUESTED",
        "reason": "Too small",
        "attachments": ["https://pictures/1"],
        "orderVersion": order.head.version,
        "amount": None,
        "deadline": "2026-03-04T09:00:00Z",
        "quote": {
            "items": {"amount": "40.00"},
            "shipping": {"amount": "3.27"},
            "tax": {"amount": "7.60"},
            "fees": {"amount": "0.00"},
            "total": {"amount": "50.87"},
            "lines": [{"quantity": 2, "amount": {"amount": "50.87"}}],
            "byPayment": [{"amount": {"amount": "50.87"}}],
        },
        "lines": [{"line": {"sku": "TEE"}, "quantity": 2, "received": 0, "accepted": 0, "damaged": 0}],
        "refunds": [],
        "returnShipment": None,
        "replacement": None,
        "availableActions": [{"action": "withdrawAfterSale", "nextState": "WITHDRAWN"}],
        "history": {"nodes": [{"action": "requestAfterSale", "from": None, "to": "REQUESTED"}]},
    }
    case_id = case["id"]
    approve = acting("approveAfterSale", "ApproveAfterSaleInput")
    asked = {"afterSaleId": case_id, "amount": {"amount": "25", "currency": "EUR"}, "idempotencyKey": "approve"}
    approved = await ask(shop, approve, MERCHANT, input=asked)
    assert approved["afterSale"] == {"status": "AWAITING_RETURN", "amount": {"amount": "25.00"}, "availableActions": []}
    assert (await ask(shop, approve, MERCHANT, input=asked))["replayed"] is True
    parcel = {"carrier": "DHL", "trackingNumber": "R-1"}
    sent = await ask(shop, acting("shipReturn", "ShipReturnInput"), ANNA, input={"afterSaleId": case_id, **parcel})
    assert sent["afterSale"]["status"] == "RETURN_IN_TRANSIT"
    said = {**parcel, "eventId": "e1", "at": "2026-03-02T09:00:00Z", "status": "DELIVERED"}
    assert await ask(shop, TRACK, WAREHOUSE, input=said) == {
        "__typename": "RecordTrackingSuccess",
        "fulfillment": None,
        "afterSale": {"status": "RETURN_IN_TRANSIT"},
        "shipment": {"deliveredAt": "2026-03-02T09:00:00Z"},
    }
    back = {"afterSaleId": case_id, "lines": [{"lineId": order.lines[0].id, "accepted": 1, "damaged": 1}]}
    received = await ask(shop, acting("receiveReturn", "ReceiveReturnInput"), WAREHOUSE, input=back)
    assert (received["afterSale"]["status"], received["afterSale"]["amount"]) == ("REFUNDING", {"amount": "12.50"})
    await shop.worker.drain()
    read = await ask(shop, READ, ANNA, id=case_id)
    assert (read["status"], read["amount"], read["deadline"]) == ("COMPLETED", {"amount": "12.50"}, None)
    assert read["refunds"] == [{"status": "SUCCEEDED", "amount": {"amount": "12.50"}}]
    assert read["lines"] == [{"line": {"sku": "TEE"}, "quantity": 2, "received": 2, "accepted": 1, "damaged": 1}]
    assert read["returnShipment"] == {
        "trackingNumber": "R-1",
        "lines": [{"sku": "TEE", "quantity": 2, "shippedQuantity": 2}],
    }
    assert read["order"] == {"afterSales": [{"number": f"{order.head.number}-A1"}]}
    assert [step["action"] for step in read["history"]["nodes"]] == [
        "requestAfterSale",
        "approveAfterSale",
        "awaitReturn",
        "shipReturn",
        "recordTracking",
        "receiveReturn",
        "refundReturned",
        "refundAll",
    ]


async def test_a_rejected_case_and_a_ruling(shop: Shop) -> None:
    order_id = await arrived(shop)
    case_id = (await request(shop, order_id, 1))["afterSale"]["id"]
    reject, appeal = (acting(action, "AfterSaleActionInput") for action in ("rejectAfterSale", "appealAfterSale"))
    assert await ask(shop, reject, MERCHANT, input={"afterSaleId": case_id}) == {
        "__typename": "InvalidInput",
        "problems": [{"path": ["note"], "code": "MISSING"}],
        "code": "INVALID_INPUT",
        "path": ["note"],
    }
    rejected = await ask(shop, reject, MERCHANT, input={"afterSaleId": case_id, "note": "Worn"})
    assert rejected["afterSale"] == {"status": "REJECTED", "amount": None, "availableActions": []}
    appealed = await ask(shop, appeal, ANNA, input={"afterSaleId": case_id})
    assert appealed["afterSale"]["status"] == "ARBITRATION"
    ruling = acting("ruleAfterSale", "RuleAfterSaleInput")
    asked = {"afterSaleId": case_id, "approve": False, "amount": {"amount": "1", "currency": "EUR"}}
    assert (await ask(shop, ruling, SUPPORT, input=asked))["problems"] == [
        {"path": ["amount"], "code": "ONLY_APPROVED"}
    ]
    closed = await ask(shop, ruling, SUPPORT, input={"afterSaleId": case_id, "approve": False})
    assert closed["afterSale"]["status"] == "CLOSED"
    withdraw = acting("withdrawAfterSale", "AfterSaleActionInput")
    assert await ask(shop, withdraw, ANNA, input={"afterSaleId": case_id}) == {
        "__typename": "ActionRejected",
        "action": "withdrawAfterSale",
        "state": "CLOSED",
        "blockedBy": [{"code": "WRONG_STATE"}],
        "code": "ACTION_REJECTED",
        "path": [],
    }


async def test_cases_are_listed_counted_and_paged_within_ones_scope(shop: Shop) -> None:
    orders = [await arrived(shop) for _ in range(2)]
    for order_id in orders:
        await claimed(shop, order_id)
    page = await ask(shop, LIST, MERCHANT)
    assert (page["totalCount"], len(page["nodes"]), page["pageInfo"]["hasNextPage"]) == (2, 1, True)
    rest = await ask(shop, LIST, MERCHANT, after=page["pageInfo"]["endCursor"])
    assert (len(rest["nodes"]), rest["pageInfo"]["hasNextPage"]) == (1, False)
    assert {page["nodes"][0]["number"], rest["nodes"][0]["number"]} == {
        case.number for order_id in orders for case in (await shop.order(order_id)).after_sales
    }
    for found, count in (
        ({"orderId": [orders[0]]}, 1),
        ({"status": ["COMPLETED"]}, 0),
        ({"kind": ["RETURN_REFUND", "EXCHANGE"]}, 2),
        ({"createdAt": {"gt": "2026-03-02T09:00:00Z"}}, 0),
    ):
        assert (await ask(shop, LIST, MERCHANT, filter=found))["totalCount"] == count
    assert (await ask(shop, LIST, BOB))["totalCount"] == 0
    case_id = (await shop.order(orders[0])).after_sales[0].id
    assert await ask(shop, READ, BOB, id=case_id) is None
    assert await ask(shop, "query ($id: ID!) { node(id: $id) { id } }", ANNA, id=case_id) == {"id": case_id}
    assert await ask(shop, READ, ANNA, id=orders[0]) is None
