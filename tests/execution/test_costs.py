"""What an execution costs, in calls, batches and bytes: no more for each object, however many there are."""

import gc
import sys
import tracemalloc
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final, Self

import pytest
import strawberry

from schema.execution.executor import Executor
from tests.execution.declaring import DECLARATIONS, Fetch, Visit, called, fetched, load
from tests.execution.world import Recipe, Thing, World, raised

pytestmark = pytest.mark.anyio
LEAVES: Final = 20
Numbers: Final = [f"n{number}" for number in range(LEAVES)]


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Owner(Named):
    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, Thing | Row)


@strawberry.type
class Item:
    name: str
    count: int | None
    owner: Owner | None = fetched(Fetch("owners", "owner_id"), Owner | None)
    named: Named | None
    items: "list[Item]"
    asked: str | None = called(str | None, "asked")


@strawberry.type
class Query:
    items: list[Item]


@dataclass
class Row:
    name: str
    owner_id: str
    id: str
    count: Any = 1
    named: Any = None
    items: Any = ()


SCHEMA: Final = strawberry.Schema(Query, types=[Owner])
RECIPES: Final = {
    "owners": Recipe((lambda thing: Thing(thing.world, "Owner", thing.id), raised(lambda: LookupError("lost")))),
    "name": Recipe((lambda thing: thing.id,)),
    "asked": Recipe((lambda _thing: "yes",)),
}
ALL: Final = "{ items { name count owner { name } named { name } asked items { name owner { name } asked } } }"
PLAIN: Final = "{ items { name count items { name count } } }"


def rows(many: int, **values: Any) -> Any:
    def row(number: int, **more: Any) -> Row:
        return Row(f"row {number}", f"o{number % 17}", f"r{number}", **(values | more))

    return Row("root", "o", "root", items=[row(n, items=[row(n)], named=row(n)) for n in range(many)])


@pytest.mark.parametrize(
    ("text", "wrong"),
    [(PLAIN, {}), (ALL, {}), (PLAIN, {"count": "no number"}), (ALL, {"count": "no number"})],
    ids=["written", "with errors of loads", "replayed", "replayed with errors of loads"],
)
async def test_twice_as_many_objects_cost_twice_as_many_calls(text: str, wrong: dict[str, Any]) -> None:
    executor = Executor(SCHEMA, DECLARATIONS, load)
    operation = executor.read(text, None)
    calls = {}
    for count in (1, 300, 600):
        root, context = rows(count, **wrong), Visit(World(1, 0, RECIPES))
        with _Counted() as counted:
            result = await executor.run(operation, None, context, root)
        assert result.data is not None
        assert len(result.data["items"]) == count
        calls[count] = counted.calls
    assert calls[600] / calls[300] < 2.05


async def test_a_hundred_parents_ask_as_often_as_one() -> None:
    executor = Executor(SCHEMA, DECLARATIONS, load)
    operation = executor.read(ALL, None)
    batches = []
    for count in (1, 100):
        context = Visit(World(1, 0, RECIPES))
        await executor.run(operation, None, context, rows(count))
        batches.append(dict(context.batches))
    assert batches == [{"owners": 1}] * 2


async def test_memory_is_the_answers() -> None:
    flat = strawberry.type(type("Flat", (), {"__annotations__": dict.fromkeys(Numbers, int)}))
    query = strawberry.type(type("Query", (), {"__annotations__": {"items": list[flat]}}))  # type: ignore[valid-type]
    executor = Executor(strawberry.Schema(query), DECLARATIONS, load)
    operation = executor.read("{ items { " + " ".join(Numbers) + " } }", None)
    root = rows(0)
    values = type("Value", (), {name: number for number, name in enumerate(Numbers)})
    root = rows(0)
    root.items = [values()]
    await executor.run(operation, None, Visit(World(0, 0, {})), root)
    root.items *= 100_000 // LEAVES
    gc.collect()
    tracemalloc.start()
    result = await executor.run(operation, None, Visit(World(0, 0, {})), root)
    answer, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.data is not None
    assert len(result.data["items"]) == 100_000 // LEAVES
    assert peak < 2 * answer


class _Counted:
    """Counts the calls of Python and of C functions."""

    def __init__(self) -> None:
        self.calls = 0

    def __enter__(self) -> Self:
        sys.setprofile(self._seen)
        return self

    def __exit__(self, *_error: object) -> None:
        sys.setprofile(None)

    def _seen(self, _frame: FrameType, event: str, _given: Any) -> None:
        self.calls += event in {"call", "c_call"}
