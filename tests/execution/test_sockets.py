"""What else can be plugged into the executor: an observer of its steps, a visitor of its plans, masks of fields."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
import strawberry
from graphql.execution.values import VariableValues

from schema.execution.executor import Executor
from schema.execution.explain import explained
from schema.execution.levels import Asked
from schema.execution.plan import Field, Selection
from tests.execution.declaring import DECLARATIONS, METADATA, Fetch

pytestmark = pytest.mark.anyio


MASKED = replace(DECLARATIONS, mask="mask")


def hidden(value: Any, parent: Any, context: Any) -> Any:
    """To all but the owner."""
    if context == "nobody":
        raise PermissionError("It is a secret.")
    return value if context == parent.name else None


def _loaded() -> Any:
    raise AssertionError("the executor loads it")


def friend(of: Any) -> Any:
    return strawberry.field(resolver=_loaded, graphql_type=of, metadata={METADATA: Fetch("people", "friend_name")})


@strawberry.type
class Friend:
    name: str


@strawberry.type
class Acquaintance:
    name: str
    friend = friend(Friend | None)


@strawberry.type
class Person:
    name: str
    phone: str | None = strawberry.field(metadata={"mask": hidden})
    friend = friend(Acquaintance | None)


@dataclass(frozen=True)
class PersonRow:
    name: str
    phone: str
    friend_name: str | None


PEOPLE = {"Ada": PersonRow("Ada", "1", "Bo"), "Bo": PersonRow("Bo", "2", None)}


def people() -> Any:
    return list(PEOPLE.values())


async def greeting() -> str:
    await asyncio.sleep(0)
    return "hello"


def addressed(value: str, _parent: Any, context: Any) -> str:
    return f"{value} {context}"


@strawberry.type
class Query:
    people = strawberry.field(resolver=people, graphql_type=list[Person])
    greeting = strawberry.field(resolver=greeting, graphql_type=str, metadata={"mask": addressed})


SCHEMA = strawberry.Schema(query=Query)


async def load(_context: Any, asked: Sequence[Asked]) -> Sequence[Sequence[Any]]:
    return [[PEOPLE.get(key) for key in one.keys] for one in asked]


class Observed:
    def __init__(self) -> None:
        self.seen: list[tuple[str, str, int]] = []

    def asked(self, field: Field, parents: int, /) -> None:
        self.seen.append(("asked", field.key, parents))

    def answered(self, field: Field, /) -> None:
        self.seen.append(("answered", field.key, 0))


class Deepest:
    def __init__(self) -> None:
        self.fields: list[tuple[str, str, int]] = []

    def field(self, selection: Selection, field: Field, depth: int, /) -> None:
        self.fields.append((selection.object_type.name, field.key, depth))


async def executed(text: str, context: Any, *, is_compiling: bool = True, observer: Any = None) -> Any:
    executor = Executor(SCHEMA, MASKED, load, is_compiling=is_compiling, observer=observer)
    operation = executor.read(text, None)
    executor.check(operation)
    result = await executor.run(operation, {}, context)
    return result.data, [(error.path, error.message) for error in result.errors or ()], executor.counters


async def test_an_observer_sees_each_step_and_of_how_many() -> None:
    observed = Observed()
    await executed("{ people { name friend { friend { name } } } }", "Ada", observer=observed)
    assert observed.seen == [
        ("asked", "people", 1),
        ("answered", "people", 0),
        ("asked", "friend", 2),
        ("answered", "friend", 0),
        ("asked", "friend", 1),
        ("answered", "friend", 0),
    ]


def test_a_visitor_sees_each_field_of_a_plan_from_the_outside_in() -> None:
    executor = Executor(SCHEMA, MASKED, load)
    plan = executor.plan(executor.read("{ people { who: name friend { name } } }", None), VariableValues({}, {}))
    visitor = Deepest()
    plan.visit(visitor)
    assert visitor.fields == [
        ("Query", "people", 0),
        ("Person", "who", 1),
        ("Person", "friend", 1),
        ("Acquaintance", "name", 2),
    ]


def test_a_plan_can_be_explained() -> None:
    executor = Executor(SCHEMA, MASKED, load)
    plan = executor.plan(executor.read("{ people { friend { name } } }", None), VariableValues({}, {}))
    waves, fields, code = explained(plan).split("\n\n")
    assert (
        waves == "Asked for, wave by wave\n  1. people: called\n     people.friend: loaded from people by friend_name"
    )
    assert fields.endswith("people: [Person!]!  called\n    friend: Acquaintance  loaded from people by friend_name\n"
                           "      name: String!  attribute name")  # fmt: skip
    assert code.startswith("The writer\ndef write(root, context, values, types, info):")


@pytest.mark.parametrize("is_compiling", [True, False])
async def test_a_mask_holds_whoever_executes(is_compiling: bool) -> None:
    shown = await executed("{ people { name phone } greeting }", "Ada", is_compiling=is_compiling)
    assert shown[:2] == (
        {"people": [{"name": "Ada", "phone": "1"}, {"name": "Bo", "phone": None}], "greeting": "hello Ada"},
        [],
    )
    refused = await executed("{ people { phone } }", "nobody", is_compiling=is_compiling)
    assert refused[:2] == (
        {"people": [{"phone": None}, {"phone": None}]},
        [(["people", 0, "phone"], "It is a secret."), (["people", 1, "phone"], "It is a secret.")],
    )
