"""`order-center export` as a process: the file, what is said of it, and what cannot be understood."""

import hashlib
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.fixtures.server_process import environment, run


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("exports")
    folder.chmod(0o755)
    env = environment(folder / "data")
    assert run("seed", "--orders", "40", env=env).returncode == 0
    return env


def told(output: str) -> dict[str, str]:
    return dict(line.split(maxsplit=1) for line in output.splitlines()[1:])


def test_an_export_is_written_and_what_follows_it_is_nothing(seeded: dict[str, str], tmp_path: Path) -> None:
    whole = tmp_path / "orders.parquet"
    ended = run("export", "orders", "--format", "parquet", "--output", str(whole), env=seeded)
    assert (ended.returncode, ended.stdout.splitlines()[0]) == (0, str(whole))
    said, content = told(ended.stdout), whole.read_bytes()
    assert said["sha256"] == hashlib.sha256(content).hexdigest()
    assert said["bytes"] == str(len(content))
    rows = pq.read_table(io.BytesIO(content)).to_pylist()
    assert said["rows"] == str(len(rows))
    assert len({row["order_id"] for row in rows}) == len(rows) > 0

    paid = tmp_path / "paid.jsonl"
    chosen = '{"paymentStatus": ["PAID"]}'
    assert run("export", "orders", "--filter", chosen, "--output", str(paid), env=seeded).returncode == 0
    found = {json.loads(line)["order_id"] for line in paid.read_text().splitlines()}
    assert found == {row["order_id"] for row in rows if row["payment_status"] == "PAID"}

    after = tmp_path / "after.csv"
    since = ("--since", said["watermark"], "--format", "csv", "--output", str(after))
    ended = run("export", "transitions", *since, env=seeded)
    assert told(ended.stdout)["rows"] == "0"
    assert len(after.read_text().splitlines()) == 1

    again = run("export", "orders", "--output", str(paid), env=seeded)
    assert again.returncode == 2
    assert f"{paid} is there already" in again.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["after.csv", "orders.parquet", "paid.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("export", "sales"), "sales"),
        (("export", "orders", "--filter", "{"), "--filter cannot be used: The filter is no JSON"),
        (("export", "orders", "--filter", '{"colour": 1}'), "--filter cannot be used: Variable '$filter'"),
        (("export", "orders", "--format", "xlsx"), "xlsx"),
    ],
)
def test_what_cannot_be_understood_is_said_before_anything_begins(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    ended = run(*arguments, env=environment(tmp_path / "data"))
    assert ended.returncode == 2
    assert words in ended.stderr
    assert not (tmp_path / "data").exists()


def test_a_cursor_that_is_none_is_said_and_nothing_is_left(seeded: dict[str, str], tmp_path: Path) -> None:
    ended = run("export", "orders", "--since", "soon", "--output", str(tmp_path / "o.jsonl"), env=seeded)
    assert ended.returncode == 2
    assert "--since cannot be used" in ended.stderr
    assert list(tmp_path.iterdir()) == []
