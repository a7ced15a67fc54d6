"""Exports by the worker against PostgreSQL's own COPY of the same rows in the same order; what they take in memory; what requests feel of them."""

import asyncio
import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from adapters.db.analytics import MEMORY
from tests.benchmarks import load
from tests.benchmarks.databases import connected
from tests.benchmarks.processes import Server, children, on_all_cores, resident_bytes
from tests.fixtures.server_process import COMMAND

FORMATS: Final = ("JSONL", "PARQUET")
POLL_S: Final = 0.05
SETTLING_S: Final = 5.0
_START: Final = """
mutation Start($input: StartExportInput!) {
  startExport(input: $input) { __typename ... on StartExportSuccess { job { id } } ... on UserError { code message } }
}"""
_JOB: Final = "query Job($id: ID!) { exportJob(id: $id) { status rows bytes error } }"
_COPY: Final = """
SELECT l.id, o.id, o.number, o.business_unit, o.channel, o.placed_at, o.status, l.position, l.sku, l.name, l.category,
    l.seller_id, l.supply_channel, l.delivery_mode, l.quantity, l.shipped_quantity, l.cancelled_quantity, l.returned_quantity,
    l.currency, l.unit_price_minor, l.discount_minor, l.tax_minor, l.total_minor, l.refunded_minor, l.options
FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id ORDER BY l.order_id, l.position"""


@dataclass(frozen=True, slots=True)
class Exported:
    """`ratio`: how many times as fast as COPY."""

    format: str
    rows: int
    size_bytes: int
    seconds: float
    copy_s: float
    above_idle_mb: float

    @property
    def ratio(self) -> float:
        return self.copy_s / self.seconds


@dataclass(frozen=True, slots=True)
class Felt:
    operation: str
    p99_before_ms: float
    p99_during_ms: float

    @property
    def ratio(self) -> float:
        return self.p99_during_ms / self.p99_before_ms


class ExportError(Exception):
    """An export did not end as it should."""


@contextlib.contextmanager
def working(env: Mapping[str, str], log: Path) -> Iterator[int]:
    """A worker process on all cores, as one beside a server is; its process id."""
    command, whole = [COMMAND, "worker"], {**env, "ORDER_CENTER_WORKER": "true"}
    with contextlib.ExitStack() as running:
        sink = running.enter_context(log.open("ab"))
        with on_all_cores():
            process = running.enter_context(subprocess.Popen(command, env=whole, stdout=sink, stderr=sink))  # noqa: S603  our own command
        try:
            time.sleep(SETTLING_S)
            yield process.pid
        finally:
            process.terminate()


def export_all(server: Server, database_url: str, worker: int) -> list[Exported]:
    """Each format once, beside one COPY each: the machine's mood is the same for both."""
    idle = _resident(worker)
    return [_exported(server, database_url, worker, idle, kind) for kind in FORMATS]


def feel(server: Server, bodies: Mapping[str, Path], seconds: int, connections: int) -> list[Felt]:
    """p99 of each operation alone, then while one export after the other is made."""
    before = {name: _p99_ms(server, path, seconds, connections) for name, path in bodies.items()}
    with _in_background(lambda: run(server, "JSONL")):
        during = {name: _p99_ms(server, path, seconds, connections) for name, path in bodies.items()}
    return [Felt(name, before[name], during[name]) for name in bodies]


def run(server: Server, kind: str) -> tuple[int, int, float]:
    """An export of all order lines: rows, bytes, and the seconds from asking until it is there. Raises ExportError."""
    with httpx.Client(base_url=server.url, timeout=60) as client:
        began = time.perf_counter()
        started = _ask(client, _START, {"input": {"format": kind, "dataset": "ORDER_LINES"}})["startExport"]
        if "job" not in started:
            raise ExportError(f"The export did not start: {started}")
        while True:
            job = _ask(client, _JOB, {"id": started["job"]["id"]})["exportJob"]
            if job["status"] == "SUCCEEDED":
                return int(job["rows"]), int(job["bytes"]), time.perf_counter() - began
            if job["status"] not in {"QUEUED", "RUNNING"}:
                raise ExportError(f"The export ended as {job}")
            time.sleep(POLL_S)


def _exported(server: Server, database_url: str, worker: int, idle: int, kind: str) -> Exported:
    copy_s = asyncio.run(_copied(database_url))
    with _watched(worker) as seen:
        rows, size, seconds = run(server, kind)
    return Exported(kind, rows, size, seconds, copy_s, (max(seen) - idle) / 2**20)


async def _copied(database_url: str) -> float:
    async with connected(database_url) as connection:
        await connection.execute(
            f"SET work_mem = '{MEMORY}'"
        )  # the planner's own choice sorts on the disk, and takes longer
        with on_all_cores(), Path(os.devnull).open("wb") as nowhere:  # noqa: ASYNC230  it never blocks
            began = time.perf_counter()
            await connection.copy_from_query(_COPY, output=nowhere, format="csv")
            return time.perf_counter() - began


def _p99_ms(server: Server, bodies: Path, seconds: int, connections: int) -> float:
    load.run(server.url, bodies, seconds=min(seconds, 5), connections=connections)
    return load.run(server.url, bodies, seconds=seconds, connections=connections).p99_us / 1000


def _ask(client: httpx.Client, query: str, variables: Mapping[str, Any]) -> Any:
    answer = client.post("/graphql", json={"query": query, "variables": variables}).json()
    if "errors" in answer:
        raise ExportError(str(answer["errors"]))
    return answer["data"]


def _resident(process_id: int) -> int:
    """With its children: the work may be theirs."""
    total = resident_bytes(process_id)
    for child in children(process_id):
        with contextlib.suppress(OSError):
            total += resident_bytes(child)
    return total


@contextlib.contextmanager
def _watched(process_id: int) -> Iterator[list[int]]:
    """What the process holds in memory, again and again."""
    seen = [_resident(process_id)]

    def look() -> None:
        seen.append(_resident(process_id))
        time.sleep(POLL_S)

    with _in_background(look):
        yield seen


@contextlib.contextmanager
def _in_background(work: Callable[[], object]) -> Iterator[None]:
    """Over and over until the block ends; what fails there fails here."""
    is_over, faults = threading.Event(), []

    def repeat() -> None:
        try:
            while not is_over.is_set():
                work()
        except Exception as fault:  # noqa: BLE001  raised again below
            faults.append(fault)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
    if faults:
        raise faults[0]
