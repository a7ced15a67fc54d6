"""How much memory the embedded PostgreSQL takes for its buffers: a quarter of what there is, as its manual advises for a server of its
own, within bounds: below, it works badly; above, the operating system's own cache serves as well.
"""

import os
from pathlib import Path
from typing import Final

LEAST_MB: Final = 128
MOST_MB: Final = 1024
_SHARE: Final = 4
_MB: Final = 2**20
_CONTAINER_LIMITS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Of control groups, the second and the first version: there is no number in it where there is no limit."""


def buffers_mb() -> int:
    """PostgreSQL takes it bit by bit, as it is used."""
    return max(LEAST_MB, min(MOST_MB, memory_bytes() // _SHARE // _MB))


def memory_bytes() -> int:
    """The machine's, or the container's where that is less."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([machine, *filter(None, map(_limit, _CONTAINER_LIMITS))])


def _limit(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None
