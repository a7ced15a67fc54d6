"""The page for analytics, as visitors without a network see it: on a desk and on a phone, by day and by night."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from domain.values.enums import Measure
from tests.fixtures.server_process import ServerProcess
from tests.web.browser import chromium

pytestmark = pytest.mark.web
LOCAL_SCHEMES = {"blob", "data"}
REFUSED = "Failed to load resource: the server responded with a status of 401 (Unauthorized)"


@pytest.mark.parametrize(("width", "scheme"), [("1280", "light"), ("360", "dark")])
def test_a_visitor_counts_orders_and_takes_the_query_along(
    server: ServerProcess, node: Callable[..., Any], width: str, scheme: str
) -> None:
    seen = node("analytics.mjs", f"{server.url}/analytics", chromium(), width, scheme)
    assert seen["title"] == "Order Center: analytics"
    assert " as of " in seen["first"]
    assert seen["columns"][:2] == ["TIME (day)", "CHANNEL"]
    assert 'timezone: "Europe/Berlin"' in seen["query"]
    assert "measures: [ORDERS, NET]" in seen["query"]
    assert set(seen["byKeyboard"]) > set(seen["columns"])
    table = seen["months"]["answer"]["data"]["orderAnalytics"]
    assert seen["cells"] == table["rowCount"] > 1
    assert seen["drawn"] is True
    assert seen["overflow"] <= 0
    assert seen["bars"]["answer"]["data"]["orderAnalytics"]["columns"][0]["kind"] == "DIMENSION"
    assert seen["empty"] == "No orders in this range, with these filters."
    assert 'gte: "2000-12-31T23:00:00.000Z"' in seen["midnights"]
    assert 'lt: "2001-01-02T23:00:00.000Z"' in seen["midnights"]
    assert seen["refused"].startswith("This key is not known here.")
    assert seen["focus"] == "key"
    assert seen["kept"] == [column["name"] for column in seen["bars"]["answer"]["data"]["orderAnalytics"]["columns"]]
    assert seen["badZone"] == "Berlin is no time zone: take one like Europe/Berlin."
    assert [complaint for complaint in seen["complaints"] if complaint != REFUSED] == []
    asked = {urlsplit(url) for url in seen["requests"]}
    assert {url.netloc for url in asked if url.scheme not in LOCAL_SCHEMES} == {urlsplit(server.url).netloc}


def test_a_visitor_is_told_of_what_is_waited_for_and_of_what_failed(
    server: ServerProcess, node: Callable[..., Any]
) -> None:
    seen = node("analytics-states.mjs", f"{server.url}/analytics", chromium())
    count = seen["answered"]["choices"]

    def told(text: str, kind: str, *, choices: int = count) -> dict[str, Any]:
        return {"text": text, "kind": kind, "busy": str(kind == "loading").lower(), "found": False, "choices": choices}

    away = "The server does not answer. Try again in a moment."
    assert seen["loading"] == told("Loading what can be counted…", "loading", choices=0)
    assert seen["away"] == told(away, "error", choices=0)
    assert seen["counting"] == told("Counting…", "loading")
    assert count == len(Measure)
    for name in ("answered", "again"):
        assert (seen[name]["kind"], seen[name]["busy"], seen[name]["found"]) == ("", "false", True)
    assert seen["refused"] == told("A sum is too large.", "error")
    assert seen["unreachable"] == told(away, "error")
    assert seen["nothing"] == told("There is no answer to this question.", "error")
    assert seen["last"] == "CHANNEL"
    assert seen["faults"] == []
