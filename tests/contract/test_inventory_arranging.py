"""What every implementation of Inventory holds of `arrange`: an order holds what it asks for, and nothing besides."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from adapters.db.engine import Database
from adapters.embedded.inventory import EmbeddedInventory
from adapters.embedded.tables import stock, warehouses
from domain.inventory.holding import Holding
from domain.ports.inventory import Arranged, Demand, Inventory, Reserved, Short, Shortage

pytestmark = pytest.mark.anyio
Given = Callable[..., Awaitable[None]]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=30)
LINES = ("l1", "l2")


@pytest.fixture
async def inventory(database: Database, given: Given) -> Inventory:
    await given(warehouses, {"code": "east", "name": "East hall"}, {"code": "west", "name": "West hall"})
    rows = (("CUP", "east", 2), ("CUP", "west", 7), ("TEA", "west", 2))
    await given(stock, *({"sku": s, "warehouse": w, "initial": n, "on_hand": n} for s, w, n in rows))
    return EmbeddedInventory(database)


async def counts(inventory: Inventory, sku: str = "CUP") -> dict[str, tuple[int, int]]:
    """Warehouse → (on hand, reserved)."""
    [view] = await inventory.stock([sku])
    assert view is not None
    return {part.warehouse.code: (part.on_hand, part.reserved) for part in view.by_warehouse}


def cups(quantity: int, warehouse: str | None = None, *, at_once: bool = False, of: str | None = None) -> Holding:
    return Holding("l1", "CUP", quantity, warehouse, at_once, of)


async def arrange(inventory: Inventory, *holdings: Holding, lines: Sequence[str] = LINES) -> Sequence[Holding]:
    answer = await inventory.arrange("o1", lines, holdings, NOON)
    assert isinstance(answer, Arranged)
    return answer.holdings


async def test_what_is_held_elsewhere_moves(inventory: Inventory) -> None:
    await inventory.reserve("o1", [Demand("l1", "CUP", 3)], NOON)
    wanted = (cups(2, "east", of="a"), cups(1, "west", of="b"))
    assert await arrange(inventory, *wanted) == wanted
    assert await counts(inventory) == {"east": (2, 2), "west": (7, 1)}


async def test_what_left_the_stock_comes_back_and_leaves_elsewhere(inventory: Inventory) -> None:
    await inventory.reserve("o1", [Demand("l1", "CUP", 3, is_deducted=True)], NOON)
    assert await counts(inventory) == {"east": (2, 0), "west": (4, 0)}
    await arrange(inventory, cups(2, "east", at_once=True, of="a"), cups(1, "west", at_once=True, of="b"))
    assert await counts(inventory) == {"east": (0, 0), "west": (6, 0)}


async def test_two_allocations_of_one_line_may_be_in_one_place_and_are_given_back_apart(inventory: Inventory) -> None:
    await arrange(inventory, cups(2, "west", of="a"), cups(3, "west", of="b"))
    assert await counts(inventory) == {"east": (2, 0), "west": (7, 5)}
    await inventory.deallocate("o1", "b", ["l1"], "west")
    assert await counts(inventory) == {"east": (2, 0), "west": (7, 2)}


async def test_what_is_looked_for_comes_from_as_few_places_as_possible(inventory: Inventory) -> None:
    found = await arrange(inventory, cups(6, of="a"), Holding("l2", "TEA", 1, None, False, "a"))
    assert found == (cups(6, "west", of="a"), Holding("l2", "TEA", 1, "west", False, "a"))
    assert await arrange(inventory, cups(9, of="a")) == (cups(7, "west", of="a"), cups(2, "east", of="a"))
    assert await counts(inventory) == {"east": (2, 2), "west": (7, 7)}


async def test_what_is_given_back_can_be_taken_at_once(inventory: Inventory) -> None:
    """All nine are held; other lots of the same nine are no shortage."""
    await inventory.reserve("o1", [Demand("l1", "CUP", 9)], NOON)
    await arrange(inventory, cups(2, "east", of="a"), cups(4, "west", of="b"), cups(3, of="c"))
    assert await counts(inventory) == {"east": (2, 2), "west": (7, 7)}


async def test_doing_it_again_changes_nothing(inventory: Inventory, database: Database) -> None:
    wanted = (cups(2, "east", of="a"), cups(5, of="b"))
    first = await arrange(inventory, *wanted)
    before = await rows(database)
    assert set(await arrange(inventory, *wanted)) == set(first)
    assert await arrange(inventory, *first) == first
    assert await rows(database) == before


async def rows(database: Database) -> list[tuple[object, ...]]:
    from_table = EmbeddedInventory(database)
    return [(sku, await counts(from_table, sku)) for sku in ("CUP", "TEA")]


async def test_what_is_not_named_any_more_is_given_back_other_lines_stay(inventory: Inventory) -> None:
    await inventory.reserve("o1", [Demand("l1", "CUP", 3), Demand("l2", "TEA", 2)], NOON)
    assert await arrange(inventory, lines=("l1",)) == ()
    assert (await counts(inventory), await counts(inventory, "TEA")) == (
        {"east": (2, 0), "west": (7, 0)},
        {"west": (2, 2)},
    )


@pytest.mark.parametrize(
    ("holdings", "lack"),
    [
        ((cups(3, "east"),), Shortage("CUP", 3, 2)),
        ((cups(1, "north"),), Shortage("CUP", 1, 0)),
        ((cups(10),), Shortage("CUP", 10, 9)),
        ((cups(7, "west", of="a"), cups(3, of="b")), Shortage("CUP", 3, 2)),
        ((Holding("l2", "NO", 1),), Shortage("NO", 1, 0)),
    ],
)
async def test_too_little_of_one_changes_nothing(
    inventory: Inventory, holdings: Sequence[Holding], lack: Shortage
) -> None:
    await inventory.reserve("o1", [Demand("l1", "CUP", 1)], NOON)
    assert await inventory.arrange("o1", LINES, holdings, NOON) == Short((lack,))
    assert await counts(inventory) == {"east": (2, 1), "west": (7, 0)}


async def test_what_is_kept_is_kept_longer(inventory: Inventory) -> None:
    await inventory.reserve("o1", [Demand("l1", "CUP", 3)], NOON)
    assert isinstance(await inventory.arrange("o1", LINES, [cups(3)], LATER), Arranged)
    assert await inventory.expire(NOON, 10) == 0
    assert await inventory.expire(LATER, 10) == 1
    assert await counts(inventory) == {"east": (2, 0), "west": (7, 0)}


async def test_units_of_others_are_left_alone(inventory: Inventory) -> None:
    await inventory.reserve("o2", [Demand("l1", "CUP", 7)], NOON)
    await arrange(inventory, cups(2))
    assert await inventory.reserve("o2", [Demand("l1", "CUP", 7)], NOON) is not None
    await arrange(inventory)
    assert await counts(inventory) == {"east": (2, 0), "west": (7, 7)}
    assert isinstance(await inventory.reserve("o2", [Demand("l1", "CUP", 7)], NOON), Reserved)
