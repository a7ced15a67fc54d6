"""The commands that are not `serve`, as processes."""

from pathlib import Path

import pytest

from tests.fixtures.server_process import environment, run


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("commands")
    folder.chmod(0o755)
    env = environment(folder / "data")
    assert run("seed", "--orders", "80", env=env).returncode == 0
    return env


def test_seeding_twice_is_refused(seeded: dict[str, str]) -> None:
    again = run("seed", "--orders", "5", env=seeded)
    assert again.returncode == 2
    assert "--add" in again.stderr


def test_the_doctor_finds_nothing_after_the_seed(seeded: dict[str, str]) -> None:
    ended = run("doctor", env=seeded)
    assert ended.returncode == 0
    for rule in ("I1", "I2", "I3", "I4", "I5", "I7"):
        assert rule in ended.stdout


def test_stock_arrives(seeded: dict[str, str]) -> None:
    unknown = run("stock", "receive", "NO-SUCH-SKU", "NOWHERE", "5", env=seeded)
    assert unknown.returncode == 2
    assert "NO-SUCH-SKU" in unknown.stderr


def test_an_import_from_a_folder_that_is_none_is_one_clear_sentence(seeded: dict[str, str], tmp_path: Path) -> None:
    ended = run("import", "olist", str(tmp_path / "nothing"), env=seeded)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "command",
    [
        (), ("serve",), ("worker",), ("migrate",), ("seed",), ("doctor",), ("import", "olist"), ("stock", "receive"),
        ("flows",), ("export-schema",), ("settings",), ("errors",),
    ],
)  # fmt: skip
def test_every_command_explains_itself(command: tuple[str, ...], tmp_path: Path) -> None:
    ended = run(*command, "--help", env=environment(tmp_path))
    assert ended.returncode == 0
    assert "Usage" in ended.stdout


def test_the_flows_are_shown_as_tables_and_as_mermaid(tmp_path: Path) -> None:
    table = run("flows", env=environment(tmp_path)).stdout
    assert "confirmReceipt" in table
    assert run("flows", "--mermaid", env=environment(tmp_path)).stdout.startswith("stateDiagram-v2\n")


def test_the_exported_schema_is_the_snapshot(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    assert run("export-schema", env=environment(tmp_path)).stdout == (root / "schema" / "schema.graphql").read_text()
