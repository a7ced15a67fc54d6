"""Who is asking, and what of the orders they may see.

A viewer's roles say what they may do (the state tables name them); its scope says which orders exist for them. Both are
joined into every read and checked before every action: another tenant's order is not found, never forbidden.
"""

from dataclasses import dataclass
from typing import Final

from domain.values.enums import ActorKind, Role

STAFF_ROLES: Final = frozenset((Role.MERCHANT, Role.SUPPORT, Role.FINANCE, Role.WAREHOUSE, Role.ANALYST, Role.ADMIN))
ADMIN_IMPLIES: Final = frozenset((Role.ADMIN, Role.MERCHANT, Role.SUPPORT, Role.FINANCE, Role.WAREHOUSE))


@dataclass(frozen=True, slots=True)
class OrderScope:
    """Which orders exist for a viewer. None means no restriction on that side; an empty set means no order at all."""

    business_units: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    member_id: str | None = None


EVERYTHING: Final = OrderScope()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something, as it is written into the history."""

    kind: ActorKind
    id: str
    name: str | None
    roles: frozenset[Role]


SYSTEM: Final = Actor(ActorKind.SYSTEM, "system", None, frozenset((Role.SYSTEM,)))
PROVIDER: Final = Actor(ActorKind.PROVIDER, "payment-provider", None, frozenset((Role.PROVIDER,)))


@dataclass(frozen=True, slots=True)
class Viewer:
    kind: ActorKind
    id: str
    name: str | None
    roles: frozenset[Role]
    business_units: frozenset[str] | None = None
    """The units it works for; None: all."""
    channels: frozenset[str] | None = None
    """The channels it speaks for; None: all."""
    member_id: str | None = None

    @property
    def actor(self) -> Actor:
        roles = self.roles | ADMIN_IMPLIES if Role.ADMIN in self.roles else self.roles
        return Actor(self.kind, self.id, self.name, roles)

    @property
    def scope(self) -> OrderScope:
        """Staff see their units and channels, partners their channels, buyers their own orders, others none."""
        if self.roles & STAFF_ROLES:
            return OrderScope(self.business_units, self.channels)
        if Role.PARTNER in self.roles:
            return OrderScope(self.business_units, self.channels or frozenset())
        if Role.BUYER in self.roles and self.member_id:
            return OrderScope(member_id=self.member_id)
        return OrderScope(business_units=frozenset())

    @property
    def sees_all_members(self) -> bool:
        return bool(self.roles & STAFF_ROLES)

    def may_see_member(self, member_id: str) -> bool:
        return self.sees_all_members or (self.member_id == member_id)
