"""importOrders: a batch of a legacy system's orders, each imported once.

An order that cannot be imported is reported and the others are imported all the same; one that is there already, by its
external number on the channel, is passed over. So a batch may be sent again, in part or as a whole, and an interrupted import
goes on where it stopped. The batch is one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.transactions import Call, once
from domain.orders.flows import CURRENT
from domain.orders.import_commands import ImportedOrder, ImportOrders
from domain.orders.import_fulfillments import NO_CARRIER
from domain.orders.import_problems import import_problems
from domain.orders.importing import imported
from domain.orders.model import Order
from domain.orders.state import Step
from domain.policies import ChannelPolicy, UnitPolicy
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import Parcel, UnitOfWork
from domain.values.enums import Role
from domain.values.ids import new_id
from domain.values.outcomes import ImportFailure, OrdersImported, Outcome
from domain.values.refusals import Forbidden, InputProblem, LimitExceeded, Refusal, invalid

MAX_ORDERS: Final = 500
MAY_IMPORT: Final = frozenset((Role.ADMIN, Role.PARTNER, Role.MERCHANT))
TWICE: Final = InputProblem(("externalNumber",), "DUPLICATE_EXTERNAL_NUMBER", "It is in this batch twice.")
PARCEL_TAKEN: Final = InputProblem(
    ("shipments",), "DUPLICATE_TRACKING_NUMBER", "A tracking number is of another order's parcel."
)


@dataclass(frozen=True, slots=True)
class _Terms:
    unit: UnitPolicy
    channel: ChannelPolicy


@dataclass(slots=True)
class _Sorted:
    """The batch: by its fate."""

    fresh: list[ImportedOrder]
    skipped: int
    failed: list[ImportFailure]


async def import_orders(ports: Ports, viewer: Viewer, command: ImportOrders) -> Outcome:
    """A dry run says what would become of the batch, writes nothing and keeps no idempotency key."""
    terms = _terms(ports, viewer, command)
    call = Call.of("importOrders", command)

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        return terms if isinstance(terms, Refusal) else await _imported(uow, ports, viewer, command, terms)

    return at_once(await once(ports, viewer, replace(call, key=None) if command.is_dry_run else call, work))


def _terms(ports: Ports, viewer: Viewer, command: ImportOrders) -> _Terms | Refusal:
    if not viewer.actor.roles & MAY_IMPORT:
        return Forbidden(message="None of your roles may importOrders.")
    unit, channel = ports.policies.unit(command.business_unit), ports.policies.channel(command.channel)
    if unit is None:
        return invalid("businessUnit", code="UNKNOWN_BUSINESS_UNIT", message="There is no such business unit.")
    if channel is None or unit.code not in channel.business_units:
        return invalid("channel", code="UNKNOWN_CHANNEL", message="The business unit does not sell on such a channel.")
    scope = viewer.scope
    if scope.business_units is not None and unit.code not in scope.business_units:
        return Forbidden(message="You do not work for this business unit.", path=("businessUnit",))
    if scope.channels is not None and channel.code not in scope.channels:
        return Forbidden(message="You do not work for this channel.", path=("channel",))
    if len(command.orders) > MAX_ORDERS:
        message = f"At most {MAX_ORDERS} orders are imported at once."
        return LimitExceeded(message=message, path=("orders",), limit=MAX_ORDERS)
    return _Terms(unit, channel)


async def _imported(
    uow: UnitOfWork, ports: Ports, viewer: Viewer, command: ImportOrders, terms: _Terms
) -> OrdersImported:
    numbers = {order.external_number for order in command.orders}
    taken = await uow.external_numbers_taken(terms.channel.code, numbers)
    known = await uow.parcels_known({parcel for order in command.orders for parcel in _parcels(order)})
    batch = _sorted(command.orders, taken, known)
    late = frozenset[str]()
    if batch.fresh and not command.is_dry_run:
        late = await uow.add_imported(await _made(uow, ports, viewer, batch.fresh, terms))
    return OrdersImported(
        imported=len(batch.fresh) - len(late), skipped=batch.skipped + len(late), failed=tuple(batch.failed)
    )


def _sorted(orders: Sequence[ImportedOrder], taken: frozenset[str], known: frozenset[Parcel]) -> _Sorted:
    batch, seen, sent = _Sorted([], 0, []), set[str](), set(known)
    for index, order in enumerate(orders):
        if order.external_number in taken:
            batch.skipped += 1
            continue
        problem = _problem(order, seen, sent)
        if problem is not None:
            message = f"{'.'.join(problem.path)}: {problem.message}"
            batch.failed.append(ImportFailure(index, order.external_number, problem.code, message))
            continue
        seen.add(order.external_number)
        sent |= _parcels(order)
        batch.fresh.append(order)
    return batch


def _problem(order: ImportedOrder, seen: set[str], sent: set[Parcel]) -> InputProblem | None:
    """The first thing that keeps the order out. `seen` and `sent`: the numbers and parcels of others."""
    if order.external_number in seen:
        return TWICE
    problems = import_problems(order, CURRENT.get(order.order_type))
    if problems:
        return problems[0]
    return PARCEL_TAKEN if sent & _parcels(order) else None


def _parcels(order: ImportedOrder) -> set[Parcel]:
    return {
        (parcel.carrier or NO_CARRIER, parcel.tracking_number) for parcel in order.shipments if parcel.tracking_number
    }


async def _made(
    uow: UnitOfWork, ports: Ports, viewer: Viewer, orders: Sequence[ImportedOrder], terms: _Terms
) -> list[Order]:
    now = ports.clock.now()
    at_ms = int(now.timestamp() * 1000)
    steps = {
        kind: Step(flow, terms.unit, viewer.actor, now, lambda kind: new_id(kind, at_ms))
        for kind, flow in CURRENT.items()
    }
    numbers = await uow.next_numbers(len(orders))
    return [
        imported(order, terms.channel, f"{order.placed_at:%Y%m%d}{number:08d}", steps[order.order_type])
        for order, number in zip(orders, numbers, strict=True)
    ]
