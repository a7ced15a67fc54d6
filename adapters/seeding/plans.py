"""What each demo order will be: who buys what, when, on which channel, and by which script. An order's plan depends on the seed
and its index only, so that any process can make any of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final, NamedTuple

from adapters.seeding import known
from adapters.seeding.catalogue import MOST_UNITS, Catalogue, Member, Product
from adapters.seeding.dice import dice
from adapters.seeding.mix import Mix, mix_of
from adapters.seeding.moments import MOMENTS
from adapters.seeding.scripts import LIVES, SHIPPED_IN_PART, Moment, Script
from adapters.seeding.stage import ScriptedAct
from adapters.seeding.terms import COUPONS
from domain.policies import ChannelPolicy, Policies, UnitPolicy
from domain.values.enums import ChannelKind, OrderType
from domain.values.ids import IdKind, uuid7

SPAN: Final = timedelta(days=730)
_IMPORTED_AFTER: Final = timedelta(days=14)
_IMPORTED_EVERY: Final = timedelta(milliseconds=10)
_LINE_COUNTS: Final = (1, 2, 3, 4, 5, 6)
_QUANTITIES: Final = (1, 2, 3, MOST_UNITS)
_QUANTITY_WEIGHTS: Final = (78, 15, 5, 2)
_HOURS: Final = (2, 1, 1, 1, 1, 2, 4, 6, 8, 9, 10, 10, 11, 10, 9, 9, 9, 10, 11, 13, 14, 12, 8, 4)
"""How many orders are placed in each hour of the day."""
GROUP_SIZE: Final = 2
_NOTES: Final = ("Please ring twice", "Leave it with the neighbour", "It is a gift: no invoice, please", "After 6 pm")


class Baskets(NamedTuple):
    """How often an order has one line, two, … six: weights."""

    placed: Sequence[int]
    legacy: Sequence[int]
    """Of orders that a legacy system tells of."""


BASKETS: Final = Baskets((48, 26, 13, 7, 4, 2), (80, 13, 4, 2, 1, 0))
"""Legacy baskets were small, as those of the real Olist data are."""


@dataclass(frozen=True, slots=True)
class PlannedLine:
    product: Product
    quantity: int
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """The group that the order has a seat in."""

    id: str
    is_opened: bool
    """By this order; else it joins."""


@dataclass(frozen=True, slots=True)
class Plan:
    rolls: Random
    unit: UnitPolicy
    channel: ChannelPolicy
    member: Member
    lines: tuple[PlannedLine, ...]
    placed_at: datetime
    script: tuple[ScriptedAct, ...]
    refunds_fail: int
    is_reviewed: bool
    coupon_code: str | None
    note: str | None
    external_number: str | None
    is_express: bool
    order_type: OrderType = OrderType.PHYSICAL
    has_codes: bool = True
    group: PlannedGroup | None = None


@dataclass(frozen=True, slots=True)
class LegacyPlan:
    """An order that its legacy system tells of."""

    rolls: Random
    unit: UnitPolicy
    channel: ChannelPolicy
    member: Member
    lines: tuple[PlannedLine, ...]
    placed_at: datetime
    imported_at: datetime
    reference: datetime


@dataclass(frozen=True, slots=True)
class Planner:
    """`is_first`: nothing was seeded before, so members have their welcome coupon and the known order is not there yet."""

    policies: Policies
    catalogue: Catalogue
    seed: int
    orders: int
    reference: datetime
    is_first: bool
    baskets: Baskets = BASKETS

    def plan(self, index: int) -> Plan | LegacyPlan:
        rolls = dice(self.seed, index, self.orders)
        if self._is_second(index):
            return self._second(rolls, index)
        is_old = index < self.mix.legacy_until * self.orders and not self.mix.is_moment(index)
        legacy = self._legacy(rolls, index) if is_old and rolls.random() < self.mix.legacy_share else None
        return legacy or self._placed(rolls, index)

    @property
    def mix(self) -> Mix:
        return mix_of(self.orders)

    def _legacy(self, rolls: Random, index: int) -> LegacyPlan | None:
        """None where no business unit has a legacy system."""
        channels = [c for c in self.policies.channels.values() if c.kind is ChannelKind.LEGACY]
        if not channels:
            return None
        channel = rolls.choice(channels)
        unit = self.policies.units[rolls.choice(channel.business_units)]
        part = min(self.mix.legacy_until, (index + rolls.random()) / self.orders)
        return LegacyPlan(
            rolls=rolls,
            unit=unit,
            channel=channel,
            member=rolls.choice(self.catalogue.members_by_unit[unit.code]),
            lines=self._lines(rolls, unit, self.baskets.legacy),
            placed_at=self._at_day(rolls, part),
            imported_at=self._at(self.mix.legacy_until) + _IMPORTED_AFTER + index * _IMPORTED_EVERY,
            reference=self.reference,
        )

    def _placed(self, rolls: Random, index: int) -> Plan:
        is_known = self._is_known(index)
        member = self.catalogue.members[0] if is_known else self._member(rolls, index)
        unit = self.policies.units[member.unit]
        channel = self.policies.channels[known.PARTNER_CHANNEL] if is_known else self._channel(rolls, unit)
        script, acts, placed_at = self._script(rolls, index, unit, is_known=is_known)
        is_group = script.order_type is OrderType.GROUP_BUY
        return Plan(
            rolls=rolls,
            unit=unit,
            channel=channel,
            member=member,
            lines=self._known_lines()
            if is_known
            else self._lines(
                rolls,
                unit,
                self.baskets.placed,
                2 if script.needs_two_units else 1,
                is_digital=script.order_type is OrderType.VIRTUAL,
            ),
            placed_at=placed_at,
            script=acts,
            refunds_fail=script.refunds_fail,
            is_reviewed=script.is_reviewed,
            coupon_code=None if is_known else self._coupon(rolls, index, unit, placed_at),
            note=rolls.choice(_NOTES) if rolls.random() < 0.08 else None,
            external_number=known.EXTERNAL_NUMBER if is_known else None,
            is_express=rolls.random() < 0.2,
            order_type=script.order_type,
            has_codes=script.has_codes,
            group=PlannedGroup(self._group_id(index, placed_at), is_opened=True) if is_group else None,
        )

    def _second(self, rolls: Random, index: int) -> Plan:
        """Of a group of two that formed: another member buys as the first one does."""
        first = self._placed(dice(self.seed, index - 1, self.orders), index - 1)
        others = [m for m in self.catalogue.members_by_unit[first.unit.code] if m != first.member]
        return replace(
            first,
            rolls=rolls,
            member=rolls.choice(others or [first.member]),
            lines=self._lines(rolls, first.unit, self.baskets.placed),
            coupon_code=None,
            group=replace(first.group, is_opened=False) if first.group else None,
        )

    def _is_second(self, index: int) -> bool:
        return index > 0 and self.mix.is_moment(index - 1) and self._moment_at(index - 1).script.is_pair

    def _moment_at(self, index: int) -> Moment:
        """Whose group has no place for a second order waits instead."""
        found = MOMENTS[index // self.mix.moment_every % len(MOMENTS)]
        has_next = index + 1 < self.orders and not self._is_known(index + 1)
        return found if has_next or not found.script.is_pair else MOMENTS[0]

    def _group_id(self, index: int, placed_at: datetime) -> str:
        rolls = dice("group", self.seed, index, self.orders)
        return f"{IdKind.GROUP}{uuid7(int(placed_at.timestamp() * 1000), rolls.randbytes(10))}"

    def _is_known(self, index: int) -> bool:
        """The last one, where the packaged unit and channel are there."""
        channel = self.policies.channels.get(known.PARTNER_CHANNEL)
        is_possible = channel is not None and known.UNIT in channel.business_units and known.UNIT in self.policies.units
        return self.is_first and is_possible and index == self.orders - 1

    def _member(self, rolls: Random, index: int) -> Member:
        """At first everybody once, then some much more often than others."""
        members = self.catalogue.members
        if index < len(members):
            return members[index * 211 % len(members)]
        return members[int(len(members) * rolls.random() ** 1.6)]

    def _channel(self, rolls: Random, unit: UnitPolicy) -> ChannelPolicy:
        channels = [c for c in self.policies.channels.values() if unit.code in c.business_units]
        weights = [_CHANNEL_WEIGHTS[channel.kind] for channel in channels]
        return rolls.choices(channels, weights)[0]

    def _script(
        self, rolls: Random, index: int, unit: UnitPolicy, *, is_known: bool
    ) -> tuple[Script, tuple[ScriptedAct, ...], datetime]:
        if is_known or self.mix.is_moment(index):
            moment = SHIPPED_IN_PART if is_known else self._moment_at(index)
            return self._moment(rolls, moment, unit)
        script = rolls.choices(LIVES, [life.weight for life in LIVES])[0]
        return script, _acts(rolls, script, unit), self._at_day(rolls, (index + rolls.random()) / self.orders)

    def _moment(
        self, rolls: Random, moment: Moment, unit: UnitPolicy
    ) -> tuple[Script, tuple[ScriptedAct, ...], datetime]:
        acts = _acts(rolls, moment.script, unit)
        age_s = sum(act.after_s for act in acts) + moment.age_s(rolls, unit.timeouts)
        return moment.script, acts, self.reference - timedelta(seconds=age_s)

    def _at(self, part: float) -> datetime:
        """When so large a part of all orders was placed: business grows."""
        return self.reference - SPAN * math.pow(1 - part, 1.2)

    def _at_day(self, rolls: Random, part: float) -> datetime:
        at = self._at(part)
        in_day = timedelta(hours=rolls.choices(range(24), _HOURS)[0], seconds=rolls.uniform(0, 3600))
        morning = at.replace(hour=0, minute=0, second=0, microsecond=0)
        return min(morning + in_day, self.reference - timedelta(seconds=rolls.uniform(60, 3600)))

    def _lines(
        self,
        rolls: Random,
        unit: UnitPolicy,
        weights: Sequence[int],
        least_units: int = 1,
        *,
        is_digital: bool = False,
    ) -> tuple[PlannedLine, ...]:
        """A unit that sells nothing digital sells vouchers for its goods."""
        products = self.catalogue.products[unit.code]
        if is_digital:
            products = tuple(product for product in products if product.is_digital) or products
        count = rolls.choices(_LINE_COUNTS, weights)[0]
        chosen = {products[int(len(products) * rolls.random() ** 1.4)].sku for _ in range(count)}
        lines = tuple(_line(rolls, product) for product in products if product.sku in chosen)
        if sum(line.quantity for line in lines) < least_units:
            return (replace(lines[0], quantity=least_units), *lines[1:])
        return lines

    def _known_lines(self) -> tuple[PlannedLine, ...]:
        products = {product.sku: product for product in self.catalogue.products[known.UNIT]}
        rolls = dice("known")
        return tuple(
            replace(_line(rolls, products[sku]), quantity=position) for position, sku in enumerate(known.SKUS, start=1)
        )

    def _coupon(self, rolls: Random, index: int, unit: UnitPolicy, placed_at: datetime) -> str | None:
        """The welcome coupon with a member's first order at most: it is for once. The known member keeps theirs."""
        if self.is_first and 0 < index < len(self.catalogue.members) and rolls.random() < 0.3:
            return known.COUPON
        if rolls.random() > 0.15:
            return None
        open_to_all = [term for term in COUPONS if term.member_limit is None]
        usable = [t.rule.code for t in open_to_all if t.is_used(unit.code, placed_at, self.reference)]
        return rolls.choice(usable) if usable else None


_CHANNEL_WEIGHTS: Final = {
    ChannelKind.STOREFRONT: 50,
    ChannelKind.APP: 30,
    ChannelKind.MARKETPLACE: 40,
    ChannelKind.PARTNER: 10,
    ChannelKind.STORE: 6,
    ChannelKind.LEGACY: 0,
}
"""Orders of legacy systems are imported, not placed."""


def _acts(rolls: Random, script: Script, unit: UnitPolicy) -> tuple[ScriptedAct, ...]:
    return tuple(beat.drawn(rolls, unit.timeouts) for beat in script.beats)


def _line(rolls: Random, product: Product) -> PlannedLine:
    quantity = rolls.choices(_QUANTITIES, _QUANTITY_WEIGHTS)[0]
    return PlannedLine(product, quantity, {name: rolls.choice(values) for name, values in product.options.items()})


def sold_price_minor(product: Product, placed_at: datetime, reference: datetime) -> int:
    """Prices rose by up to two percent a quarter; some never did."""
    quarters = math.floor((reference - placed_at).days / 91)
    return product.price_minor * (100 - quarters * (product.number % 3)) // 100
