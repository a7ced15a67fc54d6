"""`order-center`: the command line. Each command says what it does, what it needs, and ends with 0, 1 (no) or 2 (cannot)."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from datetime import date, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn, TypeVar

import typer
import uvloop

from adapters.bootstrap import OrderCenter, assembled
from adapters.doctor.examination import examine
from adapters.doctor.findings import findings_table
from adapters.entrypoints.auth import Authenticator, DemoKeys, NoKeys
from adapters.entrypoints.databases import any_database, own_database
from adapters.entrypoints.faults import UsageFault, explained
from adapters.entrypoints.one_root import check_one_root
from adapters.entrypoints.serving import bound_socket, log_to_stderr, serve, work
from adapters.entrypoints.terminal import console, notices, progress, transitions_table, welcome
from adapters.imports.olist import import_olist
from adapters.seeding.seed import is_seeded, seed_demo
from adapters.settings import Settings, load_settings, settings_markdown, signing_key
from domain.orders.diagram import machines_of, mermaid_of
from domain.orders.flows import FLOWS
from resolvers.catalogue.page import errors_markdown
from schema.build import build_schema

T = TypeVar("T")
LOOPBACK = frozenset(("127.0.0.1", "::1", "localhost"))

app = typer.Typer(
    name="order-center",
    help="The order center: one GraphQL schema over orders, products, members and stock.\n\nSettings come from"
    " ORDER_CENTER_* environment variables; `order-center settings` lists them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
imports = typer.Typer(help="Bring orders of a legacy system in.", no_args_is_help=True)
stock = typer.Typer(help="The stock of the embedded inventory.", no_args_is_help=True)
app.add_typer(imports, name="import")
app.add_typer(stock, name="stock")


def main() -> None:
    check_one_root()
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        explained(app)()
    except KeyboardInterrupt:
        notices.print("Stopped.")
        sys.exit(130)


@app.command("serve")
def serve_command(
    demo: Annotated[
        bool, typer.Option("--demo", help="Seed demo data once and issue one demo key per role (loopback only).")
    ] = False,
) -> None:
    """Serve GraphQL over HTTP, with the worker, on the embedded PostgreSQL or the one of ORDER_CENTER_DATABASE_URL.

    Ctrl-C stops everything that was started; the data stays in the data folder.
    """
    settings = _settings()
    if demo:
        settings = settings.model_copy(update={"demo": True})
    if settings.demo and settings.host not in LOOPBACK:
        raise UsageFault(
            "The demo serves on loopback only: leave ORDER_CENTER_HOST at 127.0.0.1, or serve without --demo."
        )
    listener = bound_socket(settings.host, settings.port)
    with own_database(settings) as url:
        _run(_serving(settings, url, listener))
    notices.print("Stopped.")


@app.command("worker")
def worker_command() -> None:
    """Run the worker alone: timers and jobs. Any number may run beside servers that were started with ORDER_CENTER_WORKER=false."""
    settings = _settings()

    async def working(center: OrderCenter) -> None:
        await work(center, lambda: notices.print("The worker is up. Press Ctrl-C to stop."))

    with any_database(settings) as url:
        _run(_within(settings, url, working))
    notices.print("Stopped.")


@app.command("migrate")
def migrate_command() -> None:
    """Bring the database's tables to this version. `serve` does so by itself."""
    with any_database(_settings()):
        notices.print("The database is up to date.")


@app.command("seed")
def seed_command(
    orders: Annotated[
        int | None, typer.Option(min=0, help="How many orders; default ORDER_CENTER_DEMO_ORDERS.")
    ] = None,
    number: Annotated[int | None, typer.Option("--seed", min=0, help="The same number gives the same data.")] = None,
    add: Annotated[bool, typer.Option("--add", help="Add to a database that has orders already.")] = False,
) -> None:
    """Write demo data: catalogue, members, stock, and orders in every state, spread over two years."""
    settings = _settings()

    async def seeding(center: OrderCenter) -> None:
        if not add and await is_seeded(center.database):
            raise UsageFault("The database was seeded already; --add writes more orders beside those.")
        await _seeded(center, settings.demo_orders if orders is None else orders, number)

    with any_database(settings) as url:
        _run(_within(settings, url, seeding))


