"""Where a ClickHouse server is; known without its client."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

_PORTS: Final[Mapping[bool, int]] = {False: 8123, True: 8443}


@dataclass(frozen=True, slots=True)
class ClickHouseAddress:
    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    is_secure: bool = False

    @classmethod
    def of(cls, url: str) -> "ClickHouseAddress":
        """From a URL that the settings let through."""
        parts = urlsplit(url)
        is_secure = parts.scheme in {"https", "clickhouses"}
        return cls(
            parts.hostname or "",
            parts.port or _PORTS[is_secure],
            parts.path.strip("/"),
            unquote(parts.username or "default"),
            unquote(parts.password or ""),
            is_secure,
        )

    @property
    def place(self) -> str:
        """The same for everybody who means the same database, however it is spelled and whoever asks."""
        return f"{self.host}:{self.port}/{self.database}"

    def __str__(self) -> str:
        """Without the password."""
        return f"{self.user}@{self.place}"
