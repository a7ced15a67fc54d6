"""The executor of this schema: what the generic one is told of the order center."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from resolvers.batches import ROWS
from resolvers.context import RequestContext
from resolvers.loaded import DECLARATION, Computed, Contextual, Load
from resolvers.loaders import Wanted
from schema.build import build_schema
from schema.execution.executor import Executor
from schema.execution.levels import Asked
from schema.execution.sources import Declarations
from schema.types.registry import TYPE_OF_VIEW

DECLARATIONS: Final = Declarations(DECLARATION, load=Load, computed=Computed, contextual=Contextual)


def build_executor(*, is_compiling: bool = True) -> Executor:
    """With caches and counters of its own; for the life of a process."""
    return Executor(
        build_schema(), DECLARATIONS, _load, classes=_classes_by_type(), kinds=ROWS, is_compiling=is_compiling
    )


async def _load(context: RequestContext, asked: Sequence[Asked]) -> Sequence[Sequence[Any]]:
    return await context.loaders.wave([Wanted(one.loader, one.keys, one.attributes) for one in asked])


@cache
def _classes_by_type() -> dict[str, type[Any]]:
    return {shown.__strawberry_definition__.name: view for view, shown in TYPE_OF_VIEW.items()}
