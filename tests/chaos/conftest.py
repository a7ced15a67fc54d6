"""The shop in today's time, and server processes on its database: what they leave behind is examined."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.bootstrap import EMBEDDED
from adapters.db.engine import Database
from tests.fixtures.crashing_server import Servers
from tests.fixtures.shop import SettableClock, Shop

Opened = Callable[[bool], Shop]


@pytest.fixture
def opened(database: Database) -> Opened:
    """Makes the shop, not open yet, with or without services that are apart."""

    def make(is_apart: bool) -> Shop:
        clock = SettableClock(datetime.now(UTC))
        return Shop(database, local={} if is_apart else EMBEDDED, clock=clock)

    return make


@pytest.fixture
def servers(database_url: str, database: Database, tmp_path: Path) -> Servers:
    """Asks for `database`, which empties it, so that no server is there before."""
    assert database is not None
    return Servers(database_url, tmp_path)
