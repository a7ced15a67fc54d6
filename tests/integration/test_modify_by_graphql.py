"""Changing and splitting as callers send it, and what there is to read afterwards."""

from typing import Final

import pytest

from tests.fixtures.shop import ANNA, MERCHANT, Shop
from tests.integration.test_fulfillment_by_graphql import ask

pytestmark = pytest.mark.anyio

MODIFY: Final = """mutation ($input: ModifyOrderInput!) { modifyOrder(input: $input) { __typename
  ... on ModifyOrderSuccess { applied replayed difference { amount currency }
      order { status total { amount } payable: dueTotal { amount } lines { sku quantity } installments { kind amount { amount } } } }
  ... on ActionRejected { blockedBy { code } } ... on InvalidInput { problems { path code } } ... on UserError { code path } } }"""
SPLIT: Final = """mutation ($input: SplitOrderInput!) { splitOrder(input: $input) { __typename
  ... on OrderActionSuccess { order { status fulfillments { number status splitBy { dimension value } } } }
  ... on UserError { code } } }"""
PREVIEW: Final = """query ($id: ID!, $by: [SplitDimension!]) { previewSplit(orderId: $id, by: $by) { orderId parts {
  reasons { dimension value } lines { sku quantity } subtotal { amount } discountShare { amount } shippingShare { amount }
  taxShare { amount } total { amount currency } } } }"""
ACTIONS: Final = """query ($id: ID!) { order(ref: {id: $id}) { availableActions { action mutation nextState } } }"""


async def test_a_change_tells_its_difference(shop: Shop) -> None:
    order_id = await shop.placed()
    tees = next(line for line in (await shop.order(order_id)).lines if line.sku == "TEE")
    asked = {
        "orderId": order_id,
        "setLines": [{"lineId": tees.id, "quantity": 1}],
        "addLines": [{"sku": "MUG", "quantity": 2}],
    }
    dry = await ask(shop, MODIFY, ANNA, input=asked | {"dryRun": True})
    assert (dry["applied"], dry["difference"]) == (False, {"amount": "0.00", "currency": "EUR"})
    done = await ask(shop, MODIFY, ANNA, input=asked | {"idempotencyKey": "k"})
    assert done == {
        "__typename": "ModifyOrderSuccess",
        "applied": True,
        "replayed": False,
        "difference": {"amount": "0.00", "currency": "EUR"},
        "order": {
            "status": "PENDING_PAYMENT",
            "total": {"amount": "68.57"},
            "payable": {"amount": "68.57"},
            "lines": [
                {"sku": "TEE", "quantity": 1},
                {"sku": "POSTER", "quantity": 1},
                {"sku": "MUG", "quantity": 2},
            ],
            "installments": [{"kind": "FULL", "amount": {"amount": "68.57"}}],
        },
    }
    again = await ask(shop, MODIFY, ANNA, input=asked | {"idempotencyKey": "k"})
    assert again == done | {"replayed": True}


async def test_what_is_wrong_is_told_where_it_is(shop: Shop) -> None:
    order_id = await shop.placed()
    added = [{"sku": "MUG", "quantity": 1, "options": [1]}, {"sku": "MUG", "quantity": 0}]
    assert await ask(shop, MODIFY, ANNA, input={"orderId": order_id, "addLines": added[:1]}) == {
        "__typename": "InvalidInput",
        "problems": [{"path": ["addLines", "0", "options"], "code": "NOT_AN_OBJECT"}],
        "code": "INVALID_INPUT",
        "path": ["addLines", "0", "options"],
    }
    refused = await ask(shop, MODIFY, ANNA, input={"orderId": order_id, "addLines": added[1:]})
    assert refused["problems"] == [{"path": ["addLines", "0", "quantity"], "code": "NOT_POSITIVE"}]


async def test_a_split_is_seen_before_and_done(shop: Shop) -> None:
    order_id = await shop.paid()
    plan = await ask(shop, PREVIEW, MERCHANT, id=order_id, by=["WAREHOUSE"])
    assert plan == {
        "orderId": order_id,
        "parts": [
            {
                "reasons": [],
                "lines": [{"sku": "TEE", "quantity": 2}, {"sku": "POSTER", "quantity": 1}],
                "subtotal": {"amount": "55.00"},
                "discountShare": {"amount": "1.50"},
                "shippingShare": {"amount": "4.90"},
                "taxShare": {"amount": "10.17"},
                "total": {"amount": "68.57", "currency": "EUR"},
            }
        ],
    }
    number = (await shop.order(order_id)).head.number
    done = await ask(shop, SPLIT, MERCHANT, input={"orderId": order_id, "by": ["WAREHOUSE"]})
    assert done["order"]["status"] == "PAID"
    assert [(f["number"], f["status"], len(f["splitBy"])) for f in done["order"]["fulfillments"]] == [
        (f"{number}-1", "CANCELLED", 2),
        (f"{number}-2", "CANCELLED", 2),
        (f"{number}-3", "ALLOCATED", 0),
    ]
    assert await ask(shop, PREVIEW, ANNA, id="ord_x", by=None) is None


async def test_both_are_offered_to_those_who_may(shop: Shop) -> None:
    order_id = await shop.paid()
    for viewer, expected in (
        (ANNA, {"modifyOrder": "PAID"}),
        (MERCHANT, {"modifyOrder": "PAID", "splitOrder": "PAID"}),
    ):
        offered = (await ask(shop, ACTIONS, viewer, id=order_id))["availableActions"]
        found = {
            each["action"]: each["nextState"] for each in offered if each["action"] in {"modifyOrder", "splitOrder"}
        }
        assert found == expected
