"""What the commands show with rich: tables, and how far they are."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from domain.orders.diagram import Machine
from domain.orders.state import Flow

WIDE: Final = 160
console: Final = Console(
    highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDE
)
"""What is asked for. In a pipe nothing needs to be folded to the width of a screen."""
notices: Final = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr; the function takes what is done and the whole."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=notices, transient=not notices.is_terminal) as bars:
        task = bars.add_task(label, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def transitions_table(flow: Flow, machine: Machine) -> Table:
    """A machine as a table that fits 80 columns: every step, who may take it, what it needs, what it brings about."""
    title = f"{flow.key} version {flow.version}: {machine.kind.lower()}"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_lines=True)
    for heading in ("action", "from → to", "who", "needs ✓, brings about +"):
        table.add_column(heading, overflow="fold")
    every_state = len(machine.states)
    for step in machine.transitions:
        targets = ("any state",) if len(step.to_states) == every_state else step.to_states
        table.add_row(
            "\n".join((step.action, *((f"by {step.timer}",) if step.timer and step.timer != step.action else ()))),
            "\n".join((*(step.from_states or ("(none)",)), *(f"→ {target}" for target in targets))),
            "\n".join(step.roles),
            "\n".join((*(f"✓ {guard}" for guard in step.guards), *(f"+ {effect}" for effect in step.effects))),
        )
    return table
