"""Declined, waiting, found again: what the order says of it, and which errands it leaves."""

from dataclasses import replace

import pytest

from domain.actions.stock_holding import with_units_in
from domain.inventory.allocation import whole_from
from domain.orders.backorders import allocated, declined, stocked_lines
from domain.orders.effects import split_by_itself
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.splitting import split
from domain.orders.views import Allocation
from domain.values.enums import FulfillmentState, MachineKind, OrderStatus, StockPolicy
from domain.values.faults import DomainFault
from tests.fixtures.orders import START, Want, World, paid, physical_order, taken

MUGS = (Want("MUG-1", 1000, (Allocation("BER", 1), Allocation("HAM", 2)), "Red Mug"),)


def split_order(world: World) -> Order:
    """One line in two fulfillments: a mug from BER, two from HAM."""
    return replace(paid(world, physical_order(world, wants=MUGS)), errands=())


def test_units_follow_to_the_warehouse_that_has_them() -> None:
    world = World()
    order = split_order(world)
    first, second = order.fulfillments
    order = declined(order, first.id, "HAM", world.later(hours=1).step(note="Broken"))
    assert order.lines[0].allocations == (Allocation("HAM", 3),)
    assert [(part.status, part.warehouse, part.declined_by) for part in order.fulfillments] == [
        ("ALLOCATED", "HAM", ("BER",)),
        ("ALLOCATED", "HAM", ()),
    ]
    event = order.events[-1]
    assert (event.action, event.note, event.details) == (
        "declineFulfillment",
        "Broken",
        {"from": "BER", "to": "HAM"},
    )
    assert order.errands == (Errand(ErrandKind.DEDUCT_STOCK, f"{first.id}:1"),)
    due = {timer.subject_id: timer.due_at for timer in order.timers if timer.name == "acceptTimeout"}
    assert due == {first.id: START.replace(day=3, hour=10), second.id: START.replace(day=3)}


def test_where_nobody_has_them_it_waits_and_the_queue_is_looked_at() -> None:
    world = World()
    order = split_order(world)
    second = order.fulfillments[1]
    order = declined(order, second.id, None, world.step())
    assert order.lines[0].allocations == (Allocation("BER", 1),)
    waiting = order.fulfillments[1]
    assert (waiting.status, waiting.warehouse, waiting.backordered_at) == ("BACKORDERED", None, START)
    assert order.errands == (Errand(ErrandKind.FILL_BACKORDERS, order.events[-1].id, details=(("sku", "MUG-1"),)),)
    order = allocated(replace(order, errands=()), second.id, "LEJ", world.step())
    assert order.lines[0].allocations == (Allocation("BER", 1), Allocation("LEJ", 2))
    assert (order.fulfillments[1].status, order.fulfillments[1].backordered_at) == ("ALLOCATED", None)
    assert order.errands == (Errand(ErrandKind.DEDUCT_STOCK, f"{second.id}:1"),)


def test_one_that_waited_for_two_goods_lets_both_queues_be_looked_at() -> None:
    world = World()
    order = replace(paid(world, physical_order(world)), errands=())
    part = order.fulfillments[0]
    assert [line.sku for line in stocked_lines(order, part.id)] == ["TEE-1", "MUG-1"]
    order = declined(order, part.id, None, world.step())
    order = allocated(replace(order, errands=()), part.id, "LEJ", world.step())
    kinds = {errand.kind: errand.details for errand in order.errands}
    assert kinds == {
        ErrandKind.DEDUCT_STOCK: (),
        ErrandKind.FILL_BACKORDERS: (("sku", "MUG-1"), ("sku", "TEE-1")),
    }


