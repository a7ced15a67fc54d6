"""Before anything is measured: the servers give the same answers, and write the same rows."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import asyncpg
import httpx

from tests.benchmarks.load import KEY
from tests.benchmarks.operations import DOCUMENTS

AT_ONCE: Final = 8
_TABLES: Final = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname IN ('public', 'services') AND tablename <> 'alembic_version' ORDER BY 1"""


class AnswersDifferError(Exception):
    """Two servers do not do the same: their speeds cannot be compared."""


async def asked(url: str, operation: str, variables: Sequence[Mapping[str, Any]], key: str = "") -> list[Any]:
    """The `data` of each answer, in order. Raises AnswersDifferError for an answer with errors."""
    slots = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:

        async def ask(number: int, given: Mapping[str, Any]) -> Any:
            body = {"query": DOCUMENTS[operation], "operationName": operation, "variables": _keyed(given, key, number)}
            async with slots:
                response = await client.post("/graphql", json=body)
            answer = response.json() if response.is_success else {"errors": response.text}
            if "errors" in answer:
                raise AnswersDifferError(f"{operation} of {given} at {url}: {answer['errors']}")
            return answer["data"]

        return await asyncio.gather(*(ask(number, given) for number, given in enumerate(variables)))


def check_equal(operation: str, variables: Sequence[Any], expected: Iterable[Any], found: Iterable[Any]) -> None:
    for given, one, other in zip(variables, expected, found, strict=True):
        if one != other:
            raise AnswersDifferError(f"{operation} of {given}: {difference(one, other)}")


def difference(one: Any, other: Any, path: str = "data") -> str:
    """The first place where two answers differ; empty: nowhere."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        parts = ((one[name], other[name], f"{path}.{name}") for name in one)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        parts = ((a, b, f"{path}[{index}]") for index, (a, b) in enumerate(zip(one, other, strict=True)))
    else:
        return "" if one == other else f"{path} is {one!r} here and {other!r} there"
    return next((found for part in parts if (found := difference(*part))), "")


def leaves(answer: Any) -> int:
    if isinstance(answer, dict):
        return sum(map(leaves, answer.values()))
    return sum(map(leaves, answer)) if isinstance(answer, list) else 1


async def row_counts(connection: asyncpg.Connection) -> dict[str, int]:
    tables = [row[0] for row in await connection.fetch(_TABLES)]
    return {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in tables}


def grown(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    return {table: count - before[table] for table, count in after.items() if count != before[table]}


def _keyed(given: Mapping[str, Any], key: str, number: int) -> Any:
    if "input" not in given:
        return given
    wish = given["input"]
    return {"input": {**wish, "idempotencyKey": wish["idempotencyKey"].replace(KEY, f"{key}-{number}")}}
