"""Output writers that are wrong in one thing each: the comparison with graphql-core finds every one of them."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from schema.execution.plan import Plan
from tests.execution.drawing import Drawn
from tests.execution.running import Watched
from tests.execution.subjects import subject

pytestmark = [
    pytest.mark.anyio,
    # graphql-core leaves coroutines behind where it cancels what an error made needless
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
TRIES: Final = 300
"""Operations within which a mutant has to be found."""
Mutate = Callable[[str], str]


def replaced(pattern: str, by: str) -> Mutate:
    return lambda source: re.sub(pattern, by, source)


MUTANTS: Final[Mapping[str, tuple[str, Mutate]]] = {
    "the first two keys of an object change places": (
        "menagerie",
        replaced(r'\{("\w+": [^,{}]+), ("\w+": [^,{}]+)', r"{\2, \1"),
    ),
    "the first two values of an object change places": (
        "menagerie",
        replaced(r'\{("\w+"): ([^,{}]+), ("\w+"): ([^,{}]+)', r"{\1: \4, \3: \2"),
    ),
    "a required leaf may be null": (
        "workshop",
        replaced(r"if \((type\((\w+)\).*)\): ", r"if \2 is not None and (\1): "),
    ),
    "a required list that is null is empty": (
        "almanac",
        replaced(r"if (\w+) is None: raise Irregular", r"if \1 is None: \1 = ()"),
    ),
    "the first item of a list is left out": ("almanac", replaced(r"(for \w+ in \w+):", r"\1[1:]:")),
    "an item is written twice": ("workshop", replaced(r"( *)(\w+\.append\(\w+\))", r"\1\2\n\1\2")),
    "an enumeration is written by value": ("almanac", replaced(r"\._name_ if", ".value if")),
    "whole numbers are not looked at": (
        "almanac",
        replaced(r"type\(\w+\) is not int or not \S+ <= \w+ <= \d+", "False"),
    ),
    "fractions are not looked at": ("almanac", replaced(r"type\(\w+\) is not float or \w+ - \w+ != 0", "False")),
    "text is not looked at": ("menagerie", replaced(r"type\(\w+\) is not str", "False")),
    "truth is not looked at": ("almanac", replaced(r"\w+ is not True and \w+ is not False", "False")),
    "anything is of the type": ("menagerie", replaced(r"if is_odd\(.*", "pass")),
    "another type is named": ("menagerie", replaced(r'"__typename": "Cat"', '"__typename": "Dog"')),
    "values are those of other parents": ("workshop", replaced(r"iter\((values\[\d+\])\)", r"reversed(\1)")),
}
TEXTS: Final[Mapping[str, str]] = {
    "a required list that is null is empty": "{ tomorrow { counts } }",
    "whole numbers are not looked at": "{ tomorrow { count } }",
    "fractions are not looked at": "{ tomorrow { share } }",
    "truth is not looked at": "{ tomorrow { isOpen } }",
}
"""What is seldom drawn by itself, and is hidden by everything else that is wrong."""


def mutated(mutate: Mutate) -> type[Watched]:
    class Mutated(Watched):
        def plan(self, *of: Any) -> Plan:
            plan = super().plan(*of)
            for part in plan.parts:
                names = dict(part.write.__globals__)
                exec(mutate(part.source), names)  # noqa: S102  made here
                part.write = names["write"]
            return plan

    return Mutated


@pytest.mark.parametrize("name", MUTANTS)
async def test_a_wrong_writer_is_found(name: str) -> None:
    schema, mutate = MUTANTS[name]
    tried = subject(schema, mutated(mutate))
    text, found = TEXTS.get(name), list[str]()
    for number in range(TRIES):
        drawn = Drawn(text, {}) if text else tried.drawn(number)
        comparison = await tried.compared(number, drawn)
        found = [sentence for sentence in comparison.wrong if sentence.startswith("compiled: ")]
        if found:
            break
    assert found
