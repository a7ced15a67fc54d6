"""A worker is killed in the middle of an export: the next one ends with the file of an undisturbed run over the same rows."""

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from domain.values.enums import ExportFormat, ExportStatus
from tests.chaos.conftest import Opened
from tests.fixtures.exports import Exporting
from tests.fixtures.shop import BOB, Shop

pytestmark = pytest.mark.anyio

PIECE_BYTES: Final = 100
"""Less than a row: as many pieces as rows."""
POINTS: Final = {"read:1": False, "write:1": True, "write:2": True, "write:3": True, "kept:1": True}
"""Where it is killed, and whether the rows are safe by then: what changes later is not in the file."""


def work(url: str, folder: Path, *arguments: str) -> int:
    command = (sys.executable, "-m", "tests.fixtures.export_worker", url, str(folder), str(PIECE_BYTES), *arguments)
    return subprocess.run(command, check=False).returncode  # noqa: S603  our own command


async def shop_with_orders(opened: Opened) -> Shop:
    shop = opened(False)
    await shop.open()
    for _ in range(3):
        await shop.placed()
    return shop


@pytest.mark.parametrize("kind", ExportFormat)
@pytest.mark.parametrize("point", POINTS)
async def test_after_a_kill_the_file_is_that_of_an_undisturbed_run(
    opened: Opened, database_url: str, tmp_path: Path, kind: ExportFormat, point: str
) -> None:
    shop = await shop_with_orders(opened)
    exporting = Exporting(shop, tmp_path)
    undisturbed, _ = await exporting.made(format=kind.value, dataset="ORDERS")
    job_id = await exporting.started(format=kind.value, dataset="ORDERS")
    assert work(database_url, tmp_path, "--at", point) == -signal.SIGKILL
    job, content = await exporting.found(job_id)
    assert (job.status, job.sha256, job.watermark) == (ExportStatus.RUNNING, None, None)
    if POINTS[point]:
        await shop.placed(BOB, member_id="mbr_bob")
    assert work(database_url, tmp_path) == 0
    job, content = await exporting.found(job_id)
    assert (job.status, job.rows, job.sha256) == (ExportStatus.SUCCEEDED, 3, undisturbed.sha256)
    assert len(content) == job.bytes
    assert list((tmp_path / "work").iterdir()) == []
    later, _ = await exporting.made(format=kind.value, dataset="ORDERS", since=job.watermark)
    assert later.rows == POINTS[point]
    assert job.finished_at is not None
    assert job.finished_at <= datetime.now(UTC)
