"""The processes of a measurement: where each runs, and what it costs. Linux only: it reads /proc and sets affinities."""

import contextlib
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
START_LIMIT_S: Final = 60
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_PPID, _UTIME, _STIME = 1, 11, 12
"""Fields of /proc/PID/stat behind the name's closing bracket (proc_pid_stat(5))."""


@dataclass(frozen=True, slots=True)
class Cores:
    """One for the server under measurement, the others for everything else: PostgreSQL and the load."""

    server: int
    others: frozenset[int]

    @classmethod
    def of_machine(cls) -> "Cores":
        available = sorted(os.sched_getaffinity(0))
        return cls(available[0], frozenset(available[1:]) or frozenset(available))

    @property
    def is_shared(self) -> bool:
        return self.server in self.others

    def move_others(self, *process_ids: int) -> None:
        """These processes, and all that they start from now on, leave the server's core. 0 is the process itself."""
        for process_id in process_ids:
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(process_id, self.others)


@contextlib.contextmanager
def on_all_cores() -> Iterator[None]:
    """This thread, and what it starts meanwhile."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    pid: int


@contextlib.contextmanager
def serving(kind: str, cores: Cores, env: Mapping[str, str], log: Path) -> Iterator[Server]:
    """A server process of one kind, on its own core, until the block's end. Raises RuntimeError where it does not come up."""
    command = [sys.executable, "-m", "tests.benchmarks.server", kind]
    with (
        log.open("ab") as sink,
        subprocess.Popen(  # noqa: S603  our own command
            command,
            env={**env, "BENCHMARK_CORE": str(cores.server)},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
        ) as process,
    ):
        try:
            said = _first_line(process).split()
            if said[:1] != ["ready"]:
                raise RuntimeError(f"The server {kind!r} did not come up: {log.read_text()[-2000:]}")
            yield Server(f"http://127.0.0.1:{said[1]}", process.pid)
        finally:
            process.terminate()


def _first_line(process: "subprocess.Popen[str]") -> str:
    """Empty when the process has ended, or says nothing for too long."""
    if process.stdout is None or not select.select([process.stdout], [], [], START_LIMIT_S)[0]:
        return ""
    return process.stdout.readline()


def cpu_s(process_id: int) -> float:
    """The processor time that a process has used."""
    fields = _stat(process_id)
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_PER_S


def resident_bytes(process_id: int) -> int:
    return int(Path(f"/proc/{process_id}/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES


def children(process_id: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if int(_stat(int(entry.name))[_PPID]) == process_id:
                    found.append(int(entry.name))
    return found


def children_cpu_s(process_id: int) -> float:
    """Of those that are alive: PostgreSQL's sessions are as long as the server's pool holds them."""
    total = 0.0
    for child in children(process_id):
        with contextlib.suppress(OSError):
            total += cpu_s(child)
    return total


def _stat(process_id: int) -> list[str]:
    text = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(") ")[2].split()
