"""The URL of a file: signed, for a while, whole or in ranges; from a folder, and from storage of objects."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from moto.server import ThreadedMotoServer

from adapters.entrypoints.auth import DemoKeys
from adapters.entrypoints.http import application
from adapters.export.object_store import ObjectStore
from domain.exports.jobs import ExportJobView
from tests.fixtures.exports import LINK_LIFE, Exporting
from tests.fixtures.shop import DAY, HOUR, SECRET, Shop

pytestmark = pytest.mark.anyio

BUCKET: Final = "exports"
ONE: Final = timedelta(seconds=1)


@pytest.fixture
def exporting(shop: Shop, tmp_path: Path) -> Exporting:
    return Exporting(shop, tmp_path)


@asynccontextmanager
async def client_of(exporting: Exporting) -> AsyncIterator[httpx.AsyncClient]:
    """Without a key: the signature is one."""
    transport = httpx.ASGITransport(application(exporting.center, DemoKeys(SECRET, exporting.shop.ports.policies)))
    async with httpx.AsyncClient(transport=transport, base_url="http://order-center") as client:
        yield client


async def made(exporting: Exporting, **more: Any) -> tuple[ExportJobView, bytes, str]:
    await exporting.shop.placed()
    job, content = await exporting.made(**{"format": "CSV", "dataset": "ORDER_LINES", **more})
    url = exporting.shop.ports.export_links.path(job, exporting.shop.clock.now())
    assert url is not None
    return job, content, url


@pytest.mark.parametrize(
    ("form", "media_type", "suffix"),
    [
        ("JSONL", "application/x-ndjson", "jsonl"),
        ("CSV", "text/csv; charset=utf-8", "csv"),
        ("PARQUET", "application/vnd.apache.parquet", "parquet"),
    ],
)
async def test_the_file_comes_with_its_name_type_and_digest(
    exporting: Exporting, form: str, media_type: str, suffix: str
) -> None:
    job, content, url = await made(exporting, format=form)
    async with client_of(exporting) as client:
        answer = await client.get(url)
        head = await client.head(url)
        same = await client.get(url, headers={"if-none-match": answer.headers["etag"]})
        among = await client.get(url, headers={"if-none-match": f'"another", W/{answer.headers["etag"]}'})
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == media_type
    name = f"order-lines-20260302T090000Z.{suffix}"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"' == f'"{job.sha256}"'
    assert answer.headers["repr-digest"].startswith("sha-256=:")
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(content)))
    assert (same.status_code, same.content) == (among.status_code, among.content) == (304, b"")


async def test_a_download_that_broke_off_goes_on_by_ranges(exporting: Exporting) -> None:
    _, content, url = await made(exporting)
    async with client_of(exporting) as client:
        first = await client.get(url, headers={"range": "bytes=0-99"})
        etag = first.headers["etag"]
        rest = await client.get(url, headers={"range": "bytes=100-", "if-range": etag})
        other = await client.get(url, headers={"range": "bytes=100-", "if-range": '"another"'})
        beyond = await client.get(url, headers={"range": f"bytes={len(content)}-"})
    assert (first.status_code, rest.status_code) == (206, 206)
    assert first.content + rest.content == content
    assert rest.headers["content-range"] == f"bytes 100-{len(content) - 1}/{len(content)}"
    assert (other.status_code, other.content) == (200, content)
    assert beyond.status_code == 416


async def refused(client: httpx.AsyncClient, url: str) -> tuple[int, str]:
    answer = await client.get(url)
    (error,) = answer.json()["errors"]
    return answer.status_code, error["extensions"]["code"]


async def test_a_url_that_was_changed_opens_nothing(exporting: Exporting) -> None:
    job, _, url = await made(exporting)
    other, _, _ = await made(exporting)
    expires = url.partition("expires=")[2].partition("&")[0]
    async with client_of(exporting) as client:
        for changed in (
            url.replace(f"expires={expires}", f"expires={int(expires) + 1}"),
            url.replace(job.id, other.id),
            url.replace("attempt=1", "attempt=2"),
            url.replace("attempt=1&", ""),
            url.replace("order-lines-", "payments-"),
            url.replace(".csv?", ".jsonl?"),
            url.replace(".csv?", ".exe?"),
            url.replace(f"sha256={job.sha256}", f"sha256={'0' * 64}"),
            url[:-1] + ("0" if url[-1] != "0" else "1"),
            url.partition("&signature")[0],
            url.partition("?")[0],
            url.replace(f"expires={expires}", "expires=never"),
            url.replace(f"expires={expires}", "expires=%C2%B2"),
        ):
            assert await refused(client, changed) == (403, "INVALID_LINK"), changed
        assert (await client.get(url)).status_code == 200
        assert (await client.post(url)).status_code == 405


async def test_a_url_is_good_for_its_time_and_can_be_asked_for_again(exporting: Exporting) -> None:
    job, content, url = await made(exporting)
    clock = exporting.shop.clock
    async with client_of(exporting) as client:
        clock.pass_(LINK_LIFE - ONE)
        assert (await client.get(url)).status_code == 200
        clock.pass_(ONE)
        assert await refused(client, url) == (410, "LINK_EXPIRED")
        again = exporting.shop.ports.export_links.path(job, clock.now())
        assert again is not None
        assert (await client.get(again)).content == content


async def test_no_url_outlives_the_file(exporting: Exporting) -> None:
    job, _, _ = await made(exporting)
    clock, links = exporting.shop.clock, exporting.shop.ports.export_links
    clock.pass_(7 * DAY - HOUR / 2)
    late = links.path(job, clock.now())
    assert late is not None
    clock.pass_(HOUR / 2)
    assert links.path(job, clock.now()) is None
    async with client_of(exporting) as client:
        assert await refused(client, late) == (410, "LINK_EXPIRED")
        exporting.shop.clock.pass_(-HOUR / 4)
        await exporting.store.delete(job.key)
        assert await refused(client, late) == (404, "NOT_FOUND")


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that speaks S3, on loopback."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_storage_of_objects_keeps_the_file_and_hands_it_out(exporting: Exporting, storage: str) -> None:
    store = ObjectStore(f"s3://{BUCKET}/orders", endpoint=storage, key="key", secret="secret", region="eu-central-1")
    store._files.mkdir(BUCKET)
    exporting.store = store
    await exporting.shop.placed()
    job, _ = await exporting.made(format="JSONL", dataset="ORDERS")
    url = exporting.shop.ports.export_links.path(job, exporting.shop.clock.now())
    assert url is not None
    async with client_of(exporting) as client, httpx.AsyncClient(trust_env=False) as outside:
        sent_on = await client.get(url)
        where = sent_on.headers["location"]
        whole = await outside.get(where)
        part = await outside.get(where, headers={"range": "bytes=0-9"})
        assert (await refused(client, url[:-2])) == (403, "INVALID_LINK")
        await store.delete(job.key)
        await store.delete(job.key)
        assert await refused(client, url) == (404, "NOT_FOUND")
    assert sent_on.status_code == 307
    assert where.startswith(f"{storage}/{BUCKET}/orders/{job.key}?")
    assert hashlib.sha256(whole.content).hexdigest() == job.sha256
    assert whole.headers["content-type"] == "application/x-ndjson"
    assert job.file_name in whole.headers["content-disposition"]
    assert (part.status_code, part.content) == (206, whole.content[:10])
