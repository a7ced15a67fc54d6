"""What has an id."""

import strawberry


@strawberry.interface(description="An object with an id; `node` finds it again.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque, global, prefixed by kind.")
