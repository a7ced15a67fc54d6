"""The four packages have common names: make sure that they are ours, and of one installation."""

from importlib.util import find_spec
from pathlib import Path

from adapters.entrypoints.faults import fail

PACKAGES = ("adapters", "domain", "resolvers", "schema")


def check_one_root() -> None:
    """Ends the program when another distribution's package of the same name stands in the way."""
    roots = {name: _root(name) for name in PACKAGES}
    if len(set(roots.values())) > 1:
        places = ", ".join(f"{name} in {root}" for name, root in roots.items())
        fail(
            f"The packages do not come from one place ({places}): install the order center in an environment of its own."
        )


def _root(name: str) -> Path | None:
    spec = find_spec(name)
    return Path(spec.origin).parent.parent if spec and spec.origin else None
