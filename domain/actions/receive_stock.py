"""Stock arrives: it is counted, and those who wait for it are looked at.

Where the inventory is embedded both are one transaction. Where it is another system, the job is there before the units are: it
finds nothing, or what has come.
"""

import contextlib

from domain.actions.errands import perform
from domain.actions.transactions import in_transaction
from domain.orders.backorders import look_again
from domain.ports.bundle import Ports
from domain.ports.inventory import Inventory, Restocked
from domain.ports.unit_of_work import UnitOfWork
from domain.values.faults import ServiceUnavailable
from domain.values.ids import IdKind, new_id


async def receive_stock(
    ports: Ports, sku: str, warehouse: str, quantity: int, key: str | None = None
) -> Restocked | None:
    """The stock of the SKU afterwards. None: unknown SKU or warehouse, and nothing changed. Under the same key it arrives once.
    Raises ServiceUnavailable; ServiceRejected where the key was that of another arrival.
    """
    now = ports.clock.now()
    receipt_id = new_id(IdKind.RECEIPT, int(now.timestamp() * 1000))
    look = look_again(receipt_id, sku)

    async def together(uow: UnitOfWork) -> Restocked | None:
        inventory = uow.local(Inventory)
        found = await inventory.restock(sku, warehouse, quantity, key) if inventory is not None else None
        if found is not None:
            await uow.queue(receipt_id, (look,), now)
        return found

    if Inventory in ports.embedded:
        return await in_transaction(ports, together)
    await in_transaction(ports, lambda uow: uow.queue(receipt_id, (look,), now, lease_s=ports.terms.lease_s))
    found = await ports.inventory.restock(sku, warehouse, quantity, key)
    with contextlib.suppress(ServiceUnavailable):  # it has arrived: who waits for it is the worker's to look at
        await perform(ports, receipt_id, look)
    return found
