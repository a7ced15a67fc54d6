"""One measurement: a load on one server process, and what it cost."""

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tests.benchmarks import load
from tests.benchmarks.processes import Server, children_cpu_s, cpu_s, resident_bytes

MOST_WARM_UP_S: Final = 5

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


def measured(operation: str, kind: str, server: Server, bodies: Path, options: Options, postmaster: int) -> Measurement:
    warm_up_s = min(options.seconds, MOST_WARM_UP_S)
    load.run(server.url, bodies, seconds=warm_up_s, connections=options.connections, is_checked=True)
    own, database = cpu_s(server.pid), children_cpu_s(postmaster)
    found = load.run(server.url, bodies, seconds=options.seconds, connections=options.connections)
    own, database = cpu_s(server.pid) - own, children_cpu_s(postmaster) - database
    return Measurement(
        operation=operation,
        server=kind,
        requests=found.requests,
        per_second=found.per_second,
        p50_ms=found.p50_us / 1000,
        p99_ms=found.p99_us / 1000,
        cpu_ms=own * 1000 / found.requests,
        database_cpu_ms=database * 1000 / found.requests,
        resident_mb=resident_bytes(server.pid) / 2**20,
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
