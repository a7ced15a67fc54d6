"""Any object by its id, and the entities that a federation gateway refers to."""

from collections.abc import Awaitable
from typing import Annotated, Any, Final

import strawberry

from domain.access.viewer import Viewer
from domain.values.faults import BadRequest
from domain.values.ids import OWN_KINDS, IdKind, foreign_key, kind_of
from resolvers.context import Info, RequestContext

MAX_NODES: Final = 100
_LOADERS: Final = {
    IdKind.ORDER: "orders",
    IdKind.LINE: "lines",
    IdKind.FULFILLMENT: "fulfillments",
    IdKind.SHIPMENT: "shipments",
    IdKind.PAYMENT: "payments",
    IdKind.REFUND: "refunds",
    IdKind.AFTER_SALE: "after_sales",
    IdKind.VOUCHER: "vouchers",
    IdKind.GROUP: "groups",
    IdKind.EXPORT: "exports",
    IdKind.PRODUCT: "products",
    IdKind.MEMBER: "members",
    IdKind.WAREHOUSE: "warehouses",
}
_GLOBAL: Final = OWN_KINDS | {IdKind.MEMBER}
"""Kinds that are loaded by the whole id; others by the owning service's key in it."""


def node(
    info: Info,
    id_: Annotated[strawberry.ID, strawberry.argument(name="id", description="The object's id.")],
) -> Awaitable[Any] | None:
    return node_of(info.context, id_)


def nodes(
    info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 100 ids.")]
) -> list[Awaitable[Any] | None]:
    if len(ids) > MAX_NODES:
        raise BadRequest(f"At most {MAX_NODES} nodes can be asked for at once; these are {len(ids)}.")
    return [node_of(info.context, one) for one in ids]


def node_of(context: RequestContext, global_id: str, kind: IdKind | None = None) -> Awaitable[Any] | None:
    """The object of the id; None for what cannot be an id, or not one of `kind`."""
    found = kind_of(global_id)
    if found is None or found not in _LOADERS or (kind is not None and found is not kind):
        return None
    key = global_id if found in _GLOBAL else foreign_key(found, global_id)
    return context.loaders.load(_LOADERS[found], key)


def referred(context: RequestContext, key: str | None, kind: IdKind) -> Awaitable[Any] | None:
    """What a representation of another subgraph stands for. Raises BadRequest without its key."""
    if key is None:
        raise BadRequest("A representation names its object by the key `id`.")
    return node_of(context, key, kind)


def viewer(info: Info) -> Viewer:
    return info.context.viewer
