"""What docs/bi.md prints works as printed: each query, statement, command and script of it, against a server with demo data."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.db.connection import connect
from adapters.db.embedded_server import running_url
from adapters.entrypoints.bi_markdown import datasets_markdown
from tests.fixtures.server_process import ServerProcess, environment, run, serving

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "bi.md").read_text()
ROLE = "bi_docs_reader"
NOT_OURS = ("import pandas", "import polars")
"""Libraries that this project does not install: their scripts are only read."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bi-docs")
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ServerProcess]:
    with serving(folder / "data", folder / "log", demo_orders="500") as running:
        yield running


@pytest.fixture(scope="module")
def key(server: ServerProcess) -> str:
    found = re.search(r"demo-analyst-[0-9a-f]+", server.output)
    assert found is not None
    return found[0]


def test_the_page_of_the_datasets_is_the_printed_one() -> None:
    assert (DOCS / "bi-datasets.md").read_text() == datasets_markdown()


@pytest.mark.parametrize("document", blocks("graphql"), ids=lambda text: text.split()[1])
def test_every_graphql_document_answers(server: ServerProcess, key: str, document: str) -> None:
    answer = server.ask(document, key=key)
    assert "errors" not in answer
    assert all(answer["data"].values())


def test_a_role_that_was_granted_the_views_runs_every_statement(server: ServerProcess, folder: Path) -> None:
    env = environment(folder / "data")
    granted = run("bi", "grant", ROLE, env=env)
    assert granted.returncode == 0, granted.stderr
    first, second = granted.stdout.splitlines()
    assert first == f"{ROLE} was made and may read the views of the schema bi."
    assert re.fullmatch(r"Password \(shown this once\): \S{32}", second)
    assert run("bi", "grant", ROLE, env=env).stdout == f"{ROLE} may read the views of the schema bi.\n"
    refused = run("bi", "grant", "pg_monitor", env=env)
    assert (refused.returncode, refused.stdout) == (2, "")
    statements = [re.sub(r"\$__timeFilter\((\w+)\)", r"\1 >= '2000-01-01'", text) for text in blocks("sql")]
    assert len(statements) == 4
    assert all(asyncio.run(counts(folder, statements)))
    assert server.process.poll() is None


async def counts(folder: Path, statements: list[str]) -> list[int]:
    connection = await connect(running_url(folder / "data") or "")
    try:
        await connection.execute(f"SET ROLE {ROLE}")
        return [len(await connection.fetch(statement)) for statement in statements]
    finally:
        await connection.close()


def test_every_command_runs(server: ServerProcess, key: str) -> None:
    for script in blocks("bash"):
        for command in script.splitlines():
            done = subprocess.run(  # noqa: S603
                ["bash", "-euo", "pipefail", "-c", command.replace("curl -s", "curl -sSf")],  # noqa: S607
                env={**os.environ, "URL": server.url, "KEY": key},
                capture_output=True,
                text=True,
                check=False,
            )
            assert (done.returncode, done.stderr) == (0, "")


def test_every_script_runs_or_is_python_at_least(server: ServerProcess, key: str, folder: Path) -> None:
    scripts = blocks("python")
    runnable = [script for script in scripts if not any(name in script for name in NOT_OURS)]
    assert (len(scripts), len(runnable)) == (3, 1)
    for script in scripts:
        compile(script, "docs/bi.md", "exec")
    env = {**os.environ, "URL": server.url, "KEY": key}
    command = [sys.executable, "-c", runnable[0]]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert "storefront-eu" in done.stdout
