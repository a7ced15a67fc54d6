"""The cluster of the embedded PostgreSQL: made on the first start, recognised on every later one."""

import os
import shutil
import subprocess
from pathlib import Path

from adapters.db.embedded_place import MAJOR_VERSION, Place
from adapters.db.errors import EmbeddedServerError

NAME = "order_center"  # of the superuser and of the database: the socket's folder is what guards them


def ensure_cluster(place: Place, *, durable: bool) -> None:
    if place.data.exists():
        _check_version(place)
        return
    # Made aside and renamed when complete, so that a kill on the way leaves nothing that looks like a cluster.
    draft = place.home / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    initdb = [f"--username={NAME}", "--auth=trust", "--locale=C", "--encoding=UTF8", "--no-instructions"]
    _run(place, "initdb", "-D", str(draft), *initdb, *([] if durable else ["--no-sync"]))
    # Single-user mode needs no second server start and no client.
    _run(place, "postgres", "--single", "-D", str(draft), "template1", stdin=f"CREATE DATABASE {NAME}\n")
    draft.rename(place.data)


def environment() -> dict[str, str]:
    """A bare one: PGPORT, PGDATA, PGOPTIONS and the locale of the caller must not reach the server."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {"LC_ALL": "C"} | {name: os.environ[name] for name in kept if name in os.environ}


def last_reason(output: str) -> str:
    """The most telling line of PostgreSQL's output: the last fatal one, else the last error, else the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for mark in ("PANIC:", "FATAL:", "error:", "ERROR:"):
        for line in reversed(lines):
            if mark in line:
                return line.partition(mark)[2].strip()
    return lines[-1] if lines else "it said nothing"


def _check_version(place: Place) -> None:
    found = _version(place.data)
    if found is None:
        raise EmbeddedServerError(
            f"The folder {place.data} is not a PostgreSQL cluster: remove it, or use another data folder."
        )
    if found != MAJOR_VERSION:
        raise EmbeddedServerError(
            f"The data folder {place.data} was made by PostgreSQL {found}, this program runs PostgreSQL {MAJOR_VERSION}: "
            "dump it with the old version and restore it, or use another data folder."
        )


def _version(data: Path) -> str | None:
    try:
        return (data / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None


def _run(place: Place, program: str, *arguments: str, stdin: str = "") -> None:
    account = place.account
    done = subprocess.run(  # noqa: S603  our own program and arguments
        [place.binaries / program, *arguments],
        input=stdin,
        text=True,
        capture_output=True,
        check=False,
        cwd="/",
        env=environment(),
        umask=0o077,
        start_new_session=True,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=() if account else None,
    )
    if done.returncode != 0:
        reason = last_reason(done.stderr or done.stdout)
        raise EmbeddedServerError(f"The database could not be made in {place.home}: {reason.rstrip('.')}.")
