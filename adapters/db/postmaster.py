"""The server process of the embedded PostgreSQL: found, launched, awaited, stopped.

A postmaster writes `postmaster.pid` (its id, …, its state) and `postmaster.opts` (how it was launched) into its cluster. The id of
a killed one stays there and may by now belong to any process, so it counts only while that process works in the cluster's folder.
"""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from adapters.db.embedded_cluster import environment, last_reason
from adapters.db.embedded_memory import LEAST_MB, buffers_mb
from adapters.db.embedded_place import PORT, Place
from adapters.db.errors import EmbeddedServerError

START_LIMIT_S = 300.0  # crash recovery replays up to max_wal_size
STOP_LIMIT_S = 60.0
LEFTOVERS_LIMIT_S = 20.0
ANSWER_LIMIT_S = 5.0
_POLL_S = 0.01
_TLS_REQUEST = struct.pack(">II", 8, 80877103)  # SSLRequest of PostgreSQL's protocol, chapter "Message Formats"
_STATE_LINE = 7

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "jit": "off",  # statements here are short: compiling them costs more than it saves
    "max_parallel_workers_per_gather": "0",  # likewise; and containers have little shared memory
}
_DURABLE = {"shared_buffers": f"{buffers_mb()}MB"}
_THROWAWAY = {
    "shared_buffers": f"{LEAST_MB}MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


@dataclass(slots=True)
class Postmaster:
    """`child` is None for one that an earlier process of ours launched and left."""

    pid: int
    data: Path
    child: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def is_alive(self) -> bool:
        if self.child is not None:
            return self.child.poll() is None
        return _works_in(self.pid, self.data)

    @property
    def is_ready(self) -> bool:
        lines = _pid_file(self.data)
        return len(lines) > _STATE_LINE and lines[0] == str(self.pid) and lines[_STATE_LINE].strip() == "ready"

    def stop(self) -> None:
        """Fast shutdown: clients are cut off, a checkpoint is written. Past the limit the next start recovers."""
        for number, limit_s in (
            (signal.SIGINT, STOP_LIMIT_S),
            (signal.SIGQUIT, STOP_LIMIT_S),
            (signal.SIGKILL, STOP_LIMIT_S),
        ):
            with contextlib.suppress(ProcessLookupError):
                if self.is_alive:
                    os.kill(self.pid, number)
            if _wait(lambda: not self.is_alive, limit_s):
                return


def find(place: Place) -> Postmaster | None:
    lines = _pid_file(place.data)
    if not lines or not lines[0].isdigit():
        return None
    found = Postmaster(int(lines[0]), place.data)
    return found if found.is_alive else None


def adopt(found: Postmaster, place: Place, *, durable: bool) -> bool:
    """Whether the one that was found serves as ours: launched with the same options, ready, and answering."""
    options = " ".join(f'"{argument}"' for argument in _arguments(place, durable=durable))
    try:
        launched_with = (place.data / "postmaster.opts").read_text(encoding="utf-8").strip()
    except OSError:
        return False
    same = launched_with == f"{(place.binaries / 'postgres').resolve()} {options}"
    return same and is_up(found) and _answers(place)


def launch(place: Place, *, durable: bool) -> Postmaster:
    """Not waited for: `is_up` does."""
    _drop_stale_files(place)
    return _spawn(place, durable=durable)


def is_up(postmaster: Postmaster) -> bool:
    """Whether it became ready; waits until it did, or has ended."""
    _wait(lambda: postmaster.is_ready or not postmaster.is_alive, START_LIMIT_S)
    return postmaster.is_alive and postmaster.is_ready


def is_in_the_way(place: Place) -> bool:
    """Whether the children of a killed postmaster kept the last one from starting: they hold its shared memory until they
    notice, a moment later.
    """
    return "still in use" in _last_words(place)


def failure(place: Place) -> EmbeddedServerError:
    reason = _last_words(place).rstrip(".")
    return EmbeddedServerError(f"PostgreSQL does not start on {place.data} (log: {place.log}): {reason}.")


def _last_words(place: Place) -> str:
    return last_reason(place.log.read_text(encoding="utf-8", errors="replace"))


def _arguments(place: Place, *, durable: bool) -> list[str]:
    settings = _SETTINGS | {"unix_socket_directories": str(place.sockets)} | (_DURABLE if durable else _THROWAWAY)
    return ["-D", str(place.data), "-p", str(PORT), *(f"--{name}={value}" for name, value in settings.items())]


def _spawn(place: Place, *, durable: bool) -> Postmaster:
    if place.log.exists():
        place.log.replace(place.log.with_suffix(".log.1"))
    account = place.account
    with place.log.open("wb") as log:
        place.give(log.fileno())
        child = subprocess.Popen(  # noqa: S603  our own program and arguments
            [(place.binaries / "postgres").resolve(), *_arguments(place, durable=durable)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environment(),
            umask=0o077,
            start_new_session=True,  # the terminal's Ctrl-C is for us; we stop PostgreSQL after our last statement
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=() if account else None,
        )
    return Postmaster(child.pid, place.data, child)


def _drop_stale_files(place: Place) -> None:
    """PostgreSQL takes a pid file for its own while *any* process of its user has that id, as happens in restarted containers.

    One whose process is simply gone is left to PostgreSQL: it also checks there that no orphan of the old server is alive.
    """
    lines = _pid_file(place.data)
    if lines and lines[0].isdigit() and Path(f"/proc/{lines[0]}").exists():
        if not _wait(lambda: not _orphans(place.data), LEFTOVERS_LIMIT_S):
            raise EmbeddedServerError(
                f"Processes of a killed PostgreSQL still use {place.data}: end them and start again."
            )
        (place.data / "postmaster.pid").unlink()
    for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (place.sockets / name).unlink(missing_ok=True)


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _works_in(pid: int, data: Path) -> bool:
    if not Path("/proc/self/cwd").exists():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 0)
            return True
        return False
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
    except OSError:
        return False


def _orphans(data: Path) -> bool:
    """Whether children of a dead postmaster still work in its cluster: their writes and a recovery must never meet."""
    return any(_works_in(int(entry.name), data) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _answers(place: Place) -> bool:
    """Asks whether it speaks TLS: any reply comes from a living server. A connection alone is taken by a dying one too."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(ANSWER_LIMIT_S)
        try:
            probe.connect(str(place.sockets / f".s.PGSQL.{PORT}"))
            probe.sendall(_TLS_REQUEST)
            return len(probe.recv(1)) == 1
        except OSError:
            return False


def _wait(holds: Callable[[], bool], limit_s: float) -> bool:
    limit = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > limit:
            return False
        time.sleep(_POLL_S)
    return True
