"""`python -m tests.benchmarks`: see docs/performance.md."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer
from rich.console import Console

from tests.benchmarks import execution, load, report, size
from tests.benchmarks.answers import AnswersDifferError
from tests.benchmarks.databases import seeded
from tests.benchmarks.measuring import Measurement, Options, Say
from tests.benchmarks.operations import ALL, PLACE
from tests.benchmarks.placing import place
from tests.benchmarks.processes import Cores
from tests.benchmarks.reading import read

WIDTH: Final = 130
"""The table's own, wherever it is printed to."""

EXECUTION: Final = "Execution"
"""Both executors alone: no server and no database."""
KINDS: Final = (*ALL, EXECUTION)

console = Console(width=WIDTH)


def main(
    orders: Annotated[int, typer.Option(min=1000, max=10_000_000, help="How many orders are seeded.")] = 100_000,
    seconds: Annotated[int, typer.Option(min=1, max=600, help="How long each measurement takes.")] = 15,
    connections: Annotated[int, typer.Option(min=1, max=256, help="Keep-alive connections.")] = 16,
    sample: Annotated[int, typer.Option(min=1, max=1000, help="How many answers are compared.")] = 100,
    only: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(KINDS)}; may be repeated.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the results to this file, too.")] = None,
    sizes: Annotated[
        list[int] | None, typer.Option("--size", min=1000, max=10_000_000, help="Compare LIST at these sizes instead.")
    ] = None,
) -> None:
    """Measure LIST, DETAIL and PLACE against the yardsticks `limit` and `plain`."""
    wanted = tuple(only or KINDS)
    if unknown := set(wanted) - set(KINDS):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: not one of {', '.join(KINDS)}", param_hint="--only")
    try:
        load.generator()
        if sizes:
            _compare_sizes(sorted(set(sizes)), seconds, json)
        else:
            _compare_servers(wanted, Options(orders, seconds, connections, sample), json)
    except (load.LoadError, AnswersDifferError) as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(2)


def _compare_servers(wanted: tuple[str, ...], options: Options, json: Path | None) -> None:
    notes: list[str] = []

    def say(note: str) -> None:
        notes.append(note)
        console.print(note, markup=False)

    found = []
    served = tuple(name for name in wanted if name in ALL)
    for one in _measurements(served, options, say) if served else ():
        found.append(one)
        console.print(f"{one.operation} {one.server}: {one.per_second:.0f} requests/s", markup=False)
    if found:
        console.print(report.table(found))
    alone = execution.main() if EXECUTION in wanted else []
    if alone:
        console.print(execution.table(alone))
    _write(json, {**report.document(found, options, notes), "execution": [one._asdict() for one in alone]})


def _measurements(wanted: tuple[str, ...], options: Options, say: Say) -> Iterator[Measurement]:
    cores = Cores.of_machine()
    if cores.is_shared:
        say("There is one core only: the server shares it with PostgreSQL and the load.")
    with seeded(options.orders, cores) as data:
        say(f"PostgreSQL {data.version}, {options.orders:,} orders")
        for operation in wanted:
            yield from (
                place(data, cores, options, say) if operation == PLACE else read(operation, data, cores, options, say)
            )


def _compare_sizes(sizes: list[int], seconds: int, json: Path | None) -> None:
    found = size.times_of(sizes, seconds, Cores.of_machine())
    console.print(size.table(found))
    _write(json, {"versions": report.versions(), "mean_ms": {str(orders): times for orders, times in found.items()}})


def _write(path: Path | None, content: object) -> None:
    if path is not None:
        path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    typer.run(main)