def test_stock_for_an_order_on_hold_is_held_with_it() -> None:
    world = World()
    order = split_order(world)
    part = order.fulfillments[0]
    order = taken(world, declined(order, part.id, None, world.step()), "holdOrder")
    assert order.fulfillments[0].status is FulfillmentState.BACKORDERED
    order = allocated(order, part.id, "LEJ", world.step())
    assert (order.fulfillments[0].status, order.fulfillments[0].previous_status) == ("ON_HOLD", "ALLOCATED")
    order = taken(world, order, "releaseOrder")
    assert order.fulfillments[0].status is FulfillmentState.ALLOCATED


def test_units_that_come_too_late_or_twice() -> None:
    world = World()
    order = split_order(world)
    part = order.fulfillments[0]
    waiting = replace(declined(order, part.id, None, world.step()), errands=())
    found = with_units_in(waiting, part.id, 1, "LEJ", world.step())
    assert found.fulfillments[0].warehouse == "LEJ"
    assert with_units_in(found, part.id, 1, "LEJ", world.step()) is found
    assert with_units_in(waiting, part.id, 0, "LEJ", world.step()) is waiting
    off = waiting.with_subject(MachineKind.FULFILLMENT, part.id, status=FulfillmentState.CANCELLED)
    assert with_units_in(off, part.id, 1, "LEJ", world.step()).errands == (
        Errand(ErrandKind.ARRANGE_STOCK, f"{part.id}:1"),
    )
    gone = off.with_head(status=OrderStatus.REFUNDING)
    assert with_units_in(gone, part.id, 1, "LEJ", world.step()).errands == (
        Errand(ErrandKind.RELEASE_STOCK, f"{part.id}:1"),
    )


def test_a_fulfillment_of_another_order_is_our_own_fault() -> None:
    world = World()
    with pytest.raises(DomainFault):
        declined(split_order(world), "ful_x", None, world.step())


def test_units_that_were_found_nowhere_are_backordered_apart_from_those_that_need_no_stock() -> None:
    world = World()
    card = Want("CARD", 500, (Allocation("none", 1),), policy=StockPolicy.NONE)
    order = physical_order(world, wants=(*MUGS, card), coupons=())
    mugs, cards = order.lines
    short = replace(
        order,
        lines=(replace(mugs, allocations=(Allocation("BER", 1),)), replace(cards, allocations=())),
    ).with_head(status=OrderStatus.PAID)
    parts = split(short.lines, 0)
    assert [(part.warehouse, part.is_short, [(p.sku, p.quantity) for p in part.lines]) for part in parts] == [
        ("BER", False, [("MUG-1", 1)]),
        (None, True, [("MUG-1", 2)]),
        (None, False, [("CARD", 1)]),
    ]
    order = split_by_itself(short, world.step())
    assert [(part.status, part.backordered_at) for part in order.fulfillments] == [
        ("ALLOCATED", None),
        ("BACKORDERED", START),
        ("ALLOCATED", None),
    ]
    assert {timer.name for timer in order.timers} >= {"acceptTimeout", "backorderAlert"}
    assert order.errands[-1].details == (("sku", "MUG-1"),)


@pytest.mark.parametrize(
    ("wanted", "refused", "warehouse"),
    [
        ((("l1", "A", 2),), (), "BER"),
        ((("l1", "A", 2),), ("BER",), "HAM"),
        ((("l1", "A", 3),), (), "HAM"),
        ((("l1", "A", 2), ("l2", "A", 2)), (), "HAM"),
        ((("l1", "A", 2), ("l2", "B", 1)), (), "BER"),
        ((("l1", "A", 3), ("l2", "B", 1)), (), None),
        ((("l1", "C", 1),), (), None),
        ((), (), None),
    ],
)
def test_one_warehouse_has_all_of_it_or_none_is_named(
    wanted: tuple[tuple[str, str, int], ...], refused: tuple[str, ...], warehouse: str | None
) -> None:
    stock = {"A": {"HAM": 4, "BER": 2}, "B": {"BER": 1, "HAM": -1}}
    assert whole_from(wanted, stock, lambda code: code not in refused) == warehouse
