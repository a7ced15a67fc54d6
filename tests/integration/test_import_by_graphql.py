"""importOrders as a caller sends it, and what was imported as callers read it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.bootstrap import ports_over
from adapters.db.engine import Database
from adapters.imports.olist import import_olist
from adapters.policy_files import load_policies
from domain.access.viewer import Viewer
from domain.ports.bundle import Ports, Terms
from domain.values.enums import ActorKind, Role
from resolvers.context import RequestContext
from tests.fixtures.executing import EXECUTORS, answered_by, executed

pytestmark = pytest.mark.anyio

SMALL: Final = Path(__file__).parents[1] / "fixtures" / "olist"
ADMIN: Final = Viewer(ActorKind.STAFF, "admin", None, frozenset((Role.ADMIN,)))
IMPORT: Final = """mutation ($input: ImportOrdersInput!) { importOrders(input: $input) { __typename
  ... on ImportOrdersSuccess { imported skipped replayed failed { index externalNumber code message } }
  ... on UserError { code path } ... on InvalidInput { problems { path code } } } }"""
ORDER: Final = """query ($number: String!) { order(ref: {external: {channel: "legacy-erp", number: $number}}) {
  status placedAt updatedAt paidAt paymentStatus fulfillmentStatus version attributes
  buyer { id name level } shippingAddress { country city } importDifference { amount currency }
  total { amount } paidTotal { amount } dueTotal { amount } discounts { kind amount { amount } }
  lines { sku name category seller { id } quantity total { amount } product { sku } }
  payments { method status amount { amount } } fulfillments { status shipments { carrier trackingNumber deliveredAt } }
  history { nodes { action from to } } timers { name } } }"""
SAID: Final[dict[str, Any]] = {
    "externalNumber": "E-1",
    "status": "COMPLETED",
    "placedAt": "2019-05-01T10:00:00+02:00",
    "paidAt": "2019-05-01T09:00:00Z",
    "completedAt": "2019-06-01T09:00:00Z",
    "buyer": {"id": "anna", "name": "Anna Berg", "level": "gold"},
    "shippingAddress": {"country": "US", "city": "Reno"},
    "currency": "USD",
    "lines": [{"sku": "OLD-1", "category": "radio", "sellerId": "anne", "quantity": 2, "unitPrice": "10.00"}],
    "shippingTotal": "4.50",
    "discountTotal": "1.00",
    "payments": [{"method": "card", "amount": "24.00", "reference": "r"}],
    "shipments": [
        {
            "carrier": "UPS",
            "trackingNumber": "T-1",
            "shippedAt": "2019-05-02T09:00:00Z",
            "deliveredAt": "2019-05-05T09:00:00Z",
        }
    ],
    "legacyStatus": "closed",
    "attributes": {"store": 7},
}


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def ports(database: Database) -> Ports:
    return ports_over(database, load_policies(), "a secret of the tests", Terms(), clock=FixedClock())


@pytest.fixture(params=EXECUTORS, autouse=True)
def executor(request: pytest.FixtureRequest) -> Iterator[None]:
    with answered_by(request.param):
        yield


async def ask(ports: Ports, query: str, **variables: Any) -> Any:
    deadline = asyncio.get_running_loop().time() + 60
    context = RequestContext.of(ADMIN, ports, deadline=deadline, request_id="r")
    result = await executed(query, variables, context=context)
    assert result.errors is None
    assert result.data is not None
    return next(iter(result.data.values()))


def batch(*orders: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"channel": "legacy-erp", "businessUnit": "electronics-us", "orders": list(orders), **more}


async def test_an_order_is_imported_and_read_back(ports: Ports) -> None:
    bad = SAID | {"externalNumber": "E-2", "lines": []}
    done = {
        "__typename": "ImportOrdersSuccess",
        "imported": 1,
        "skipped": 0,
        "replayed": False,
        "failed": [
            {"index": 1, "externalNumber": "E-2", "code": "EMPTY", "message": "lines: An order has at least one line."}
        ],
    }
    assert await ask(ports, IMPORT, input=batch(SAID, bad, dryRun=True)) == done
    assert await ask(ports, IMPORT, input=batch(SAID, bad, idempotencyKey="k")) == done
    assert await ask(ports, IMPORT, input=batch(SAID, bad, idempotencyKey="k")) == done | {"replayed": True}
    assert await ask(ports, ORDER, number="E-1") == {
        "status": "COMPLETED",
        "placedAt": "2019-05-01T08:00:00Z",
        "updatedAt": "2026-03-02T09:00:00Z",
        "paidAt": "2019-05-01T09:00:00Z",
        "paymentStatus": "PAID",
        "fulfillmentStatus": "DELIVERED",
        "version": 1,
        "attributes": {"store": 7, "legacyStatus": "closed"},
        "buyer": {"id": "mbr_anna", "name": "Anna Berg", "level": "gold"},
        "shippingAddress": {"country": "US", "city": "Reno"},
        "importDifference": {"amount": "0.50", "currency": "USD"},
        "total": {"amount": "23.50"},
        "paidTotal": {"amount": "24.00"},
        "dueTotal": {"amount": "0.00"},
        "discounts": [{"kind": "MANUAL", "amount": {"amount": "1.00"}}],
        "lines": [
            {
                "sku": "OLD-1",
                "name": "radio OLD-1",
                "category": "radio",
                "seller": {"id": "sel_anne"},
                "quantity": 2,
                "total": {"amount": "19.00"},
                "product": None,
            }
        ],
        "payments": [{"method": "card", "status": "CAPTURED", "amount": {"amount": "24.00"}}],
        "fulfillments": [
            {
                "status": "DELIVERED",
                "shipments": [{"carrier": "UPS", "trackingNumber": "T-1", "deliveredAt": "2019-05-05T09:00:00Z"}],
            }
        ],
        "history": {"nodes": [{"action": "importOrders", "from": None, "to": "COMPLETED"}]},
        "timers": [],
    }


async def test_attributes_that_are_no_object_are_named_with_their_order(ports: Ports) -> None:
    answer = await ask(ports, IMPORT, input=batch(SAID, SAID | {"attributes": [1]}))
    assert answer == {
        "__typename": "InvalidInput",
        "code": "INVALID_INPUT",
        "path": ["orders", "1", "attributes"],
        "problems": [{"path": ["orders", "1", "attributes"], "code": "NOT_AN_OBJECT"}],
    }


async def test_what_was_imported_can_be_searched_filtered_and_faceted(ports: Ports) -> None:
    await import_olist(ports, SMALL, None, lambda _done, _whole: None)
    query = """query ($filter: OrderFilter, $search: String) { orders(filter: $filter, search: $search, first: 50) {
      totalCount nodes { externalNumber } facets { status { value count } } } }"""
    delivered = await ask(ports, query, filter={"channel": ["legacy-olist"], "status": ["DELIVERED"]})
    assert delivered["totalCount"] == 6
    whole = await ask(ports, query, filter={"businessUnit": ["marketplace-br"]})
    assert {each["value"]: each["count"] for each in whole["facets"]["status"]} == {
        "DELIVERED": 6,
        "CANCELLED": 2,
        "CONFIRMED": 1,
        "IN_FULFILLMENT": 1,
        "PAID": 1,
        "PENDING_PAYMENT": 1,
        "SHIPPED": 1,
    }
    of_seller = await ask(ports, query, filter={"sellerId": ["sel_seller-two"], "region": ["SP"]})
    assert [each["externalNumber"] for each in of_seller["nodes"]] == ["plain"]
    found = await ask(ports, query, search="prod-pan")
    assert sorted(each["externalNumber"] for each in found["nodes"]) == ["invoiced", "processing", "undated"]
