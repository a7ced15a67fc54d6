"""`order-center`: the command line. Each command says what it does, what it needs, and ends with 0, 1 (no) or 2 (cannot)."""

import sys

import typer

from adapters.entrypoints.command_table import command_table
from adapters.entrypoints.faults import EXIT_MISCONFIGURED, UsageFault, explained
from adapters.entrypoints.interrupts import remember_interrupts
from adapters.entrypoints.one_root import check_one_root

INTERRUPTED = 130


def main() -> None:
    check_one_root()
    remember_interrupts()
    sys.exit(explained(_called)())


def _called() -> int | None:
    """The exit code; None is success."""
    try:
        code: int | None = command_table().main(prog_name="order-center", standalone_mode=False)
    except typer.TyperException as error:
        message = error.format_message()
        if message:
            raise UsageFault(message) from error
        code = EXIT_MISCONFIGURED  # no command was named: the help was shown
    if code == INTERRUPTED:
        sys.stderr.write("Stopped.\n")
    return code
