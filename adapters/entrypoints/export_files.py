"""The files of exports: `GET /exports/{id}/{name}` with a signature in place of a key, so that any tool can fetch one by its URL.

From a folder the file is sent from here, whole or in ranges; from storage of objects the caller is sent on to a URL of the
storage's own, which answers ranges itself.
"""

import base64
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from adapters.bootstrap import Exports
from adapters.entrypoints.answers import PLAIN_HEADERS, error_answer, is_held
from adapters.entrypoints.guard import request_id_of
from domain.exports.jobs import MEDIA_TYPES, key_of
from domain.ports.clock import Clock
from domain.values.ids import IdKind, kind_of

_SHA256_DIGITS: Final = 64
_NUMBER_DIGITS: Final = 11
_REMOTE_LIFE_S: Final = 300
"""A URL of the storage's own need only be good until it is followed."""


class ExportFileEndpoint:
    def __init__(self, exports: Exports, clock: Clock) -> None:
        self._exports = exports
        self._clock = clock

    async def answer(self, request: Request) -> Response:
        request_id, job_id, name = request_id_of(request.scope), request.path_params["id"], request.path_params["name"]
        asked = request.query_params
        sha256, suffix = asked.get("sha256", ""), name.rpartition(".")[2]
        attempt, expires = (_number(asked.get(word, "")) for word in ("attempt", "expires"))
        is_link = kind_of(job_id) is IdKind.EXPORT and suffix in MEDIA_TYPES
        links, signature = self._exports.links, asked.get("signature", "")
        if not is_link or not links.is_signed(job_id, name, attempt, expires, sha256, signature):
            return error_answer(403, "INVALID_LINK", "This is not a URL that was given out here.", request_id)
        if not links.is_good(expires, self._clock.now()):
            return error_answer(410, "LINK_EXPIRED", "This URL is not good any more: ask for it again.", request_id)
        found = await self._file(request, key_of(job_id, attempt, suffix), name, sha256)
        return found or error_answer(404, "NOT_FOUND", "The file is not kept any more.", request_id)

    async def _file(self, request: Request, key: str, name: str, sha256: str) -> Response | None:
        """None: it is not there."""
        media_type = MEDIA_TYPES[key.rpartition(".")[2]]
        path = self._exports.store.local_path(key)
        if path is None:
            url = await self._exports.store.remote_url(key, name, media_type, _REMOTE_LIFE_S)
            headers = {"location": url or "", "cache-control": "no-store", **PLAIN_HEADERS}
            return None if url is None else Response(status_code=307, headers=headers)
        headers = _headers(sha256)
        if is_held(request.headers.get("if-none-match"), headers["etag"]):
            return Response(status_code=304, headers=headers)
        return FileResponse(path, headers=headers, media_type=media_type, filename=name)


def _headers(sha256: str) -> dict[str, str]:
    """The digest as RFC 9530 has it, and as the file's ETag: it never changes."""
    digest = base64.b64encode(bytes.fromhex(sha256)).decode() if len(sha256) == _SHA256_DIGITS else ""
    return {
        "etag": f'"{sha256}"',
        "repr-digest": f"sha-256=:{digest}:",
        "cache-control": "private, max-age=3600",
        "referrer-policy": "no-referrer",
        **PLAIN_HEADERS,
    }


def _number(text: str) -> int:
    """No number is one that nothing was signed with."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _NUMBER_DIGITS else -1
