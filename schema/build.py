"""The schema, assembled: a Federation v2 subgraph, always. And its text, of which a snapshot is kept beside this file."""

from functools import cache
from pathlib import Path
from typing import Final

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.roots.mutation import Mutation
from schema.roots.query import Query
from schema.types.enums import describe_enums
from schema.types.registry import TYPE_OF_VIEW, register_views
from schema.types.scalars import SCALARS

SNAPSHOT: Final = Path(__file__).parent / "schema.graphql"


@cache
def build_schema() -> strawberry.federation.Schema:
    """The one schema of this process."""
    describe_enums()
    register_views()
    return strawberry.federation.Schema(
        query=Query,
        mutation=Mutation,
        types=tuple(TYPE_OF_VIEW.values()),
        config=StrawberryConfig(scalar_map=SCALARS),
        federation_version="2.0",
    )


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
