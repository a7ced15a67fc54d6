"""The other order types as callers send them, and what there is to read of them."""

import asyncio
from typing import Any, Final

import pytest

from adapters.embedded import tables
from domain.access.viewer import Viewer
from resolvers.context import RequestContext
from tests.fixtures.executing import executed
from tests.fixtures.shop import ANNA, BOB, MERCHANT, RIVAL, START, WAREHOUSE, Shop, did

pytestmark = pytest.mark.anyio

ADDRESS: Final = {"recipient": "Anna", "country": "DE", "city": "Berlin", "line1": "Allee 1"}
PLACE: Final = """mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { __typename
  ... on PlaceOrderSuccess { order { id status orderType group { id size joined status deadline }
      installments { kind amount { amount } paid { amount } opensAt dueAt }
      availableActions { action } flow { key version } } }
  ... on InvalidInput { problems { path code } } ... on LimitExceeded { limit } ... on UserError { code path } } }"""
REDEEM: Final = """mutation ($input: RedeemVoucherInput!) { redeemVoucher(input: $input) { __typename
  ... on OrderActionSuccess { replayed order { status lines { vouchers { status redeemedAt } } } }
  ... on ActionRejected { action state blockedBy { code } } ... on UserError { code path } } }"""
VOUCHERS: Final = "query ($id: ID!) { order(ref: {id: $id}) { lines { vouchers { id code status redeemedAt } } } }"
NODE: Final = """query ($id: ID!) { node(id: $id) { __typename id
  ... on Voucher { code voucher: status } ... on GroupBuy { size joined status } } }"""
PRODUCE: Final = """mutation ($id: ID!) { startProduction(input: {fulfillmentId: $id}) { __typename
  ... on FulfillmentActionSuccess { fulfillment { status availableActions { action } } } } }"""
QUOTE: Final = """query ($input: QuoteOrderInput!) { quoteOrder(input: $input) { ... on OrderQuote {
  installments { kind amount { amount } opensAt dueAt } shippingTotal { amount } } ... on UserError { code path } } }"""


async def ask(shop: Shop, query: str, viewer: Viewer = ANNA, **variables: Any) -> Any:
    deadline = asyncio.get_running_loop().time() + 60
    context = RequestContext.of(viewer, shop.ports, deadline=deadline, request_id="r")
    result = await executed(query, variables, context=context)
    assert result.errors is None
    assert result.data is not None
    return next(iter(result.data.values()))


def asked(order_type: str, sku: str = "TEE", **more: Any) -> dict[str, Any]:
    return {
        "businessUnit": "acme",
        "channel": "web",
        "orderType": order_type,
        "memberId": "mbr_anna",
        "lines": [{"sku": sku, "quantity": 2}],
        "shippingAddress": ADDRESS,
        **more,
    }


async def test_vouchers_are_shown_found_and_redeemed(shop: Shop) -> None:
    placed = await ask(shop, PLACE, input=asked("VIRTUAL", "CARD", shippingAddress=None, idempotencyKey="k"))
    order_id = placed["order"]["id"]
    assert placed["order"]["flow"] == {"key": "VIRTUAL", "version": 1}
    assert await ask(shop, VOUCHERS, id=order_id) == {"lines": [{"vouchers": []}]}
    await shop.paid(order_id)
    (line,) = (await ask(shop, VOUCHERS, id=order_id))["lines"]
    assert [(voucher["status"], voucher["redeemedAt"]) for voucher in line["vouchers"]] == [("ISSUED", None)] * 2
    first = line["vouchers"][0]
    node = {"__typename": "Voucher", "id": first["id"], "code": first["code"], "voucher": "ISSUED"}
    assert await ask(shop, NODE, id=first["id"]) == node
    assert await ask(shop, NODE, BOB, id=first["id"]) is None
    assert await ask(shop, NODE, RIVAL, id=first["id"]) is None
    outcome = await ask(shop, REDEEM, MERCHANT, input={"voucherId": first["id"], "idempotencyKey": "r"})
    redeemed = {"status": "REDEEMED", "redeemedAt": "2026-03-02T09:00:00Z"}
    assert outcome == {
        "__typename": "OrderActionSuccess",
        "replayed": False,
        "order": {
            "status": "DELIVERED",
            "lines": [{"vouchers": [redeemed, {"status": "ISSUED", "redeemedAt": None}]}],
        },
    }
    again = await ask(shop, REDEEM, MERCHANT, input={"voucherId": first["id"]})
    assert (again["__typename"], again["blockedBy"]) == ("ActionRejected", [{"code": "VOUCHER_REDEEMED"}])
    denied = await ask(shop, REDEEM, input={"voucherId": first["id"]})
    assert denied["__typename"] == "Forbidden"


