"""What is loaded only when it is asked for, so that a start pays for what it uses: the one place of the entry points where modules are loaded by name.

Not a way around a circle: whatever is named here may be imported by everything that loads it.
"""

import importlib
from collections.abc import Mapping
from typing import Any, Final

COMMANDS: Final[Mapping[str, str]] = {
    "serve": "adapters.entrypoints.commands.serve",
    "worker": "adapters.entrypoints.commands.worker",
    "migrate": "adapters.entrypoints.commands.migrate",
    "seed": "adapters.entrypoints.commands.seed",
    "doctor": "adapters.entrypoints.commands.doctor",
    "import": "adapters.entrypoints.commands.imports",
    "export": "adapters.entrypoints.commands.export",
    "erase": "adapters.entrypoints.commands.erase",
    "stock": "adapters.entrypoints.commands.stock",
    "analytics": "adapters.entrypoints.commands.analytics",
    "rollups": "adapters.entrypoints.commands.rollups",
    "bi": "adapters.entrypoints.commands.bi",
    "flows": "adapters.entrypoints.commands.flows",
    "explain": "adapters.entrypoints.commands.explain",
    "export-schema": "adapters.entrypoints.commands.export_schema",
    "settings": "adapters.entrypoints.commands.settings",
    "errors": "adapters.entrypoints.commands.errors",
}
"""In the order of the help. Each module has its commands in a Typer named `app`."""

SERVER: Final = "adapters.entrypoints.commands.server"
"""The greater part of `serve`: loaded while the database starts."""

SEEDING: Final = "adapters.entrypoints.seeding"
"""Of a start, only the first on demo data needs it."""

STREAMS: Final = "adapters.export.streams"
"""pyarrow comes with it: only a download of /bi/ needs it."""


def part(module: str, name: str) -> Any:
    """What a module calls by that name."""
    return getattr(importlib.import_module(module), name)
