"""Jobs that export, from the wish to the file: whose they are, what is refused, cancelling, following, failing, expiring."""

import asyncio
import fcntl
import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.bootstrap import file_formats
from adapters.export.folder_store import FolderStore
from adapters.worker.exports import GIVEN_UP, MAX_ATTEMPTS, MAX_CLAIMS, ExportWorker, _Busy, _locked
from domain.access.viewer import EVERYTHING
from domain.ports.exports import ExportRequest, FileEncoder, FileFormats
from domain.values.enums import ExportDataset, ExportFormat, ExportStatus
from domain.values.feed_positions import FeedPosition, cursor_of
from tests.fixtures.exports import CANCEL, JOB, START, Exporting, json_rows
from tests.fixtures.shop import (
    ADMIN,
    ANALYST,
    ANNA,
    BOB,
    DAY,
    FINANCE,
    HOUR,
    MERCHANT,
    PARTNER,
    RESELLER,
    RIVAL,
    SUPPORT,
    WAREHOUSE,
    Shop,
    did,
)

pytestmark = pytest.mark.anyio

DAY_S: Final = 86_400
ORDERS: Final[dict[str, Any]] = {"format": "JSONL", "dataset": "ORDERS"}
LIST: Final = """query ($first: Int, $after: String) { exportJobs(first: $first, after: $after) {
  nodes { id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""


@pytest.fixture
def exporting(shop: Shop, tmp_path: Path) -> Exporting:
    return Exporting(shop, tmp_path)


async def test_a_job_waits_is_worked_on_and_has_its_file(exporting: Exporting) -> None:
    order_id = await exporting.shop.placed()
    job_id = await exporting.started(**ORDERS)
    waiting = await exporting.asked(JOB, id=job_id)
    now = "2026-03-02T09:00:00Z"
    empty = {"sha256": None, "url": None, "watermark": None, "error": None, "finishedAt": None, "expiresAt": None}
    asked = {"id": job_id, "format": "JSONL", "dataset": "ORDERS", "createdAt": now}
    assert waiting == {**asked, **empty, "status": "QUEUED", "progress": None, "rows": "0", "bytes": "0"}
    assert await exporting.exports.worker.turn()
    done = await exporting.asked(JOB, id=job_id)
    job, content = await exporting.found(job_id)
    assert [row["order_id"] for row in json_rows(content)] == [order_id]
    assert done == {
        **asked,
        "status": "SUCCEEDED",
        "progress": 1.0,
        "rows": "1",
        "bytes": str(len(content)),
        "sha256": job.sha256,
        "url": exporting.shop.ports.export_links.path(job, exporting.shop.clock.now()),
        "watermark": job.watermark,
        "error": None,
        "finishedAt": now,
        "expiresAt": "2026-03-09T09:00:00Z",
    }
    assert list((exporting.folder / "work").iterdir()) == []
    assert not await exporting.exports.worker.turn()


async def test_a_job_is_its_owners_and_a_node(exporting: Exporting) -> None:
    job_id = await exporting.started(**ORDERS)
    node = "query ($id: ID!) { node(id: $id) { __typename ... on ExportJob { status } } }"
    assert await exporting.asked(node, id=job_id) == {"__typename": "ExportJob", "status": "QUEUED"}
    for stranger in (ADMIN, MERCHANT, RIVAL, ANNA, replace(ANALYST, business_units=frozenset(("acme",)))):
        assert await exporting.asked(JOB, stranger, id=job_id) is None
        refused = await exporting.asked(CANCEL, stranger, input={"jobId": job_id})
        assert (refused["__typename"], refused["code"]) == ("NotFound", "NOT_FOUND")
        assert (await exporting.asked(LIST, stranger))["nodes"] == []
    assert await exporting.asked(JOB, id="exp_1") is None


@pytest.mark.parametrize("viewer", [ANNA, SUPPORT, WAREHOUSE], ids=lambda viewer: viewer.id)
async def test_who_makes_no_reports_exports_nothing(exporting: Exporting, viewer: Any) -> None:
    refused = await exporting.shop.refused(exporting.asked(START, viewer, input=ORDERS))
    assert (refused["__typename"], refused["code"]) == ("Forbidden", "FORBIDDEN")


async def test_rows_are_those_of_the_callers_scope(exporting: Exporting) -> None:
    shop = exporting.shop
    own = await shop.placed()
    rivals = await shop.placed(BOB, business_unit="rival", channel="rival-web", member_id="mbr_bob")
    partners = await shop.placed(PARTNER, channel="partner", member_id="mbr_bob")
    everybodys = {
        MERCHANT: {own, partners},
        FINANCE: {own, partners},
        ANALYST: {own, rivals, partners},
        ADMIN: {own, rivals, partners},
        RIVAL: {rivals},
        PARTNER: {partners},
        RESELLER: set[str](),
    }
    for viewer, seen in everybodys.items():
        for dataset in ExportDataset:
            _, content = await exporting.made(viewer, format="JSONL", dataset=dataset.value)
            found = {row["order_id"] for row in json_rows(content)}
            assert found == (seen if dataset not in {ExportDataset.PAYMENTS, ExportDataset.AFTER_SALES} else set())


async def test_a_filter_is_that_of_the_lists(exporting: Exporting) -> None:
    shop = exporting.shop
    paid, _ = await shop.paid(), await shop.placed()
    for dataset in ("ORDERS", "PAYMENTS", "TRANSITIONS"):
        _, content = await exporting.made(
            format="JSONL", dataset=dataset, filter={"or": [{"status": ["PAID"]}, {"number": ["none"]}]}
        )
        assert {row["order_id"] for row in json_rows(content)} == {paid}
    kept = {"status": ["PAID"], "placedAt": {"gte": "2026-03-02T09:00:00Z"}, "not": {"sku": ["MUG"]}}
    _, content = await exporting.made(**ORDERS, filter=kept)
    assert len(json_rows(content)) == 1


async def test_a_watermark_leads_to_what_changed_later_and_to_nothing_else(exporting: Exporting) -> None:
    shop = exporting.shop
    quiet, busy = await shop.placed(), await shop.placed()
    full = {dataset: await exporting.made(format="JSONL", dataset=dataset) for dataset in ("ORDERS", "TRANSITIONS")}
    nothing = [
        await exporting.made(format="JSONL", dataset=dataset, since=job.watermark) for dataset, (job, _) in full.items()
    ]
    assert [(job.rows, content) for job, content in nothing] == [(0, b""), (0, b"")]
    await shop.paid(busy)
    fresh = await shop.placed()
    watermark = full["ORDERS"][0].watermark
    _, orders = await exporting.made(**ORDERS, since=watermark)
    assert [row["order_id"] for row in json_rows(orders)] == sorted((busy, fresh))
    _, steps = await exporting.made(format="JSONL", dataset="TRANSITIONS", since=watermark)
    _, all_steps = await exporting.made(format="JSONL", dataset="TRANSITIONS")
    parts = sorted(full["TRANSITIONS"][1].splitlines() + steps.splitlines())
    # Steps do not change: an export and what came after it are the whole, each step once.
    assert parts == sorted(all_steps.splitlines())
    assert quiet not in {row["order_id"] for row in json_rows(steps)}


async def test_a_cursor_that_is_none_is_a_problem_of_the_input(exporting: Exporting) -> None:
    refused = await exporting.shop.refused(exporting.asked(START, input={**ORDERS, "since": "yesterday"}))
    problems = [{"path": ["since"], "code": "INVALID_CURSOR"}]
    assert refused == {"__typename": "InvalidInput", "code": "INVALID_INPUT", "path": ["since"], "problems": problems}


async def test_the_same_key_is_the_same_job(exporting: Exporting) -> None:
    first = await exporting.asked(START, input={**ORDERS, "idempotencyKey": "once"})
    again = await exporting.asked(START, input={**ORDERS, "idempotencyKey": "once"})
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["job"]["id"] == again["job"]["id"]
    other = await exporting.asked(START, input={"format": "CSV", "dataset": "ORDERS", "idempotencyKey": "once"})
    assert other["__typename"] == "IdempotencyConflict"
    assert len((await exporting.asked(LIST))["nodes"]) == 1


async def test_five_of_a_caller_are_under_way_at_most(exporting: Exporting) -> None:
    for _ in range(5):
        await exporting.started(**ORDERS)
    refused = await exporting.shop.refused(exporting.asked(START, input=ORDERS))
    assert (refused["__typename"], refused["limit"]) == ("LimitExceeded", 5)
    await exporting.started(MERCHANT, **ORDERS)
    for _ in range(2):  # one of them may be the merchant's: all were asked for at the same time
        assert await exporting.exports.worker.turn()
    await exporting.started(**ORDERS)


async def test_a_list_is_the_newest_first_in_pages(exporting: Exporting) -> None:
    ids = []
    for _ in range(3):
        ids.append(await exporting.started(**ORDERS))
        exporting.shop.clock.pass_(timedelta(seconds=1))
    first = await exporting.asked(LIST, first=2)
    assert [node["id"] for node in first["nodes"]] == [ids[2], ids[1]]
    assert first["pageInfo"]["hasNextPage"]
    rest = await exporting.asked(LIST, first=2, after=first["pageInfo"]["endCursor"])
    assert [edge["node"]["id"] for edge in rest["edges"]] == [ids[0]]
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)


async def test_what_waits_can_be_cancelled_once(exporting: Exporting) -> None:
    job_id = await exporting.started(**ORDERS)
    cancelled = await exporting.asked(CANCEL, input={"jobId": job_id, "idempotencyKey": "off"})
    assert (cancelled["replayed"], cancelled["job"]["status"]) == (False, "CANCELLED")
    assert (await exporting.asked(CANCEL, input={"jobId": job_id, "idempotencyKey": "off"}))["replayed"]
    refused = await exporting.shop.refused(exporting.asked(CANCEL, input={"jobId": job_id}))
    assert (refused["__typename"], refused["state"]) == ("ActionRejected", "CANCELLED")
    assert refused["blockedBy"] == [{"code": "WRONG_STATE"}]
    assert not await exporting.exports.worker.turn()


class Staged:
    """Formats whose encoder waits, or fails, before its n-th piece."""

    def __init__(self, at: int, error: Exception | None = None) -> None:
        self.at, self.error = at, error
        self.is_there, self.go_on = asyncio.Event(), asyncio.Event()
        self.pieces = 0
        self._loop = asyncio.get_running_loop()

    def encoder(self, kind: ExportFormat, dataset: ExportDataset, path: Path, resume_at: int | None) -> FileEncoder:
        encoder = file_formats().encoder(kind, dataset, path, resume_at)
        write = encoder.write

        def staged(rows: bytes) -> int:
            self.pieces += 1
            if self.pieces == self.at:
                if self.error is not None:
                    raise self.error
                self._loop.call_soon_threadsafe(self.is_there.set)
                asyncio.run_coroutine_threadsafe(self.go_on.wait(), self._loop).result()
            return write(rows)

        encoder.write = staged  # type: ignore[method-assign]
        return encoder


def worker_with(exporting: Exporting, formats: FileFormats) -> ExportWorker:
    worker = exporting.exports.worker
    worker._formats = lambda: formats
    return worker


def renew_nothing(worker: ExportWorker) -> ExportWorker:
    """So that its lease can be taken away, and it does not notice before it is done."""
    worker._terms = replace(worker._terms, lease_s=DAY_S, poll_s=DAY_S)
    return worker


async def reached(turn: "asyncio.Task[bool]", staged: Staged) -> None:
    """A turn that ends before fails the test, rather than being waited for."""
    waiting = asyncio.create_task(staged.is_there.wait())
    await asyncio.wait((turn, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    assert not turn.done()


async def three_orders(shop: Shop) -> None:
    for _ in range(3):
        await shop.placed()


async def test_what_is_under_way_can_be_cancelled_and_leaves_nothing(exporting: Exporting) -> None:
    await three_orders(exporting.shop)
    job_id = await exporting.started(**ORDERS)
    staged = Staged(at=2)
    worker = worker_with(exporting, staged)
    turn = asyncio.create_task(worker.turn())
    await reached(turn, staged)
    running = await exporting.asked(JOB, id=job_id)
    assert (running["status"], running["url"], running["sha256"]) == ("RUNNING", None, None)
    await exporting.asked(CANCEL, input={"jobId": job_id})
    await asyncio.sleep(0.2)  # the worker's next renewal, at a twentieth of a second
    staged.go_on.set()
    await turn
    assert (await exporting.asked(JOB, id=job_id))["status"] == "CANCELLED"
    assert staged.pieces == 2
    assert list((exporting.folder / "work").iterdir()) == []
    assert not (exporting.folder / "files").exists()


async def test_a_worker_that_stops_lets_go_and_the_next_goes_on_at_once(exporting: Exporting) -> None:
    await three_orders(exporting.shop)
    _, whole = await exporting.made(**ORDERS)
    job_id = await exporting.started(**ORDERS)
    staged, stop = Staged(at=2), asyncio.Event()
    turn = asyncio.create_task(worker_with(exporting, staged).turn(stop))
    await reached(turn, staged)
    stop.set()
    staged.go_on.set()
    await turn
    assert (await exporting.asked(JOB, id=job_id))["status"] == "RUNNING"
    assert await exporting.shop.sql("SELECT attempts, locked_until FROM export_jobs WHERE due_at IS NOT NULL") == [
        (0, None)
    ]
    assert await exporting.exports.worker.turn()
    job, content = await exporting.found(job_id)
    assert (job.status, content) == (ExportStatus.SUCCEEDED, whole)


@pytest.mark.parametrize("kind", ExportFormat)
@pytest.mark.parametrize("safe_every", [1, 16])
async def test_after_a_failure_the_file_is_that_of_an_undisturbed_run_though_orders_changed_meanwhile(
    exporting: Exporting, kind: ExportFormat, safe_every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.worker.exports.SAFE_EVERY", safe_every)
    await three_orders(exporting.shop)
    undisturbed, _ = await exporting.made(format=kind.value, dataset="ORDERS")
    job_id = await exporting.started(format=kind.value, dataset="ORDERS")
    failing = Staged(at=3, error=OSError("no space left"))
    assert await worker_with(exporting, failing).turn()
    assert (await exporting.asked(JOB, id=job_id))["status"] == "RUNNING"
    await exporting.shop.cancel(await exporting.shop.placed(BOB, member_id="mbr_bob"))
    exporting.shop.clock.pass_(timedelta(seconds=10))
    again = Staged(at=0)
    assert await worker_with(exporting, again).turn()
    job, _ = await exporting.found(job_id)
    assert (job.status, job.sha256, job.rows) == (ExportStatus.SUCCEEDED, undisturbed.sha256, 3)
    pieces = 3 - (2 if safe_every == 1 and kind is not ExportFormat.PARQUET else 0)
    assert again.pieces == pieces
    later, _ = await exporting.made(format=kind.value, dataset="ORDERS", since=job.watermark)
    assert later.rows == 1


async def test_a_job_that_always_fails_is_given_up(exporting: Exporting) -> None:
    await three_orders(exporting.shop)
    job_id = await exporting.started(**ORDERS)
    for _ in range(MAX_ATTEMPTS):
        assert await worker_with(exporting, Staged(at=1, error=OSError("no space left"))).turn()
        exporting.shop.clock.pass_(HOUR)
    assert not await exporting.exports.worker.turn()
    job, _ = await exporting.found(job_id)
    assert (job.status, job.error, job.sha256) == (ExportStatus.FAILED, GIVEN_UP, None)
    assert list((exporting.folder / "work").iterdir()) == []


async def test_a_worker_whose_lease_ran_out_writes_nothing_over_the_next_ones(exporting: Exporting) -> None:
    await three_orders(exporting.shop)
    job_id = await exporting.started(**ORDERS)
    queue = exporting.exports.worker._queue
    late = await queue.claim(exporting.shop.clock.now(), 30)
    assert late is not None
    exporting.shop.clock.pass_(timedelta(seconds=31))
    assert await exporting.exports.worker.turn()
    now = exporting.shop.clock.now()
    assert not await queue.renew(late, now, 30, 0.5)
    await queue.fail(late, now, "late")
    await queue.retry(late, now)
    assert (await exporting.found(job_id))[0].status is ExportStatus.SUCCEEDED


class SlowStore(FolderStore):
    """Its `put` waits."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.is_there, self.go_on = asyncio.Event(), asyncio.Event()

    async def put(self, key: str, file: Path, media_type: str) -> None:
        self.is_there.set()
        await self.go_on.wait()
        await super().put(key, file, media_type)


