"""serve: its second part. Waits for the database, migrates it, seeds a demo once, serves."""

import socket
from typing import Any

from adapters.bootstrap import OrderCenter, assembled, with_engine
from adapters.db.embedded_server import EmbeddedServer
from adapters.entrypoints.auth import Authenticator, DemoKeys, NoKeys
from adapters.entrypoints.databases import migrated
from adapters.entrypoints.loading import SEEDING, part
from adapters.entrypoints.running import run
from adapters.entrypoints.serving import serve
from adapters.entrypoints.terminal import welcome
from adapters.seeding.seeded import is_seeded
from adapters.settings import Settings, signing_key


def run_server(settings: Settings, listener: socket.socket, embedded: EmbeddedServer | None) -> None:
    """Until a signal ends it. `embedded`: begun, and kept running from here on; None: the configured database."""
    run(_serving(settings, migrated(settings, embedded), listener, embedded))


async def _serving(settings: Settings, url: str, listener: socket.socket, embedded: EmbeddedServer | None) -> None:
    async with assembled(settings, url) as center:
        if settings.demo and not await is_seeded(center.database):
            await part(SEEDING, "seed_with_progress")(center)
        authenticator, keys = _authenticator(center)
        address = f"http://{settings.host if ':' not in settings.host else f'[{settings.host}]'}:{settings.port}"
        async with with_engine(center) as served:
            await serve(served, authenticator, listener, lambda: welcome(address, keys), embedded)


def _authenticator(center: OrderCenter) -> tuple[Authenticator, dict[Any, str]]:
    if not center.settings.demo:
        return NoKeys(), {}
    demo = DemoKeys(signing_key(center.settings), center.ports.policies)
    return demo, demo.keys
