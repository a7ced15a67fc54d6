"""What the comparison of answers holds to be a difference, and what not."""

from typing import Any, Final

import pytest

from tests.execution.comparing import Answer, Told, differences, nulled_at

DATA: Final = {"a": {"b": None, "c": [{"d": 1}, None]}, "e": None}
AT_B: Final = Told(("a", "b"), "no b", None)
BELOW_E: Final = Told(("e", "f"), "no f", "F")
BESIDE: Final = Told(("e", "g", 0), "no g", None)
EVERY: Final = frozenset((AT_B, BELOW_E, BESIDE))
CORE: Final = Answer(DATA, frozenset((AT_B, BELOW_E)))


@pytest.mark.parametrize(
    ("path", "nulled"),
    [
        (("a", "b"), ("a", "b")),
        (("a", "b", "x"), ("a", "b")),
        (("a", "c", 1, "d"), ("a", "c", 1)),
        (("a", "c", 0, "d"), None),
        (("e", "f", 3, "g"), ("e",)),
        ((), None),
    ],
)
def test_an_error_belongs_to_the_outermost_null_on_its_way(path: Any, nulled: Any) -> None:
    assert nulled_at(DATA, path) == nulled


def test_an_answer_without_data_is_nulled_at_the_top() -> None:
    assert nulled_at(None, ("a", "b")) == ()


@pytest.mark.parametrize("told", [{AT_B, BELOW_E}, {AT_B, BESIDE}, {AT_B, BELOW_E, BESIDE}])
def test_which_of_several_errors_beneath_one_null_is_told_is_no_difference(told: set[Told]) -> None:
    assert differences(CORE, Answer(DATA, frozenset(told)), EVERY) == []


@pytest.mark.parametrize(
    ("told", "count"),
    [
        ({BELOW_E}, 1),
        ({AT_B}, 1),
        (set(), 2),
        ({AT_B, BELOW_E, Told(("e", "f"), "no f", None)}, 1),
        ({Told(("a", "b"), "another b", None), BELOW_E}, 1),
        ({AT_B, BELOW_E, Told(("a", "c", 0, "d"), "but it is there", None)}, 2),
        ({AT_B, BELOW_E, Told(("a", "nowhere"), "but it is not there", None)}, 2),
    ],
)
def test_errors_that_are_missing_or_made_up_are(told: set[Told], count: int) -> None:
    assert len(differences(CORE, Answer(DATA, frozenset(told)), EVERY)) == count


@pytest.mark.parametrize(
    "data",
    [
        {"e": None, "a": DATA["a"]},
        {"a": DATA["a"]},
        {"a": DATA["a"], "e": 0},
        {"a": {"b": None, "c": [{"d": 1.0}, None]}, "e": None},
        {"a": {"b": None, "c": [{"d": True}, None]}, "e": None},
        {"a": {"b": None, "c": [{"d": 1}]}, "e": None},
        {"a": {"b": None, "c": [None, {"d": 1}]}, "e": None},
    ],
)
def test_other_data_is(data: Any) -> None:
    assert any(sentence.startswith("data ") for sentence in differences(CORE, Answer(data, CORE.errors), EVERY))


def test_being_refused_is() -> None:
    assert len(differences(CORE, Answer(None, frozenset(), is_executed=False), EVERY)) == 1
