"""What every implementation of Inventory holds. Told as histories: what was done, and what the stock is then."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from adapters.db.engine import Database
from adapters.embedded.inventory import EmbeddedInventory
from adapters.embedded.tables import products, stock, warehouses
from domain.orders.stock_back import PlacedUnits
from domain.orders.views import Allocation
from domain.ports.inventory import (
    Demand,
    Inventory,
    Reserved,
    Short,
    Shortage,
    StockView,
    WarehouseStockView,
    WarehouseView,
)
from domain.values.faults import ServiceRejected

pytestmark = pytest.mark.anyio
Given = Callable[..., Awaitable[None]]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=30)
CUP = Demand("l1", "CUP", 3)
TEA = Demand("l2", "TEA", 2)
CUP_AT_ONCE = Demand("l1", "CUP", 3, is_deducted=True)


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


UNTOUCHED = {"east": (2, 0), "west": (7, 0)}


async def test_stock_comes_by_position_with_its_warehouses(inventory: Inventory) -> None:
    await inventory.reserve("o1", [CUP], NOON)
    cup, unknown, odd, tea = await inventory.stock(["CUP", "NO", "\0", "TEA"])
    assert isinstance(cup, StockView)
    assert isinstance(tea, StockView)
    assert (cup.sku, cup.on_hand, cup.reserved, cup.available) == ("CUP", 9, 3, 6)
    east, west = WarehouseView("whs_east", "east", "East hall"), WarehouseView("whs_west", "west", "West hall")
    assert cup.by_warehouse == (WarehouseStockView(east, 2, 0), WarehouseStockView(west, 7, 3))
    assert [part.available for part in cup.by_warehouse] == [2, 4]
    assert (unknown, odd, tea.available) == (None, None, 2)


async def test_warehouses_come_by_position(inventory: Inventory) -> None:
    east = WarehouseView("whs_east", "east", "East hall")
    assert await inventory.warehouses(["east", "north", "\0", "east"]) == [east, None, None, east]


async def test_all_lines_are_reserved_from_as_few_warehouses_as_possible(inventory: Inventory) -> None:
    reserved = await inventory.reserve("o1", [CUP, TEA], NOON)
    assert reserved == Reserved({"l1": (Allocation("west", 3),), "l2": (Allocation("west", 2),)})
    assert await counts(inventory) == {"east": (2, 0), "west": (7, 3)}
    assert await counts(inventory, "TEA") == {"west": (2, 2)}


async def test_a_line_may_come_from_several_warehouses(inventory: Inventory) -> None:
    reserved = await inventory.reserve("o1", [Demand("l1", "CUP", 8)], NOON)
    assert reserved == Reserved({"l1": (Allocation("west", 7), Allocation("east", 1))})
    assert await counts(inventory) == {"east": (2, 1), "west": (7, 7)}


async def test_lines_of_one_sku_share_what_is_there(inventory: Inventory) -> None:
    reserved = await inventory.reserve("o1", [Demand("l1", "CUP", 4), Demand("l2", "CUP", 5)], NOON)
    assert isinstance(reserved, Reserved)
    assert {line: sum(part.quantity for part in parts) for line, parts in reserved.allocations.items()} == {
        "l1": 4,
        "l2": 5,
    }
    assert await counts(inventory) == {"east": (2, 2), "west": (7, 7)}


@pytest.mark.parametrize(
    ("demands", "lack"),
    [
        ([CUP, Demand("l2", "TEA", 3)], Shortage("TEA", 3, 2)),
        ([CUP, Demand("l2", "NO", 1)], Shortage("NO", 1, 0)),
        ([CUP, Demand("l2", "N\0", 1)], Shortage("N\0", 1, 0)),
        ([Demand("l1", "CUP", 5), Demand("l2", "CUP", 5)], Shortage("CUP", 10, 9)),
    ],
)
async def test_too_little_of_one_reserves_nothing_of_any(
    inventory: Inventory, demands: list[Demand], lack: Shortage
) -> None:
    assert await inventory.reserve("o1", demands, NOON) == Short((lack,))
    assert await counts(inventory) == UNTOUCHED
    await inventory.deduct("o1")
    assert await counts(inventory) == UNTOUCHED


async def test_what_others_reserved_is_not_available(inventory: Inventory) -> None:
    await inventory.reserve("o1", [Demand("l1", "CUP", 7)], NOON)
    assert await inventory.reserve("o2", [CUP], NOON) == Short((Shortage("CUP", 3, 2),))
    await inventory.release("o1")
    assert isinstance(await inventory.reserve("o2", [CUP], NOON), Reserved)


async def test_no_lines_need_no_stock(inventory: Inventory) -> None:
    assert await inventory.reserve("o1", [], NOON) == Reserved({})


async def test_reserving_again_keeps_what_is_held_and_moves_its_expiry(inventory: Inventory) -> None:
    first = await inventory.reserve("o1", [CUP], NOON)
    assert await inventory.reserve("o1", [CUP], LATER) == first
    assert await counts(inventory) == {"east": (2, 0), "west": (7, 3)}
    assert await inventory.expire(NOON, 10) == 0
    assert await inventory.expire(LATER, 10) == 1


async def test_what_is_held_is_held_longer_never_shorter(inventory: Inventory) -> None:
    await inventory.reserve("o1", [CUP, TEA], NOON)
    await inventory.extend("o1", LATER)
    await inventory.extend("o1", LATER)
    await inventory.extend("o1", NOON)
    assert await inventory.expire(LATER - timedelta(seconds=1), 10) == 0
    assert (await counts(inventory), await counts(inventory, "TEA")) == (
        {"east": (2, 0), "west": (7, 3)},
        {"west": (2, 2)},
    )
    assert await inventory.expire(LATER, 10) == 1


async def test_what_ended_is_not_held_anew_by_holding_it_longer(inventory: Inventory) -> None:
    await inventory.reserve("gone", [CUP], NOON)
    await inventory.release("gone")
    await inventory.reserve("late", [Demand("l1", "CUP", 2)], NOON)
    await inventory.expire(NOON, 10)
    await inventory.reserve("sold", [TEA], NOON)
    await inventory.deduct("sold")
    for order_id in ("gone", "late", "sold", "unknown"):
        await inventory.extend(order_id, LATER)
    assert (await counts(inventory), await counts(inventory, "TEA")) == (UNTOUCHED, {"west": (0, 0)})
    assert await inventory.expire(LATER, 10) == 0


async def test_reserving_again_adds_lines_that_were_missing(inventory: Inventory) -> None:
    await inventory.reserve("o1", [CUP], NOON)
    reserved = await inventory.reserve("o1", [CUP, TEA], NOON)
    assert reserved == Reserved({"l1": (Allocation("west", 3),), "l2": (Allocation("west", 2),)})
    assert await counts(inventory) == {"east": (2, 0), "west": (7, 3)}
    assert await counts(inventory, "TEA") == {"west": (2, 2)}


@pytest.mark.parametrize("other", [Demand("l1", "CUP", 4), Demand("l1", "TEA", 3)])
async def test_a_reserved_line_cannot_become_another_one(inventory: Inventory, other: Demand) -> None:
    await inventory.reserve("o1", [CUP], NOON)
    with pytest.raises(ServiceRejected, match="line l1 is reserved with other units"):
        await inventory.reserve("o1", [other], NOON)
    assert await counts(inventory) == {"east": (2, 0), "west": (7, 3)}


async def test_a_line_is_named_once(inventory: Inventory) -> None:
    with pytest.raises(ServiceRejected, match="a line is named twice"):
        await inventory.reserve("o1", [CUP, CUP], NOON)
    assert await counts(inventory) == UNTOUCHED


async def test_what_is_reserved_is_deducted_once(inventory: Inventory) -> None:
    first = await inventory.reserve("o1", [CUP], NOON)
    await inventory.deduct("o1")
    assert await counts(inventory) == {"east": (2, 0), "west": (4, 0)}
    await inventory.deduct("o1")
    assert await inventory.reserve("o1", [CUP], NOON) == first
    assert await inventory.expire(LATER, 10) == 0
    assert await counts(inventory) == {"east": (2, 0), "west": (4, 0)}


async def test_what_was_deducted_comes_back_once_when_the_order_is_off(inventory: Inventory) -> None:
    await inventory.reserve("o1", [CUP], NOON)
    await inventory.deduct("o1")
    await inventory.release("o1")
    await inventory.release("o1")
    assert await counts(inventory) == UNTOUCHED


async def test_what_is_reserved_is_released_once(inventory: Inventory) -> None:
    await inventory.reserve("o1", [CUP], NOON)
    await inventory.release("o1")
    await inventory.release("o1")
    await inventory.deduct("o1")
    assert await inventory.expire(LATER, 10) == 0
    assert await counts(inventory) == UNTOUCHED


async def test_what_is_deducted_at_once_leaves_the_stock_when_ordered(inventory: Inventory) -> None:
    first = await inventory.reserve("o1", [CUP_AT_ONCE, TEA], NOON)
    assert await counts(inventory) == {"east": (2, 0), "west": (4, 0)}
    assert await counts(inventory, "TEA") == {"west": (2, 2)}
    assert await inventory.reserve("o1", [CUP_AT_ONCE, TEA], NOON) == first
    await inventory.deduct("o1")
    assert await counts(inventory) == {"east": (2, 0), "west": (4, 0)}
    assert await counts(inventory, "TEA") == {"west": (0, 0)}


async def test_what_was_deducted_at_once_comes_back_once(inventory: Inventory) -> None:
    await inventory.reserve("o1", [CUP_AT_ONCE, TEA], NOON)
    assert await inventory.expire(LATER, 10) == 1
    assert await counts(inventory) == {"east": (2, 0), "west": (4, 0)}
    await inventory.release("o1")
    await inventory.release("o1")
    assert await counts(inventory) == UNTOUCHED
    assert await counts(inventory, "TEA") == {"west": (2, 0)}


@pytest.mark.parametrize("demand", [CUP, CUP_AT_ONCE])
async def test_what_was_released_can_be_reserved_anew(inventory: Inventory, demand: Demand) -> None:
    for _ in range(3):
        assert await inventory.reserve("o1", [demand], NOON) == Reserved({"l1": (Allocation("west", 3),)})
        await inventory.release("o1")
        assert await counts(inventory) == UNTOUCHED


async def test_expiry_frees_what_is_due_the_oldest_first_at_most_so_many_orders(inventory: Inventory) -> None:
    await inventory.reserve("late", [Demand("l1", "CUP", 1)], LATER)
    await inventory.reserve("first", [Demand("l1", "CUP", 2), TEA], NOON - timedelta(seconds=2))
    await inventory.reserve("second", [Demand("l1", "CUP", 3)], NOON)
    assert await inventory.expire(NOON, 1) == 1
    assert await counts(inventory, "TEA") == {"west": (2, 0)}
    assert sum(reserved for _, reserved in (await counts(inventory)).values()) == 4
    assert [await inventory.expire(NOON, 10), await inventory.expire(NOON, 10)] == [1, 0]
    assert sum(reserved for _, reserved in (await counts(inventory)).values()) == 1


async def test_what_expired_is_reserved_anew_or_found_short(inventory: Inventory) -> None:
    await inventory.reserve("o1", [CUP], NOON)
    await inventory.expire(NOON, 10)
    assert await inventory.reserve("o1", [CUP], LATER) == Reserved({"l1": (Allocation("west", 3),)})
    await inventory.expire(LATER, 10)
    await inventory.reserve("o2", [Demand("l1", "CUP", 7)], LATER)
    assert await inventory.reserve("o1", [CUP], LATER) == Short((Shortage("CUP", 3, 2),))


async def test_arrived_units_are_available(inventory: Inventory) -> None:
    found = await inventory.restock("TEA", "west", 5)
    assert found is not None
    assert (found.stock.on_hand, found.stock.available, found.is_replayed) == (7, 7, False)
    assert await counts(inventory, "TEA") == {"west": (7, 0)}


async def test_units_of_one_receipt_arrive_once(inventory: Inventory) -> None:
    found = await asyncio.gather(*(inventory.restock("TEA", "west", 5, "DN-1") for _ in range(8)))
    assert sorted(one.is_replayed for one in found if one is not None) == [False] + [True] * 7
    assert await counts(inventory, "TEA") == {"west": (7, 0)}
    for sku, warehouse, quantity in (("TEA", "west", 6), ("TEA", "east", 5), ("CUP", "west", 5)):
        with pytest.raises(ServiceRejected, match='"DN-1" was the receipt of 5 units of TEA in west'):
            await inventory.restock(sku, warehouse, quantity, "DN-1")
    assert await inventory.restock("TEA", "west", 5, "DN-2") is not None
    assert await counts(inventory, "TEA") == {"west": (12, 0)}


async def test_a_receipt_of_what_did_not_arrive_can_be_used_again(inventory: Inventory) -> None:
    assert await inventory.restock("NO", "west", 5, "DN-1") is None
    with pytest.raises(ServiceRejected, match="cannot be counted"):
        await inventory.restock("TEA", "west", 2**31 - 1, "DN-1")
    found = await inventory.restock("TEA", "west", 5, "DN-1")
    assert found is not None
    assert (found.stock.on_hand, found.is_replayed) == (7, False)


async def test_a_warehouse_may_get_a_sku_that_it_had_not(inventory: Inventory, given: Given) -> None:
    await given(
        products,
        {"sku": "NEW", "name": "New", "price_minor": 1, "currency": "EUR", "supply_channel": "OWN"},
    )
    await inventory.restock("TEA", "east", 1)
    await inventory.restock("NEW", "east", 2)
    assert await counts(inventory, "TEA") == {"east": (1, 0), "west": (2, 0)}
    assert await counts(inventory, "NEW") == {"east": (2, 0)}


@pytest.mark.parametrize(("sku", "warehouse"), [("NO", "west"), ("TEA", "north"), ("T\0", "west"), ("TEA", "\0")])
async def test_nothing_arrives_for_an_unknown_sku_or_warehouse(inventory: Inventory, sku: str, warehouse: str) -> None:
    assert await inventory.restock(sku, warehouse, 5) is None
    assert await inventory.stock(["NO"]) == [None]
    assert await counts(inventory, "TEA") == {"west": (2, 0)}


async def test_more_units_than_can_be_counted_cannot_arrive(inventory: Inventory) -> None:
    with pytest.raises(ServiceRejected, match="cannot be counted"):
        await inventory.restock("TEA", "west", 2**31 - 1)
    assert await counts(inventory, "TEA") == {"west": (2, 0)}


@pytest.mark.parametrize("quantity", [0, -1])
async def test_less_than_one_unit_cannot_arrive(inventory: Inventory, quantity: int) -> None:
    with pytest.raises(ServiceRejected, match="cannot arrive"):
        await inventory.restock("TEA", "west", quantity)
    assert await counts(inventory, "TEA") == {"west": (2, 0)}


# Allocations after the first: a warehouse declined, or stock came later

TWO_CUPS = Demand("l1", "CUP", 2)


async def test_units_are_allocated_in_the_first_warehouse_that_has_all_of_them(inventory: Inventory) -> None:
    assert await inventory.allocate("o1", "a1", [TWO_CUPS], LATER) == "east"
    assert await counts(inventory) == {"east": (2, 2), "west": (7, 0)}
    assert await inventory.allocate("o2", "a2", [TWO_CUPS, TEA], LATER) == "west"
    assert await counts(inventory) == {"east": (2, 2), "west": (7, 2)}
    await inventory.deduct("o1")
    assert await counts(inventory) == {"east": (0, 0), "west": (7, 2)}


async def test_an_allocation_is_made_once_as_long_as_it_is_held(inventory: Inventory) -> None:
    for _ in range(2):
        assert await inventory.allocate("o1", "a1", [TWO_CUPS], LATER) == "east"
    assert await counts(inventory) == {"east": (2, 2), "west": (7, 0)}
    await inventory.deduct("o1")
    assert await inventory.allocate("o1", "a1", [TWO_CUPS], LATER) == "east"
    assert await counts(inventory) == {"east": (0, 0), "west": (7, 0)}


async def test_an_allocation_that_nobody_deducts_expires_and_can_be_made_anew(inventory: Inventory) -> None:
    assert await inventory.allocate("o1", "a1", [TWO_CUPS], NOON) == "east"
    assert await inventory.expire(NOON, 10) == 1
    assert await counts(inventory) == UNTOUCHED
    assert await inventory.allocate("o1", "a1", [TWO_CUPS], LATER) == "east"


@pytest.mark.parametrize(
    ("demands", "avoiding", "among", "warehouse"),
    [
        ([TWO_CUPS], ("east",), None, "west"),
        ([TWO_CUPS], ("east", "west"), None, None),
        ([TWO_CUPS], (), ("west",), "west"),
        ([TWO_CUPS], ("west",), ("west",), None),
        ([TWO_CUPS], (), (), None),
        ([Demand("l1", "CUP", 8)], (), None, None),
        ([Demand("l1", "CUP", 4), Demand("l2", "CUP", 4)], (), None, None),
        ([Demand("l1", "CUP", 4), Demand("l2", "CUP", 3)], (), None, "west"),
        ([Demand("l1", "NO", 1)], (), None, None),
        ([Demand("l1", "N\0", 1)], (), None, None),
        ([], (), None, None),
    ],
)
async def test_where_an_allocation_is_made(
    inventory: Inventory,
    demands: list[Demand],
    avoiding: tuple[str, ...],
    among: tuple[str, ...] | None,
    warehouse: str | None,
) -> None:
    found = await inventory.allocate("o1", "a1", demands, LATER, avoiding=avoiding, among=among)
    assert found == warehouse
    if warehouse is None:
        assert await counts(inventory) == UNTOUCHED


async def test_what_a_warehouse_does_not_send_is_its_again(inventory: Inventory) -> None:
    await inventory.reserve("o1", [CUP, TEA], LATER)
    await inventory.deduct("o1")
    assert await counts(inventory) == {"east": (2, 0), "west": (4, 0)}
    for _ in range(2):
        await inventory.deallocate("o1", "a0", ["l1"], "west")
        assert await counts(inventory) == UNTOUCHED
        assert await counts(inventory, "TEA") == {"west": (0, 0)}


async def test_what_is_only_held_is_free_again(inventory: Inventory) -> None:
    await inventory.reserve("o1", [CUP], LATER)
    await inventory.deallocate("o1", "a0", ["l1"], "west")
    assert await counts(inventory) == UNTOUCHED


async def test_an_allocation_and_the_first_reservation_end_apart(inventory: Inventory) -> None:
    """The same line, the same warehouse: six cups since it was ordered, one that came there later."""
    await inventory.reserve("o1", [Demand("l1", "CUP", 6)], LATER)
    assert await inventory.allocate("o1", "a1", [Demand("l1", "CUP", 1)], LATER, avoiding=["east"]) == "west"
    await inventory.deduct("o1")
    assert await counts(inventory) == {"east": (2, 0), "west": (0, 0)}
    for _ in range(2):
        await inventory.deallocate("o1", "a1", ["l1"], "west")
        assert await counts(inventory) == {"east": (2, 0), "west": (1, 0)}
    await inventory.release("o1")
    assert await counts(inventory) == UNTOUCHED


def back(line_id: str, warehouse: str, quantity: int, sku: str = "CUP") -> PlacedUnits:
    return PlacedUnits(line_id, sku, warehouse, quantity)


async def test_units_that_are_held_are_withdrawn_once(inventory: Inventory) -> None:
    await inventory.reserve("o1", [CUP, TEA], NOON)
    await inventory.withdraw("o1", "w1", [back("l1", "west", 2)])
    await inventory.withdraw("o1", "w1", [back("l1", "west", 2)])
    assert await counts(inventory) == {"east": (2, 0), "west": (7, 1)}
    await inventory.deduct("o1")
    assert await counts(inventory) == {"east": (2, 0), "west": (6, 0)}
    await inventory.release("o1")
    assert await counts(inventory) == UNTOUCHED


async def test_units_that_were_deducted_are_withdrawn_and_the_rest_goes_elsewhere(inventory: Inventory) -> None:
    await inventory.reserve("o1", [CUP], NOON)
    await inventory.deduct("o1")
    await inventory.withdraw("o1", "w1", [back("l1", "west", 1)])
    assert await counts(inventory) == {"east": (2, 0), "west": (5, 0)}
    await inventory.deallocate("o1", "f1:0", ["l1"], "west")
    assert await counts(inventory) == UNTOUCHED


async def test_all_units_of_a_line_are_withdrawn_in_pieces(inventory: Inventory) -> None:
    await inventory.reserve("o1", [Demand("l1", "CUP", 8)], NOON)
    await inventory.deduct("o1")
    assert await counts(inventory) == {"east": (1, 0), "west": (0, 0)}
    await inventory.withdraw("o1", "w1", [back("l1", "west", 3)])
    await inventory.withdraw("o1", "w2", [back("l1", "west", 4), back("l1", "east", 1)])
    assert await counts(inventory) == UNTOUCHED
    await inventory.release("o1")
    assert await counts(inventory) == UNTOUCHED


async def test_units_that_had_left_come_back_once(inventory: Inventory) -> None:
    await inventory.reserve("o1", [CUP], NOON)
    await inventory.deduct("o1")
    await inventory.take_back("o1", "r1", [back("l1", "west", 2)])
    await inventory.take_back("o1", "r1", [back("l1", "west", 2)])
    await inventory.take_back("o1", "r2", [back("l1", "east", 1)])
    assert await counts(inventory) == {"east": (3, 0), "west": (6, 0)}
