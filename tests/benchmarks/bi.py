"""`python -m tests.benchmarks.bi`: what BI tools ask for, as ratios to PostgreSQL itself, in one run; see docs/performance.md."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table

from adapters.seeding.plans import Baskets
from tests.benchmarks import load, report, variables
from tests.benchmarks.answers import AnswersDifferError
from tests.benchmarks.bi_analytics import Compared, compare
from tests.benchmarks.bi_exports import ExportError, export_all, feel, working
from tests.benchmarks.bi_questions import OF_CUBE, OF_ROWS
from tests.benchmarks.databases import KeptOrdersError, Seeded, connected, seeded, write_policies
from tests.benchmarks.measuring import environment
from tests.benchmarks.operations import DOCUMENTS, LIST, PLACE
from tests.benchmarks.processes import Cores, on_all_cores, serving
from tests.benchmarks.server import OURS
from tests.fixtures.server_process import COMMAND

MOST_OVERHEAD: Final = 1.2
LEAST_OF_CUBE: Final = 20.0
LEAST_OF_COPY: Final = {"JSONL": 0.3, "PARQUET": 0.25}
MOST_ABOVE_IDLE_MB: Final = 100.0
LEAST_OF_ENGINE: Final = 2.0
MOST_FELT: Final = 2.0
BASKETS: Final = Baskets((17, 23, 24, 17, 11, 8), (17, 23, 24, 17, 11, 8))
"""Three lines an order, on the average."""
DEADLINE_MS: Final = "600000"

console = Console(width=130)


@dataclass(frozen=True, slots=True)
class Line:
    """One figure against its target."""

    what: str
    figure: float
    target: str
    is_met: bool
    note: str


def main(
    orders: Annotated[
        int,
        typer.Option(
            min=1000, max=10_000_000, help="How many orders are seeded; they have three lines each, on the average."
        ),
    ] = 1_000_000,
    seconds: Annotated[int, typer.Option(min=1, max=600, help="How long each load takes.")] = 15,
    rounds: Annotated[
        int, typer.Option(min=1, max=100, help="How often each question is asked; the median counts.")
    ] = 7,
    connections: Annotated[int, typer.Option(min=1, max=256, help="Keep-alive connections of the loads.")] = 4,
    kept: Annotated[
        Path | None, typer.Option(help="A folder to keep the seeded orders in, for the next run with as many.")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write the results to this file, too.")] = None,
) -> None:
    """Measure analytics, rollups and exports against PostgreSQL itself. Exits with 1 where a target is missed."""
    try:
        load.generator()
        found = _measured(orders, seconds, rounds, connections, kept)
    except (load.LoadError, AnswersDifferError, ExportError, KeptOrdersError) as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(2)
    console.print(_table(found))
    if json is not None:
        options = {"orders": orders, "seconds": seconds, "rounds": rounds, "connections": connections}
        content = {"versions": report.versions(), "options": options, "figures": [asdict(line) for line in found]}
        json.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
    sys.exit(0 if all(line.is_met for line in found) else 1)


def _measured(orders: int, seconds: int, rounds: int, connections: int, kept: Path | None) -> list[Line]:
    cores = Cores.of_machine()
    with seeded(orders, cores, BASKETS, kept) as original, original.copy("bi") as url:
        data = replace(original, url=url)
        console.print(f"PostgreSQL {data.version}, {asyncio.run(_counted(data))}", markup=False)
        env = {
            **environment(data.url, data.folder, write_policies(data.folder / "policies")),
            "ORDER_CENTER_REQUEST_DEADLINE_MS": DEADLINE_MS,
        }
        _run(env, "rollups", "rebuild")
        with serving(OURS, cores, env, data.folder / "bi.log") as server:
            lines = [*_of_analytics(lambda asked: compare(server, data.url, asked, rounds))]
            _say(lines)
            with working(env, data.folder / "worker.log") as worker:
                exported = [line for one in export_all(server, data.url, worker) for line in _of_export(one)]
                _say(exported)
                bodies = asyncio.run(_bodies(data))
                felt = [
                    Line(
                        f"p99 of {one.operation} during an export",
                        one.ratio,
                        f"≤ {MOST_FELT} ×",
                        one.ratio <= MOST_FELT,
                        f"{one.p99_before_ms:.1f} → {one.p99_during_ms:.1f} ms",
                    )
                    for one in feel(server, bodies, seconds, connections)
                ]
                _say(felt)
        engine_env = {**env, "ORDER_CENTER_ANALYTICS_ENGINE": "duckdb"}
        _run(engine_env, "analytics", "load")
        with serving(OURS, cores, engine_env, data.folder / "bi.log") as server:
            engine = [*_of_engine(compare(server, data.url, OF_ROWS, rounds))]
            _say(engine)
    return [*lines, *exported, *felt, *engine]


def _of_analytics(ask: Callable[[Any], Any]) -> Iterator[Line]:
    for one in ask(OF_ROWS):
        note = f"{one.ours_ms:.0f} ms, by hand {one.statement_ms:.0f} ms, {one.rows} rows"
        yield Line(f"analytics, {one.name}", one.ratio, f"≤ {MOST_OVERHEAD} × SQL", one.ratio <= MOST_OVERHEAD, note)
    for one in ask([OF_CUBE]):
        times = one.statement_ms / one.ours_ms
        note = f"{one.ours_ms:.1f} ms, raw {one.statement_ms:.0f} ms, {one.rows} rows"
        yield Line(f"rollups, {one.name}", times, f"≥ {LEAST_OF_CUBE:.0f} × raw", times >= LEAST_OF_CUBE, note)


def _of_export(one: Any) -> Iterator[Line]:
    least = LEAST_OF_COPY[one.format]
    note = f"{one.rows:,} rows, {one.size_bytes / 2**20:.0f} MB in {one.seconds:.1f} s, COPY {one.copy_s:.1f} s"
    yield Line(f"export to {one.format}", one.ratio, f"≥ {least} × COPY", one.ratio >= least, note)
    is_met = one.above_idle_mb < MOST_ABOVE_IDLE_MB
    yield Line(f"memory of {one.format} above idle, MB", one.above_idle_mb, f"< {MOST_ABOVE_IDLE_MB:.0f}", is_met, "")


def _of_engine(compared: Iterable[Compared]) -> Iterator[Line]:
    for one in compared:
        times = one.statement_ms / one.ours_ms
        note = f"{one.ours_ms:.0f} ms, by hand {one.statement_ms:.0f} ms, {one.rows} rows"
        yield Line(f"DuckDB, {one.name}", times, f"≥ {LEAST_OF_ENGINE} × SQL", times >= LEAST_OF_ENGINE, note)


def _run(env: Mapping[str, str], *command: str) -> None:
    """One of our commands, on all cores."""
    with on_all_cores():
        done = subprocess.run(  # noqa: S603  our own command
            [COMMAND, *command], env={**os.environ, **env}, capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        raise AnswersDifferError(f"{' '.join(command)} failed: {done.stderr[-2000:]}")


async def _counted(data: Seeded) -> str:
    async with connected(data.url) as connection:
        orders, lines = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM order_lines)"
        )
        await connection.execute("VACUUM ANALYZE")
    return f"{orders:,} orders, {lines:,} lines"


async def _bodies(data: Seeded) -> dict[str, Path]:
    async with connected(data.url) as connection:
        sets = {LIST: await variables.lists(connection), PLACE: await variables.placements(connection)}
    return {
        name: load.write_bodies(data.folder / f"bi-{name}.txt", DOCUMENTS[name], name, asked)
        for name, asked in sets.items()
    }


def _say(lines: list[Line]) -> None:
    for line in lines:
        console.print(f"{line.what}: {line.figure:.2f} ({line.target}) {line.note}", markup=False)


def _table(lines: list[Line]) -> Table:
    drawn = Table("what", "figure", "target", "", "measured")
    for line in lines:
        drawn.add_row(line.what, f"{line.figure:.2f}", line.target, "✓" if line.is_met else "✗", line.note)
    return drawn


if __name__ == "__main__":
    typer.run(main)
