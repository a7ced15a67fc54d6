"""The schema, assembled: a Federation v2 subgraph, always. And its text, of which a snapshot is kept beside this file."""

from functools import cache
from pathlib import Path
from typing import Final

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter

from domain.orders.checking import check_flows
from domain.orders.flows import FLOWS
from schema.inputs import register_inputs
from schema.roots.mutation import Mutation
from schema.roots.query import Query
from schema.types.enums import describe_enums
from schema.types.registry import TYPE_OF_VIEW, register_views
from schema.types.scalars import SCALARS

SNAPSHOT: Final = Path(__file__).parent / "schema.graphql"


class _Names(NameConverter):
    """Strawberry's own, but each name is converted once: it asks for them with every argument of every request."""

    def __init__(self) -> None:
        super().__init__()
        self._converted: dict[str, str] = {}

    def apply_naming_config(self, name: str) -> str:
        converted = self._converted.get(name)
        if converted is None:
            converted = self._converted[name] = super().apply_naming_config(name)
        return converted


@cache
def build_schema() -> strawberry.federation.Schema:
    """The one schema of this process. Raises DomainFault where the flows and the mutations do not go together."""
    describe_enums()
    register_views()
    schema = strawberry.federation.Schema(
        query=Query,
        mutation=Mutation,
        types=tuple(TYPE_OF_VIEW.values()),
        config=StrawberryConfig(scalar_map=SCALARS, name_converter=_Names()),
        federation_version="2.0",
    )
    register_inputs(schema)
    check_flows(FLOWS.values(), _mutations(schema))
    return schema


def mutation_names() -> frozenset[str]:
    """What can be done, by the names of the schema."""
    return _mutations(build_schema())


def _mutations(schema: strawberry.federation.Schema) -> frozenset[str]:
    root = schema._schema.mutation_type  # noqa: SLF001  Strawberry shows the schema beneath nowhere else
    return frozenset(root.fields) if root is not None else frozenset()


def sdl() -> str:
    """The schema as text, ending with a line break."""
    return build_schema().as_str().rstrip("\n") + "\n"


def export_schema(path: Path = SNAPSHOT) -> bool:
    """Writes the text; False where it was the same already."""
    text = sdl()
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True
