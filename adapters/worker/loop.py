"""The worker: does what is due, jobs and timers, and sweeps what is over.

Theory of operation
    Each turn claims a batch under a lease (`SKIP LOCKED`: several workers share the work), does it with a bounded number at
    once, and goes on at once while there is more; else it sleeps until the poll or until a job is queued (`wake`). A job that
    fails comes again with a growing pause. A timer that fails comes again when its lease runs out. A worker that is killed
    loses its leases by time; every job and every timer is idempotent, so nothing is done double.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from adapters.worker.telling import LastingFault, tell
from domain.actions.errands import perform
from domain.actions.fire_timer import fire_timer
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import DueTimer, Job, Queue

BATCH: Final = 50
AT_ONCE: Final = 4
SWEEP_EVERY_S: Final = 60
SWEEP_BATCH: Final = 500
FIRST_PAUSE_S: Final = 2
LONGEST_PAUSE_S: Final = 300

log = logging.getLogger("order_center.worker")


class Worker:
    def __init__(self, ports: Ports, queue: Queue, *, poll_s: float = 1.0) -> None:
        self._ports = ports
        self._queue = queue
        self._poll_s = poll_s
        self._wake = asyncio.Event()
        self._fault = LastingFault("The worker could not look for work; it tries again.")
        self._swept_at: datetime | None = None

    def wake(self) -> None:
        """Something was queued: look now."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; what was begun is finished. Faults of the database are waited out."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                if await self._turn() == 0:
                    await self._sleep(stopping)
        finally:
            stopping.cancel()

    async def turn(self) -> int:
        """All that is due now, once; how many jobs and timers that were."""
        now, lease_s = self._ports.clock.now(), self._ports.terms.lease_s
        jobs = await self._queue.claim_jobs(now, BATCH, lease_s)
        timers = await self._queue.claim_timers(now, BATCH, lease_s)
        await _each(jobs, self._do)
        await _each(timers, self._fire)
        if not (jobs or timers):  # what is due may still need what a sweep would take away: stock to deduct
            await self._sweep(now)
        return len(jobs) + len(timers)

    async def drain(self) -> int:
        """Turn after turn until nothing is due; how many jobs and timers that were."""
        total = 0
        while (done := await self.turn()) > 0:
            total += done
        return total

    async def _turn(self) -> int:
        try:
            done = await self.turn()
        except Exception as error:  # noqa: BLE001  whatever failed, it looks again
            self._fault.goes_on(error)
            return 0
        self._fault.is_over()
        return done

    async def _sleep(self, stopping: "asyncio.Task[bool]") -> None:
        waking = asyncio.create_task(self._wake.wait())
        await asyncio.wait((waking, stopping), timeout=self._poll_s, return_when=asyncio.FIRST_COMPLETED)
        waking.cancel()
        self._wake.clear()

    async def _do(self, job: Job) -> None:
        try:
            await perform(self._ports, job.order_id, job.errand)
        except Exception as error:  # noqa: BLE001  whatever failed, the job comes again
            log.warning("Job %s (%s) failed: %s", job.id, job.errand.kind, error)
            pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S**job.attempts) * random.uniform(0.5, 1)  # noqa: S311  jitter
            due_at = self._ports.clock.now() + timedelta(seconds=pause_s)
            await self._queue.retry_job(job, due_at, str(error))

    async def _fire(self, timer: DueTimer) -> None:
        try:
            await fire_timer(self._ports, timer)
        except Exception as error:  # noqa: BLE001  likewise
            tell(error, f"Timer {timer.name} of {timer.subject_id} failed; it comes again.")

    async def _sweep(self, now: datetime) -> None:
        """Reservations that nobody will use and keys that nobody will ask for."""
        if self._swept_at is not None and now - self._swept_at < timedelta(seconds=SWEEP_EVERY_S):
            return
        self._swept_at = now
        await self._ports.inventory.expire(now, SWEEP_BATCH)
        await self._queue.forget_keys(now, SWEEP_BATCH)


T = TypeVar("T")


async def _each(items: list[T], do: Callable[[T], Awaitable[None]]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def gated(item: T) -> None:
        async with gate:
            await do(item)

    async with asyncio.TaskGroup() as group:
        for item in items:
            group.create_task(gated(item))
