from dataclasses import dataclass
from dataclasses import replace as dataclasses_replace

import pytest

from domain.values.replacing import replace
from tests.fixtures.order_rows import order


@dataclass(frozen=True, slots=True)
class Pair:
    left: int
    right: tuple[str, ...] = ()


def test_a_copy_differs_in_what_was_changed_and_nothing_else() -> None:
    before = order("1")
    after = replace(before, version=7, note="seven")
    assert after == dataclasses_replace(before, version=7, note="seven")
    assert (before.version, before.note) == (1, None)


def test_a_copy_without_changes_is_equal_and_another() -> None:
    pair = Pair(1, ("a",))
    assert replace(pair) == pair
    assert replace(pair) is not pair


def test_a_field_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match="middle"):
        replace(Pair(1), middle=2)
