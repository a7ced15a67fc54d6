"""Every mutation of the schema, eight times at once: under one key, under keys of their own, and against one version."""

import asyncio
from collections import Counter
from typing import Any, Final

import pytest

from domain.access.viewer import Viewer
from resolvers.context import RequestContext
from tests.fixtures.executing import executed
from tests.fixtures.mutations import MUTATIONS, document, input_of
from tests.fixtures.shop import Shop
from tests.fixtures.trials import EIGHT, TRIALS, Input, Trial

pytestmark = pytest.mark.anyio

KEY: Final = "idempotencyKey"
VERSION: Final = "expectedVersion"
KEYED: Final = [name for name in MUTATIONS if KEY in input_of(name).fields]
VERSIONED: Final = [name for name in MUTATIONS if VERSION in input_of(name).fields]
BY_EVENT: Final = "recordTracking"
"""Its key is the carrier's own name of the event."""
STEPS: Final = {"payOrder": 2, "requestAfterSale": 2}
"""Steps of its name that each success takes, where there are more than one: of the order, and of its new part."""
TOLD_BUSY: Final = frozenset(("capturePayment", "voidPayment"))
"""Before the provider has answered the order has the version that it had."""
REFUSED: Final = frozenset(("ActionRejected", "InvalidInput", "LimitExceeded"))


async def send(shop: Shop, viewer: Viewer, name: str, asked: Input) -> dict[str, Any]:
    deadline = asyncio.get_running_loop().time() + 600
    context = RequestContext.of(viewer, shop.ports, deadline=deadline, request_id="r")
    result = await executed(document(name), {"input": asked}, context=context)
    assert result.errors is None
    assert result.data is not None
    answer: dict[str, Any] = result.data[name]
    return answer


async def at_once(shop: Shop, name: str, trial: Trial, *asked: Input) -> list[dict[str, Any]]:
    return await asyncio.gather(*(send(shop, trial.viewer, name, one) for one in asked))


def kinds(answers: list[dict[str, Any]]) -> Counter[str]:
    return Counter("done" if "replayed" in answer else str(answer["__typename"]) for answer in answers)


async def taken(shop: Shop, order_id: str, name: str, since: int) -> float:
    """How often it took effect."""
    return [step[0] for step in await shop.steps(order_id, since)].count(name) / STEPS.get(name, 1)


def test_every_mutation_has_its_trial_and_every_trial_is_of_one() -> None:
    assert tuple(sorted(TRIALS)) == MUTATIONS
    assert {*KEYED, BY_EVENT} == set(MUTATIONS)


@pytest.mark.parametrize("name", MUTATIONS)
async def test_eight_times_at_once_under_one_key_it_is_done_once(shop: Shop, name: str) -> None:
    trial = TRIALS[name]
    ready = await trial.stage(shop)
    seen = (await shop.order(ready.order_id)).head.version if ready.order_id else 0
    asked = ready.asked if name == BY_EVENT else ready.asked | {KEY: "one"}
    answers = await at_once(shop, name, trial, *([asked] * EIGHT))
    assert kinds(answers).keys() <= {"done", "RequestInProgress"}
    assert [answer["replayed"] for answer in answers if "replayed" in answer].count(False) == 1
    assert ready.order_id is None or await taken(shop, ready.order_id, name, seen) == 1
    await shop.worker.drain()
    before = await shop.everything()
    again = await send(shop, trial.viewer, name, asked)
    assert again["replayed"] is True
    if name in VERSIONED:
        other = await send(shop, trial.viewer, name, asked | {VERSION: 1})
        assert other["__typename"] == "IdempotencyConflict"
    assert await shop.everything() == before


@pytest.mark.parametrize("name", KEYED)
async def test_eight_at_once_under_keys_of_their_own_take_effect_as_often_as_they_may(shop: Shop, name: str) -> None:
    trial = TRIALS[name]
    ready = await trial.stage(shop)
    seen = (await shop.order(ready.order_id)).head.version if ready.order_id else 0
    answers = await at_once(shop, name, trial, *(ready.asked | {KEY: f"key-{n}"} for n in range(EIGHT)))
    found = kinds(answers)
    assert found.pop("done") == trial.effects
    assert found.keys() <= REFUSED
    assert not any(answer.get("replayed") for answer in answers)
    if ready.order_id is not None:
        assert await taken(shop, ready.order_id, name, seen) == trial.effects


@pytest.mark.parametrize("name", VERSIONED)
async def test_of_eight_at_once_on_one_version_one_wins(shop: Shop, name: str) -> None:
    trial = TRIALS[name]
    ready = await trial.stage(shop)
    assert ready.order_id is not None
    seen = (await shop.order(ready.order_id)).head.version
    asked = (ready.asked | {KEY: f"key-{n}", VERSION: seen} for n in range(EIGHT))
    found = kinds(await at_once(shop, name, trial, *asked))
    assert found.pop("done") == 1
    assert found.keys() <= ({"VersionConflict", "ActionRejected"} if name in TOLD_BUSY else {"VersionConflict"})
    assert await taken(shop, ready.order_id, name, seen) == 1
