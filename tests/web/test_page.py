"""The page to try queries, as a visitor without a network sees it."""

import shutil
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.fixtures.server_process import ServerProcess

pytestmark = pytest.mark.web
LOCAL_SCHEMES = {"blob", "data"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert found is not None, (
        "Chromium is missing: `make test-web` installs it as root; else `apt-get install chromium`."
    )
    return found


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