async def test_a_worker_that_lost_its_job_while_it_kept_the_file_takes_nothing_from_the_next_one(
    exporting: Exporting,
) -> None:
    """Two machines: each has a folder of its own, and both the same store."""
    shop = exporting.shop
    await three_orders(shop)
    job_id = await exporting.started(**ORDERS)
    slow, late = SlowStore(exporting.folder / "files"), exporting.exports.worker
    late._store, late._terms = slow, replace(late._terms, folder=exporting.folder / "elsewhere")
    renew_nothing(late)
    turn = asyncio.create_task(late.turn())
    await slow.is_there.wait()
    await shop.placed(BOB, member_id="mbr_bob")
    await shop.sql("UPDATE export_jobs SET locked_until = NULL RETURNING 1")
    assert await exporting.exports.worker.turn()
    slow.go_on.set()
    await turn
    job, content = await exporting.found(job_id)
    assert (job.status, job.rows) == (ExportStatus.SUCCEEDED, 4)
    assert hashlib.sha256(content).hexdigest() == job.sha256
    assert [path.name for path in (exporting.folder / "files").iterdir()] == [job.key]


async def test_what_a_killed_worker_had_kept_goes_when_the_next_one_is_done(exporting: Exporting) -> None:
    await three_orders(exporting.shop)
    await exporting.started(**ORDERS)
    killed = await exporting.exports.worker._queue.claim(exporting.shop.clock.now(), 30)
    assert killed is not None
    source = exporting.folder / "rows"
    source.write_text("rows")
    await exporting.store.put(killed.job.key, source, "application/x-ndjson")
    exporting.shop.clock.pass_(timedelta(seconds=31))
    assert await exporting.exports.worker.turn()
    job, _ = await exporting.found(killed.job.id)
    assert job.key != killed.job.key
    assert [path.name for path in (exporting.folder / "files").iterdir()] == [job.key]


