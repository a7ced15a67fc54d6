"""The one assembler: puts adapters behind the ports. Nothing else knows which adapter serves which port."""

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import literal, select

from adapters.clock import SystemClock
from adapters.db.analytics import SqlAnalytics
from adapters.db.analytics_questions import question
from adapters.db.bi_rows import SqlBiRows
from adapters.db.change_signal import ChangeSignal, announcing, signalled
from adapters.db.changes import SqlOrderChanges, lag_seconds
from adapters.db.engine import Database, Transaction
from adapters.db.engine_source import COPIED, SqlEngineSource
from adapters.db.export_jobs import CHANNEL as EXPORTS_CHANNEL
from adapters.db.export_jobs import SqlExportJobs, SqlExportQueue
from adapters.db.export_rows import SqlExportRows
from adapters.db.feeder_lease import SqlFeederLease
from adapters.db.jobs import CHANNEL
from adapters.db.order_views import SqlOrderViews
from adapters.db.queue import SqlQueue
from adapters.db.rollups import SqlRollups
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
from adapters.export.folder_store import FolderStore
from adapters.export.links import SignedLinks
from adapters.olap.clickhouse_address import ClickHouseAddress
from adapters.olap.standing_in import EngineElseDatabase
from adapters.policy_files import load_policies
from adapters.settings import AnalyticsEngineKind, Settings, SettingsError, signing_key
from adapters.signing import SignedQuoteTokens
from adapters.sql import prepare
from adapters.worker.engine_feed import EngineFeed
from adapters.worker.exports import ExportTerms, ExportWorker
from adapters.worker.loop import Worker
from adapters.worker.rollups import RollupUpkeep
from domain.orders.checking import check_flows
from domain.orders.flows import FLOWS
from domain.policies import Policies
from domain.ports.analytics_engine import AnalyticsEngine, FeederLease
from domain.ports.bi_datasets import BiRows
from domain.ports.blob_store import BlobStore
from domain.ports.bundle import Ports, Terms
from domain.ports.clock import Clock
from domain.ports.exports import ExportRows, FileFormats
from domain.ports.inventory import Inventory
from domain.ports.payments import PaymentCallbacks, Payments
from domain.ports.promotions import Promotions
from domain.ports.rollups import Rollups

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


def nobody_waits() -> None:
    """Nothing is to be ended."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Who takes the payments, and how it is heard."""

    payments: Payments
    callbacks: Mapping[str, PaymentCallbacks]
    close: Callable[[], Awaitable[None]]
    test: TestProvider | None = None


@dataclass(frozen=True, slots=True)
class Exports:
    """What makes the files of exports, where they are kept, and who may fetch them."""

    worker: ExportWorker
    store: BlobStore
    links: SignedLinks
    rows: ExportRows
    formats: Callable[[], FileFormats]


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
    stop_waiting: Callable[[], None] = nobody_waits
    """Ends every long poll at once: the process is to stop."""
    exports: Exports | None = None
    engine_feed: EngineFeed | None = None
    """Of a process that has an analytical engine (`with_engine`)."""

    @property
    def rollups(self) -> Rollups:
        return SqlRollups(self.database)

    @property
    def rollup_upkeep(self) -> RollupUpkeep:
        return RollupUpkeep(self.rollups)

    async def feed_lag_seconds(self) -> float:
        return await lag_seconds(self.database)

    @property
    def bi_rows(self) -> BiRows:
        return SqlBiRows(self.database)

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
        async with announcing(database) as tell_of_steps, signalled(database) as signal:
            ports = ports_over(
                database, policies, secret, terms_of(settings), signal=signal, tell_of_steps=tell_of_steps
            )
            provider = provider_of(settings, database, secret, ports.clock)
            try:
                ports = replace(ports, payments=provider.payments)
                worker = Worker(ports, SqlQueue(database), poll_s=settings.worker_poll_ms / 1000)
                exports = exports_over(settings, database, secret, ports)
                ports = replace(ports, export_links=exports.links)
                async with (
                    database.listen(CHANNEL, lambda _payload: worker.wake()),
                    database.listen(EXPORTS_CHANNEL, lambda _payload: exports.worker.wake()),
                ):
                    yield OrderCenter(
                        settings,
                        database,
                        ports,
                        worker,
                        provider.callbacks,
                        provider.test,
                        stop_waiting=signal.end,
                        exports=exports,
                    )
            finally:
                await provider.close()
    finally:
        await database.close()


@asynccontextmanager
async def with_engine(center: OrderCenter) -> AsyncIterator[OrderCenter]:
    """The same, with analytics answered by the engine of the settings; while it cannot, by PostgreSQL. Raises
    EngineFileUnavailable, SettingsError.
    """
    opening = _ENGINES.get(center.settings.analytics_engine)
    if opening is None:
        yield center
        return
    async with opening(center.settings) as engine:
        analytics = EngineElseDatabase(engine, center.ports.analytics)
        feed = EngineFeed(SqlEngineSource(center.database), engine, _lease_of(center))
        yield replace(center, ports=replace(center.ports, analytics=analytics), engine_feed=feed)


