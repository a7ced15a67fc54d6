"""The garbage collector's settings of a server process."""

import gc
from typing import Final

NET_ALLOCATIONS: Final = 20_000
"""Between two looks at the young objects. A list of a thousand fields makes about three thousand that live until it is answered: at
Python's own 700 each request in flight would be looked through several times, though it leaves no circle of references behind.
"""
YOUNG_ROUNDS: Final = 20
MIDDLE_ROUNDS: Final = 50


def settle() -> None:
    """What was made until now stays: it is looked at no more. What comes is looked at less often."""
    gc.freeze()
    gc.set_threshold(NET_ALLOCATIONS, YOUNG_ROUNDS, MIDDLE_ROUNDS)