async def test_a_job_that_ends_every_worker_is_given_up(exporting: Exporting) -> None:
    await three_orders(exporting.shop)
    job_id = await exporting.started(**ORDERS)
    await exporting.shop.sql(f"UPDATE export_jobs SET attempts = {MAX_CLAIMS} RETURNING 1")
    assert await exporting.exports.worker.turn()
    job, _ = await exporting.found(job_id)
    assert (job.status, job.error, job.sha256) == (ExportStatus.FAILED, GIVEN_UP, None)
    assert not await exporting.exports.worker.turn()


async def test_a_cursor_of_another_database_fails_the_job_at_once_and_says_so(exporting: Exporting) -> None:
    ahead = cursor_of(FeedPosition(2**60, 1))
    job_id = await exporting.started(**ORDERS, since=ahead)
    assert await exporting.exports.worker.turn()
    job, _ = await exporting.found(job_id)
    assert (job.status, job.error) == (
        ExportStatus.FAILED,
        "The cursor is ahead of everything that was written here.",
    )
    assert list((exporting.folder / "work").iterdir()) == []


def test_a_lock_that_its_owner_has_taken_away_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its owner ends between the opening of the file and its locking."""
    flock = fcntl.flock

    def late(file: Any, operation: int) -> None:
        (tmp_path / "job.lock").unlink()
        flock(file, operation)

    monkeypatch.setattr("adapters.worker.exports.fcntl.flock", late)
    with pytest.raises(_Busy), _locked(tmp_path / "job"):
        raise AssertionError("somebody else may have it, too")


async def test_while_the_folder_is_anothers_a_job_waits(exporting: Exporting) -> None:
    await three_orders(exporting.shop)
    job_id = await exporting.started(**ORDERS)
    staged = Staged(at=1)
    turn = asyncio.create_task(renew_nothing(worker_with(exporting, staged)).turn())
    await reached(turn, staged)
    await exporting.shop.sql("UPDATE export_jobs SET locked_until = NULL RETURNING 1")
    assert await exporting.exports.worker.turn()
    staged.go_on.set()
    await turn
    exporting.shop.clock.pass_(HOUR)
    assert await exporting.exports.worker.turn()
    assert (await exporting.found(job_id))[0].status is ExportStatus.SUCCEEDED


async def test_a_file_past_its_time_is_deleted(exporting: Exporting) -> None:
    job, content = await exporting.made(**ORDERS)
    assert (job.rows, content) == (0, b"")
    assert exporting.store.local_path(job.key) is not None
    exporting.shop.clock.pass_(7 * DAY)
    assert not await exporting.exports.worker.turn()
    assert exporting.store.local_path(job.key) is None
    gone = await exporting.asked(JOB, id=job.id)
    assert (gone["status"], gone["url"], gone["expiresAt"], gone["sha256"]) == ("SUCCEEDED", None, None, job.sha256)


async def test_the_state_of_a_job_is_complete_before_it_counts(exporting: Exporting) -> None:
    """A crash while rows are read begins anew: half a spool is none."""
    await three_orders(exporting.shop)
    job_id = await exporting.started(**ORDERS)
    folder = exporting.folder / "work" / job_id
    folder.mkdir(parents=True)
    (folder / "rows.csv").write_text("half a r")
    (folder / "data").write_text("half")
    (folder / "done.draft").write_text(json.dumps({"pieces": 1}))
    assert await exporting.exports.worker.turn()
    job, content = await exporting.found(job_id)
    assert (job.status, len(json_rows(content))) == (ExportStatus.SUCCEEDED, 3)


async def test_orders_that_change_while_rows_are_read_are_as_they_were(exporting: Exporting) -> None:
    shop = exporting.shop
    order_id = await shop.placed()
    async with exporting.exports.rows.read(ExportRequest(ExportDataset.ORDERS, EVERYTHING)) as reading:
        await did(shop.cancel(order_id))
        await shop.placed()
        gathered = bytearray()

        async def take(data: bytes) -> None:
            gathered.extend(data)

        assert (await reading.copy(take), reading.total) == (1, 1)
    assert order_id.encode() in gathered
    assert b"CANCELLED" not in gathered


async def test_a_worker_that_stops_while_rows_are_read_lets_go_too(exporting: Exporting) -> None:
    await three_orders(exporting.shop)
    job_id = await exporting.started(**ORDERS)
    stop = asyncio.Event()
    stop.set()
    assert await exporting.exports.worker.turn(stop)
    assert (await exporting.asked(JOB, id=job_id))["status"] == "RUNNING"
    assert await exporting.exports.worker.turn()
    job, content = await exporting.found(job_id)
    assert (job.status, len(json_rows(content))) == (ExportStatus.SUCCEEDED, 3)


async def test_what_a_killed_worker_left_of_a_cancelled_job_is_cleared_away(exporting: Exporting) -> None:
    await three_orders(exporting.shop)
    job, content = await exporting.made(**ORDERS)
    assert content
    job_id = await exporting.started(**ORDERS)
    for name in (job.id, job_id):
        (exporting.folder / "work" / name).mkdir(parents=True)
        (exporting.folder / "work" / name / "rows.csv").write_text("rows")
    (waiting,) = await exporting.shop.ports.exports.by_ids(job.owner, job.scope, [job_id])
    assert waiting is not None
    left = exporting.folder / "files" / waiting.key
    left.write_text("kept, and nobody was told")
    await exporting.asked(CANCEL, input={"jobId": job_id})
    assert not await exporting.exports.worker.turn()
    assert list((exporting.folder / "work").iterdir()) == []
    assert not left.exists()
    assert await exporting.found(job.id) == (job, content)
