"""The page to try queries, as a visitor without a network sees it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.fixtures.server_process import ServerProcess
from tests.web.browser import chromium

pytestmark = pytest.mark.web
LOCAL_SCHEMES = {"blob", "data"}


def test_the_first_example_answers_without_complaint_and_without_asking_anyone_else(
    server: ServerProcess, node: Callable[..., Any]
) -> None:
    seen = node("page.mjs", f"{server.url}/graphql", chromium())
    assert seen["title"] == "Order Center"
    assert seen["tabs"][0].startswith("OrderList")
    assert seen["status"] == 200
    assert "errors" not in seen["answer"]
    assert len(seen["answer"]["data"]["orders"]["nodes"]) == 10
    assert "totalCount" in seen["shown"]
    assert seen["complaints"] == []
    asked = {urlsplit(url) for url in seen["requests"]}
    assert {url.netloc for url in asked if url.scheme not in LOCAL_SCHEMES} == {urlsplit(server.url).netloc}