def duckdb_engine(path: Path) -> AbstractAsyncContextManager[AnalyticsEngine]:
    """One process has it at a time. DuckDB is large: it is loaded where it is used."""
    engine: Any = importlib.import_module("adapters.olap.duckdb_engine").DuckDbEngine
    opened: AbstractAsyncContextManager[AnalyticsEngine] = engine.opened(path, COPIED, question)
    return opened


def clickhouse_engine(url: str, question_s: float) -> AbstractAsyncContextManager[AnalyticsEngine]:
    """Raises SettingsError where its client is not installed."""
    try:
        engine: Any = importlib.import_module("adapters.olap.clickhouse_engine").ClickHouseEngine
    except ImportError as error:
        raise SettingsError(
            "ORDER_CENTER_ANALYTICS_ENGINE=clickhouse needs the part clickhouse of the installation: order-center[clickhouse]."
        ) from error
    opened: AbstractAsyncContextManager[AnalyticsEngine] = engine.opened(url, question_s, COPIED, question)
    return opened


def _duckdb_of(settings: Settings) -> AbstractAsyncContextManager[AnalyticsEngine]:
    return duckdb_engine(settings.analytics_path or settings.data_dir / "analytics.duckdb")


def _clickhouse_of(settings: Settings) -> AbstractAsyncContextManager[AnalyticsEngine]:
    if settings.analytics_url is None:
        raise SettingsError("ORDER_CENTER_ANALYTICS_URL is unset: ORDER_CENTER_ANALYTICS_ENGINE=clickhouse needs it.")
    return clickhouse_engine(settings.analytics_url, settings.request_deadline_ms / 1000)


_ENGINES: Mapping[AnalyticsEngineKind, Callable[[Settings], AbstractAsyncContextManager[AnalyticsEngine]]] = {
    AnalyticsEngineKind.DUCKDB: _duckdb_of,
    AnalyticsEngineKind.CLICKHOUSE: _clickhouse_of,
}


def _lease_of(center: OrderCenter) -> FeederLease | None:
    """None: the process has its copy alone."""
    url = center.settings.analytics_url
    if center.settings.analytics_engine is not AnalyticsEngineKind.CLICKHOUSE or url is None:
        return None
    return SqlFeederLease(center.database, ClickHouseAddress.of(url).place)


def exports_over(settings: Settings, database: Database, secret: str, ports: Ports) -> Exports:
    """Raises SettingsError."""
    store, rows = blob_store(settings), SqlExportRows(database)
    terms = ExportTerms(
        settings.data_dir / "exports" / "work",
        timedelta(hours=settings.export_ttl_h),
        ports.terms.lease_s,
        settings.worker_poll_ms / 1000,
    )
    worker = ExportWorker(SqlExportQueue(database), rows, file_formats, store, ports.clock, terms)
    return Exports(
        worker, store, SignedLinks(secret, timedelta(seconds=settings.export_link_ttl_s)), rows, file_formats
    )


def file_formats() -> FileFormats:
    """Arrow is large: it is loaded with the first export."""
    formats: FileFormats = importlib.import_module("adapters.export.formats").ArrowFormats()
    return formats


def blob_store(settings: Settings) -> BlobStore:
    """Raises SettingsError where the library of the storage is not installed."""
    if settings.blob_url is None:
        return FolderStore(settings.data_dir / "exports" / "files")
    try:
        storage = importlib.import_module("adapters.export.object_store")
    except ImportError as error:
        raise SettingsError("ORDER_CENTER_BLOB_URL needs the part s3 of the installation: order-center[s3].") from error
    store: BlobStore = storage.ObjectStore(
        settings.blob_url,
        endpoint=settings.blob_endpoint,
        region=settings.blob_region,
        key=settings.blob_key,
        secret=None if settings.blob_secret is None else settings.blob_secret.get_secret_value(),
    )
    return store


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
    signal: ChangeSignal | None = None,
    tell_of_steps: Callable[[], None] | None = None,
) -> Ports:
    """Every port over one database. `local`: which services join a unit of work's transaction; the others are asked apart,
    as services in another place would be. `signal` and `tell_of_steps`: how those who wait for steps of orders learn of them.
    """
    clock = clock or SystemClock()
    return Ports(
        clock=clock,
        unit_of_work=lambda: SqlUnitOfWork(database, local, tell_of_steps),
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
        analytics=SqlAnalytics(database),
        order_changes=SqlOrderChanges(database, signal),
        embedded=frozenset(local),
        exports=SqlExportJobs(database),
        export_links=SignedLinks(secret),
    )
