"""Money, and how fields of money are declared: by the attribute of the minor units and that of the currency."""

from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final

import strawberry

from domain.values.money import Money as DomainMoney
from domain.values.money import amount_text
from resolvers.loaded import Parts, computed
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


def money(
    minor: str,
    description: str,
    *,
    currency: str = "currency",
    is_nullable: bool = False,
    reads: tuple[str, ...] | None = None,
) -> Any:
    """A field of money; the attributes may be dotted. `reads`: what the amount is made of, where it is no attribute itself."""
    graphql_type = Money | None if is_nullable else Money
    parts = Parts((minor, currency), _WRITTEN)
    read = None if reads is None else (*reads, currency)
    of = MoneyOf(minor, currency)
    return computed(of, graphql_type=graphql_type, description=description, parts=parts, reads=read)


def _currency(_amount_minor: int, currency: str) -> str:
    return currency


def _minor_text(amount_minor: int, _currency: str) -> str:
    return str(amount_minor)


_WRITTEN: Final = {"amount": amount_text, "currency": _currency, "amountMinor": _minor_text}
