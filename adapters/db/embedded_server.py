"""The embedded PostgreSQL: a server of our own in the data folder, where no database URL is set.

Theory of operation. `start` finds the cluster's place, takes its lock, makes the cluster when there is none, and then either
adopts the postmaster that a killed process of ours left behind, or launches one (which recovers from a crash by itself), and
waits until it is ready. `begin` is its first part, so that a program can load while its database starts. The lock
(flock) ends with the process that holds it, however it ends; the postmaster does not inherit it. The server listens on a socket in
a private folder only: whoever may enter that folder is trusted, nobody else reaches it. It lives in a session of its own, so that
the terminal's Ctrl-C reaches us alone and `stop` ends it after our last statement.

Not handled: clusters shared over a network file system; Windows.
"""

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from adapters.db import postmaster
from adapters.db.embedded_cluster import NAME, ensure_cluster
from adapters.db.embedded_place import PORT, Place, find_place, forget, private_folder, remember
from adapters.db.errors import EmbeddedServerError
from adapters.db.postmaster import Postmaster

__all__ = ["EmbeddedServer", "EmbeddedServerError"]

LEFTOVERS_LIMIT_S = 20.0
LEFTOVERS_PAUSE_S = 0.1


class EmbeddedServer:
    """`durable=False` is for tests: nothing is flushed, a power cut may cost the cluster.

    Every failure is an `EmbeddedServerError` with one sentence.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.data_dir = data_dir.absolute()
        self._durable = durable
        self._place: Place | None = None
        self._lock: int | None = None
        self._postmaster: Postmaster | None = None

    @property
    def is_running(self) -> bool:
        return self._postmaster is not None and self._postmaster.is_alive

    @property
    def home(self) -> Path | None:
        """Where the cluster, its log and its lock are; None before the first start."""
        return self._place.home if self._place else None

    @property
    def pid(self) -> int | None:
        return self._postmaster.pid if self._postmaster else None

    def start(self) -> str:
        """The server's URL, `postgresql://order_center@/order_center?host=<socket folder>&port=5432`. Starting twice is harmless."""
        self.begin()
        return self.wait()

    def begin(self) -> None:
        """The first part: the server is there, or on its way."""
        with self._stopped_by_a_failure():
            place = self._place = self._locked_place()
            if not self.is_running:
                self._postmaster = self._adopted_or_launched(place)

    def wait(self) -> str:
        """The second part, after `begin`: the server's URL, once it is ready."""
        place, limit = self._place, time.monotonic() + LEFTOVERS_LIMIT_S
        if place is None or self._postmaster is None:
            raise RuntimeError("there is nothing to wait for: begin was not called, or failed")
        with self._stopped_by_a_failure():
            while not postmaster.is_up(self._postmaster):
                self._postmaster.stop()
                if not postmaster.is_in_the_way(place) or time.monotonic() > limit:
                    raise postmaster.failure(place)
                time.sleep(LEFTOVERS_PAUSE_S)
                self._postmaster = postmaster.launch(place, durable=self._durable)
        return _url(place)

    def interrupt(self) -> None:
        """For another thread: what is starting ends, and so does its `start`."""
        launched = self._postmaster
        if launched is not None and launched.is_alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(launched.pid, signal.SIGQUIT)

    def stop(self) -> None:
        """Stops the server, adopted or launched, and gives the lock back. Stopping twice is harmless."""
        if self._postmaster is not None:
            self._postmaster.stop()
            self._postmaster = None
        if self._place is not None and self._place.sockets.parent != self._place.home:
            with contextlib.suppress(OSError):
                self._place.sockets.rmdir()
        self._unlock()

    def discard(self) -> None:
        """Stops the server and removes its cluster, wherever it is kept."""
        self.stop()
        if self._place is not None:
            forget(self.data_dir, self._place)

    def _locked_place(self) -> Place:
        if self._place is not None and self._lock is not None:
            return self._place
        place = find_place(self.data_dir)
        # O_NOFOLLOW: the folder belongs to the server's account, and root opens a file in it.
        self._lock = os.open(place.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        place.give(self._lock)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EmbeddedServerError(
                f"The data folder {self.data_dir} is in use by another running order center: stop it, or use another data folder."
            ) from None
        return place

    def _adopted_or_launched(self, place: Place) -> Postmaster:
        ensure_cluster(place, durable=self._durable)
        remember(self.data_dir, place)
        private_folder(place.sockets, place.account)
        found = postmaster.find(place)
        if found is not None and postmaster.adopt(found, place, durable=self._durable):
            return found
        if found is not None:
            found.stop()
        return postmaster.launch(place, durable=self._durable)

    @contextlib.contextmanager
    def _stopped_by_a_failure(self) -> Iterator[None]:
        """Also by Ctrl-C: what we launched ends with us, and the lock is given back."""
        try:
            yield
        except OSError as error:
            self._end()
            reason = error.strerror or str(error)
            raise EmbeddedServerError(
                f"The data folder {self.data_dir} cannot be used: {error.filename or self.data_dir}: {reason}."
            ) from error
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        """Where nothing was launched, the sockets' folder may be somebody else's."""
        if self._postmaster is None:
            self._unlock()
        else:
            self.stop()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def running_url(data_dir: Path) -> str | None:
    """The URL of the server that another process of ours runs on this data folder right now; None: nobody does."""
    if not data_dir.exists():
        return None
    place = find_place(data_dir.absolute())
    found = postmaster.find(place)
    return _url(place) if found is not None and found.is_ready and _is_locked(place) else None


def _url(place: Place) -> str:
    return f"postgresql://{NAME}@/{NAME}?host={quote(str(place.sockets))}&port={PORT}"


def _is_locked(place: Place) -> bool:
    try:
        lock = os.open(place.lock, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
