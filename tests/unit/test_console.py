import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from adapters.console.page import ASSETS, CONTENT_SECURITY_POLICY, analytics_page, console_page

CONSOLE = ASSETS.parent
PREFIX = "console/assets/"
EXAMPLES: list[dict[str, Any]] = json.loads((CONSOLE / "examples.json").read_text())
REGISTRY_HOSTS = re.compile(r"npmjs|npmmirror|yarnpkg|unpkg|jsdelivr|esm\.sh|skypack|artifactory", re.IGNORECASE)


class Page(HTMLParser):
    """What the page refers to, and the text of its one data block."""

    def __init__(self, page: bytes | None = None) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.data: dict[str, str] = {}
        self.feed((page or console_page()).decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        tag, attributes = self.tags[-1] if self.tags else ("", {})
        if tag in {"script", "title"} and data.strip():
            self.data.setdefault(attributes.get("id") or tag, data)


def references(page: Page) -> list[str]:
    sources = {"script": "src", "link": "href", "style": "src", "img": "src", "iframe": "src"}
    found = [attributes.get(sources[tag]) for tag, attributes in page.tags if tag in sources]
    return [reference for reference in found if reference is not None]


def test_the_page_is_called_order_center() -> None:
    assert Page().data["title"] == "Order Center"


def test_the_page_loads_shipped_assets_and_nothing_else() -> None:
    names = [reference.removeprefix(PREFIX) for reference in references(Page())]
    assert names == ["icon.svg", "graphiql.css", "graphiql.js"]
    assert all(reference.startswith(PREFIX) for reference in references(Page()))
    assert [name for name in names if not (ASSETS / name).is_file()] == []


def test_the_page_for_analytics_loads_shipped_assets_and_nothing_else() -> None:
    page = Page(analytics_page())
    assert page.data["title"] == "Order Center: analytics"
    assert references(page) == [f"{PREFIX}{name}" for name in ("icon.svg", "analytics.css", "analytics.js")]
    assert [
        name for _, attributes in page.tags for name in attributes if name.startswith("on") or name == "style"
    ] == []
    assert "url(" not in (ASSETS / "analytics.css").read_text()


def test_every_field_of_the_page_for_analytics_has_a_name() -> None:
    """By a label around it, or by words of its own."""
    tags = Page(analytics_page()).tags
    fields = [(at, attributes) for at, (tag, attributes) in enumerate(tags) if tag in {"input", "select"}]
    assert len(fields) == 10
    assert [attributes for at, attributes in fields if tags[at - 1][0] != "label"] == []


def test_the_page_has_no_script_of_its_own_but_the_data_block() -> None:
    inline = [attributes for tag, attributes in Page().tags if tag == "script" and "src" not in attributes]
    assert inline == [{"type": "application/json", "id": "examples"}]
    assert [name for _, attributes in Page().tags for name in attributes if name.startswith("on")] == []


def test_the_examples_reach_the_page_unchanged() -> None:
    assert json.loads(Page().data["examples"]) == EXAMPLES


def test_no_example_can_end_the_data_block() -> None:
    block = console_page().partition(b'id="examples">')[2].partition(b"</script>")[0]
    assert b"<" not in block


def test_styles_load_only_shipped_fonts_and_data() -> None:
    urls = re.findall(r"url\(\s*[\"']?([^)\"']+)", (ASSETS / "graphiql.css").read_text())
    assert {url for url in urls if not url.startswith("data:")} == {"./codicon.ttf"}
    assert (ASSETS / "codicon.ttf").is_file()


def test_scripts_start_only_the_shipped_worker_and_never_evaluate_text() -> None:
    script = (ASSETS / "graphiql.js").read_text()
    assert re.findall(r"new Worker\(new URL\(\"([^\"]+)\",import\.meta\.url\)", script) == ["worker.js"]
    for name in ("analytics.js", "graphiql.js", "worker.js"):
        assert re.findall(r"\bnew Function\(|(?<![\w.$])eval\(", (ASSETS / name).read_text()) == []


def test_the_policy_allows_no_other_origin_and_no_inline_script() -> None:
    directives = dict(directive.split(" ", 1) for directive in CONTENT_SECURITY_POLICY.split("; "))
    assert directives["default-src"] == directives["script-src"] == directives["worker-src"] == "'self'"
    assert not re.search(r"https?:|\*|unsafe-eval", CONTENT_SECURITY_POLICY)


def test_the_assets_stay_small_and_bring_their_licences() -> None:
    assert {path.name for path in ASSETS.iterdir()} == {
        "LICENSES.txt",
        "analytics.css",
        "analytics.js",
        "codicon.ttf",
        "graphiql.css",
        "graphiql.js",
        "icon.svg",
        "worker.js",
    }
    assert sum(path.stat().st_size for path in ASSETS.iterdir()) < 6_000_000
    assert (ASSETS / "analytics.js").stat().st_size < 250_000
    licences = (ASSETS / "LICENSES.txt").read_text()
    assert [
        name for name in ("graphiql", "monaco-editor", "react", "graphql", "chart.js") if f"\n{name} " not in licences
    ] == []


def sources() -> list[Path]:
    folders = (CONSOLE / "web", CONSOLE / "web" / "analytics")
    return [*ASSETS.iterdir(), *(path for folder in folders for path in folder.iterdir() if path.is_file())]


def test_no_file_names_a_package_registry() -> None:
    assert [path.name for path in sources() if REGISTRY_HOSTS.search(path.read_text(errors="replace"))] == []


def test_the_lock_file_pins_contents_without_addresses() -> None:
    lock = json.loads((CONSOLE / "web" / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if "integrity" not in package] == []
    manifest = json.loads((CONSOLE / "web" / "package.json").read_text())
    pins = {**manifest["dependencies"], **manifest["devDependencies"]}
    assert {name: packages[f"node_modules/{name}"]["version"] for name in pins} == pins


def test_the_examples_serve_the_three_user_groups() -> None:
    assert list(dict.fromkeys(example["group"] for example in EXAMPLES)) == [
        "Frontend teams",
        "Partner channels",
        "BI tools",
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["title"])
def test_an_example_is_one_named_operation_with_exactly_its_variables(example: dict[str, Any]) -> None:
    assert set(example) == {"group", "title", "query", "variables"}
    (operation,) = parse(example["query"]).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    assert {variable.variable.name.value for variable in operation.variable_definitions or ()} == set(
        example["variables"]
    )


def test_examples_that_write_carry_idempotency_keys() -> None:
    writing = [example for example in EXAMPLES if example["query"].startswith("mutation")]
    keys = [example["variables"]["input"]["idempotencyKey"] for example in writing]
    assert keys == ["console-place-1", "console-pay-1"]
