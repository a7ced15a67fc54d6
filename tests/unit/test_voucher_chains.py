"""The life of a virtual order, by its real rules: vouchers instead of parcels."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.access.viewer import SYSTEM, Actor
from domain.orders.flows import VIRTUAL_1
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.state import refusal
from domain.orders.vouchers import blocked_voucher, expired, issued, not_issued, redeemed, refundable_units, withdrawn
from domain.values.enums import ActorKind, MachineKind, Role
from domain.values.refusals import ActionRejected, Forbidden
from tests.fixtures.orders import (
    BUYER,
    STAFF,
    START,
    World,
    authorized,
    completed,
    paid,
    physical_order,
    received,
    taken,
)

DAY = timedelta(days=1)
PARTNER = Actor(ActorKind.PARTNER, "partner", None, frozenset((Role.PARTNER,)))


def bought() -> tuple[World, Order]:
    """Two units of one line, three of another; paid, its codes not there yet."""
    world = World(flow=VIRTUAL_1)
    return world, paid(world, physical_order(world))


def codes(order: Order, expires_at: datetime | None = START + 30 * DAY) -> dict[str, list[tuple[str, datetime | None]]]:
    return {line.id: [(f"{line.sku}-{n}", expires_at) for n in range(line.quantity)] for line in order.lines}


def delivered() -> tuple[World, Order]:
    world, order = bought()
    return world, issued(order, codes(order), world.step(SYSTEM))


def timers(order: Order) -> dict[str, Any]:
    return {timer.name: timer.due_at for timer in order.timers}


def statuses(order: Order) -> list[str]:
    return [voucher.status.value for voucher in order.vouchers]


def test_paid_it_gets_its_vouchers_and_nothing_is_sent() -> None:
    world, order = bought()
    assert (order.head.status, order.head.fulfillment_status, order.fulfillments) == ("PAID", "UNFULFILLED", ())
    assert order.errands[-1] == Errand(ErrandKind.ISSUE_VOUCHERS, order.head.id)
    assert timers(order) == {"voucherAlert": START + timedelta(hours=1)}
    order = issued(order, codes(order), world.step(SYSTEM))
    assert (order.head.status, order.head.fulfillment_status) == ("DELIVERED", "DELIVERED")
    assert [(v.position, v.code, v.line_id) for v in order.vouchers] == [
        (1, "TEE-1-0", order.lines[0].id),
        (2, "TEE-1-1", order.lines[0].id),
        (3, "MUG-1-0", order.lines[1].id),
        (4, "MUG-1-1", order.lines[1].id),
        (5, "MUG-1-2", order.lines[1].id),
    ]
    assert timers(order) == {"receiptTimeout": START + DAY, "voucherExpired": START + 30 * DAY}
    assert issued(order, codes(order), world.step(SYSTEM)) is order
    order = completed(world, received(world, order))
    assert (order.head.status, timers(order)) == ("COMPLETED", {"voucherExpired": START + 30 * DAY})


def test_what_is_authorized_is_captured_with_the_vouchers() -> None:
    world = World(flow=VIRTUAL_1)
    order = authorized(world, physical_order(world))
    order = issued(order, codes(order), world.step(SYSTEM))
    assert order.errands[-1].kind is ErrandKind.CAPTURE


def test_without_codes_a_person_looks_at_it_and_time_gives_the_money_back() -> None:
    world, order = bought()
    order = not_issued(order, "None left.", world.step(SYSTEM))
    assert (order.head.status, order.head.previous_status) == ("EXCEPTION", "PAID")
    assert order.events[-1].details == {"message": "None left."}
    order = taken(world, order, "exceptionTimeout", SYSTEM)
    assert order.head.status == "REFUNDING"
    late = issued(order, codes(order), world.step(SYSTEM))
    assert (late.vouchers, late.errands[-1].kind) == ((), ErrandKind.CANCEL_VOUCHERS)


def test_a_voucher_is_redeemed_once() -> None:
    world, order = delivered()
    voucher = order.vouchers[0]
    assert blocked_voucher(voucher, START) is None
    order = redeemed(order, voucher.id, world.step(PARTNER))
    assert (order.events[-1].action, order.events[-1].details) == ("redeemVoucher", {"voucherId": voucher.id})
    first = order.vouchers[0]
    assert (first.status, first.redeemed_at) == ("REDEEMED", START)
    reason = blocked_voucher(first, START)
    assert reason is not None
    assert reason.code == "VOUCHER_REDEEMED"
    assert refundable_units(order, first.line_id) == 1


def test_who_may_redeem_and_when() -> None:
    world, order = bought()
    head = order.head.id
    assert isinstance(refusal(order, MachineKind.ORDER, head, "redeemVoucher", world.step(STAFF)), ActionRejected)
    world, order = delivered()
    head = order.head.id
    assert isinstance(refusal(order, MachineKind.ORDER, head, "redeemVoucher", world.step(BUYER)), Forbidden)
    assert refusal(order, MachineKind.ORDER, head, "redeemVoucher", world.step(PARTNER)) is None


def test_time_ends_what_was_not_redeemed() -> None:
    world, order = delivered()
    order = redeemed(order, order.vouchers[0].id, world.step(PARTNER))
    assert expired(order, world.step(SYSTEM)) is order
    world.now += 30 * DAY
    reason = blocked_voucher(order.vouchers[1], world.now)
    assert reason is not None
    assert reason.code == "VOUCHER_EXPIRED"
    order = expired(order, world.step(SYSTEM))
    assert statuses(order) == ["REDEEMED", "EXPIRED", "EXPIRED", "EXPIRED", "EXPIRED"]
    assert (order.events[-1].action, order.events[-1].details) == ("voucherExpired", {"vouchers": "4"})
    assert "voucherExpired" not in timers(order)


def test_given_back_units_lose_their_vouchers_and_the_last_one_its_deadline() -> None:
    _, order = delivered()
    tees, mugs = (line.id for line in order.lines)
    order = withdrawn(order, {tees: 1, mugs: 3})
    assert statuses(order) == ["CANCELLED", "ISSUED", "CANCELLED", "CANCELLED", "CANCELLED"]
    assert (refundable_units(order, tees), refundable_units(order, mugs)) == (1, 0)
    assert sorted(order.errands[-1].detail.values()) == ["MUG-1-0", "MUG-1-1", "MUG-1-2", "TEE-1-0"]
    assert "voucherExpired" in timers(order)
    assert "voucherExpired" not in timers(withdrawn(order, {tees: 1}))
    assert withdrawn(order, {mugs: 1}) is order


@pytest.mark.parametrize("action", ["confirmOrder", "holdOrder", "split"])
def test_what_is_for_goods_only_is_not_there(action: str) -> None:
    _, order = bought()
    assert VIRTUAL_1.rule(MachineKind.ORDER, order.head.status, action) is None
    assert not any(rule.machine is MachineKind.FULFILLMENT for rule in VIRTUAL_1.rules)
