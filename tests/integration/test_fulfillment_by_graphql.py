"""Declining and tracking as callers send them, and what there is to read afterwards."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import pytest

from domain.access.viewer import Viewer
from domain.orders.commands import PlaceOrderLine
from resolvers.context import RequestContext
from tests.fixtures.executing import EXECUTORS, answered_by, executed
from tests.fixtures.shop import ANNA, WAREHOUSE, Shop, did

pytestmark = pytest.mark.anyio

DECLINE: Final = """mutation ($input: FulfillmentActionInput!) { declineFulfillment(input: $input) { __typename
  ... on FulfillmentActionSuccess { replayed order { version status } fulfillment { status warehouse { code } orderVersion
      availableActions { action mutation nextState } } }
  ... on ActionRejected { action state blockedBy { code } } ... on InvalidInput { problems { path code } }
  ... on UserError { code path } } }"""
TRACK: Final = """mutation ($input: RecordTrackingInput!) { recordTracking(input: $input) { __typename
  ... on RecordTrackingSuccess { replayed order { status } fulfillment { status }
      shipment { trackingNumber deliveredAt checkpoints { at status location message } } }
  ... on InvalidInput { problems { path code } } ... on UserError { code path } } }"""
HISTORY: Final = """query ($id: ID!) { order(ref: {id: $id}) { lines { sku stock { available } }
  fulfillments { status availableActions(includeBlocked: true) { action enabled } }
  history { nodes { action from to note details actor { id } } } } }"""


@pytest.fixture(params=EXECUTORS, autouse=True)
def executor(request: pytest.FixtureRequest) -> Iterator[None]:
    with answered_by(request.param):
        yield


async def ask(shop: Shop, query: str, viewer: Viewer = WAREHOUSE, **variables: Any) -> Any:
    deadline = asyncio.get_running_loop().time() + 60
    context = RequestContext.of(viewer, shop.ports, deadline=deadline, request_id="r")
    result = await executed(query, variables, context=context)
    assert result.errors is None
    assert result.data is not None
    return next(iter(result.data.values()))


async def test_a_warehouse_declines_and_another_is_asked(shop: Shop) -> None:
    order_id = await shop.confirmed(await shop.placed(lines=(PlaceOrderLine("TEE", 2),)))
    part = (await shop.order(order_id)).fulfillments[0]
    asked = {"fulfillmentId": part.id, "note": "Damaged", "idempotencyKey": "k"}
    outcome = await ask(shop, DECLINE, input=asked)
    assert outcome == {
        "__typename": "FulfillmentActionSuccess",
        "replayed": False,
        "order": {"version": 10, "status": "CONFIRMED"},
        "fulfillment": {
            "status": "ALLOCATED",
            "warehouse": {"code": "HAM"},
            "orderVersion": 10,
            "availableActions": [
                {"action": "acceptFulfillment", "mutation": "acceptFulfillment", "nextState": "ACCEPTED"},
                {"action": "declineFulfillment", "mutation": "declineFulfillment", "nextState": None},
            ],
        },
    }
    assert await ask(shop, DECLINE, input=asked) == {**outcome, "replayed": True}
    order = await ask(shop, HISTORY, id=order_id)
    assert order["lines"] == [{"sku": "TEE", "stock": {"available": 13}}]
    assert order["history"]["nodes"][-1] == {
        "action": "declineFulfillment",
        "from": "ALLOCATED",
        "to": "ALLOCATED",
        "note": "Damaged",
        "details": {"from": "BER", "to": "HAM"},
        "actor": {"id": "warehouse"},
    }


async def test_a_warehouse_declines_and_nobody_has_it(shop: Shop) -> None:
    order_id = await shop.paid(await shop.placed(lines=(PlaceOrderLine("TEE", 6),)))
    part = (await shop.order(order_id)).fulfillments[0]
    assert await ask(shop, DECLINE, input={"fulfillmentId": part.id}) == {
        "__typename": "InvalidInput",
        "problems": [{"path": ["note"], "code": "MISSING"}],
        "code": "INVALID_INPUT",
        "path": ["note"],
    }
    outcome = await ask(shop, DECLINE, input={"fulfillmentId": part.id, "note": "None left"})
    assert outcome["fulfillment"] == {
        "status": "BACKORDERED",
        "warehouse": None,
        "orderVersion": 9,
        "availableActions": [],
    }
    again = await ask(shop, DECLINE, input={"fulfillmentId": part.id, "note": "None left"})
    assert again == {
        "__typename": "ActionRejected",
        "action": "declineFulfillment",
        "state": "BACKORDERED",
        "blockedBy": [{"code": "WRONG_STATE"}],
        "code": "ACTION_REJECTED",
        "path": [],
    }


async def test_a_carrier_tells_of_a_parcel(shop: Shop) -> None:
    order_id = await shop.packed(await shop.placed(lines=(PlaceOrderLine("TEE", 2),)))
    await did(shop.ship((await shop.order(order_id)).fulfillments[0].id, "T-1"))
    said = {"carrier": "DHL", "trackingNumber": "T-1"}
    out = {**said, "eventId": "e2", "at": "2026-03-02T08:00:00Z", "status": "OUT_FOR_DELIVERY", "location": "Berlin"}
    outcome = await ask(shop, TRACK, input=out)
    assert (outcome["replayed"], outcome["fulfillment"]) == (False, {"status": "SHIPPED"})
    there = {**said, "eventId": "e3", "at": "2026-03-02T10:00:00+01:00", "status": "DELIVERED", "message": "Porch"}
    outcome = await ask(shop, TRACK, input=there)
    assert outcome == {
        "__typename": "RecordTrackingSuccess",
        "replayed": False,
        "order": {"status": "DELIVERED"},
        "fulfillment": {"status": "DELIVERED"},
        "shipment": {
            "trackingNumber": "T-1",
            "deliveredAt": "2026-03-02T09:00:00Z",
            "checkpoints": [
                {"at": "2026-03-02T08:00:00Z", "status": "OUT_FOR_DELIVERY", "location": "Berlin", "message": None},
                {"at": "2026-03-02T09:00:00Z", "status": "DELIVERED", "location": None, "message": "Porch"},
            ],
        },
    }
    assert await ask(shop, TRACK, input=there) == {**outcome, "replayed": True}
    order = await ask(shop, HISTORY, id=order_id)
    assert order["fulfillments"] == [
        {"status": "DELIVERED", "availableActions": [{"action": "recordTracking", "enabled": True}]}
    ]


@pytest.mark.parametrize(
    ("viewer", "more", "answer"),
    [
        (ANNA, {}, {"__typename": "Forbidden", "code": "FORBIDDEN", "path": []}),
        (
            WAREHOUSE,
            {"trackingNumber": "T-2"},
            {"__typename": "NotFound", "code": "NOT_FOUND", "path": ["trackingNumber"]},
        ),
        (
            WAREHOUSE,
            {"at": "2026-03-02T09:06:00Z"},
            {
                "__typename": "InvalidInput",
                "problems": [{"path": ["at"], "code": "IN_THE_FUTURE"}],
                "code": "INVALID_INPUT",
                "path": ["at"],
            },
        ),
        (
            WAREHOUSE,
            {"message": "a\0b"},
            {
                "__typename": "InvalidInput",
                "problems": [{"path": ["message"], "code": "INVALID_TEXT"}],
                "code": "INVALID_INPUT",
                "path": ["message"],
            },
        ),
    ],
)
async def test_what_a_carrier_cannot_say(shop: Shop, viewer: Viewer, more: dict[str, str], answer: Any) -> None:
    order_id = await shop.packed(await shop.placed(lines=(PlaceOrderLine("TEE", 2),)))
    await did(shop.ship((await shop.order(order_id)).fulfillments[0].id, "T-1"))
    before = await shop.everything()
    said = {"carrier": "DHL", "trackingNumber": "T-1", "eventId": "e1", "at": "2026-03-02T09:00:00Z", "status": "LOST"}
    assert await ask(shop, TRACK, viewer, input={**said, **more}) == answer
    assert await shop.everything() == before
