"""Queries, executed over orders in memory: what they answer, and what they ask of whom."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from domain.values.enums import OrderSort
from domain.values.faults import ServiceUnavailable
from tests.fixtures.executing import EXECUTORS, answered_by
from tests.fixtures.orders import World, physical_order
from tests.fixtures.reading import ADMIN, ANNA, SCHEMA, STRANGER, Shelf, ask, orders_of, refused

pytestmark = pytest.mark.anyio

LIST = """query($first: Int) { orders(first: $first) { totalCount pageInfo { hasNextPage } nodes {
  number channel { name } businessUnit { code } buyer { name level } member { name }
  lines { sku product { name stock { available } content { title } } priceDrift { amount } stock { available } }
  payments { orderVersion refunds { id } } discounts { name } installments { kind }
  fulfillments { order { number } warehouse { name } lines { line { sku } } shipments { lines { quantity } } }
  availableActions { action } timers { name dueAt } history(first: 2) { nodes { sequence actor { kind } } }
} } }"""
LIST_CALLS = [
    "DiscountView by order_id",
    "FulfillmentLineView by fulfillment_id",
    "FulfillmentView by order_id",
    "InstallmentView by order_id",
    "OrderLineView by order_id",
    "PaymentView by order_id",
    "RefundView by payment_id",
    "ShipmentView by fulfillment_id",
    "TimerView by order_id",
    "content",
    "count",
    "history",
    "members",
    "page",
    "products",
    "stock",
    "warehouses",
]


@pytest.fixture(params=EXECUTORS, autouse=True)
def executor(request: pytest.FixtureRequest) -> Iterator[str]:
    """All that is read is read by both."""
    with answered_by(request.param):
        yield request.param


@pytest.mark.parametrize("count", [1, 7])
async def test_a_list_asks_each_service_once_a_level_however_long_it_is(count: int) -> None:
    shelf = Shelf(orders_of(7))
    data = await ask(shelf, LIST, first=count)
    assert len(data["orders"]["nodes"]) == count
    assert sorted(shelf.names) == LIST_CALLS


async def test_every_key_is_asked_for_once() -> None:
    shelf = Shelf(orders_of(7))
    await ask(shelf, LIST, first=7)
    asked = {name: keys for name, keys in shelf.calls if name in {"products", "stock", "content", "warehouses"}}
    assert {name: sorted(keys) for name, keys in asked.items()} == {
        "products": ["MUG-1", "TEE-1"],
        "stock": ["MUG-1", "TEE-1"],
        "content": ["MUG-1", "TEE-1"],
        "warehouses": ["BER", "HAM"],
    }


async def test_what_is_not_selected_is_not_asked_for() -> None:
    shelf = Shelf(orders_of(2))
    assert await ask(shelf, "{ orders { totalCount } }") == {"orders": {"totalCount": 2}}
    assert shelf.names == ["count"]
    shelf.calls.clear()
    await ask(shelf, "{ orders { nodes { id } edges { cursor } pageInfo { endCursor } } }")
    assert shelf.names == ["page"]
    shelf.calls.clear()
    assert await ask(shelf, "{ orders { facets { status { value count } } } }") == {
        "orders": {"facets": {"status": [{"value": "PAID", "count": 2}]}}
    }
    assert shelf.names == ["facets"]


async def test_a_page_goes_on_where_the_one_before_ended() -> None:
    shelf, seen, page = Shelf(orders_of(5)), list[str](), {"pageInfo": {"endCursor": None}}
    query = "query($after: String) { orders(first: 2, after: $after) { nodes { number } pageInfo { hasNextPage endCursor } } }"
    for _ in range(3):
        page = (await ask(shelf, query, after=page["pageInfo"]["endCursor"]))["orders"]
        seen += [node["number"] for node in page["nodes"]]
    assert seen == [order.head.number for order in reversed(shelf.orders)]
    assert page["pageInfo"] == {"hasNextPage": False, "endCursor": page["pageInfo"]["endCursor"]}


async def test_the_orders_of_many_members_are_one_statement_for_each_thing_asked() -> None:
    shelf = Shelf(orders_of(3))
    query = """{ members { nodes { id orders(first: 1) { totalCount nodes { number } facets { status { count } } }
      all: orders { totalCount } paid: orders(filter: {status: [PAID]}) { totalCount } } } }"""
    await ask(shelf, query)
    assert sorted(shelf.names) == [
        "count_by_member",
        "count_by_member",
        "facets_by_member",
        "member search",
        "page_by_member",
    ]


async def test_a_snapshot_stays_as_it_was_sold_while_the_product_changes() -> None:
    shelf = Shelf(orders_of(1))
    data = await ask(
        shelf,
        "{ orders { nodes { lines { name unitPrice { amount } product { name } priceDrift { amount currency } } } } }",
    )
    assert data["orders"]["nodes"][0]["lines"][0] == {
        "name": "Blue Tee",
        "unitPrice": {"amount": "20.00"},
        "product": {"name": "Live"},
        "priceDrift": {"amount": "5.00", "currency": "EUR"},
    }


@pytest.mark.parametrize(
    ("service", "selection", "nulled"),
    [
        ("product", "product { name }", "product"),
        ("product", "priceDrift { amount }", "priceDrift"),
        ("inventory", "stock { available }", "stock"),
    ],
)
async def test_a_service_that_is_down_takes_only_its_own_fields_with_it(
    service: str, selection: str, nulled: str
) -> None:
    shelf = Shelf(orders_of(1), down={service})
    data, errors = await refused(shelf, f"{{ orders {{ nodes {{ lines {{ sku {selection} }} member {{ name }} }} }} }}")
    (node,) = data["orders"]["nodes"]
    assert node == {
        "lines": [{"sku": "TEE-1", nulled: None}, {"sku": "MUG-1", nulled: None}],
        "member": {"name": "Anna"},
    }
    extensions = {
        "code": "SERVICE_UNAVAILABLE",
        "retryable": True,
        "requestId": "req-1",
        "service": service,
        "retryAfterMs": 1000,
    }
    assert errors == [(["orders", "nodes", 0, "lines", line, nulled], extensions) for line in (0, 1)]


async def test_a_list_of_another_service_is_null_when_that_is_down() -> None:
    data, errors = await refused(
        Shelf(down={"product", "inventory"}), '{ products { nodes { id } } stock(skus: ["A"]) { sku } }'
    )
    assert data == {"products": None, "stock": None}
    assert sorted((path, extensions["code"]) for path, extensions in errors) == [
        (["products", "nodes"], "SERVICE_UNAVAILABLE"),
        (["stock"], "SERVICE_UNAVAILABLE"),
    ]


async def test_after_the_deadline_nothing_is_waited_for() -> None:
    context = Shelf(orders_of(1)).context(deadline=asyncio.get_running_loop().time() - 1)
    result = await SCHEMA.execute('{ product(sku: "A") { sku } }', context_value=context)
    (error,) = list(result.errors or ())
    assert isinstance(error.original_error, ServiceUnavailable)
    assert str(error.original_error) == "The product service does not answer: the request's deadline has passed."


async def test_an_order_is_found_by_all_it_is_known_by() -> None:
    (order,) = orders_of(1)
    shelf = Shelf((replace(order, head=replace(order.head, external_number="X-1")),))
    query = "query($ref: OrderRef!) { order(ref: $ref) { id } }"
    refs: list[dict[str, Any]] = [
        {"id": order.head.id},
        {"number": order.head.number},
        {"external": {"channel": "acme-web", "number": "X-1"}},
    ]
    for ref in refs:
        assert await ask(shelf, query, ref=ref) == {"order": {"id": order.head.id}}
    for unknown in ({"number": ""}, {"id": "ord_0"}, {"external": {"channel": "other", "number": "X-1"}}):
        assert await ask(shelf, query, ref=unknown) == {"order": None}


@pytest.mark.parametrize("ref", [{}, {"id": "ord_1", "number": "1"}, {"id": None}])
async def test_a_reference_says_exactly_one_thing(ref: dict[str, Any]) -> None:
    _, errors = await refused(Shelf(), "query($ref: OrderRef!) { order(ref: $ref) { id } }", ref=ref)
    assert [extensions["code"] for _, extensions in errors] == ["BAD_USER_INPUT"]


async def test_every_node_answers_to_its_id() -> None:
    order = orders_of(1)[0]
    parts = (order.head, order.lines[0], order.payments[0], order.fulfillments[0], order.shipments[0])
    ids = [
        *(part.id for part in parts),
        "prd_TEE-1",
        "mbr_anna",
        "whs_BER",
        "prd_GONE",
        "ord_nonsense",
        "evt_" + "0" * 32,
    ]
    data = await ask(Shelf((order,)), "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=ids)
    kinds = ("Order", "OrderLine", "Payment", "Fulfillment", "Shipment", "Product", "Member", "Warehouse")
    known = [{"__typename": kind, "id": one} for kind, one in zip(kinds, ids, strict=False)]
    assert data["nodes"] == [*known, None, None, None]
    assert await ask(Shelf((order,)), "query($id: ID!) { node(id: $id) { id } }", id=ids[0]) == {"node": {"id": ids[0]}}


async def test_one_node_that_cannot_be_had_leaves_the_others() -> None:
    data, errors = await refused(Shelf(down={"product"}), '{ nodes(ids: ["prd_A", "mbr_anna"]) { id } }')
    assert data == {"nodes": [None, {"id": "mbr_anna"}]}
    assert [(path, extensions["service"]) for path, extensions in errors] == [(["nodes", 0], "product")]


@pytest.mark.parametrize("name", ["Order", "Product", "Member"])
async def test_an_entity_without_its_key_is_a_bad_request(name: str) -> None:
    query = """query($these: [_Any!]!) { _entities(representations: $these) { __typename } }"""
    _, errors = await refused(Shelf(), query, these=[{"__typename": name, "sku": "A"}])
    assert [extensions["code"] for _, extensions in errors] == ["BAD_REQUEST"]


async def test_entities_are_what_the_gateway_refers_to_and_the_viewer_may_see() -> None:
    (order,) = orders_of(1)
    references = [
        {"__typename": "Order", "id": order.head.id},
        {"__typename": "Product", "id": "prd_A", "sku": "ignored"},
        {"__typename": "Member", "id": "mbr_0"},
        {"__typename": "Order", "id": "prd_A"},
    ]
    query = """query($these: [_Any!]!) { _entities(representations: $these) {
      ... on Order { number } ... on Product { sku } ... on Member { name } } }"""
    data = await ask(Shelf((order,)), query, these=[dict(reference) for reference in references])
    assert data["_entities"] == [{"number": order.head.number}, {"sku": "A"}, {"name": "Anna"}, None]
    data = await ask(Shelf((order,)), query, STRANGER, these=[dict(reference) for reference in references])
    assert data["_entities"] == [None, {"sku": "A"}, None, None]


async def test_a_buyer_sees_its_own_member_and_is_not_told_of_others() -> None:
    shelf = Shelf(orders_of(1))
    query = '{ viewer { id roles member { id } } own: member(id: "mbr_anna") { id } other: member(id: "mbr_0") { id } }'
    assert await ask(shelf, query, ANNA) == {
        "viewer": {"id": "mbr_anna", "roles": ["BUYER"], "member": {"id": "mbr_anna"}},
        "own": {"id": "mbr_anna"},
        "other": None,
    }
    assert shelf.calls == [("members", ["mbr_anna"])]
    assert await ask(shelf, "{ members { nodes { id } } }", ANNA) == {"members": {"nodes": [{"id": "mbr_anna"}]}}
    assert await ask(shelf, '{ members(filter: {id: ["mbr_0"]}) { nodes { id } } }', ANNA) == {"members": {"nodes": []}}


async def test_the_flow_of_an_order_is_a_diagram_and_null_for_an_unknown_business_unit() -> None:
    query = """{ orderFlow(orderType: PHYSICAL, businessUnit: "acme-eu") { key version businessUnit { code } mermaid
      machines { kind mermaid states { name } transitions { from to action } } }
      other: orderFlow(orderType: VIRTUAL) { key version } unknown: orderFlow(orderType: PHYSICAL, businessUnit: "x") { key } orderFlows { key } }"""
    data = await ask(Shelf(), query)
    assert (data["orderFlow"]["key"], data["orderFlow"]["version"]) == ("PHYSICAL", 1)
    assert data["orderFlow"]["businessUnit"] == {"code": "acme-eu"}
    assert [machine["kind"] for machine in data["orderFlow"]["machines"]] == [
        "ORDER",
        "PAYMENT",
        "REFUND",
        "FULFILLMENT",
        "AFTER_SALE",
    ]
    assert data["orderFlow"]["mermaid"].startswith("stateDiagram-v2\n")
    assert (data["other"], data["unknown"]) == ({"key": "VIRTUAL", "version": 1}, None)
    keys = ["PHYSICAL", "VIRTUAL", "MADE_TO_ORDER", "PRESALE", "GROUP_BUY"]
    assert data["orderFlows"] == [{"key": key} for key in keys]


async def test_a_code_that_no_policy_knows_any_more_is_its_own_name() -> None:
    order = physical_order(World())
    gone = replace(order, head=replace(order.head, business_unit="sold", channel="old-web"))
    data = await ask(
        Shelf((gone,)),
        "{ orders { nodes { businessUnit { code name } channel { name kind } availableActions { action } } } }",
    )
    assert data["orders"]["nodes"] == [
        {
            "businessUnit": {"code": "sold", "name": "sold"},
            "channel": {"name": "old-web", "kind": "STOREFRONT"},
            "availableActions": [],
        }
    ]


async def test_the_filter_reaches_the_port_as_it_was_asked() -> None:
    shelf = Shelf()
    query = 'query($filter: OrderFilter) { orders(filter: $filter, search: "red mug", sort: TOTAL_ASC) { totalCount } }'
    asked = {
        "status": ["PAID"],
        "currency": "JPY",
        "total": {"gte": "10.5", "lt": "20.5"},
        "placedAt": {"gt": "2024-01-01T00:00:00+01:00"},
        "or": [{"sku": ["A"]}, {"not": {"total": {"lte": "5"}}}],
        "and": [{"currency": "EUR", "total": {"gt": "1.005"}}],
        "category": [],
        "country": None,
    }
    await ask(shelf, query, filter=asked)
    ((_, got),) = shelf.calls
    assert (got.scope, got.search, got.sort) == (ADMIN.scope, "red mug", OrderSort.TOTAL_ASC)
    assert (got.filter.status, got.filter.category, got.filter.country) == (("PAID",), (), None)
    assert (got.filter.total.gte, got.filter.total.lt) == (11, 21)
    assert got.filter.placed_at.gt.isoformat() == "2023-12-31T23:00:00+00:00"
    assert got.filter.any_of[0].sku == ("A",)
    assert got.filter.any_of[1].none_of.total.lte == 5
    assert got.filter.all_of[0].total.gt == 100


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('{ orders(filter: {total: {gte: "1"}}) { totalCount } }', "BAD_REQUEST"),
        ('{ orders(filter: {total: {gte: "1"}, currency: "XXX"}) { totalCount } }', "BAD_REQUEST"),
        (f"{{ orders(filter: {{sku: {['A'] * 101}}}) {{ totalCount }} }}".replace("'", '"'), "BAD_REQUEST"),
        (f"{{ orders(filter: {{or: [{'{sku: []} ' * 51}]}}) {{ totalCount }} }}", "BAD_REQUEST"),
        (f"{{ orders(filter: {'{not: ' * 51}{{}}{'}' * 51}) {{ totalCount }} }}", "BAD_REQUEST"),
        ("{ orders(first: 101) { totalCount } }", "BAD_REQUEST"),
        ("{ orders(first: 1, last: 1) { totalCount } }", "BAD_REQUEST"),
        ('{ orders(after: "nonsense") { totalCount } }', "INVALID_CURSOR"),
        (f"{{ nodes(ids: {['ord_1'] * 101}) {{ id }} }}".replace("'", '"'), "BAD_REQUEST"),
        (f"{{ stock(skus: {['A'] * 201}) {{ sku }} }}".replace("'", '"'), "BAD_REQUEST"),
    ],
)
async def test_what_is_beyond_its_limits_is_a_bad_request(query: str, code: str) -> None:
    shelf = Shelf()
    _, errors = await refused(shelf, query)
    assert [extensions for _, extensions in errors] == [{"code": code, "retryable": False, "requestId": "req-1"}]
    assert shelf.calls == []


async def test_the_limits_themselves_are_allowed() -> None:
    filters = f"{{or: [{'{sku: []} ' * 50}], sku: {['A'] * 100}}}".replace("'", '"')
    assert await ask(Shelf(), f"{{ orders(filter: {filters}) {{ totalCount }} }}") == {"orders": {"totalCount": 0}}
