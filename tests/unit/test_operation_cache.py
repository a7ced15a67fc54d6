"""The cache of operations is bounded, forgets the least used first, and holds nothing that was not checked."""

import pytest
from graphql import build_schema

from schema.execution.cache import OperationCache
from schema.execution.document import NotExecuted, Operation, check, read_operation
from tests.fixtures.executing import COMPILED, EXECUTORS

SCHEMA = build_schema("type Query { a: Int b: Int }")


def operation(text: str) -> Operation:
    read = read_operation(text, None)
    check(SCHEMA, read)
    return read


def test_the_least_recently_used_goes_first() -> None:
    cache = OperationCache(operations=2, characters=1000)
    first, second, third = (operation(text) for text in ("{ a }", "{ b }", "{ a b }"))
    cache.put(("{ a }", None), first)
    cache.put(("{ b }", None), second)
    assert cache.get(("{ a }", None)) is first
    cache.put(("{ a b }", None), third)
    assert [cache.get((text, None)) for text in ("{ a }", "{ b }", "{ a b }")] == [first, None, third]
    assert (cache.hits, cache.misses, len(cache)) == (3, 1, 2)


def test_long_texts_make_room_for_themselves_and_too_long_ones_do_not_stay() -> None:
    cache = OperationCache(operations=100, characters=20)
    for text in ("{ a }", "{ b }", "{ a   }"):
        cache.put((text, None), operation(text))
    assert len(cache) == 3
    cache.put(("{ a b b b }", None), operation("{ a b b b }"))
    assert [cache.get((text, None)) is None for text in ("{ a }", "{ b }", "{ a   }", "{ a b b b }")] == [
        True,
        True,
        False,
        False,
    ]
    cache.put(("{ a" + " b" * 20 + " }", None), operation("{ a" + " b" * 20 + " }"))
    assert len(cache) == 0
    cache.put(("{ a }", None), operation("{ a }"))
    assert len(cache) == 1


def test_the_same_text_means_another_operation_under_another_name() -> None:
    text = "query A { a } query B { b }"
    cache = OperationCache()
    cache.put((text, "A"), read_operation(text, "A"))
    assert cache.get((text, "B")) is None
    assert cache.get((text, "A")) is not None


@pytest.mark.parametrize("text", ["{", "{ nope }", "{ orders { nope } }"])
def test_what_is_wrong_is_not_kept(text: str) -> None:
    executor = EXECUTORS[COMPILED]
    before = len(executor.operations)
    with pytest.raises(NotExecuted):
        executor.check(executor.read(text, None))
    assert len(executor.operations) == before
    assert executor.operations.get((text, None)) is None


def test_only_what_was_checked_is_kept() -> None:
    executor = EXECUTORS[COMPILED]
    text = "{ viewer { id } } # never checked"
    read = executor.read(text, None)
    executor.keep(read, text, None)
    assert executor.operations.get((text, None)) is None
    executor.check(read)
    executor.keep(read, text, None)
    assert executor.read(text, None) is read
