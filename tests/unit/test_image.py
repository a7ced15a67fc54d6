"""What an image is made of: the Dockerfile, read, and the wheel, built. There is no engine here to run it."""

import os
import re
import subprocess
import sys
import zipfile
from importlib.metadata import requires
from pathlib import Path

import pytest

from adapters.console.page import console_page
from resolvers.catalogue.page import errors_markdown

ROOT = Path(__file__).parents[2]
PACKAGES = ("adapters", "domain", "resolvers", "schema")
LEFT_OUT = {"__pycache__", "node_modules"}


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [
        (name, " ".join(rest.split())) for name, _, rest in (line.partition(" ") for line in text.splitlines()) if name
    ]


def stage(name: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    is_in = False
    for instruction in instructions():
        if instruction[0] == "FROM":
            is_in = instruction[1].endswith(f" AS {name}")
        elif is_in:
            found.append(instruction)
    return found


def of(kind: str, found: list[tuple[str, str]]) -> list[str]:
    return [rest for name, rest in found if name == kind]


def needed(distribution: str) -> set[str]:
    """It and what it requires on the Python of the image, by their names in a lock file."""
    rest, found = [distribution], set()
    while rest:
        name = rest.pop()
        found.add(name)
        unconditional = [line for line in requires(name) or [] if ";" not in line]
        rest += [re.split(r"[^\w.-]", line)[0] for line in unconditional]
    return found


def test_two_stages_on_one_base_without_the_name_of_a_registry() -> None:
    assert of("FROM", instructions()) == ["python:3.13-slim-bookworm AS build", "python:3.13-slim-bookworm AS run"]


def test_whatever_is_fetched_is_held_against_its_hash() -> None:
    installs = [part for run in of("RUN", instructions()) for part in run.split("&&") if "pip install" in part]
    assert len(installs) == 3
    assert [part for part in installs if "--require-hashes" not in part and "--no-index" not in part] == []


def test_the_build_tools_of_the_image_are_those_that_hatchling_needs() -> None:
    (command,) = [run for run in of("RUN", stage("build")) if run.startswith("awk")]
    names = re.search(r"\^\(([a-z|-]+)\)==", command)
    assert names is not None
    assert set(names[1].split("|")) == needed("hatchling")
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements-dev.lock").read_text(), flags=re.MULTILINE))
    assert needed("hatchling") <= locked


def test_it_runs_as_an_ordinary_user_and_takes_only_the_environment_along() -> None:
    run = stage("run")
    assert of("USER", run) == ["10001:10001"]
    assert of("COPY", run) == ["--from=build /app /app"]
    assert [name for name, _ in run].index("USER") > [name for name, _ in run].index("RUN")


def test_one_image_serves_and_works_and_is_asked_whether_it_is_ready() -> None:
    run = stage("run")
    assert (of("ENTRYPOINT", run), of("CMD", run)) == (['["order-center"]'], ['["serve"]'])
    assert "/readyz" in of("HEALTHCHECK", run)[0]


def test_the_context_holds_what_is_copied_and_nothing_else() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [rest.split()[:-1] for rest in of("COPY", stage("build"))]
    assert kept == {name for names in copied for name in names}
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as the image builds it; unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def files_of(root: Path) -> set[str]:
    found = (path for package in PACKAGES for path in (root / package).rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix() for path in found if not LEFT_OUT & set(path.parts)}


def test_the_wheel_holds_every_file_of_the_four_packages(wheel: Path) -> None:
    assert files_of(wheel) == files_of(ROOT)
    assert {
        "adapters/policies/channels.toml",
        "adapters/console/assets/graphiql.js",
        "adapters/console/web/index.html",
        "adapters/console/examples.json",
        "adapters/db/migrations/env.py",
        "adapters/db/migrations/versions/0001_orders.py",
        "schema/schema.graphql",
    } <= files_of(wheel)


def of_wheel(wheel: Path, script: str, folder: Path) -> str:
    """What a script prints that imports from the unpacked wheel."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(wheel)},
        check=True,
        capture_output=True,
    )
    return done.stdout.decode()


def test_what_the_wheel_holds_works(wheel: Path, tmp_path: Path) -> None:
    command = "import sys; from adapters.entrypoints.cli import main; sys.argv[1:] = ['{}']; main()"
    assert (
        of_wheel(wheel, command.format("export-schema"), tmp_path) == (ROOT / "schema" / "schema.graphql").read_text()
    )
    assert of_wheel(wheel, command.format("errors"), tmp_path) == errors_markdown()
    page = "import sys; from adapters.console.page import console_page; sys.stdout.buffer.write(console_page())"
    assert of_wheel(wheel, page, tmp_path) == console_page().decode()
    policies = "from adapters.policy_files import load_policies; print(len(load_policies(None).units), load_policies.__module__)"
    assert of_wheel(wheel, policies, tmp_path) == "3 adapters.policy_files\n"
    place = "import adapters; print(adapters.__file__)"
    assert of_wheel(wheel, place, tmp_path) == f"{wheel}/adapters/__init__.py\n"
