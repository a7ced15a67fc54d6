"""One measurement: a load on one server process, and what it cost."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.benchmarks import load
from tests.benchmarks.processes import Server, children_cpu_s, cpu_s, resident_bytes

MOST_WARM_UP_S: Final = 5
SLICE_S: Final = 3

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    orders: int
    seconds: int
    connections: int
    sample: int
    """How many answers of each server are compared."""


@dataclass(frozen=True, slots=True)
class Measurement:
    operation: str
    server: str
    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    """Of the server process, per request."""
    database_cpu_ms: float
    """Of PostgreSQL's sessions, per request."""
    resident_mb: float

    def as_json(self) -> dict[str, Any]:
        return {name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Measured:
    """What is measured in turn with others: a server and what it is asked."""

    kind: str
    server: Server
    bodies: Path


def warm_up(one: Measured, options: Options) -> None:
    """Raises LoadError where an answer is not as it should be."""
    seconds = min(options.seconds, MOST_WARM_UP_S)
    load.run(one.server.url, one.bodies, seconds=seconds, connections=options.connections, is_checked=True)


def in_turn(operation: str, all_of: Sequence[Measured], options: Options, postmaster: int) -> list[Measurement]:
    """Each for the time that is asked for, but a slice of it at a time: a machine that is slower for a while is slower for all.
    Latencies are the medians of the slices'.
    """
    found: dict[str, list[Measurement]] = {one.kind: [] for one in all_of}
    for seconds in slices(options.seconds):
        for one in all_of:
            found[one.kind].append(_slice(operation, one, seconds, options.connections, postmaster))
    return [_together(parts) for parts in found.values()]


def slices(seconds: int) -> list[int]:
    """Whole seconds of about the same length, as many as there are together."""
    count = max(1, round(seconds / SLICE_S))
    return [seconds // count + (number < seconds % count) for number in range(count)]


def _slice(operation: str, one: Measured, seconds: int, connections: int, postmaster: int) -> Measurement:
    own, database = cpu_s(one.server.pid), children_cpu_s(postmaster)
    found = load.run(one.server.url, one.bodies, seconds=seconds, connections=connections)
    own, database = cpu_s(one.server.pid) - own, children_cpu_s(postmaster) - database
    return Measurement(
        operation=operation,
        server=one.kind,
        requests=found.requests,
        per_second=found.per_second,
        p50_ms=found.p50_us / 1000,
        p99_ms=found.p99_us / 1000,
        cpu_ms=own * 1000 / found.requests,
        database_cpu_ms=database * 1000 / found.requests,
        resident_mb=resident_bytes(one.server.pid) / 2**20,
    )


def _together(parts: Sequence[Measurement]) -> Measurement:
    requests = sum(one.requests for one in parts)
    return replace(
        parts[-1],
        requests=requests,
        per_second=requests / sum(one.requests / one.per_second for one in parts),
        p50_ms=median(one.p50_ms for one in parts),
        p99_ms=median(one.p99_ms for one in parts),
        cpu_ms=sum(one.cpu_ms * one.requests for one in parts) / requests,
        database_cpu_ms=sum(one.database_cpu_ms * one.requests for one in parts) / requests,
    )


def environment(url: str, folder: Path, policies: Path) -> Mapping[str, str]:
    """Of the server processes: the defaults of production, but no worker, whose timers belong to no request."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ORDER_CENTER_")}
    return {
        **inherited,
        "ORDER_CENTER_DATABASE_URL": url,
        "ORDER_CENTER_DATA_DIR": str(folder),
        "ORDER_CENTER_POLICIES_DIR": str(policies),
        "ORDER_CENTER_SECRET_KEY": "a-key-of-the-benchmark",
        "ORDER_CENTER_DEMO": "true",
        "ORDER_CENTER_WORKER": "false",
    }
