"""`orderAnalytics` of a running server against the statements of bi_questions.py, by turns, after their answers were compared."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx

from adapters.db.analytics import MEMORY
from tests.benchmarks.answers import AnswersDifferError
from tests.benchmarks.bi_questions import BEGIN, QUERY, Question
from tests.benchmarks.databases import REFERENCE, connected
from tests.benchmarks.processes import Server

TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Compared:
    """Medians. `ratio` is ours to the statement's: below one, ours is faster."""

    name: str
    rows: int
    ours_ms: float
    statement_ms: float

    @property
    def ratio(self) -> float:
        return self.ours_ms / self.statement_ms


def compare(server: Server, database_url: str, questions: Sequence[Question], rounds: int) -> list[Compared]:
    return asyncio.run(_compare(server, database_url, questions, rounds))


async def _compare(server: Server, database_url: str, questions: Sequence[Question], rounds: int) -> list[Compared]:
    async with (
        httpx.AsyncClient(base_url=server.url, timeout=TIMEOUT_S) as client,
        connected(database_url) as connection,
    ):
        await connection.execute(f"SET work_mem = '{MEMORY}'")  # as much as ours has
        return [await _compared(client, connection, question, rounds) for question in questions]


async def _compared(
    client: httpx.AsyncClient, connection: asyncpg.Connection, question: Question, rounds: int
) -> Compared:
    ours, by_hand = await _asked(client, question), await _queried(connection, question)
    if sorted(map(str, ours)) != sorted(map(str, by_hand)):
        first = next(
            (
                pair
                for pair in zip(sorted(map(str, ours)), sorted(map(str, by_hand)), strict=False)
                if pair[0] != pair[1]
            ),
            None,
        )
        raise AnswersDifferError(f"{question.name}: {len(ours)} rows of ours, {len(by_hand)} by hand, first: {first}")
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        times[0].append(await _timed(_asked(client, question)))
        times[1].append(await _timed(_queried(connection, question)))
    ours_ms, statement_ms = (statistics.median(found) * 1000 for found in times)
    return Compared(question.name, len(ours), ours_ms, statement_ms)


async def _asked(client: httpx.AsyncClient, question: Question) -> list[list[str | None]]:
    response = await client.post("/graphql", json={"query": QUERY, "variables": {"input": question.input}})
    answer = response.json()
    if "errors" in answer:
        raise AnswersDifferError(f"{question.name}: {answer['errors']}")
    rows: list[list[str | None]] = answer["data"]["orderAnalytics"]["rows"]
    return rows


async def _queried(connection: asyncpg.Connection, question: Question) -> list[list[str | None]]:
    return [list(row) for row in await connection.fetch(question.statement, BEGIN, REFERENCE)]


async def _timed(work: Any) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began
