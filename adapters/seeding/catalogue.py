"""What there is before the first order: products, members, warehouses. The same for the same policies, whatever the seed."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

from adapters.seeding import known
from adapters.seeding.assortment import ASSORTMENTS, OTHER, PRICE_LEVELS, Assortment, Kind
from adapters.seeding.dice import dice
from adapters.seeding.people import COUNTRIES, ELSEWHERE, LEVEL_WEIGHTS, LEVELS, SERVED
from domain.orders.placement import Buyer
from domain.orders.views import Address
from domain.policies import Policies, UnitPolicy
from domain.values.enums import SupplyChannel
from domain.values.ids import IdKind, foreign_id
from domain.values.money import Money

PRODUCTS_PER_UNIT: Final = 100
MEMBER_COUNT: Final = 500
FIRST_MEMBER: Final = 1001
MOST_UNITS: Final = 6
"""Of one SKU in one order: some warehouse always has as many."""


@dataclass(frozen=True, slots=True)
class Seller:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Warehouse:
    code: str
    name: str
    country: str


@dataclass(frozen=True, slots=True)
class Product:
    number: int
    sku: str
    name: str
    category: str
    price_minor: int
    currency: str
    is_available: bool
    seller: Seller | None
    supply_channel: SupplyChannel
    delivery_mode: str | None
    options: Mapping[str, tuple[str, ...]]
    leftover: Mapping[str, int]
    """Warehouse → units that nobody wants yet. Empty: not a thing that is stored."""

    @property
    def is_digital(self) -> bool:
        return not self.leftover


@dataclass(frozen=True, slots=True)
class Member:
    buyer: Buyer
    email: str
    phone: str
    unit: str
    address: Address


@dataclass(frozen=True, slots=True)
class Catalogue:
    products: Mapping[str, tuple[Product, ...]]
    """By business unit."""
    members: tuple[Member, ...]
    members_by_unit: Mapping[str, tuple[Member, ...]]

    def all_products(self) -> Iterator[Product]:
        for products in self.products.values():
            yield from products


WAREHOUSES: Final = (
    Warehouse("ber-1", "Berlin", "DE"),
    Warehouse("lej-1", "Leipzig", "DE"),
    Warehouse("rno-1", "Reno", "US"),
    Warehouse("cmh-1", "Columbus", "US"),
    Warehouse("gru-1", "Guarulhos", "BR"),
    Warehouse("rec-1", "Recife", "BR"),
)


def catalogue_of(policies: Policies) -> Catalogue:
    units = _ordered(policies)
    products = {unit.code: tuple(_products(unit, position)) for position, unit in enumerate(units)}
    members = tuple(_members(units))
    # A unit to which chance gave no member serves everybody.
    by_unit = {unit.code: tuple(m for m in members if m.unit == unit.code) or members for unit in units}
    return Catalogue(products, members, by_unit)


def _ordered(policies: Policies) -> list[UnitPolicy]:
    """The packaged units first, in their tables' order, so that their SKUs do not depend on what else there is."""
    places = {code: place for place, code in enumerate(ASSORTMENTS)}
    return sorted(policies.units.values(), key=lambda unit: (places.get(unit.code, len(places)), unit.code))


def _products(unit: UnitPolicy, position: int) -> Iterator[Product]:
    assortment = ASSORTMENTS.get(unit.code, OTHER)
    for index in range(PRODUCTS_PER_UNIT):
        kind = assortment.kinds[index % len(assortment.kinds)]
        yield _product(unit, assortment, kind, index, 1 + position * PRODUCTS_PER_UNIT + index)


def _product(unit: UnitPolicy, assortment: Assortment, kind: Kind, index: int, number: int) -> Product:
    rolls, sku = dice("product", unit.code, index), f"SKU-{number:05d}"
    adjective = assortment.adjectives[index // len(kind.nouns) % len(assortment.adjectives)]
    seller = rolls.choice(assortment.sellers) if kind.supply is SupplyChannel.SELLER else None
    is_known = sku in known.SKUS
    return Product(
        number=number,
        sku=sku,
        name=f"{adjective} {kind.nouns[index % len(kind.nouns)]} {number}",
        category=kind.category,
        price_minor=_price(unit, kind, rolls),
        currency=unit.currency,
        is_available=is_known or rolls.random() > 0.03,
        seller=Seller(foreign_id(IdKind.SELLER, _plain(seller)), seller) if seller else None,
        supply_channel=kind.supply,
        delivery_mode=kind.delivery_mode,
        options=kind.options,
        leftover={} if kind.delivery_mode else _leftover(unit, rolls, is_known=is_known),
    )


def _price(unit: UnitPolicy, kind: Kind, rolls: Random) -> int:
    whole = rolls.randint(kind.lowest, kind.highest) * PRICE_LEVELS.get(unit.currency, 1)
    return Money.of(Decimal(whole), unit.currency).amount_minor * 99 // 100


def _leftover(unit: UnitPolicy, rolls: Random, *, is_known: bool) -> dict[str, int]:
    near = [w.code for w in WAREHOUSES if w.country == unit.country] or [w.code for w in WAREHOUSES]
    chosen = near if is_known else rolls.sample(near, rolls.randint(1, len(near)))
    if is_known:
        return dict.fromkeys(chosen, 500)
    is_sold_out = rolls.random() < 0.05
    return {code: 0 if is_sold_out else rolls.randint(0, 60) for code in sorted(chosen)}


def _members(units: list[UnitPolicy]) -> Iterator[Member]:
    for index in range(MEMBER_COUNT):
        rolls = dice("member", index)
        # The known member is the first unit's; half of the others are, too.
        unit = units[0] if index == 0 or rolls.random() < 0.3 else rolls.choice(units)
        yield _member(unit, FIRST_MEMBER + index, rolls)


def _member(unit: UnitPolicy, number: int, rolls: Random) -> Member:
    country_code = rolls.choice(SERVED.get(unit.code, (unit.country,)))
    country = COUNTRIES.get(country_code, ELSEWHERE)
    given, family, place = rolls.choice(country.given), rolls.choice(country.family), rolls.choice(country.places)
    name, phone = f"{given} {family}", f"{country.dial}{number}"
    street = f"{rolls.choice(country.streets)} {rolls.randint(1, 120)}"
    return Member(
        buyer=Buyer(foreign_id(IdKind.MEMBER, str(number)), name, rolls.choices(LEVELS, LEVEL_WEIGHTS)[0]),
        email=f"{_plain(given)}.{_plain(family)}.{number}@example.com",
        phone=phone,
        unit=unit.code,
        address=Address(name, phone, country_code, place.region, place.city, street, None, place.postal_code),
    )


def _plain(words: str) -> str:
    """Small ASCII letters, digits and hyphens."""
    letters: Iterable[str] = unicodedata.normalize("NFKD", words.casefold())
    return "".join(
        "-" if sign == " " else sign for sign in letters if sign == " " or (sign.isascii() and sign.isalnum())
    )
