"""Erasing an order: every row of it goes, and a tombstone stays.

What is left knows nothing of a person: the tombstone, reservations and returns of the stock's books, the seat in a group, and
claims on coupons without their member. The change feed tells of the DELETE, and so the cube and all copies let the order go.
"""

from dataclasses import dataclass

from domain.access.viewer import EVERYTHING
from domain.actions.transactions import in_transaction
from domain.orders.erasing import ids_of, reason_to_keep
from domain.orders.flows import flow_of
from domain.orders.model import Order
from domain.ports.bundle import Ports
from domain.ports.promotions import Promotions
from domain.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Kept:
    """The order stays. `why`: the end of a sentence."""

    order_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Erased:
    order_id: str
    business_unit: str
    channel: str
    version: int
    """That of the DELETE."""


@dataclass(frozen=True, slots=True)
class ErasedBefore:
    """There is nothing left to do, as when a call that was broken off is made again."""

    order_id: str


async def kept(ports: Ports, order_id: str) -> Kept | None:
    """Why the order would stay now. Nothing is written."""

    async def look(uow: UnitOfWork) -> Kept | None:
        found = await _erasable(ports, uow, order_id)
        return found if isinstance(found, Kept) else None

    return await in_transaction(ports, look)


async def erase_order(ports: Ports, order_id: str) -> Erased | ErasedBefore | Kept:
    """One transaction. Where promotions are another system they forget the member before: whoever is interrupted there erases the
    order again. Raises ServiceUnavailable.
    """
    if Promotions not in ports.embedded:
        stays = await kept(ports, order_id)
        if stays is not None:
            return stays
        await ports.promotions.forget_member(order_id)

    async def work(uow: UnitOfWork) -> Erased | ErasedBefore | Kept:
        order = await _erasable(ports, uow, order_id)
        if not isinstance(order, Order):
            return order
        promotions = uow.local(Promotions)
        if promotions is not None:
            await promotions.forget_member(order_id)
        await uow.erase(order_id, ids_of(order), ports.clock.now())
        head = order.head
        return Erased(order_id, head.business_unit, head.channel, head.version + 1)

    return await in_transaction(ports, work)


async def _erasable(ports: Ports, uow: UnitOfWork, order_id: str) -> Order | ErasedBefore | Kept:
    """Locked. What callers may send again is kept as long as they may: it would be done anew."""
    now, order = ports.clock.now(), await uow.load(EVERYTHING, order_id)
    if order is None:
        return ErasedBefore(order_id) if await uow.is_erased(order_id) else Kept(order_id, "there is no such order")
    head = order.head
    policy = ports.policies.unit(head.business_unit)
    if policy is None:
        return Kept(
            order_id, f"its business unit {head.business_unit} has no policy, which says how long it can be claimed"
        )
    why = reason_to_keep(order, flow_of(head.order_type, head.flow_version), policy, now)
    if why is None and await uow.has_jobs(order_id):
        why = "the worker has still to do something for it"
    if why is None and (until := await uow.keys_kept_until(ids_of(order), now)):
        why = f"callers may repeat what they sent about it until {until:%Y-%m-%d %H:%M} UTC"
    return order if why is None else Kept(order_id, why)
