"""Exports: jobs that make a file of a snapshot of the rows, whatever its size, in bounded memory.

Theory of operation
    A job is claimed under a lease that is renewed while it is worked on; one job at a time in a process. Its folder on this
    machine holds what outlives a crash:

        rows.csv    the rows of one snapshot, as PostgreSQL copied them, in pieces of whole rows
        spool.json  written when all of them are safe on the disk: the watermark, the pieces' ends, how many rows
        data        the file to be; made of the pieces, one after the other, always the same bytes
        done.json   how many pieces of it are safe on the disk, and how many bytes

    Before spool.json stands, a crash begins anew, with a newer snapshot: nobody has seen anything of the old one, and reading is
    the shorter half. After it, whoever comes again goes on from what is safe; a Parquet file, whose directory stands at its end,
    is made again from the same pieces. So the file and its SHA-256 are those of an undisturbed run over the same watermark.
    A job that is cancelled, or that another worker has, is noticed at the next renewal and let go between two pieces. The folder
    is locked: whoever comes while its owner still lives waits.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import random
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO

from adapters.row_pieces import RowPieces
from adapters.worker.telling import LastingFault, tell
from domain.exports.jobs import MEDIA_TYPES, SUFFIXES
from domain.ports.blob_store import BlobStore
from domain.ports.clock import Clock
from domain.ports.exports import ExportClaim, ExportFile, ExportQueue, ExportRows, FileEncoder, FileFormats
from domain.values.enums import ExportStatus
from domain.values.faults import BadRequest

MAX_ATTEMPTS: Final = 5
MAX_CLAIMS: Final = 20
"""Of a job whose workers do not fail but end, killed while they are at it."""
FIRST_PAUSE_S: Final = 2
LONGEST_PAUSE_S: Final = 300
PIECE_BYTES: Final = 1 << 20
"""About so much of the rows is in memory at once, a few times over."""
SAFE_EVERY: Final = 32
"""Pieces between two points from which a file is continued."""
SPOOLED: Final = 0.4
"""How far a job is when its rows are spooled; the rest is the file."""
EXPIRE_AT_ONCE: Final = 100
GIVEN_UP: Final = "It failed again and again and was given up; the worker's log says why."


class _LetGo(Exception):
    """The job is not ours any more, or the worker stops."""


class _Busy(Exception):
    """Another process of this machine is at the job's folder."""


@dataclass(frozen=True, slots=True)
class Spool:
    watermark: str
    rows: int
    ends: tuple[int, ...]
    """Of each piece, in bytes."""


@dataclass(slots=True)
class _Run:
    """One claim while it is worked on."""

    claim: ExportClaim
    progress: float = 0.0
    is_ours: bool = True
    stop: asyncio.Event | None = None

    def go_on(self) -> None:
        if not self.is_ours or (self.stop is not None and self.stop.is_set()):
            raise _LetGo


@dataclass(frozen=True, slots=True)
class ExportTerms:
    folder: Path
    """Of the jobs that this machine works on."""
    kept: timedelta = timedelta(days=7)
    """How long a finished file is."""
    lease_s: int = 30
    poll_s: float = 1.0
    piece_bytes: int = PIECE_BYTES


