"""serve: its first part, up to the start of the database. The rest is loaded meanwhile."""

from typing import Annotated, Final

import typer

from adapters.entrypoints.databases import embedded_server, started
from adapters.entrypoints.faults import UsageFault
from adapters.entrypoints.loading import SERVER, part
from adapters.entrypoints.starting import bound_socket, settings_and_log
from adapters.entrypoints.terminal import notice

LOOPBACK: Final = frozenset(("127.0.0.1", "::1", "localhost"))

app = typer.Typer()


@app.command()
def serve(
    demo: Annotated[
        bool, typer.Option("--demo", help="Seed demo data once and issue one demo key per role (loopback only).")
    ] = False,
) -> None:
    """Serve GraphQL over HTTP, with the worker, on the embedded PostgreSQL or the one of ORDER_CENTER_DATABASE_URL.

    Ctrl-C stops everything that was started; the data stays in the data folder.
    """
    settings = settings_and_log()
    if demo:
        settings = settings.model_copy(update={"demo": True})
    if settings.demo and settings.host not in LOOPBACK:
        raise UsageFault(
            "The demo serves on loopback only: leave ORDER_CENTER_HOST at 127.0.0.1, or serve without --demo."
        )
    listener = bound_socket(settings.host, settings.port)
    embedded = embedded_server(settings)
    with started(embedded):
        part(SERVER, "run_server")(settings, listener, embedded)
    notice("Stopped.")
