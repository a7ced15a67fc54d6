"""Random valid operations, answered by graphql-core and from plans: over three synthetic schemas and over the order center's own."""

from collections import Counter
from typing import Final

import pytest

from tests.execution.counting import counted
from tests.execution.subjects import CASES, NAMES, subject

pytestmark = [
    pytest.mark.anyio,
    # graphql-core leaves coroutines behind where it cancels what an error made needless
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
OFTEN: Final = 50
_EXERCISED: Final = {
    "menagerie": (
        *(
            "computed",
            "loaded",
            "called",
            "type name",
            "interface",
            "union",
            "denied by its type",
            "wrong name of a type",
        ),
        *("null", "failing field", "failing item", "failure that reaches the field"),
    ),
    "almanac": (
        *("attribute", "computed", "contextual", "called", "type name", "null", "failure that reaches the field"),
        "failure that reaches the top",
    ),
    "workshop": (
        *(
            "attribute",
            "computed",
            "computed with more",
            "contextual",
            "loaded",
            "loaded with more",
            "called",
            "type name",
        ),
        *("key None", "failing key", "failing batch", "null", "null where there must be none", "failing field"),
        *("failure that reaches the field", "failure that reaches the item", "failure that reaches the top"),
    ),
    "orders": (
        "attribute",
        "computed",
        "computed with more",
        "loaded",
        "loaded with more",
        "called",
        "type name",
        "null",
    ),
}
"""What each schema is there for, each to be met OFTEN."""


@pytest.mark.parametrize("name", NAMES)
async def test_both_executors_give_the_same_answers(name: str) -> None:
    tried, met = subject(name), Counter[str]()
    for number in range(CASES):
        drawn = tried.drawn(number)
        comparison = await tried.compared(number, drawn)
        assert comparison.wrong == [], (number, drawn)
        met += counted(comparison)
    assert tried.executors.compiled.counters.fallbacks == {}
    assert {kind: met[kind] for kind in _EXERCISED[name] if met[kind] < OFTEN} == {}
