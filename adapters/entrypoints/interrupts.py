"""Ctrl-C and SIGTERM before an event loop runs: raised where they come, and remembered, because a library that is being imported
may swallow what is raised in it.
"""

import signal
from types import FrameType
from typing import NoReturn


class _Memory:
    is_interrupted = False


_memory = _Memory()


def remember_interrupts() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupted)


def obey_interrupts() -> None:
    """From here on Ctrl-C is Python's own again, which an event loop takes over. Raises KeyboardInterrupt for one that was swallowed."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if _memory.is_interrupted:
        raise KeyboardInterrupt


def _interrupted(_number: int, _frame: FrameType | None) -> NoReturn:
    _memory.is_interrupted = True
    raise KeyboardInterrupt
