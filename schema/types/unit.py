"""Business units and channels."""

import strawberry

from domain.values.enums import ChannelKind


@strawberry.type(description="A business unit: it sells, and has policies of its own.")
class BusinessUnit:
    code: str = strawberry.field(description="What it is named by.")
    name: str = strawberry.field(description="What it is called.")


@strawberry.type(description="Where orders come from.")
class Channel:
    code: str = strawberry.field(description="What it is named by.")
    name: str = strawberry.field(description="What it is called.")
    kind: ChannelKind = strawberry.field(description="What kind of channel it is.")
