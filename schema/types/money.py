"""Money, and how fields of money are declared: by the attribute of the minor units and that of the currency."""

from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any

import strawberry

from domain.values.money import Money as DomainMoney
from resolvers.loaded import computed
from schema.types.body_order import in_body_order
from schema.types.scalars import BigInt


@strawberry.type(description="An exact amount in one currency.")
@in_body_order
class Money:
    amount: Decimal = strawberry.field(description="The amount, with as many digits as the currency has.")
    currency: str = strawberry.field(description="ISO 4217 code.")
    amount_minor: BigInt = strawberry.field(description="The amount in minor units: cents, …")


@dataclass(frozen=True, slots=True)
class MoneyOf:
    """The parent's money in these two attributes; None where there is no amount."""

    minor: str
    currency: str

    def __call__(self, parent: Any) -> DomainMoney | None:
        amount_minor = attrgetter(self.minor)(parent)
        return None if amount_minor is None else DomainMoney(amount_minor, attrgetter(self.currency)(parent))


def money(minor: str, description: str, *, currency: str = "currency", is_nullable: bool = False) -> Any:
    """A field of money; the attributes may be dotted."""
    graphql_type = Money | None if is_nullable else Money
    return computed(MoneyOf(minor, currency), graphql_type=graphql_type, description=description)
