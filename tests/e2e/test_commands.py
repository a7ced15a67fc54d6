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
    for rule in ("I1", "I2", "I3", "I4", "I5", "I7", "I10"):
        assert rule in ended.stdout


def test_stock_arrives(seeded: dict[str, str]) -> None:
    unknown = run("stock", "receive", "NO-SUCH-SKU", "NOWHERE", "5", env=seeded)
    assert unknown.returncode == 2
    assert "NO-SUCH-SKU" in unknown.stderr


def test_an_arrival_with_a_key_is_booked_once(seeded: dict[str, str]) -> None:
    arrival = ("stock", "receive", "SKU-00001", "ber-1")
    first, again = (run(*arrival, "7", "--key", "DN-4711", env=seeded) for _ in range(2))
    assert (first.returncode, again.returncode) == (0, 0)
    assert first.stdout.startswith("SKU-00001: ")
    assert again.stdout == f'"DN-4711" was booked before, nothing is added. {first.stdout}'
    other = run(*arrival, "8", "--key", "DN-4711", env=seeded)
    assert (other.returncode, other.stdout) == (2, "")
    assert other.stderr == (
        'order-center: The inventory service refused: "DN-4711" was the receipt of 7 units of SKU-00001 in ber-1.\n'
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("import", "olist", "anywhere", "--since", "soon"),
            "Invalid value for '--since': \"soon\" is not a day like 2018-07-24.",
        ),
        (
            ("import", "olist", "anywhere", "--since", "2018-02-30"),
            "Invalid value for '--since': \"2018-02-30\" is not a day like 2018-07-24.",
        ),
        (
            ("import", "olist", "anywhere", "--since", "2018-07-24T10:00"),
            "Invalid value for '--since': \"2018-07-24T10:00\" is not a day like 2018-07-24.",
        ),
        (("import", "olist"), "Missing argument 'folder'."),
        (
            ("stock", "receive", "A", "B", "five"),
            "Invalid value for 'QUANTITY': \"five\" is not a whole number from 1 to 2147483647.",
        ),
        (
            ("stock", "receive", "A", "B", "0"),
            "Invalid value for 'QUANTITY': \"0\" is not a whole number from 1 to 2147483647.",
        ),
        (
            ("stock", "receive", "A", "B", "99999999999"),
            "Invalid value for 'QUANTITY': \"99999999999\" is not a whole number from 1 to 2147483647.",
        ),
        (
            ("stock", "receive", "A", "B", "1.5"),
            "Invalid value for 'QUANTITY': \"1.5\" is not a whole number from 1 to 2147483647.",
        ),
        (("stock", "receive", "A", "B", "-5"), "No such option: -5"),
        (
            ("stock", "receive", "A", "B", "5", "--key", ""),
            "Invalid value for '--key': A key has 1 to 255 characters.",
        ),
        (("seed", "--orders", "-1"), "Invalid value for '--orders': Input should be greater than or equal to 0"),
        (("sevre",), "No such command 'sevre'. Did you mean 'serve', 'seed'?"),
    ],
)
def test_what_cannot_be_understood_is_one_clear_sentence_before_anything_begins(
    arguments: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    ended = run(*arguments, env=environment(tmp_path / "data"))
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"order-center: {sentence}\n")
    assert not (tmp_path / "data").exists()


def test_more_units_than_can_be_counted_do_not_arrive(seeded: dict[str, str]) -> None:
    ended = run("stock", "receive", "SKU-00001", "ber-1", "2147483647", env=seeded)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "order-center: The inventory service refused: 2147483647 more units than there are cannot be counted.\n"
    )


def test_an_import_from_a_folder_that_is_none_is_one_clear_sentence(seeded: dict[str, str], tmp_path: Path) -> None:
    ended = run("import", "olist", str(tmp_path / "nothing"), env=seeded)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "command",
    [
        (), ("serve",), ("worker",), ("migrate",), ("seed",), ("doctor",), ("import", "olist"), ("stock", "receive"),
        ("erase",), ("flows",), ("explain",), ("export-schema",), ("settings",), ("errors",),
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


def test_an_operation_is_explained_as_the_page_shows(tmp_path: Path) -> None:
    file = tmp_path / "list.graphql"
    file.write_text("query { orders(first: 2) { nodes { number member { name } } } }")
    page = (Path(__file__).parents[2] / "docs" / "execution.md").read_text()
    ended = run("explain", str(file), env=environment(tmp_path))
    plan, code = ended.stdout.split("\nThe writer\n")
    assert f"```\n{plan}```" in page
    compile(code, "<the writer>", "exec")
    file.write_text("query ($wide: Boolean!) { viewer { id } orders { nodes { id number @include(if: $wide) } } }")
    wide = run("explain", str(file), "--variables", '{"wide": true}', env=environment(tmp_path))
    narrow = run("explain", str(file), "--variables", '{"wide": false}', env=environment(tmp_path))
    unasked = "query ($n: Int!) { orders(first: $n) { totalCount } }"
    file.write_text(unasked)
    assert run("explain", str(file), env=environment(tmp_path)).returncode == 0
    assert ("number: String!" in wide.stdout, "number: String!" in narrow.stdout) == (True, False)


@pytest.mark.parametrize(
    ("text", "arguments", "sentence"),
    [
        ("{ nope }", (), "Cannot query field 'nope'"),
        ("{", (), "Syntax Error"),
        ("query A { viewer { id } } query B { viewer { id } }", (), "several operations"),
        ("query ($n: Boolean!) { viewer { id @skip(if: $n) } }", (), "Variable '$n' has invalid value"),
        ("{ viewer { id } }", ("--variables", "["), "not JSON"),
        ("{ viewer { id } }", ("--variables", "[]"), "must be a JSON object"),
    ],
)
def test_what_cannot_be_explained_is_told_in_a_sentence(
    text: str, arguments: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.graphql"
    file.write_text(text)
    ended = run("explain", str(file), *arguments, env=environment(tmp_path))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr
