"""Files in storage of objects that speaks S3, through fsspec and s3fs: an optional part of the installation (`order-center[s3]`)."""

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import s3fs

_PIECE_BYTES: Final = 8 << 20


class ObjectStore:
    """`url`: `s3://bucket/prefix`. Without a key, the machine's own credentials serve."""

    def __init__(
        self,
        url: str,
        *,
        endpoint: str | None = None,
        key: str | None = None,
        secret: str | None = None,
        region: str | None = None,
    ) -> None:
        self._root = url.removeprefix("s3://").rstrip("/")
        options: Mapping[str, Any] = {"endpoint_url": endpoint, "key": key, "secret": secret}
        client = {"region_name": region} if region else {}
        self._files = s3fs.S3FileSystem(
            **{name: value for name, value in options.items() if value is not None},
            client_kwargs=client,
            config_kwargs={"signature_version": "s3v4"},
            skip_instance_cache=True,
            use_listings_cache=False,
        )

    async def put(self, key: str, file: Path, media_type: str) -> None:
        """In a thread: s3fs has a loop of its own."""
        await asyncio.to_thread(self._put, key, file, media_type)

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._delete, key)

    def local_path(self, _key: str) -> Path | None:
        return None

    async def remote_url(self, key: str, name: str, media_type: str, expires_s: int) -> str | None:
        return await asyncio.to_thread(self._url, key, name, media_type, expires_s)

    async def close(self) -> None:
        """s3fs ends its sessions by itself."""

    def _put(self, key: str, file: Path, media_type: str) -> None:
        with (
            file.open("rb") as source,
            self._files.open(self._path(key), "wb", block_size=_PIECE_BYTES, ContentType=media_type) as target,
        ):
            shutil.copyfileobj(source, target, _PIECE_BYTES)

    def _delete(self, key: str) -> None:
        if self._files.exists(self._path(key)):
            self._files.rm_file(self._path(key))

    def _url(self, key: str, name: str, media_type: str, expires_s: int) -> str | None:
        if not self._files.exists(self._path(key)):
            return None
        shown = f"attachment; filename*=UTF-8''{quote(name)}"
        url: str = self._files.url(
            self._path(key), expires=expires_s, ResponseContentDisposition=shown, ResponseContentType=media_type
        )
        return url

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"
