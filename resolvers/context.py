"""What every resolver is given: who asks, the ports, this request's loaders, and until when the answer is wanted."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import strawberry

from domain.access.viewer import Viewer
from domain.ports.bundle import Ports
from resolvers.loaders import Loaders


@dataclass(frozen=True, slots=True)
class RequestContext:
    viewer: Viewer
    ports: Ports
    loaders: Loaders
    deadline: float
    """In the event loop's own time, as `loop.time()` tells it."""
    request_id: str
    gone: Callable[[], Awaitable[None]] | None = None
    """Returns when the caller is there no longer; None: nobody can tell."""

    @classmethod
    def of(
        cls,
        viewer: Viewer,
        ports: Ports,
        *,
        deadline: float,
        request_id: str,
        gone: Callable[[], Awaitable[None]] | None = None,
    ) -> "RequestContext":
        """With a set of loaders of its own: to be made inside the loop that answers the request."""
        return cls(viewer, ports, Loaders(ports, viewer, deadline), deadline, request_id, gone)


Info = strawberry.Info[RequestContext, Any]
