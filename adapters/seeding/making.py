"""Where batches are made: beside this process, in as many others as there are cores."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

WORTH_A_POOL: Final = 1000
"""Fewer orders are made sooner than other processes have started."""
MOST_PROCESSES: Final = 8


def maker_count(orders: int) -> int:
    return min(os.cpu_count() or 1, MOST_PROCESSES) if orders >= WORTH_A_POOL else 1


@contextmanager
def makers(count: int) -> Iterator[Executor]:
    """What was not begun when the block is left is not begun any more."""
    executor = _processes(count) if count > 1 else ThreadPoolExecutor(1)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _processes(count: int) -> Executor:
    # Spawned: a fork would take over the threads' locks and the database's sockets.
    spawning = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, mp_context=spawning, initializer=_belong_to_parent)


def _belong_to_parent() -> None:
    """Ctrl-C is the parent's business; when it is gone for good, so are we."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)
