"""What is left to graphql-core, and why, for everybody to see; and what is not left to it."""

from typing import Any, Final

import pytest
import strawberry
from graphql.execution.values import get_variable_values
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission

from schema.execution.executor import Executor
from schema.execution.sources import Uncompiled
from tests.execution import workshop
from tests.execution.asking import said, visit
from tests.execution.comparing import Answer, Told
from tests.execution.declaring import DECLARATIONS, Visit, load
from tests.execution.running import answered
from tests.execution.subjects import subject
from tests.execution.world import World

pytestmark = pytest.mark.anyio


class Nobody(BasePermission):
    message = "not you"

    def has_permission(self, source: Any, info: Any, **_given: Any) -> bool:  # noqa: ARG002  Strawberry calls it by name
        return False


class Loudly(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: Any, **given: Any) -> Any:
        return str(next_(source, info, **given)).upper()


@strawberry.type
class Query:
    plain: str | None = strawberry.field(resolver=lambda: "plain", graphql_type=str | None)
    secret: str | None = strawberry.field(
        resolver=lambda: "secret", graphql_type=str | None, permission_classes=[Nobody]
    )
    loud: str | None = strawberry.field(resolver=lambda: "quiet", graphql_type=str | None, extensions=[Loudly()])


SCHEMA: Final = strawberry.Schema(Query)
PLAIN: Final = Answer({"plain": "plain"}, frozenset())
REFUSED: Final = frozenset((Told(("secret",), "not you", None),))


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        (
            "{ plain secret }",
            Answer({"plain": "plain", "secret": None}, REFUSED),
            "the field secret has permissions or extensions",
        ),
        ("{ loud }", Answer({"loud": "QUIET"}, frozenset()), "the field loud has permissions or extensions"),
        ("{ plain @stream }", PLAIN, "@stream is left to graphql-core"),
        ("{ ... @soon { plain } }", PLAIN, "@soon is left to graphql-core"),
    ],
)
async def test_it_is_answered_by_graphql_core_and_counted_by_its_reason(
    text: str, expected: Answer, reason: str
) -> None:
    executor = Executor(SCHEMA, DECLARATIONS, load)
    operation = executor.read(text, None)
    for count in (1, 2):
        assert await answered(executor, operation, {}, visit()) == expected
        assert (executor.counters.fallbacks, executor.counters.compiled) == ({reason: count}, 0)
    with pytest.raises(Uncompiled, match=f"^{reason}$"):
        executor.plan(operation, get_variable_values(executor.core, (), {}))  # type: ignore[arg-type]


async def test_the_setting_leaves_everything_to_it() -> None:
    executor = Executor(SCHEMA, DECLARATIONS, load, is_compiling=False)
    assert await answered(executor, executor.read("{ plain }", None), {}, visit()) == PLAIN
    assert executor.counters.fallbacks == {"the setting says so": 1}


async def test_mutations_run_one_after_the_other_and_each_is_written_before_the_next() -> None:
    text = "mutation { first: setNumber { theNumber times } second: setLater(to: 5) { theNumber times } third: setNumber(to: 9) { times } }"
    found = await said(workshop.SCHEMA, text)
    assert found.data == {
        "first": {"theNumber": 1, "times": 1},
        "second": {"theNumber": 5, "times": 2},
        "third": {"times": 3},
    }


async def test_a_mutation_that_fails_is_null_and_the_next_one_runs() -> None:
    found = await said(workshop.SCHEMA, "mutation { fail { theNumber } setNumber { theNumber times } }")
    assert found.data == {"fail": None, "setNumber": {"theNumber": 1, "times": 2}}
    assert found.errors == [Told(("fail",), "it failed", "FAILED")]


async def test_after_a_mutation_that_fails_and_may_not_be_null_none_runs() -> None:
    text = "mutation { a: setNumber { times } failHard { theNumber } b: setNumber { times } }"
    found = await said(workshop.SCHEMA, text)
    assert found.data is None
    assert found.errors == [Told(("failHard",), "it failed hard", None)]
    executor, context = workshop.executor(Executor), visit()
    await answered(executor, executor.read(text, None), {}, context)
    assert context.numbers == {"held": 8, "times": 2}


async def test_a_resolver_that_loads_shares_the_batch_of_its_level() -> None:
    tried = subject("workshop")
    context = Visit(World(0, 0, workshop.RECIPES))
    text = "{ partList { maker { id } sameMaker(times: 3) { id } } }"
    answer = await answered(
        tried.executors.compiled, tried.executors.core.read(text, None), {}, context, context.world.root
    )
    assert answer.data["partList"]
    assert context.batches == {"makers": 1}
