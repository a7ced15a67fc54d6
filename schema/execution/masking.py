"""Masks of fields, put before the resolvers that graphql-core calls: so that a mask holds whoever executes."""

from collections.abc import Awaitable, Callable
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema, default_field_resolver
from strawberry.execution import optimized_is_awaitable as is_awaitable

from schema.execution.sources import Declarations, Mask, mask_of


def put_masks(schema: GraphQLSchema, declarations: Declarations) -> None:
    """On every field that declares one; as often as one likes."""
    kinds = (kind for kind in schema.type_map.values() if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType))
    for definition in (field for kind in kinds for field in kind.fields.values()):
        mask = mask_of(definition, declarations)
        resolve = definition.resolve or default_field_resolver
        if mask is not None and not isinstance(resolve, _Masked):
            definition.resolve = _Masked(resolve, mask)


class _Masked:
    def __init__(self, resolve: Callable[..., Any], mask: Mask) -> None:
        self._resolve = resolve
        self._mask = mask

    def __call__(self, parent: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        value = self._resolve(parent, info, **arguments)
        if is_awaitable(value):
            return self._later(value, parent, info.context)
        return self._mask(value, parent, info.context)

    async def _later(self, value: Awaitable[Any], parent: Any, context: Any) -> Any:
        return self._mask(await value, parent, context)
