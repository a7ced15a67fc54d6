"""Where files of exports are kept: a folder, or storage of objects."""

from pathlib import Path
from typing import Protocol


class BlobStore(Protocol):
    async def put(self, key: str, file: Path, media_type: str) -> None:
        """Keeps a copy of the file; one that was there under the key is replaced as a whole. Idempotent."""
        ...

    async def delete(self, key: str) -> None:
        """Idempotent."""
        ...

    def local_path(self, key: str) -> Path | None:
        """Where the file lies on this machine; None: it does not, ask for a `remote_url`."""
        ...

    async def remote_url(self, key: str, name: str, media_type: str, expires_s: int) -> str | None:
        """A URL of the storage's own from which anybody may fetch it under that name for so long; None: there is no such file."""
        ...

    async def close(self) -> None: ...
