"""The one assembler: puts adapters behind the ports. Nothing else knows which adapter serves which port."""

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import literal, select

from adapters.clock import SystemClock
from adapters.db.engine import Database, Transaction
from adapters.db.jobs import CHANNEL
from adapters.db.order_views import SqlOrderViews
from adapters.db.queue import SqlQueue
from adapters.db.unit_of_work import SqlUnitOfWork
from adapters.embedded.callbacks import TestProviderCallbacks
from adapters.embedded.connection import Joined
from adapters.embedded.content import EmbeddedContent
from adapters.embedded.inventory import EmbeddedInventory
from adapters.embedded.logistics import EmbeddedLogistics, EmbeddedTaxes
from adapters.embedded.members import EmbeddedMembers
from adapters.embedded.payments import EmbeddedPayments
from adapters.embedded.products import EmbeddedProducts
from adapters.embedded.promotions import EmbeddedPromotions
from adapters.embedded.voucher_codes import EmbeddedVoucherCodes
from adapters.policy_files import load_policies
from adapters.settings import Settings, SettingsError, signing_key
from adapters.signing import SignedQuoteTokens
from adapters.sql import prepare
from adapters.worker.loop import Worker
from domain.orders.checking import check_flows
from domain.orders.flows import FLOWS
from domain.policies import Policies
from domain.ports.bundle import Ports, Terms
from domain.ports.clock import Clock
from domain.ports.inventory import Inventory
from domain.ports.payments import PaymentCallbacks, Payments
from domain.ports.promotions import Promotions

HOUR_S = 3600
TEST_PROVIDER = "test"
STRIPE = "stripe"
_PING = prepare(select(literal(1)))
Local = Mapping[type, Callable[[Transaction], Any]]

EMBEDDED: Local = {
    Inventory: lambda transaction: EmbeddedInventory(Joined(transaction)),
    Promotions: lambda transaction: EmbeddedPromotions(Joined(transaction)),
}
"""Services in the same database: their ports can join a unit of work's transaction."""


TestProvider = tuple[EmbeddedPayments, TestProviderCallbacks]


@dataclass(frozen=True, slots=True)
class Provider:
    """Who takes the payments, and how it is heard."""

    payments: Payments
    callbacks: Mapping[str, PaymentCallbacks]
    close: Callable[[], Awaitable[None]]
    test: TestProvider | None = None


@dataclass(frozen=True, slots=True)
class OrderCenter:
    """One assembled process."""

    settings: Settings
    database: Database
    ports: Ports
    worker: Worker
    callbacks: Mapping[str, PaymentCallbacks] = field(default_factory=dict)
    """By the payment provider that sends them."""
    test_provider: TestProvider | None = None
    """Where no other provider was set."""

    async def is_ready(self) -> bool:
        """Whether the database answers."""
        try:
            return bool(await self.database.value(_PING))
        except Exception:  # noqa: BLE001  any failure means: not ready
            return False


@asynccontextmanager
async def assembled(settings: Settings, database_url: str) -> AsyncIterator[OrderCenter]:
    """Opens the database and puts everything together. Raises DatabaseUnavailable, PolicyError, SettingsError."""
    check_flows(FLOWS.values())
    policies = load_policies(settings.policies_dir)
    secret = signing_key(settings)
    database = await Database.open(database_url, settings.pool_size)
    try:
        ports = ports_over(database, policies, secret, terms_of(settings))
        provider = provider_of(settings, database, secret, ports.clock)
        try:
            ports = replace(ports, payments=provider.payments)
            worker = Worker(ports, SqlQueue(database), poll_s=settings.worker_poll_ms / 1000)
            async with database.listen(CHANNEL, lambda _payload: worker.wake()):
                yield OrderCenter(settings, database, ports, worker, provider.callbacks, provider.test)
        finally:
            await provider.close()
    finally:
        await database.close()


def provider_of(settings: Settings, database: Database, secret: str, clock: Clock) -> Provider:
    """Raises SettingsError. Stripe's library is large: it is loaded where it is used."""
    if settings.stripe_key is None:
        test = EmbeddedPayments(database), TestProviderCallbacks(secret, clock)
        return Provider(test[0], {TEST_PROVIDER: test[1]}, _nothing, test)
    if settings.stripe_callback_secret is None:
        raise SettingsError(
            "ORDER_CENTER_STRIPE_CALLBACK_SECRET is unset: without it no callback of Stripe is believed."
        )
    services = importlib.import_module("adapters.services.stripe_provider")
    key, callback_secret = settings.stripe_key.get_secret_value(), settings.stripe_callback_secret.get_secret_value()
    payments = services.StripePayments(key, clock, url=settings.stripe_url)
    return Provider(payments, {STRIPE: services.StripeCallbacks(callback_secret)}, payments.close)


async def _nothing() -> None:
    """There is nothing to close: it lives in the database."""


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
        voucher_codes=EmbeddedVoucherCodes(database),
        payments=EmbeddedPayments(database),
        logistics=EmbeddedLogistics(database),
        taxes=EmbeddedTaxes(database),
        quote_tokens=SignedQuoteTokens(secret, clock),
        policies=policies,
        terms=terms,
        embedded=frozenset(local),
    )
