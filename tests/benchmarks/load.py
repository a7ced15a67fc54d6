"""The load: wrk, an existing generator in C that keeps its connections open and one request in flight on each."""

import itertools
import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

SCRIPT: Final = Path(__file__).with_name("load.lua")
KEY: Final = "@KEY@"
"""In a body: the place of a key that is new with every request."""
_runs = itertools.count()


class LoadError(Exception):
    """The load could not be made, or was not answered as it should be."""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk measured. Latencies are those of a closed loop: each connection waits for its answer before it asks again."""

    requests: int
    duration_us: int
    p50_us: int
    p99_us: int
    max_us: int
    faulty: int
    """Answers that were no 200 or had errors; counted only where it was asked for."""
    errors: int

    @property
    def per_second(self) -> float:
        return self.requests / (self.duration_us / 1_000_000)


def generator() -> str:
    """The path of wrk. Raises LoadError where there is none."""
    found = shutil.which("wrk")
    if found is None:
        raise LoadError("The load generator `wrk` is missing: install the package `wrk` (Debian: apt-get install wrk).")
    return found


def version() -> str:
    said = subprocess.run([generator(), "-v"], capture_output=True, text=True, check=False)  # noqa: S603  found on the path
    return (said.stdout or said.stderr).splitlines()[0].split(" [")[0]


def write_bodies(path: Path, document: str, operation: str, variables: Iterable[Mapping[str, Any]]) -> Path:
    """One body a line."""
    bodies = (orjson.dumps({"query": document, "operationName": operation, "variables": v}) for v in variables)
    path.write_bytes(b"\n".join(bodies) + b"\n")
    return path


def run(url: str, bodies: Path, *, seconds: int, connections: int, is_checked: bool = False) -> Load:
    """Raises LoadError where a request failed."""
    arguments = [str(bodies), f"{bodies.stem}-{next(_runs)}-", *(["check"] if is_checked else [])]
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(SCRIPT)]
    command = [generator(), *options, f"{url}/graphql", "--", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 60)  # noqa: S603  our own command
    if ended.returncode != 0:
        raise LoadError(f"wrk failed: {ended.stderr or ended.stdout}")
    measured = Load(**json.loads(ended.stdout.splitlines()[-1]))
    if measured.errors or measured.faulty or not measured.requests:
        raise LoadError(f"{url} did not answer as it should: {measured}")
    return measured
