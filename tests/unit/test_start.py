"""A start loads what it uses, and no more: each command is a module that is loaded when it is called."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from adapters.entrypoints import loading
from adapters.entrypoints.loading import COMMANDS

ROOT = Path(__file__).parents[2]
NOT_FOR_SERVING = (
    "adapters.db.revisions",
    "adapters.doctor",
    "adapters.entrypoints.rich_terminal",
    "adapters.imports",
    "adapters.seeding.seed",
    "alembic",
    "clickhouse_connect",
    "duckdb",
    "fsspec",
    "httpx",
    "hypothesis",
    "mako",
    "pyarrow",
    "pygments",
    "pytest",
    "requests",
    "rich",
    "s3fs",
    "stripe",
)
BEFORE_THE_DATABASE = (
    *NOT_FOR_SERVING,
    "adapters.bootstrap",
    "graphql",
    "schema",
    "starlette",
    "strawberry",
    "uvicorn",
)
"""What `serve` loads while PostgreSQL starts cannot be loaded before."""

LOADED = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""


def loaded_by(*modules: str) -> list[str]:
    command = [sys.executable, "-c", LOADED, *modules]
    return list(json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout))  # noqa: S603


def of(names: tuple[str, ...], modules: list[str]) -> list[str]:
    return [name for name in modules if any(name == part or name.startswith(f"{part}.") for part in names)]


def test_before_the_database_starts_serve_loads_only_what_that_takes() -> None:
    assert of(BEFORE_THE_DATABASE, loaded_by("adapters.entrypoints.cli", COMMANDS["serve"])) == []


def test_serve_loads_nothing_that_it_does_not_use() -> None:
    modules = loaded_by("adapters.entrypoints.cli", COMMANDS["serve"], loading.SERVER)
    assert of(NOT_FOR_SERVING, modules) == []
    assert {"schema.build", "adapters.worker.loop", "uvicorn.server"} <= set(modules)


def test_the_command_line_alone_loads_no_command() -> None:
    modules = loaded_by("adapters.entrypoints.cli")
    assert [name for name in modules if name.startswith("adapters.entrypoints.commands")] == []


@pytest.mark.parametrize("module", COMMANDS.values())
def test_every_command_of_the_table_is_there(module: str) -> None:
    app: Any = loading.part(module, "app")
    assert isinstance(app, typer.Typer)


def test_every_module_of_commands_is_in_a_table() -> None:
    files = (ROOT / "adapters" / "entrypoints" / "commands").glob("[!_]*.py")
    named = {*COMMANDS.values(), loading.SERVER}
    assert named == {f"adapters.entrypoints.commands.{path.stem}" for path in files}


def test_the_parts_that_are_loaded_later_are_there() -> None:
    for module, name in ((loading.SERVER, "run_server"), (loading.SEEDING, "seed_with_progress")):
        assert loading.part(module, name) is getattr(importlib.import_module(module), name)
