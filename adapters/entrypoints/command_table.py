"""A group of commands that are loaded when they are called, or when their help is shown."""

from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

from adapters.entrypoints.loading import COMMANDS, part

HELP: Final = (
    "The order center: one GraphQL schema over orders, products, members and stock.\n\nSettings come from ORDER_CENTER_*"
    " environment variables; `order-center settings` lists them."
)


class CommandTable(TyperGroup):
    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]  # noqa: ARG002  Typer's signature
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = get_command(part(module, "app"))
        command.name = cmd_name
        return command


def command_table() -> CommandTable:
    names: Any = dict.fromkeys(COMMANDS)
    return CommandTable(name="order-center", help=HELP, no_args_is_help=True, commands=names)
