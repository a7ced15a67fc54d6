"""Who is asking."""

import strawberry

from domain.access.viewer import Viewer as ViewerView
from domain.values.enums import ActorKind, Role
from resolvers.loaded import Load, computed, contextual, loaded
from resolvers.reads.units import business_units_of, channels_of
from schema.types.body_order import in_body_order
from schema.types.member import Member
from schema.types.unit import BusinessUnit, Channel


def _roles(viewer: ViewerView) -> tuple[Role, ...]:
    """In the order of the enumeration."""
    return tuple(role for role in Role if role in viewer.roles)


@strawberry.type(description="Who is asking, and what it may see.")
@in_body_order
class Viewer:
    kind: ActorKind = strawberry.field(description="What kind of actor.")
    id: str = strawberry.field(description="Which one.")
    name: str | None = strawberry.field(description="What it is called.")
    roles = computed(_roles, graphql_type=list[Role], description="What it may do, as the flows' tables say.")
    business_units = contextual(
        business_units_of, graphql_type=list[BusinessUnit], description="The business units it works for."
    )
    channels = contextual(channels_of, graphql_type=list[Channel], description="The channels it speaks for.")
    member = loaded(Load("members", "member_id"), graphql_type=Member | None, description="The member that it is.")
