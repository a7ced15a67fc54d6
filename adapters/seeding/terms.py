"""On which terms the demo sells: promotions, coupons, shipping and taxes, as tables. Days count from the reference time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from adapters.embedded.tables import ANY
from adapters.seeding import known
from domain.orders.pricing_rules import Coupon, LinePromotion, OrderPromotion, Reduction, ShippingOffer
from domain.policies import UnitPolicy
from domain.values.enums import DiscountFunder


@dataclass(frozen=True, slots=True)
class Validity:
    """None: open on that side. Before the reference, days are negative."""

    from_day: int | None = None
    until_day: int | None = None

    def starts_at(self, reference: datetime) -> datetime | None:
        return None if self.from_day is None else reference + timedelta(days=self.from_day)

    def ends_at(self, reference: datetime) -> datetime | None:
        return None if self.until_day is None else reference + timedelta(days=self.until_day)

    def covers(self, at: datetime, reference: datetime) -> bool:
        starts_at, ends_at = self.starts_at(reference), self.ends_at(reference)
        return (starts_at is None or starts_at <= at) and (ends_at is None or at < ends_at)


ALWAYS: Final = Validity()


@dataclass(frozen=True, slots=True)
class PromotionTerm:
    """`units` and `levels`: empty means all."""

    rule: LinePromotion | OrderPromotion
    units: tuple[str, ...]
    currency: str | None
    priority: int
    levels: tuple[str, ...] = ()
    validity: Validity = ALWAYS


@dataclass(frozen=True, slots=True)
class CouponTerm:
    rule: Coupon
    units: tuple[str, ...] = ()
    currency: str | None = None
    total_limit: int | None = None
    member_limit: int | None = None
    validity: Validity = ALWAYS
    sold: Validity = ALWAYS
    """When the demo's orders use it."""

    def is_used(self, unit: str, at: datetime, reference: datetime) -> bool:
        is_meant = not self.units or unit in self.units
        return is_meant and self.validity.covers(at, reference) and self.sold.covers(at, reference)


@dataclass(frozen=True, slots=True)
class ShippingTerm:
    unit: str
    country: str
    currency: str
    offer: ShippingOffer
    priority: int


def _rate(percent: str) -> Reduction:
    return Reduction(rate=Decimal(percent) / 100)


def _amount(amount_minor: int) -> Reduction:
    return Reduction(amount_minor=amount_minor)


_PLATFORM, _MERCHANT, _PARTNER = DiscountFunder.PLATFORM, DiscountFunder.MERCHANT, DiscountFunder.PARTNER

PROMOTIONS: Final = (
    PromotionTerm(
        LinePromotion("KNIT-WEEKS", "Knitwear weeks", _MERCHANT, _rate("15"), categories=frozenset(("knitwear",))),
        ("fashion-eu",), "EUR", 10, validity=Validity(-75, 30),
    ),
    PromotionTerm(
        LinePromotion("SUMMER-DRESS", "Summer dresses", _MERCHANT, _rate("20"), categories=frozenset(("dresses",))),
        ("fashion-eu",), "EUR", 10, validity=Validity(-480, -390),
    ),
    PromotionTerm(
        LinePromotion("AUDIO-PAIR", "Two of audio", _MERCHANT, _rate("10"), categories=frozenset(("audio",)), minimum_quantity=2),
        ("electronics-us",), "USD", 10,
    ),
    PromotionTerm(
        LinePromotion("LEITURA", "Mês da leitura", _PARTNER, _rate("12.5"), categories=frozenset(("books",))),
        ("marketplace-br",), "BRL", 10,
    ),
    PromotionTerm(
        OrderPromotion("SPEND150", "10 off from 150", _PLATFORM, _amount(1000), minimum_minor=15_000),
        ("fashion-eu",), "EUR", 20,
    ),
    PromotionTerm(
        OrderPromotion("MEMBERS5", "Five percent for good customers", _PLATFORM, _rate("5")),
        (), None, 30, levels=("GOLD", "PLATINUM"),
    ),
)  # fmt: skip

