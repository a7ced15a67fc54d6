"""The one assembler: puts adapters behind the ports. Nothing else knows which adapter serves which port."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import literal, select

from adapters.clock import SystemClock
from adapters.db.engine import Database, Transaction
from adapters.db.jobs import CHANNEL
from adapters.db.order_views import SqlOrderViews
from adapters.db.queue import SqlQueue
from adapters.db.unit_of_work import SqlUnitOfWork
from adapters.embedded.connection import Joined
from adapters.embedded.content import EmbeddedContent
from adapters.embedded.inventory import EmbeddedInventory
from adapters.embedded.logistics import EmbeddedLogistics, EmbeddedTaxes
from adapters.embedded.members import EmbeddedMembers
from adapters.embedded.payments import EmbeddedPayments
from adapters.embedded.products import EmbeddedProducts
from adapters.embedded.promotions import EmbeddedPromotions
from adapters.policy_files import load_policies
from adapters.settings import Settings, signing_key
from adapters.signing import SignedQuoteTokens
from adapters.sql import prepare
from adapters.worker.loop import Worker
from domain.policies import Policies
from domain.ports.bundle import Ports, Terms
from domain.ports.clock import Clock
from domain.ports.inventory import Inventory
from domain.ports.promotions import Promotions

HOUR_S = 3600
_PING = prepare(select(literal(1)))
Local = Mapping[type, Callable[[Transaction], Any]]

EMBEDDED: Local = {
    Inventory: lambda transaction: EmbeddedInventory(Joined(transaction)),
    Promotions: lambda transaction: EmbeddedPromotions(Joined(transaction)),
}
"""Services in the same database: their ports can join a unit of work's transaction."""


@dataclass(frozen=True, slots=True)
class OrderCenter:
    """One assembled process."""

    settings: Settings
    database: Database
    ports: Ports
    worker: Worker

    async def is_ready(self) -> bool:
        """Whether the database answers."""
        try:
            return bool(await self.database.value(_PING))
        except Exception:  # noqa: BLE001  any failure means: not ready
            return False


@asynccontextmanager
async def assembled(settings: Settings, database_url: str) -> AsyncIterator[OrderCenter]:
    """Opens the database and puts everything together. Raises DatabaseUnavailable, PolicyError, SettingsError."""
    policies = load_policies(settings.policies_dir)
    secret = signing_key(settings)
    database = await Database.open(database_url, settings.pool_size)
    try:
        ports = ports_over(database, policies, secret, terms_of(settings))
        worker = Worker(ports, SqlQueue(database), poll_s=settings.worker_poll_ms / 1000)
        async with database.listen(CHANNEL, lambda _payload: worker.wake()):
            yield OrderCenter(settings, database, ports, worker)
    finally:
        await database.close()


def terms_of(settings: Settings) -> Terms:
    return Terms(idempotency_ttl_s=settings.idempotency_ttl_h * HOUR_S, quote_ttl_s=settings.quote_ttl_s)


def ports_over(
    database: Database,
    policies: Policies,
    secret: str,
    terms: Terms,
    *,
    clock: Clock | None = None,
    local: Local = EMBEDDED,
) -> Ports:
    """Every port over one database. `local`: which services join a unit of work's transaction; the others are asked apart,
    as services in another place would be.
    """
    clock = clock or SystemClock()
    return Ports(
        clock=clock,
        unit_of_work=lambda: SqlUnitOfWork(database, local),
        order_views=SqlOrderViews(database),
        products=EmbeddedProducts(database),
        content=EmbeddedContent(database),
        members=EmbeddedMembers(database),
        inventory=EmbeddedInventory(database),
        promotions=EmbeddedPromotions(database),
        payments=EmbeddedPayments(database),
        logistics=EmbeddedLogistics(database),
        taxes=EmbeddedTaxes(database),
        quote_tokens=SignedQuoteTokens(secret, clock),
        policies=policies,
        terms=terms,
        embedded=frozenset(local),
    )
