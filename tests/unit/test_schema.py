"""The schema as a text, and its types against their read models."""

import dataclasses
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLObjectType, build_schema, find_breaking_changes, parse, validate
from strawberry.types.base import StrawberryObjectDefinition

from resolvers.batches import BATCHES
from resolvers.loaded import DECLARATION, Load
from schema import build
from schema.types.registry import TYPE_OF_VIEW
from tests.fixtures.reading import SCHEMA


def served() -> Any:
    return SCHEMA._schema


def test_the_snapshot_is_the_schema() -> None:
    assert build.SNAPSHOT.read_text(encoding="utf-8") == build.sdl()


def committed_snapshots() -> list[str]:
    """Every version of the snapshot that was committed, the newest first."""
    name = build.SNAPSHOT.name
    revisions = git("log", "--format=%H", "--", name).split()
    return [git("show", f"{revision}:./{name}") for revision in revisions]


def git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=build.SNAPSHOT.parent, capture_output=True, text=True, check=True).stdout  # noqa: S603


def breaks(before: str, after: str) -> list[str]:
    old, new = (build_schema(text, assume_valid_sdl=True) for text in (before, after))
    return [change.description for change in find_breaking_changes(old, new)]


def test_the_schema_breaks_nothing_that_a_committed_snapshot_promised() -> None:
    """Against the history, not against the file: whoever breaks the schema exports the file anew."""
    snapshots = committed_snapshots()
    assert snapshots
    assert [found for snapshot in snapshots for found in breaks(snapshot, build.sdl())] == []


def test_a_renamed_field_is_a_break() -> None:
    before = build.sdl()
    after = before.replace("  importDifference: Money\n", "  importGap: Money\n")
    assert after != before
    assert breaks(before, after) == ["Field Order.importDifference was removed."]


def test_an_export_writes_only_what_has_changed(tmp_path: Any) -> None:
    path = tmp_path / "schema.graphql"
    assert [build.export_schema(path), build.export_schema(path)] == [True, False]
    assert path.read_text(encoding="utf-8") == build.sdl()


def test_the_federation_knows_three_entities_by_their_ids() -> None:
    keyed = [line for line in build.sdl().splitlines() if "@key" in line and line.startswith("type ")]
    assert keyed == [
        'type Member implements Node @key(fields: "id") {',
        'type Order implements Node @key(fields: "id") {',
        'type Product implements Node @key(fields: "id") {',
    ]


def fields_of(graphql_type: type[Any]) -> Any:
    definition: StrawberryObjectDefinition = graphql_type.__strawberry_definition__
    return definition.fields


def declared() -> list[tuple[str, Any]]:
    types = [named for named in served().type_map.values() if isinstance(named, GraphQLObjectType)]
    definitions = [named.extensions.get("strawberry-definition") for named in types]
    return [(f"{d.name}.{f.python_name}", f) for d in definitions if d and d.name[0] != "_" for f in d.fields]


def attributes(view: type[Any]) -> set[str]:
    own = {field.name for field in dataclasses.fields(view)}
    return own | {name for name in dir(view) if isinstance(getattr(view, name), property)}


@pytest.mark.parametrize(("view", "graphql_type"), TYPE_OF_VIEW.items())
def test_every_plain_field_of_a_type_is_an_attribute_of_its_view(view: type[Any], graphql_type: type[Any]) -> None:
    plain = {field.python_name for field in fields_of(graphql_type) if field.base_resolver is None}
    keys = {
        f.metadata[DECLARATION].key for f in fields_of(graphql_type) if isinstance(f.metadata.get(DECLARATION), Load)
    }
    assert (plain | keys) - attributes(view) == set()


def test_every_field_that_loads_names_a_batch() -> None:
    loads = {name: field.metadata[DECLARATION] for name, field in declared() if DECLARATION in field.metadata}
    unknown = {name for name, load in loads.items() if isinstance(load, Load) and load.loader not in BATCHES}
    assert unknown == set()


def test_only_fields_with_arguments_and_roots_have_resolvers_of_their_own() -> None:
    own = [name for name, f in declared() if f.base_resolver is not None and DECLARATION not in f.metadata]
    assert sorted(name for name in own if name.split(".")[0] not in {"Query", "Mutation"}) == [
        "AfterSale.available_actions",
        "AfterSale.history",
        "Fulfillment.available_actions",
        "Member.orders",
        "Order.available_actions",
        "Order.history",
        "Payment.available_actions",
        "Refund.available_actions",
    ]


def test_every_node_and_every_member_of_a_union_knows_its_view() -> None:
    shown = {graphql_type.__strawberry_definition__.name for graphql_type in TYPE_OF_VIEW.values()}
    abstract = ("Node", "UserError", *(name for name in served().type_map if name.endswith("Result")))
    possible = {p.name for name in abstract for p in served().get_possible_types(served().type_map[name])}
    assert possible - shown == set()


EXAMPLES = json.loads((Path(__file__).parents[2] / "adapters/console/examples.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["title"])
def test_every_example_of_the_console_fits_the_schema(example: dict[str, Any]) -> None:
    assert validate(served(), parse(example["query"])) == []
