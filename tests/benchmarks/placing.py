"""PLACE of every server, each on a copy of the same database, after the rows that it writes were counted against the others'."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.benchmarks import answers, load, recipes, variables
from tests.benchmarks.databases import Seeded, connected, write_policies
from tests.benchmarks.measuring import Measured, Measurement, Options, Say, environment, in_turn, warm_up
from tests.benchmarks.operations import DOCUMENTS, PLACE
from tests.benchmarks.processes import Cores, serving
from tests.benchmarks.recipes import Recipe
from tests.benchmarks.server import LIMIT_JSON, OURS, PLAIN

KINDS: Final = (OURS, LIMIT_JSON, PLAIN)
"""The first one's rows are those that the others' are compared with."""
PLACED: Final = "PlaceOrderSuccess"
TRIED: Final = 2 * variables.SETS
"""Some baskets are refused, and some take stock at once, which `limit` does not."""

_KEYS: Final = """
SELECT count(*), count(*) FILTER (WHERE outcome->>'type' IS DISTINCT FROM 'OrderPlaced'),
    min(outcome::text) FILTER (WHERE outcome->>'type' IS DISTINCT FROM 'OrderPlaced')
FROM idempotency_keys WHERE key LIKE $1 || '-%'"""

Wishes = Sequence[Mapping[str, Any]]


def place(seeded: Seeded, cores: Cores, options: Options, say: Say) -> Iterator[Measurement]:
    policies = write_policies(seeded.folder / "policies")
    log = seeded.folder / "place.log"
    with seeded.copy("place_tried") as url:
        wished = asyncio.run(_wishes(url))
        with serving(OURS, cores, environment(url, seeded.folder, policies), log) as server:
            outcomes = asyncio.run(answers.asked(server.url, PLACE, wished, "tried"))
        accepted, kept = asyncio.run(_recipes(url, wished, [outcome["placeOrder"] for outcome in outcomes]))
    if not accepted:
        raise answers.AnswersDifferError(f"{PLACE}: no basket is accepted, the first answer is {outcomes[0]}")
    say(f"{PLACE}: {len(accepted)} different baskets are accepted")
    bodies = load.write_bodies(seeded.folder / f"{PLACE}.txt", DOCUMENTS[PLACE], PLACE, accepted)
    expected: dict[str, int] = {}
    for kind in KINDS:
        with seeded.copy("place_measured") as url:
            before = asyncio.run(_prepared(url, kept))
            with serving(kind, cores, environment(url, seeded.folder, policies), log) as server:
                asyncio.run(answers.asked(server.url, PLACE, accepted[: options.sample], "checked"))
                written = answers.grown(before, asyncio.run(_counts(url)))
                expected = expected or written
                if written != expected:
                    raise answers.AnswersDifferError(f"{kind} writes {written}, {KINDS[0]} writes {expected}")
                measured = Measured(kind, server, bodies)
                warm_up(measured, options)
                (found,) = in_turn(PLACE, [measured], options, seeded.postmaster)
            asyncio.run(_check_placed(url, bodies.stem, found))
        yield found


async def _wishes(url: str) -> list[dict[str, Any]]:
    async with connected(url) as connection:
        return await variables.placements(connection, TRIED)


async def _recipes(url: str, wished: Wishes, outcomes: Sequence[Any]) -> tuple[Wishes, list[Recipe]]:
    """The baskets that were accepted, and the rows that the server wrote for each."""
    accepted, kept = [], []
    async with connected(url) as connection:
        for wish, outcome in zip(wished, outcomes, strict=True):
            if outcome["__typename"] != PLACED:
                continue
            recipe = await recipes.recipe_of(connection, wish["input"], outcome["order"]["id"])
            if recipe is not None:
                accepted.append(wish)
                kept.append(recipe)
    return accepted[: variables.SETS], kept[: variables.SETS]


async def _prepared(url: str, kept: list[Recipe]) -> dict[str, int]:
    async with connected(url) as connection:
        await recipes.keep(connection, kept)
        return await answers.row_counts(connection)


async def _counts(url: str) -> dict[str, int]:
    async with connected(url) as connection:
        return await answers.row_counts(connection)


async def _check_placed(url: str, prefix: str, found: Measurement) -> None:
    """Every request that was counted placed an order."""
    async with connected(url) as connection:
        keys, refused, such_as = await connection.fetchrow(_KEYS, prefix)
    if refused or keys < found.requests:
        raise load.LoadError(
            f"{found.server}: {found.requests} requests, {keys} keys, {refused} of them placed nothing, such as {such_as}"
        )
