"""What every resolver is given: who asks, the ports, this request's loaders, and until when the answer is wanted."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import strawberry

from domain.access.viewer import Viewer
from domain.ports.bundle import Ports
from domain.values.faults import ServiceUnavailable
from resolvers.loaders import TOO_LATE, Loaders

T = TypeVar("T")


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

    async def in_time(self, service: str, work: Awaitable[T]) -> T:
        """For what may take longer than a caller waits: given up at the deadline. Raises ServiceUnavailable."""
        try:
            async with asyncio.timeout_at(self.deadline):
                return await work
        except TimeoutError as error:
            raise ServiceUnavailable(service, TOO_LATE) from error


Info = strawberry.Info[RequestContext, Any]
