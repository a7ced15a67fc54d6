"""GraphQL over HTTP, as the specification's own audits see it."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.fixtures.server_process import ServerProcess

pytestmark = pytest.mark.web


def test_every_audit_passes(server: ServerProcess, node: Callable[..., Any]) -> None:
    audits = node("audit.mjs", f"{server.url}/graphql")
    assert [(audit["name"], audit["reason"]) for audit in audits if audit["status"] != "ok"] == []
    assert Counter(audit["name"].split()[0] for audit in audits) == {"MUST": 13, "SHOULD": 23, "MAY": 25}
