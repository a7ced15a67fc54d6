"""The change feed: what happened to orders, in an order that can be followed."""

from datetime import datetime

import strawberry

from domain.values.enums import ChangeKind
from resolvers.loaded import Load, computed, loaded
from resolvers.reads.changes import cursor_of_change, cursor_of_page
from schema.types.order import Order


@strawberry.type(description="An order came to a version, or is gone.")
class OrderChange:
    cursor: str = computed(
        cursor_of_change, graphql_type=str, description="Where it stands in the feed, for `after`.", reads=("position",)
    )
    order_id: strawberry.ID = strawberry.field(description="Which order.")
    version: int = strawberry.field(
        description="The version that it came to: each is told once, and an order's own in their order."
    )
    kind: ChangeKind = strawberry.field(description="What it means for a copy of the order.")
    at: datetime = strawberry.field(description="When it happened.")
    order = loaded(
        Load("orders", "order_id"),
        graphql_type=Order | None,
        description="The order as it is now, at this version or a later one; null: it is gone.",
    )


@strawberry.type(
    description="A page of the change feed. It misses nothing, whoever writes meanwhile: a change is told when no older transaction can"
    " add anything before it. Ask again with `after: cursor`."
)
class OrderChangeFeed:
    changes: list[OrderChange] = strawberry.field(description="What happened, the first one first.")
    cursor: str = computed(
        cursor_of_page,
        graphql_type=str,
        description="Where to go on, also when there are no changes on the page.",
        reads=("position",),
    )
    has_more: bool = strawberry.field(
        description="Whether to go on at once: there may be more, also when a filter left the page short or empty."
    )
    lag_seconds: float = strawberry.field(
        description="The age of the oldest change that is written but cannot be told yet, as an older transaction is still running; 0:"
        " there is none."
    )
