"""The schemas on which both executors are held against each other, each with what its operations are drawn of and run on."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, cast
from unittest.mock import patch

from graphql import GraphQLSchema
from hypothesis import settings

from schema import executing
from schema.execution.executor import Executor
from tests.execution import almanac, menagerie, workshop
from tests.execution.declaring import DECLARATIONS, Visit, load
from tests.execution.drawing import Drawn, Pool, operation
from tests.execution.running import Comparison, Executors, Watched
from tests.execution.world import World
from tests.fixtures.executing import CORE, EXECUTORS
from tests.fixtures.reading import ADMIN, STRANGER, Shelf, orders_of

TROUBLE: Final = (0, 10, 25, 50)
"""How many values in a hundred are wrong, world after world."""
CASES: Final = 1250 if settings().max_examples >= 5000 else 150
"""Of each schema: 5,000 in all in the nightly setting."""
_SERVICES: Final[Sequence[set[str]]] = (set(), set(), {"product"}, {"member", "content"}, {"order"})
Run = tuple[Any, Any]
"""A context and a root value."""


@dataclass(frozen=True, slots=True)
class Subject:
    schema: GraphQLSchema
    executors: Executors
    fresh: Callable[[int], Run]
    """For each number a context and a root value, the same ones whenever it is asked."""
    pool: Pool
    is_changing: bool = False
    """Whether mutations are drawn too."""

    def drawn(self, number: int) -> Drawn:
        kind = "mutation" if self.is_changing and number % 5 == 4 else "query"
        return operation(self.schema, f"case {number}", self.pool, kind=kind)

    async def compared(self, number: int, drawn: Drawn) -> Comparison:
        return await self.executors.compared(drawn.text, drawn.variables, lambda: self.fresh(number))


def subject(name: str, compiled: type[Watched] = Watched) -> Subject:
    return _orders(compiled) if name == "orders" else _synthetic(name, compiled)


NAMES: Final = ("menagerie", "almanac", "workshop", "orders")
_MODULES: Final[Mapping[str, ModuleType]] = {"menagerie": menagerie, "almanac": almanac, "workshop": workshop}


def _synthetic(name: str, compiled: type[Watched]) -> Subject:
    module = _MODULES[name]

    def fresh(number: int) -> Run:
        world = World(number, TROUBLE[number % len(TROUBLE)], module.RECIPES)
        return Visit(world), world.root

    core = Executor(module.SCHEMA, DECLARATIONS, load, is_compiling=False)
    executors = Executors(core, module.executor(compiled), _batches)
    pool = Pool({"String": ("Cat", "Day", "Part", "a")})
    return Subject(core.core, executors, fresh, pool, name == "workshop")


def _orders(compiled: type[Watched]) -> Subject:
    core, orders = EXECUTORS[CORE], orders_of(3)

    def fresh(number: int) -> Run:
        shelf = Shelf(orders, down=set(_SERVICES[number % len(_SERVICES)]))
        return shelf.context(STRANGER if number % 7 == 0 else ADMIN), None

    lines = [line for order in orders for line in order.lines]
    pool = Pool(
        {
            "ID": [*(order.head.id for order in orders), *(line.id for line in lines), "mbr_0", "prd_A", "none"],
            "number": [order.head.number for order in orders],
            "sku": ["A", "GONE", *(line.sku for line in lines)],
            "skus": ["A", "GONE"],
            "first": [0, 1, 2, 3],
            "last": [1, 2],
            "_Any": [{"__typename": "Order", "id": orders[0].head.id}, {"__typename": "Product", "sku": "A"}],
            "String": ["Order", "Money", orders[0].head.number],
        },
        left_out=frozenset(
            ("quoteOrder", "quoteRefund", "previewSplit", "simulateActions", "orderAnalytics", "orderChanges")
        ),
    )
    return Subject(core.core, Executors(core, _made(compiled), _calls), fresh, pool)


def _made(kind: type[Watched]) -> Watched:
    with patch.object(executing, "Executor", kind):
        return cast("Watched", executing.build_executor())


def _batches(visit: Visit) -> Counter[str] | None:
    """None where they cannot be compared: a load of what is known before takes a wave, but graphql-core no time."""
    return visit.batches if visit.world.is_prompt and not visit.met["known before"] else None


def _calls(context: Any) -> Counter[str]:
    return Counter(context.ports.order_views.shelf.names)
