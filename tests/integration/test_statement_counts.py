"""What a query costs does not depend on how many orders it finds: exact numbers of SQL statements and of service batches."""

import asyncio
import gc
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.bootstrap import ports_over
from adapters.db.engine import Database
from adapters.policy_files import load_policies
from adapters.seeding.seed import seed_demo
from domain.access.viewer import Viewer
from domain.orders.views import OrderLineView, OrderView
from domain.ports.bundle import Ports, Terms
from domain.ports.products import ProductView
from domain.values.enums import ActorKind, Role
from resolvers.context import RequestContext
from tests.benchmarks.operations import DETAIL, DOCUMENTS
from tests.fixtures.executing import COMPILED, CORE, EXECUTORS, executed

pytestmark = pytest.mark.anyio

ADMIN = Viewer(ActorKind.STAFF, "admin", None, frozenset((Role.ADMIN,)))
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)

LIST = """query ($first: Int!) { orders(first: $first) {
  nodes { number status total { amount currency } buyer { name } member { name level }
          lines { sku name quantity total { amount } product { name price { amount } } priceDrift { amount } stock { available } } }
  pageInfo { hasNextPage endCursor } } }"""
COUNTED_LIST = """query ($first: Int!) { orders(first: $first) { totalCount facets { status { value count } } nodes { number } } }"""
EVERYTHING = """query ($first: Int!) { orders(first: $first, filter: {status: [COMPLETED]}) { nodes {
  number businessUnit { name } channel { name kind } flow { key }
  lines { sku seller { name } product { content { title } stock { available } } }
  discounts { amount { amount } } installments { kind } timers { name dueAt }
  payments { id orderVersion refunds { id } availableActions { action } }
  fulfillments { number orderVersion warehouse { name } order { number } lines { quantity line { name } }
                 shipments { trackingNumber lines { quantity } } availableActions { action } }
  availableActions(includeBlocked: true) { action enabled deadline }
  history(first: 5) { nodes { action } pageInfo { hasNextPage } } } } }"""
TRACKED = """query ($first: Int!) { orders(first: $first, filter: {status: [COMPLETED]}) { nodes {
  fulfillments { shipments { trackingNumber checkpoints { at status location message } } } } } }"""
UNTRACKED = TRACKED.replace("checkpoints { at status location message }", "")
MEMBERS = """query ($first: Int!) { members(first: $first) { totalCount nodes {
  name orders(first: 2) { totalCount facets { status { count } } nodes { number lines { sku } } } } } }"""


class Batches:
    """A port that counts its calls and how many keys each had."""

    def __init__(self, name: str, port: Any, calls: Counter[str]) -> None:
        self._name = name
        self._port = port
        self._calls = calls

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._port, method)

        async def counted(keys: Any, *rest: Any) -> Any:
            assert len(set(keys)) == len(keys), "a batch holds distinct keys only"
            self._calls[f"{self._name}.{method}"] += 1
            return await found(keys, *rest)

        return counted


@pytest.fixture
async def ports(database: Database) -> Ports:
    policies = load_policies()
    await seed_demo(database, policies, 150, 3, NOON, lambda _done, _whole: None)
    return ports_over(database, policies, "a secret of the tests", Terms())


async def cost(
    query: str, first: int, ports: Ports, database: Database, executor: str = COMPILED
) -> tuple[int, int, dict[str, int]]:
    """Orders or members found, SQL statements, batches per service."""
    calls: Counter[str] = Counter()
    counted: dict[str, Any] = {
        name: Batches(name, getattr(ports, name), calls) for name in ("products", "content", "inventory")
    }
    deadline = asyncio.get_running_loop().time() + 60
    context = RequestContext.of(ADMIN, replace(ports, **counted), deadline=deadline, request_id="r")
    before = database.statement_count
    result = await executed(query, {"first": first}, context=context, executor=EXECUTORS[executor])
    assert result.errors is None
    assert result.data is not None
    found = len(next(iter(result.data.values()))["nodes"])
    return found, database.statement_count - before, dict(calls)


@pytest.mark.parametrize(
    ("query", "statements", "batches"),
    [
        (LIST, {COMPILED: 5, CORE: 5}, {"products.by_skus": 1, "inventory.stock": 1}),
        (COUNTED_LIST, {COMPILED: 3, CORE: 3}, {}),
        (TRACKED, {COMPILED: 4, CORE: 4}, {}),
        (UNTRACKED, {COMPILED: 3, CORE: 3}, {}),
        (
            EVERYTHING,
            {COMPILED: 8, CORE: 15},
            {"products.by_skus": 1, "content.by_skus": 1, "inventory.stock": 1, "inventory.warehouses": 1},
        ),
    ],
)
@pytest.mark.parametrize("executor", [COMPILED, CORE])
async def test_a_list_costs_the_same_for_one_and_for_a_hundred_orders(
    query: str,
    statements: dict[str, int],
    batches: dict[str, int],
    executor: str,
    ports: Ports,
    database: Database,
) -> None:
    assert await cost(query, 1, ports, database, executor) == (1, statements[executor], batches)
    assert await cost(query, 100, ports, database, executor) == (100, statements[executor], batches)


@pytest.mark.parametrize("executor", [COMPILED, CORE])
async def test_what_a_request_has_read_is_gone_with_it(executor: str, ports: Ports, database: Database) -> None:
    """By its references alone: what the garbage collector has to find stays until then, and finding it takes long."""
    await cost(LIST, 100, ports, database, executor)
    gc.collect()
    gc.disable()
    try:
        before = {id(one) for one in _views()}
        await cost(LIST, 100, ports, database, executor)
        left = [one for one in _views() if id(one) not in before]
    finally:
        gc.enable()
    assert left == []


def _views() -> list[Any]:
    return [one for one in gc.get_objects() if isinstance(one, OrderView | OrderLineView | ProductView)]


async def test_an_order_with_everything_is_read_by_four_statements_and_one_for_each_service(
    ports: Ports, database: Database
) -> None:
    context = RequestContext.of(ADMIN, ports, deadline=asyncio.get_running_loop().time() + 60, request_id="r")
    listed = await executed(
        "{ orders(first: 1, filter: { status: [COMPLETED] }) { nodes { id } } }",
        context=context,
        executor=EXECUTORS[COMPILED],
    )
    assert listed.data is not None
    context = RequestContext.of(ADMIN, ports, deadline=context.deadline, request_id="r")
    before = database.statement_count
    detail = await executed(
        DOCUMENTS[DETAIL], listed.data["orders"]["nodes"][0], context=context, executor=EXECUTORS[COMPILED]
    )
    assert detail.errors is None
    services = ("members", "products", "content", "stock", "warehouses")
    assert database.statement_count - before == 4 + len(services)


async def test_the_orders_of_a_hundred_members_cost_what_those_of_one_do(ports: Ports, database: Database) -> None:
    assert (await cost(MEMBERS, 1, ports, database))[:2] == (1, 6)
    assert (await cost(MEMBERS, 100, ports, database))[:2] == (100, 6)
