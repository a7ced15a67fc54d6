"""Signed paths to the files of exports. Whoever has one may fetch the file, until it expires; nobody can make one or change it."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

from domain.exports.jobs import ExportJobView
from domain.values.enums import ExportStatus

PATH: Final = "/exports/{id}/{name}"
_PURPOSE: Final = "order-center.export"


class SignedLinks:
    """`life`: how long a path is good from when it is asked for; never longer than the file is kept."""

    def __init__(self, secret: str, life: timedelta = timedelta(hours=1)) -> None:
        self._secret = secret.encode()
        self._life = life

    def path(self, job: ExportJobView, now: datetime) -> str | None:
        if job.status is not ExportStatus.SUCCEEDED or job.expires_at is None or job.expires_at <= now:
            return None
        expires = int(min(now + self._life, job.expires_at).timestamp())
        signature = self._signature(job.id, job.file_name, job.attempt, expires, job.sha256 or "")
        where = PATH.format(id=job.id, name=quote(job.file_name))
        return f"{where}?attempt={job.attempt}&expires={expires}&sha256={job.sha256}&signature={signature}"

    def is_signed(self, job_id: str, name: str, attempt: int, expires: int, sha256: str, signature: str) -> bool:
        expected = self._signature(job_id, name, attempt, expires, sha256)
        return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))

    def is_good(self, expires: int, now: datetime) -> bool:
        return datetime.fromtimestamp(expires, UTC) > now

    def _signature(self, job_id: str, name: str, attempt: int, expires: int, sha256: str) -> str:
        text = "\n".join((_PURPOSE, job_id, name, str(attempt), str(expires), sha256))
        return hmac.new(self._secret, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