@app.command("doctor")
def doctor_command() -> None:
    """Check what must always hold (I1-I5, I7): sums, stock, histories, keys, timers. Exits 1 and names rows where it does not."""
    settings = _settings()

    async def examining(center: OrderCenter) -> bool:
        findings = await examine(center.database, now=center.ports.clock.now())
        console.print(findings_table(findings))
        return all(finding.violations == 0 for finding in findings)

    with any_database(settings) as url:
        is_healthy = _run(_within(settings, url, examining))
    sys.exit(0 if is_healthy else 1)


@imports.command("olist")
def import_olist_command(
    folder: Annotated[Path, typer.Argument(help="The folder with the data set's CSV files.")],
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only orders placed on or after this day.")
    ] = None,
) -> None:
    """Import the orders of an Olist data set. Resumable: orders that are there already are passed over."""
    settings = _settings()

    async def importing(center: OrderCenter) -> None:
        with progress("Importing orders") as bar:
            report = await import_olist(center.ports, folder, _day(since), bar)
        console.print(report.text())

    with any_database(settings) as url:
        _run(_within(settings, url, importing))


@stock.command("receive")
def stock_receive_command(
    sku: Annotated[str, typer.Argument(help="Which product.")],
    warehouse: Annotated[str, typer.Argument(help="Where: the warehouse's code.")],
    quantity: Annotated[int, typer.Argument(min=1, help="How many units arrived.")],
) -> None:
    """Units arrived in a warehouse."""
    settings = _settings()

    async def receiving(center: OrderCenter) -> None:
        found = await center.ports.inventory.restock(sku, warehouse, quantity)
        if found is None:
            raise UsageFault(f"There is no stock of {sku} in {warehouse}: check the SKU and the warehouse's code.")
        console.print(f"{sku}: {found.on_hand} on hand, {found.reserved} reserved, {found.available} available.")

    with any_database(settings) as url:
        _run(_within(settings, url, receiving))


@app.command("flows")
def flows_command(
    as_mermaid: Annotated[bool, typer.Option("--mermaid", help="As Mermaid state diagrams.")] = False,
) -> None:
    """Show the state machines: every step, who may take it, what blocks it, what it brings about."""
    for flow in FLOWS.values():
        if as_mermaid:
            sys.stdout.write(mermaid_of(flow))
            continue
        for machine in machines_of(flow):
            console.print(transitions_table(flow, machine))


@app.command("export-schema")
def export_schema_command(
    path: Annotated[Path | None, typer.Argument(help="Where to; default: standard output.")] = None,
) -> None:
    """Print the GraphQL schema (SDL, an Apollo Federation 2 subgraph)."""
    text = build_schema().as_str() + "\n"
    if path is None:
        sys.stdout.write(text)
    else:
        path.write_text(text, encoding="utf-8")


@app.command("settings")
def settings_command() -> None:
    """List the settings as Markdown, with their defaults."""
    sys.stdout.write(settings_markdown())


@app.command("errors")
def errors_command() -> None:
    """List every code that an answer can carry as Markdown: what it means, and what to do."""
    sys.stdout.write(errors_markdown())


async def _serving(settings: Settings, url: str, listener: Any) -> None:
    async with assembled(settings, url) as center:
        if settings.demo and not await is_seeded(center.database):
            await _seeded(center, settings.demo_orders, None)
        authenticator, keys = _authenticator(center)
        address = f"http://{settings.host if ':' not in settings.host else f'[{settings.host}]'}:{settings.port}"
        await serve(center, authenticator, listener, lambda: welcome(address, keys))


async def _seeded(center: OrderCenter, orders: int, number: int | None) -> None:
    seed_number = center.settings.seed if number is None else number
    with progress("Seeding orders") as bar:
        await seed_demo(center.database, center.ports.policies, orders, seed_number, center.ports.clock.now(), bar)


async def _within(settings: Settings, url: str, do: Any) -> Any:
    async with assembled(settings, url) as center:
        return await do(center)


def _authenticator(center: OrderCenter) -> tuple[Authenticator, dict[Any, str]]:
    if not center.settings.demo:
        return NoKeys(), {}
    demo = DemoKeys(signing_key(center.settings), center.ports.policies)
    return demo, demo.keys


def _settings() -> Settings:
    settings = load_settings()
    log_to_stderr(settings)
    return settings


def _run(work_to_do: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work_to_do)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _interrupted(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
