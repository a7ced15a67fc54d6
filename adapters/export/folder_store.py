"""Files in a folder of this machine, or of one that all replicas share."""

import asyncio
import shutil
from pathlib import Path


class FolderStore:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: str, file: Path, media_type: str) -> None:  # noqa: ARG002  a folder keeps no types
        await asyncio.to_thread(self._put, key, file)

    async def delete(self, key: str) -> None:
        for path in (self._path(key), self._draft(key)):
            path.unlink(missing_ok=True)

    def local_path(self, key: str) -> Path | None:
        path = self._path(key)
        return path if path.is_file() else None

    async def remote_url(self, key: str, name: str, media_type: str, expires_s: int) -> str | None:  # noqa: ARG002  there is none
        return None

    async def close(self) -> None:
        """Nothing is open."""

    def _put(self, key: str, file: Path) -> None:
        """A second name of the same file where that can be, a copy elsewhere; then it takes its place at once."""
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._draft(key)
        draft.unlink(missing_ok=True)
        try:
            draft.hardlink_to(file)
        except OSError:
            shutil.copyfile(file, draft)
        draft.replace(self._path(key))

    def _path(self, key: str) -> Path:
        return self._folder / Path(key).name

    def _draft(self, key: str) -> Path:
        return self._folder / f".{Path(key).name}.draft"