COUPONS: Final = (
    CouponTerm(Coupon(known.COUPON, "Ten percent to begin with", _PLATFORM, _rate("10")), member_limit=1),
    CouponTerm(
        Coupon(known.EXPIRED_COUPON, "Spring sale", _MERCHANT, _rate("15")), validity=Validity(-560, -500)
    ),
    # Its limit grows with what the demo's past orders used of it: so it is always used up.
    CouponTerm(
        Coupon(known.EXHAUSTED_COUPON, "Flash sale", _PLATFORM, _rate("25")),
        total_limit=0, validity=Validity(-310, 60), sold=Validity(-310, -295),
    ),
    CouponTerm(Coupon("MERCI5", "5 off from 50", _MERCHANT, _amount(500), 5000), ("fashion-eu",), "EUR"),
    CouponTerm(Coupon("VOLT20", "20 off from 200", _MERCHANT, _amount(2000), 20_000), ("electronics-us",), "USD"),
    CouponTerm(Coupon("FEIRA10", "10 off from 80", _PARTNER, _amount(1000), 8000), ("marketplace-br",), "BRL"),
)  # fmt: skip

_STANDARD, _EXPRESS = ("standard", "Standard"), ("express", "Express")
SHIPPING: Final = (
    ShippingTerm("fashion-eu", "DE", "EUR", ShippingOffer(*_STANDARD, 490, 7500), 1),
    ShippingTerm("fashion-eu", "DE", "EUR", ShippingOffer(*_EXPRESS, 1290), 2),
    ShippingTerm("fashion-eu", ANY, "EUR", ShippingOffer(*_STANDARD, 990, 15_000), 1),
    ShippingTerm("fashion-eu", ANY, "EUR", ShippingOffer(*_EXPRESS, 2490), 2),
    ShippingTerm("electronics-us", "US", "USD", ShippingOffer(*_STANDARD, 799, 9900), 1),
    ShippingTerm("electronics-us", "US", "USD", ShippingOffer(*_EXPRESS, 1999), 2),
    ShippingTerm("marketplace-br", "BR", "BRL", ShippingOffer(*_STANDARD, 1990, 19_900), 1),
    ShippingTerm("marketplace-br", "BR", "BRL", ShippingOffer(*_EXPRESS, 3990), 2),
)

TAXES: Final[Mapping[tuple[str, str, str], Decimal]] = {
    ("DE", ANY, ANY): Decimal("0.19"),
    ("DE", ANY, "gift-cards"): Decimal(0),
    ("FR", ANY, ANY): Decimal("0.20"),
    ("FR", ANY, "gift-cards"): Decimal(0),
    ("AT", ANY, ANY): Decimal("0.20"),
    ("NL", ANY, ANY): Decimal("0.21"),
    ("US", "CA", ANY): Decimal("0.0725"),
    ("US", "NY", ANY): Decimal("0.08875"),
    ("US", "TX", ANY): Decimal("0.0625"),
    ("US", "WA", ANY): Decimal("0.065"),
    ("US", ANY, "software"): Decimal(0),
    ("BR", ANY, ANY): Decimal("0.17"),
    ("BR", ANY, "books"): Decimal(0),
}
"""By country, region, category."""


def tax_rates(country: str, region: str | None, categories: Iterable[str]) -> dict[str | None, Decimal]:
    """As the tax service answers: what is said of the category goes before what is said of the region."""
    return {category: _tax_rate(country, region or ANY, category) for category in categories}


def _tax_rate(country: str, region: str, category: str) -> Decimal:
    places = ((country, region, category), (country, ANY, category), (country, region, ANY), (country, ANY, ANY))
    return next((TAXES[place] for place in places if place in TAXES), Decimal(0))


def shipping_terms(unit: UnitPolicy) -> tuple[ShippingTerm, ...]:
    """A unit without terms of its own sends everywhere for nothing."""
    own = tuple(term for term in SHIPPING if (term.unit, term.currency) == (unit.code, unit.currency))
    return own or (ShippingTerm(unit.code, ANY, unit.currency, ShippingOffer(*_STANDARD, 0), 1),)


def shipping_offers(unit: UnitPolicy, country: str) -> tuple[ShippingOffer, ...]:
    """As the logistics service answers: the country's own before those for everywhere, the default first."""
    by_place = {place: [t.offer for t in shipping_terms(unit) if t.country == place] for place in (country, ANY)}
    return tuple(by_place[country] or by_place[ANY])


def active_promotions(
    unit: str, level: str | None, at: datetime, reference: datetime
) -> tuple[tuple[LinePromotion, ...], tuple[OrderPromotion, ...]]:
    """Those of the lines and those of the order, in the order in which they apply."""
    active = [
        term
        for term in PROMOTIONS
        if (not term.units or unit in term.units)
        and (not term.levels or level in term.levels)
        and term.validity.covers(at, reference)
    ]
    rules = [term.rule for term in sorted(active, key=lambda term: (term.priority, term.rule.code))]
    return (
        tuple(rule for rule in rules if isinstance(rule, LinePromotion)),
        tuple(rule for rule in rules if isinstance(rule, OrderPromotion)),
    )
