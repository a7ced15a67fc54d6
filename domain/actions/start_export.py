"""startExport, cancelExport: a job is written, or ended; the worker does the rest."""

from typing import Final

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.transactions import Call, once
from domain.exports.commands import CancelExport, StartExport
from domain.exports.jobs import ENDED, ExportJobView
from domain.ports.bundle import Ports
from domain.ports.exports import ExportRequest
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import ExportStatus, Role
from domain.values.faults import BadRequest
from domain.values.ids import IdKind, kind_of, new_id
from domain.values.outcomes import ExportStarted, Outcome
from domain.values.refusals import ActionRejected, BlockedReason, Forbidden, LimitExceeded, NotFound, Refusal, invalid

MAY_EXPORT: Final = frozenset((Role.ANALYST, Role.ADMIN, Role.MERCHANT, Role.FINANCE, Role.PARTNER))
MAX_UNDER_WAY: Final = 5
"""Of one caller: exports share a worker."""


def owner_of(viewer: Viewer) -> str:
    return f"{viewer.kind}:{viewer.id}"


async def start_export(ports: Ports, viewer: Viewer, command: StartExport) -> Outcome:
    refused = _refused(ports, viewer, command)

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        if refused is not None:
            return refused
        owner = owner_of(viewer)
        if await uow.exports_under_way(owner) >= MAX_UNDER_WAY:
            message = f"At most {MAX_UNDER_WAY} exports of one caller are under way at once."
            return LimitExceeded(message=message, limit=MAX_UNDER_WAY)
        job = _job(ports, viewer, command)
        await uow.add_export(job, ExportRequest(command.dataset, viewer.scope, command.filter, command.since))
        return ExportStarted(job_id=job.id)

    return at_once(await once(ports, viewer, Call.of("startExport", command), work))


async def cancel_export(ports: Ports, viewer: Viewer, command: CancelExport) -> Outcome:
    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        if kind_of(command.job_id) is not IdKind.EXPORT:
            return NotFound(path=("jobId",))
        job = await uow.export(owner_of(viewer), viewer.scope, command.job_id)
        if job is None:
            return NotFound(path=("jobId",))
        if job.status in ENDED:
            blocked = BlockedReason("WRONG_STATE", f"The export is {job.status}.")
            message = "An export that has ended cannot be cancelled."
            return ActionRejected(message=message, action="cancelExport", state=job.status, blocked_by=(blocked,))
        await uow.end_export(job.id, ExportStatus.CANCELLED, ports.clock.now())
        return ExportStarted(job_id=job.id)

    return at_once(await once(ports, viewer, Call.of("cancelExport", command), work))


def _refused(ports: Ports, viewer: Viewer, command: StartExport) -> Refusal | None:
    if not viewer.actor.roles & MAY_EXPORT:
        return Forbidden(message="None of your roles may startExport.")
    if command.since is None:
        return None
    try:
        ports.exports.check_since(command.since)
    except BadRequest as error:
        return invalid("since", code="INVALID_CURSOR", message=str(error))
    return None


def _job(ports: Ports, viewer: Viewer, command: StartExport) -> ExportJobView:
    now = ports.clock.now()
    return ExportJobView(
        id=new_id(IdKind.EXPORT, int(now.timestamp() * 1000)),
        owner=owner_of(viewer),
        scope=viewer.scope,
        status=ExportStatus.QUEUED,
        format=command.format,
        dataset=command.dataset,
        progress=None,
        rows=0,
        bytes=0,
        sha256=None,
        watermark=None,
        error=None,
        created_at=now,
        finished_at=None,
        expires_at=None,
        attempt=0,
    )