class ExportWorker:
    """`formats` is asked for with the first job: what it needs is large to load."""

    def __init__(
        self,
        queue: ExportQueue,
        rows: ExportRows,
        formats: Callable[[], FileFormats],
        store: BlobStore,
        clock: Clock,
        terms: ExportTerms,
    ) -> None:
        self._queue = queue
        self._rows = rows
        self._formats = formats
        self._store = store
        self._clock = clock
        self._terms = terms
        self._wake = asyncio.Event()
        self._fault = LastingFault("The worker could not look for exports; it tries again.")

    def wake(self) -> None:
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set: a job in work is then let go where it is, for the next worker."""
        while not stop.is_set():
            try:
                is_idle = not await self.turn(stop)
                self._fault.is_over()
            except Exception as error:  # noqa: BLE001  whatever it is, it may be over with the next look
                self._fault.goes_on(error)
                is_idle = True
            if is_idle:
                await self._sleep(stop)

    async def turn(self, stop: asyncio.Event | None = None) -> bool:
        """One job, if one is due; False: none was. Then files past their time are deleted."""
        claim = await self._queue.claim(self._clock.now(), self._terms.lease_s)
        if claim is None:
            await self._expire()
            await self._tidy()
            return False
        await self._do(_Run(claim, claim.job.progress or 0.0, stop=stop))
        return True

    async def _do(self, run: _Run) -> None:
        claim = run.claim
        if claim.attempt > MAX_CLAIMS:
            return await self._give_up(claim, GIVEN_UP)
        try:
            async with self._renewing(run):
                await self._exported(run)
        except _LetGo:
            if run.is_ours:
                await self._queue.release(claim)
            else:  # cancelled; or another worker has it, whose folder this is now
                await self._tidy()
        except _Busy:
            await self._queue.retry(claim, self._clock.now() + timedelta(seconds=self._terms.lease_s))
        except BadRequest as error:
            await self._give_up(claim, str(error))
        except Exception as error:  # noqa: BLE001  the job tells it, and is tried again
            tell(error, f"Export {claim.job.id} failed (attempt {claim.attempt}).")
            await self._failed(claim)

    async def _failed(self, claim: ExportClaim) -> None:
        if claim.attempt < MAX_ATTEMPTS:
            pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S**claim.attempt) * random.uniform(0.5, 1)  # noqa: S311  jitter
            await self._queue.retry(claim, self._clock.now() + timedelta(seconds=pause_s))
            return
        await self._give_up(claim, GIVEN_UP)

    async def _give_up(self, claim: ExportClaim, error: str) -> None:
        await self._queue.fail(claim, self._clock.now(), error)
        await self._tidy()

    async def _exported(self, run: _Run) -> None:
        claim, folder = run.claim, self._folder(run.claim)
        with _locked(folder):
            spool = _read_spool(folder) or await self._spooled(run, folder)
            size, sha256 = await self._written(run, folder, spool)
            run.go_on()
            suffix = SUFFIXES[claim.job.format]
            await self._store.put(claim.job.key, folder / "data", MEDIA_TYPES[suffix])
            now = self._clock.now()
            file = ExportFile(spool.rows, size, sha256, spool.watermark)
            is_ours = await self._queue.succeed(claim, file, now, now + self._terms.kept)
            for key in claim.job.earlier_keys if is_ours else (claim.job.key,):
                await self._store.delete(key)
            await asyncio.to_thread(_clear, folder)

    async def _spooled(self, run: _Run, folder: Path) -> Spool:
        pieces = RowPieces(self._terms.piece_bytes)
        with (folder / "rows.csv").open("wb") as file:
            spooling = _SpoolFile(file)
            async with self._rows.read(run.claim.request) as reading:

                async def take(data: bytes) -> None:
                    for piece in pieces.gather(data):
                        run.go_on()
                        await asyncio.to_thread(spooling.write, piece)
                        run.progress = SPOOLED * min(1.0, pieces.lines / max(reading.total, 1))

                count = await reading.copy(take)
            await asyncio.to_thread(spooling.end, pieces.rest())
        spool = Spool(reading.watermark, count, tuple(spooling.ends))
        content = {"watermark": spool.watermark, "rows": spool.rows, "ends": spool.ends}
        await asyncio.to_thread(_keep, folder / "spool.json", content)
        return spool

    async def _written(self, run: _Run, folder: Path, spool: Spool) -> tuple[int, str]:
        job, data = run.claim.job, folder / "data"
        done, at = _read_done(folder) if data.exists() else (0, None)
        encoder: FileEncoder = await asyncio.to_thread(self._encoder, job, data, at)
        try:
            with (folder / "rows.csv").open("rb") as rows:
                for number in range(done, len(spool.ends)):
                    run.go_on()
                    begin = spool.ends[number - 1] if number else 0
                    await asyncio.to_thread(_encode, encoder, rows, begin, spool.ends[number])
                    run.progress = SPOOLED + (1 - SPOOLED) * (number + 1) / len(spool.ends)
                    if (number + 1) % SAFE_EVERY == 0:
                        await asyncio.to_thread(_make_safe, encoder, folder, number + 1)
            return await asyncio.to_thread(encoder.close)
        except BaseException:
            encoder.abandon()
            raise

    def _encoder(self, job: Any, data: Path, at: int | None) -> FileEncoder:
        return self._formats().encoder(job.format, job.dataset, data, at)

    @asynccontextmanager
    async def _renewing(self, run: _Run) -> AsyncIterator[None]:
        renewal = asyncio.create_task(self._renew(run))
        try:
            yield
        finally:
            renewal.cancel()
            await asyncio.wait([renewal])

    async def _renew(self, run: _Run) -> None:
        """A database that is away is waited for: whether the job is still ours, it will say."""
        while run.is_ours:
            await asyncio.sleep(min(self._terms.lease_s / 3, self._terms.poll_s))
            now = self._clock.now()
            with contextlib.suppress(Exception):
                run.is_ours = await self._queue.renew(run.claim, now, self._terms.lease_s, round(run.progress, 4))

    async def _expire(self) -> None:
        for job in await self._queue.expired(self._clock.now(), EXPIRE_AT_ONCE):
            await self._store.delete(job.key)
            await self._queue.forget_file(job.id)

    async def _tidy(self) -> None:
        """What is left of jobs that ended while nobody was at them: a worker was killed, then the job was cancelled."""
        names = await asyncio.to_thread(_names_in, self._terms.folder)
        for job in await self._queue.ended(names) if names else ():
            folder = self._terms.folder / job.id
            with contextlib.suppress(_Busy), _locked(folder):
                has_file = job.status is ExportStatus.SUCCEEDED
                for key in job.earlier_keys if has_file else (*job.earlier_keys, job.key):
                    await self._store.delete(key)
                await asyncio.to_thread(_clear, folder)

    async def _sleep(self, stop: asyncio.Event) -> None:
        waiting = [asyncio.create_task(event.wait()) for event in (self._wake, stop)]
        await asyncio.wait(waiting, timeout=self._terms.poll_s, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        self._wake.clear()

    def _folder(self, claim: ExportClaim) -> Path:
        return self._terms.folder / claim.job.id


class _SpoolFile:
    def __init__(self, file: BinaryIO) -> None:
        self.ends: list[int] = []
        self._file = file
        self._bytes = 0

    def write(self, piece: bytes) -> None:
        self._file.write(piece)
        self._bytes += len(piece)
        self.ends.append(self._bytes)

    def end(self, rest: bytes) -> None:
        if rest:
            self.write(rest)
        self._file.flush()
        os.fsync(self._file.fileno())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """The folder, made if need be, for us alone; the lock ends with the process. Raises _Busy."""
    folder.mkdir(parents=True, exist_ok=True)
    with _lock_of(folder).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _Busy from None
        if not _is_same(lock, _lock_of(folder)):  # its owner ended, and took it away: the next one has another
            raise _Busy
        yield


def _names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _is_same(file: TextIO, path: Path) -> bool:
    return path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())


def _clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    _lock_of(folder).unlink(missing_ok=True)


def _encode(encoder: FileEncoder, rows: BinaryIO, begin: int, end: int) -> None:
    rows.seek(begin)
    encoder.write(rows.read(end - begin))


def _make_safe(encoder: FileEncoder, folder: Path, pieces: int) -> None:
    at = encoder.flush()
    if at is not None:
        _keep(folder / "done.json", {"pieces": pieces, "bytes": at})


def _read_spool(folder: Path) -> Spool | None:
    try:
        kept = json.loads((folder / "spool.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Spool(kept["watermark"], kept["rows"], tuple(kept["ends"]))


def _read_done(folder: Path) -> tuple[int, int | None]:
    try:
        kept = json.loads((folder / "done.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return 0, None
    return kept["pieces"], kept["bytes"]


def _keep(path: Path, content: dict[str, Any]) -> None:
    """Written aside, then put in its place: it is there as a whole, or not at all."""
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    opened = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
