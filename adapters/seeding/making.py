"""Where batches are made: beside this process, in as many others as there are cores."""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Final

from adapters.seeding.batches import Batch, Make, made
from adapters.seeding.plans import Planner

WORTH_A_POOL: Final = 1000
"""Fewer orders are made sooner than other processes have started."""
MOST_PROCESSES: Final = 8


def maker_count(orders: int) -> int:
    return min(os.cpu_count() or 1, MOST_PROCESSES) if orders >= WORTH_A_POOL else 1


@contextmanager
def makers(planner: Planner, count: int) -> Iterator[tuple[Executor, Make]]:
    """And what to let them do. What was not begun when the block is left is not begun any more."""
    executor = _processes(planner, count) if count > 1 else ThreadPoolExecutor(1)
    try:
        yield executor, _made_here if count > 1 else partial(made, planner)
    finally:
        executor.shutdown(cancel_futures=True)


@contextmanager
def uncollected() -> Iterator[None]:
    """Rows hold no circles: looking for them, again and again among hundreds of thousands, costs a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _processes(planner: Planner, count: int) -> Executor:
    # Spawned: a fork would take over the threads' locks and the database's sockets.
    spawning = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, mp_context=spawning, initializer=_begin, initargs=(planner,))


_planners: Final[list[Planner]] = []
"""This maker's: it is sent once, not with every batch."""


def _begin(planner: Planner) -> None:
    """Ctrl-C is the parent's business; when it is gone for good, so are we."""
    _planners.append(planner)
    gc.disable()
    os.nice(5)  # the database and the writer go first: who waits for them waits for all
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _made_here(first: int, numbers: Sequence[int]) -> Batch:
    return made(_planners[-1], first, numbers)


def _end_with_parent() -> None:
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)