async def test_a_group_is_opened_shown_and_joined_until_it_is_full(shop: Shop) -> None:
    placed = await ask(shop, PLACE, input=asked("GROUP_BUY", group={"open": {"size": 2}}, idempotencyKey="k"))
    group = placed["order"]["group"]
    assert (group["size"], group["joined"], group["status"], group["deadline"]) == (
        2,
        1,
        "OPEN",
        "2026-03-03T09:00:00Z",
    )
    node = {"__typename": "GroupBuy", "id": group["id"], "size": 2, "joined": 1, "status": "OPEN"}
    assert await ask(shop, NODE, BOB, id=group["id"]) == node
    assert await ask(shop, NODE, RIVAL, id=group["id"]) is None
    wanted = asked("GROUP_BUY", group={"join": group["id"]}, memberId="mbr_bob")
    joined = await ask(shop, PLACE, BOB, input={**wanted, "idempotencyKey": "k"})
    assert joined["order"]["group"]["joined"] == 2
    full = await ask(shop, PLACE, BOB, input={**wanted, "idempotencyKey": "l"})
    assert full == {"__typename": "LimitExceeded", "limit": 2, "code": "GROUP_FULL", "path": ["group", "join"]}


async def test_a_deposit_is_quoted_and_placed(shop: Shop) -> None:
    await shop.given(
        tables.presales,
        {
            "business_unit": "acme",
            "sku": "TEE",
            "balance_opens_at": START.replace(day=9),
            "balance_due_at": START.replace(day=12),
            "sold_until": None,
        },
    )
    dates = {"opensAt": "2026-03-09T09:00:00Z", "dueAt": "2026-03-12T09:00:00Z"}
    quoted = await ask(shop, QUOTE, input=asked("PRESALE"))
    deposit, rest = quoted["installments"]
    assert (deposit["kind"], deposit["opensAt"], deposit["dueAt"]) == ("DEPOSIT", None, None)
    assert (rest["kind"], rest["opensAt"], rest["dueAt"]) == ("BALANCE", dates["opensAt"], dates["dueAt"])
    placed = (await ask(shop, PLACE, input=asked("PRESALE", idempotencyKey="k")))["order"]
    assert placed["status"] == "PENDING_DEPOSIT"
    assert [part["amount"] for part in placed["installments"]] == [deposit["amount"], rest["amount"]]
    assert placed["installments"][1] == {**rest, "paid": {"amount": "0.00"}}
    assert [one["action"] for one in placed["availableActions"]] == ["payOrder", "cancelOrder"]


async def test_what_is_made_to_order_is_produced(shop: Shop) -> None:
    placed = (await ask(shop, PLACE, input=asked("MADE_TO_ORDER", idempotencyKey="k")))["order"]
    await shop.paid(placed["id"])
    part = (await shop.order(placed["id"])).fulfillments[0]
    await did(shop.fulfil("acceptFulfillment", part.id))
    assert await ask(shop, PRODUCE, WAREHOUSE, id=part.id) == {
        "__typename": "FulfillmentActionSuccess",
        "fulfillment": {"status": "PRODUCING", "availableActions": [{"action": "finishProduction"}]},
    }


async def test_nothing_of_a_virtual_order_is_sent(shop: Shop) -> None:
    outcome = await ask(shop, PLACE, input=asked("VIRTUAL", "CARD", idempotencyKey="k"))
    assert outcome["problems"] == [{"path": ["shippingAddress"], "code": "NOT_SENT"}]
    quoted = await ask(shop, QUOTE, input=asked("VIRTUAL", "CARD", shippingAddress=None))
    assert quoted["shippingTotal"] == {"amount": "0.00"}
