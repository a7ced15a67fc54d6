"""Differences that were found between the executors, each held by a case of its own."""

import asyncio
import gc
import warnings
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final, NewType

import pytest
import strawberry
from graphql import Undefined
from strawberry.schema.config import StrawberryConfig

from schema.execution.executor import Executor
from tests.execution.asking import said, visit
from tests.execution.comparing import Told
from tests.execution.declaring import DECLARATIONS, Fetch, Visit, called, derived, fetched, load
from tests.execution.running import answered
from tests.execution.world import Later, Recipe, World, just

pytestmark = pytest.mark.anyio
Info = strawberry.Info[Visit, Any]
Loose = NewType("Loose", str)


@strawberry.interface
class Named:
    name: str

    @classmethod
    async def resolve_type(cls, value: Any, _info: Any, _type: Any) -> str:
        return str(value.kind)


@strawberry.type
class Place(Named):
    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return value is not Undefined and getattr(value, "kind", None) == "Place"

    near: str | None = fetched(Fetch("names", "near_id"), str | None)
    asked: str | None = called(str | None, "asked")


@strawberry.type
class Thing:
    name: str | None
    loose: Loose | None
    constant: str | None = derived(lambda _thing: "constant", str | None)
    other: str | None = fetched(Fetch("names", "other_id"), str | None)
    things: "list[list[Thing]] | None"


@strawberry.type
class Query:
    place: Place | None
    thing: Thing | None
    named: Named | None
    things: list[list[Thing | None]] | None

    @strawberry.field
    def taken(self, values: list[int]) -> int:
        return values.pop()

    @strawberry.field
    def generated(self) -> list[Thing] | None:
        def things() -> Any:
            yield thing()
            raise ValueError("no more")

        return things()  # type: ignore[no-any-return]


SCALARS: Final[Mapping[object, Any]] = {
    Loose: strawberry.scalar(name="Loose", serialize=str, parse_value=str),
}
SCHEMA: Final = strawberry.Schema(Query, types=[Place], config=StrawberryConfig(scalar_map=SCALARS))


def thing(**values: Any) -> SimpleNamespace:
    return SimpleNamespace(**({"name": "n", "loose": 1, "other_id": None, "things": None} | values))


def root(**values: Any) -> Any:
    return lambda: SimpleNamespace(**{name: make() for name, make in values.items()})


async def test_a_key_that_cannot_be_read_is_its_fields_error_and_is_not_asked_for() -> None:
    found = await said(SCHEMA, "{ thing { other } }", root=root(thing=lambda: SimpleNamespace(name="n")))
    assert found.data == {"thing": {"other": None}}
    assert found.errors == [
        Told(("thing", "other"), "'types.SimpleNamespace' object has no attribute 'other_id'", None)
    ]


async def test_a_list_within_a_list_that_can_be_read_only_once_is_read_once() -> None:
    text = "{ things { name other things { other } } }"
    found = await said(
        SCHEMA, text, root=root(things=lambda: [iter([thing(), None]), (), {thing().name: 1}.keys() and [thing()]])
    )
    inner = {"name": "n", "other": None, "things": None}
    assert found.data == {"things": [[inner, None], [], [inner]]}


async def test_awaitables_in_lists_within_lists_are_awaited() -> None:
    found = await said(
        SCHEMA,
        "{ things { other } }",
        root=root(things=lambda: Later([Later([Later(thing()), None]), iter([Later(thing())])])),
    )
    assert found.data == {"things": [[{"other": None}, None], [{"other": None}]]}


async def test_a_list_that_fails_while_it_is_read_is_its_fields_error() -> None:
    found = await said(SCHEMA, "{ generated { other } }")
    assert found.data == {"generated": None}
    assert found.errors == [Told(("generated",), "no more", None)]


async def test_a_leaf_that_can_be_awaited_is_not_written_as_it_is() -> None:
    found = await said(SCHEMA, "{ thing { loose } }", root=root(thing=lambda: thing(loose=Later("late"))))
    assert found.data == {"thing": {"loose": "late"}}


@pytest.mark.parametrize(
    ("given", "shown"), [(Undefined, None), (Later(None), None), (Later(thing()), {"constant": "constant"})]
)
async def test_an_object_of_which_nothing_is_read_is_looked_at_all_the_same(given: Any, shown: Any) -> None:
    found = await said(SCHEMA, "{ thing { constant } }", root=root(thing=lambda: given))
    assert found.data == {"thing": shown}


async def test_nothing_is_asked_for_beneath_an_object_that_its_type_denies() -> None:
    executor = Executor(SCHEMA, DECLARATIONS, load)
    world = World(0, 0, {"names": Recipe((just("x"),)), "asked": Recipe((just("y"),))})
    for kind, batches in (("Place", {"names": 1}), ("Other", {})):
        context = Visit(world)
        place = SimpleNamespace(kind=kind, name="n", near_id="p", id="p")
        await answered(
            executor, executor.read("{ place { near asked } }", None), {}, context, SimpleNamespace(place=place)
        )
        assert context.batches == batches


async def test_a_type_that_is_told_later_is_waited_for_and_leaves_nothing_behind() -> None:
    executor = Executor(SCHEMA, DECLARATIONS, load)
    place = SimpleNamespace(kind="Place", name="n", near_id=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = await answered(
            executor,
            executor.read("{ named { name ... on Place { near } } }", None),
            {},
            visit(),
            SimpleNamespace(named=place),
        )
        gc.collect()
        await asyncio.sleep(0)
    assert answer.data == {"named": {"name": "n", "near": None}}


async def test_a_resolver_may_use_up_an_argument_of_the_document() -> None:
    executor = Executor(SCHEMA, DECLARATIONS, load)
    operation = executor.read("{ taken(values: [1, 2, 3]) }", None)
    for _ in range(2):
        assert (await answered(executor, operation, {}, visit())).data == {"taken": 3}


async def test_a_condition_that_is_null_is_left_to_graphql_core() -> None:
    executor = Executor(SCHEMA, DECLARATIONS, load)
    operation = executor.read("query($no: Boolean = true) { thing { name @include(if: $no) } }", None)
    answer = await answered(executor, operation, {"no": None}, visit(), SimpleNamespace(thing=thing()))
    assert answer.data == {"thing": None}
    assert [error.path for error in answer.errors] == [("thing",)]
    assert executor.counters.fallbacks == {"a condition of @skip or @include is null": 1}
    allowed = await answered(executor, operation, {}, visit(), SimpleNamespace(thing=thing()))
    assert allowed.data == {"thing": {"name": "n"}}
    assert executor.counters.compiled == 1
