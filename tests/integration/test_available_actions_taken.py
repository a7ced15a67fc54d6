"""What availableActions lists is taken when it is called, and what it does not list is refused: by the real handlers, on paper."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import pytest

from domain.access.viewer import Viewer
from domain.actions.changes import step_for
from domain.actions.rehearsal.script import SCRIPT, SimulatedAction
from domain.actions.simulate_actions import simulate_actions
from domain.after_sales.claims import units_left
from domain.orders.available import available_actions
from domain.orders.commands import LineQuantity
from domain.orders.model import Order, Subject
from domain.orders.state import facts_of
from domain.values.enums import AfterSaleKind, ExceptionResolution, MachineKind
from domain.values.money import Money
from resolvers.context import RequestContext
from tests.fixtures.executing import executed
from tests.fixtures.shop import ADMIN, ANNA, FINANCE, MERCHANT, SUPPORT, WAREHOUSE, Shop
from tests.fixtures.trials import TRIALS, Stage

pytestmark = pytest.mark.anyio

VIEWERS: Final = (ANNA, MERCHANT, SUPPORT, FINANCE, WAREHOUSE)
STAGES: Final[dict[str, Stage]] = {trial.stage.__name__: trial.stage for trial in TRIALS.values()}
OF_WRONG_INPUT: Final = frozenset(("INVALID_INPUT", "INCOMPLETE", "NOT_SIMULATED"))
TRACK: Final = "recordTracking"


def subjects(order: Order) -> Iterator[tuple[MachineKind, Subject]]:
    yield MachineKind.ORDER, order.head
    yield from ((MachineKind.PAYMENT, payment) for payment in order.payments)
    yield from ((MachineKind.REFUND, refund) for refund in order.refunds)
    yield from ((MachineKind.FULFILLMENT, part) for part in order.fulfillments)
    yield from ((MachineKind.AFTER_SALE, case) for case in order.after_sales)


def subject_of(order: Order, machine: MachineKind, subject: Subject, action: str) -> str | None:
    """Carriers speak of parcels; a voucher is redeemed, not its order. None: there is none."""
    if action == "redeemVoucher":
        return next((voucher.id for voucher in order.vouchers), None)
    if action != TRACK:
        return subject.id
    if machine is MachineKind.AFTER_SALE:
        return next((parcel.id for parcel in order.shipments if parcel.after_sale_id == subject.id), None)
    return next((parcel.id for parcel in order.shipments if parcel.fulfillment_id == subject.id), None)


def asked(order: Order, action: str, subject_id: str) -> SimulatedAction:
    """With a sound value in every field that the action reads."""
    claimable = [line for line in order.lines if units_left(order, line, AfterSaleKind.RETURN_REFUND)]
    line = (claimable or list(order.lines))[0]
    more: dict[str, Any] = {
        "requestAfterSale": {"kind": AfterSaleKind.RETURN_REFUND, "lines": (LineQuantity(line.id, 1),)},
        "modifyOrder": {"lines": (LineQuantity(line.id, line.quantity),)},
        "refundPayment": {"amount": Money(1, order.head.currency)},
        "ruleAfterSale": {"is_approved": True},
        "resolveIntercept": {"is_successful": True},
        TRACK: {"is_successful": True},
        "resolveException": {"resolution": ExceptionResolution.REFUND},
        "receiveReturn": {"received": tuple((each.line_id, each.sent, 0) for each in order.after_sale_lines)},
    }
    return SimulatedAction(action, subject_id, **more.get(action, {}))


async def called(shop: Shop, viewer: Viewer, order: Order, action: SimulatedAction) -> tuple[bool, set[str]]:
    simulation = await simulate_actions(shop.ports, viewer, order.head.id, [action])
    if simulation is None:
        return False, {"NOT_FOUND"}
    (step,) = simulation.steps
    return step.enabled, {reason.code for reason in step.blocked_by}


WITHOUT_ORDER: Final = frozenset(("nothing", "batch", "legacy", "to_export", "queued_export"))


@pytest.mark.parametrize("name", [name for name in STAGES if name not in WITHOUT_ORDER])
async def test_what_is_listed_is_taken_and_what_is_not_is_refused(shop: Shop, name: str) -> None:
    ready = await STAGES[name](shop)
    assert ready.order_id is not None
    order = await shop.order(ready.order_id)
    before, listed_count = await shop.everything(), 0
    for viewer in VIEWERS:
        step = step_for(shop.ports, order.head, viewer.actor)
        for machine, subject in subjects(order):
            found = available_actions(step.flow, machine, facts_of(order, subject, step), order.timers)
            listed = [action.action for action in found]
            assert len(set(listed)) == len(listed)
            for action in sorted({r.action for r in step.flow.rules if r.machine is machine and r.action in SCRIPT}):
                subject_id = subject_of(order, machine, subject, action)
                if subject_id is None:
                    continue
                is_done, codes = await called(shop, viewer, order, asked(order, action, subject_id))
                assert is_done == (action in listed), (viewer.id, machine, subject.status, action, codes)
                assert not codes & OF_WRONG_INPUT, (viewer.id, machine, subject.status, action, codes)
                listed_count += is_done
    assert listed_count > 0
    assert await shop.everything() == before


ALL: Final = """query ($id: ID!) { order(ref: {id: $id}) { availableActions { ...offer } payments { availableActions { ...offer }
  refunds { availableActions { ...offer } } } fulfillments { availableActions { ...offer } }
  afterSales { availableActions { ...offer } } } }
  fragment offer on AvailableAction { action mutation enabled nextState blockedBy { code } deadline }"""


@pytest.mark.parametrize(
    "name", ["refund_asked", "refund_failed", "claimed", "coming_back", "intercepting", "vouchers"]
)
async def test_callers_read_the_same_of_all_five_machines(shop: Shop, name: str) -> None:
    ready = await STAGES[name](shop)
    assert ready.order_id is not None
    order = await shop.order(ready.order_id)
    deadline = asyncio.get_running_loop().time() + 600
    context = RequestContext.of(ADMIN, shop.ports, deadline=deadline, request_id="r")
    result = await executed(ALL, {"id": ready.order_id}, context=context)
    assert result.errors is None
    assert result.data is not None
    read = result.data["order"]
    offers = [read, *read["payments"], *(r for p in read["payments"] for r in p["refunds"]), *read["fulfillments"]]
    offers += read["afterSales"]
    step = step_for(shop.ports, order.head, ADMIN.actor)
    expected = [
        [
            action.action
            for action in available_actions(step.flow, machine, facts_of(order, subject, step), order.timers)
        ]
        for machine, subject in subjects(order)
    ]
    assert sorted([offer["action"] for offer in each["availableActions"]] for each in offers) == sorted(expected)
