"""Members, as the member service knows them now."""

from typing import Annotated, Any

import strawberry

from domain.values.ids import IdKind
from resolvers.context import Info
from resolvers.reads.nodes import referred
from resolvers.reads.orders import orders_of_member
from schema.types.body_order import in_body_order
from schema.types.connection import cursor, edges, nodes, page_info, total_count
from schema.types.node import Node


@strawberry.federation.type(keys=["id"], description="A member, as it is now.")
@in_body_order
class Member(Node):
    name: str | None = strawberry.field(description="What it is called.")
    level: str | None = strawberry.field(description="Its level in the loyalty programme.")
    email: str | None = strawberry.field(description="E-mail address.")
    phone: str | None = strawberry.field(description="Phone number.")
    orders = strawberry.field(
        resolver=orders_of_member,
        graphql_type=Annotated["OrderConnection", strawberry.lazy("schema.types.order")],  # noqa: F821
        description="Its orders, latest placed first.",
    )

    @classmethod
    def resolve_reference(cls, info: Info, id: strawberry.ID | None = None, **_: Any) -> Any:  # noqa: A002  the key's name
        return referred(info.context, id, IdKind.MEMBER)


@strawberry.type(description="A member in a list.")
class MemberEdge:
    node: Member = strawberry.field(description="The member.")
    cursor: str = cursor()


@strawberry.type(description="A page of members, by id.")
class MemberConnection:
    edges = edges("member_pages", MemberEdge)
    nodes = nodes("member_pages", Member)
    page_info = page_info("member_pages")
    total_count = total_count("member_counts")
