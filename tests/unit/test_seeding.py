from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import gcd
from typing import Any, Final

import pytest

from adapters.db.tables import orders
from adapters.policy_files import load_policies
from adapters.seeding import known
from adapters.seeding.batches import Batch, life_of, made
from adapters.seeding.catalogue import MEMBER_COUNT, catalogue_of
from adapters.seeding.legacy import STATUSES, SYSTEMS, legacy_order, told
from adapters.seeding.making import maker_count
from adapters.seeding.mix import BULK_FROM, BULK_MIX, MIX
from adapters.seeding.moments import MOMENTS
from adapters.seeding.plans import LegacyPlan, Planner
from adapters.seeding.play import QUIET, Played
from adapters.seeding.terms import active_promotions, shipping_offers, tax_rates
from domain.orders.flows import FLOWS, PHYSICAL_1
from domain.orders.import_problems import import_problems
from domain.orders.model import ErrandKind
from domain.policies import ChannelPolicy, Policies, UnitPolicy
from domain.values.enums import AfterSaleState, ChannelKind, MachineKind, OrderStatus, OrderType

REFERENCE: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
POLICIES: Final = load_policies()
CATALOGUE: Final = catalogue_of(POLICIES)
FASHION: Final = POLICIES.units[known.UNIT]


def planner(orders_wanted: int = 400, seed: int = 1, *, is_first: bool = True) -> Planner:
    return Planner(POLICIES, CATALOGUE, seed, orders_wanted, REFERENCE, is_first)


def rows(batch: Batch, name: str) -> list[tuple[Any, ...]]:
    return (batch.orders | batch.services)[name]


def life(index: int, plan: Planner | None = None) -> Played:
    return life_of(plan or planner(), index, index + 1)


def legacy_plans(plan: Planner, step: int = 1) -> dict[int, LegacyPlan]:
    """By index."""
    plans = ((index, plan.plan(index)) for index in range(0, plan.orders, step))
    return {index: found for index, found in plans if isinstance(found, LegacyPlan)}


def test_the_catalogue_has_a_hundred_products_per_unit_and_five_hundred_members() -> None:
    assert {unit: len(products) for unit, products in CATALOGUE.products.items()} == {
        "fashion-eu": 100,
        "electronics-us": 100,
        "marketplace-br": 100,
    }
    assert len({product.sku for product in CATALOGUE.all_products()}) == 300
    assert len({member.buyer.member_id for member in CATALOGUE.members}) == MEMBER_COUNT == 500
    assert catalogue_of(POLICIES) == CATALOGUE


def test_the_known_products_and_the_known_member_are_the_first_units() -> None:
    first, second = CATALOGUE.products[known.UNIT][:2]
    assert (first.sku, second.sku) == known.SKUS
    for product in (first, second):
        assert (product.is_available, product.leftover) == (True, {"ber-1": 500, "lej-1": 500})
    assert (CATALOGUE.members[0].buyer.member_id, CATALOGUE.members[0].unit) == (known.MEMBER, known.UNIT)


def test_products_of_the_policies_special_categories_are_there() -> None:
    for unit in POLICIES.units.values():
        categories = {product.category for product in CATALOGUE.products[unit.code]}
        assert set(unit.stock.by_category) <= categories


def test_a_unit_that_is_not_packaged_gets_products_members_and_shipping() -> None:
    unit = UnitPolicy(code="acme", name="Acme", currency="JPY", country="JP")
    channel = ChannelPolicy("web", "Acme shop", ChannelKind.STOREFRONT, ("acme",))
    policies = Policies({"acme": unit}, {"web": channel})
    own = Planner(policies, catalogue_of(policies), 1, 5, REFERENCE, is_first=True)
    lives = [life_of(own, index, index + 1) for index in range(5)]
    assert {order.order.head.currency for order in lives} == {"JPY"}
    assert {order.order.head.external_number for order in lives} == {None}


def test_the_same_seed_gives_the_same_rows_however_they_are_cut_into_batches() -> None:
    whole = made(planner(), 0, range(1, 61))
    halves = [made(planner(), 0, range(1, 26)), made(planner(), 25, range(26, 61))]
    for name in (whole.orders | whole.services).keys() - {"jobs"}:
        assert rows(whole, name) == rows(halves[0], name) + rows(halves[1], name)
    assert made(planner(seed=2), 0, range(1, 61)).orders[orders.name] != whole.orders[orders.name]


@pytest.mark.parametrize("number", range(len(MOMENTS)))
def test_a_moment_leaves_the_order_in_its_state_and_nothing_due(number: int) -> None:
    moment = MOMENTS[number]
    index = number * MIX.moment_every + MIX.moment_every - 1
    for seed in (1, 2, 3):
        order = life(index, planner(1000, seed)).order
        assert (order.head.order_type, order.head.status) == (moment.script.order_type, moment.status)
        assert all(timer.due_at >= REFERENCE + QUIET for timer in order.timers if timer.due_at)


def test_every_state_of_the_order_that_lasts_is_some_moments_or_an_end() -> None:
    states = {state.name for flow in FLOWS.values() for state in flow.states if state.machine is MachineKind.ORDER}
    assert {moment.status for moment in MOMENTS} == states
    of_goods = {moment.status for moment in MOMENTS if moment.script.order_type is OrderType.PHYSICAL}
    own = {OrderStatus.PENDING_DEPOSIT, OrderStatus.PENDING_BALANCE, OrderStatus.GROUP_PENDING}
    assert of_goods | {OrderStatus.COMPLETED, OrderStatus.CANCELLED} == states - own


def test_the_cases_of_moments_are_in_every_state_that_lasts_but_those_of_exchanges() -> None:
    lives = [
        life(number * MIX.moment_every + MIX.moment_every - 1, planner(1000)).order for number in range(len(MOMENTS))
    ]
    assert {case.status for order in lives for case in order.after_sales} == {
        AfterSaleState.REQUESTED,
        AfterSaleState.AWAITING_RETURN,
        AfterSaleState.RETURN_IN_TRANSIT,
        AfterSaleState.REJECTED,
        AfterSaleState.ARBITRATION,
        AfterSaleState.DISPUTED,
        AfterSaleState.COMPLETED,
        AfterSaleState.WITHDRAWN,
    }


def test_two_orders_have_the_seats_of_a_group_that_formed() -> None:
    pairs = [number for number, moment in enumerate(MOMENTS) if moment.script.is_pair]
    assert len(pairs) == 2
    for number in pairs:
        index = number * MIX.moment_every + MIX.moment_every - 1
        first, second = life(index, planner(1000)), life(index + 1, planner(1000))
        assert first.order.head.status is second.order.head.status is MOMENTS[number].status
        assert first.order.head.group_id == second.order.head.group_id is not None
        assert first.order.head.member_id != second.order.head.member_id
        assert first.books.group is not None
        assert (first.books.group.joined, first.books.group.status, second.books.group) == (2, "FORMED", None)
    # At the end there is nobody to join: the last of all is the known order.
    last = pairs[0] * MIX.moment_every + MIX.moment_every
    assert life(last - 1, planner(last + 1)).order.head.group_id is None


def test_an_order_lives_on_the_stepped_clock_and_never_after_the_reference() -> None:
    for index in range(200):
        one = life(index)
        if one.order.head.is_imported:
            continue
        times = [event.at for event in one.order.events]
        assert times == sorted(times)
        assert times[0] == one.order.head.placed_at
        assert times[-1] == one.order.head.updated_at <= REFERENCE
        assert REFERENCE - one.order.head.placed_at <= timedelta(days=731)


def test_a_refund_that_fails_leaves_a_job_for_later() -> None:
    index = next(n for n, moment in enumerate(MOMENTS) if moment.status is OrderStatus.REFUNDING) * MIX.moment_every
    one = life(index + MIX.moment_every - 1)
    (refund,) = one.order.refunds
    (job,) = one.pending
    assert (refund.attempts, job.errand.kind, job.errand.subject_id) == (4, ErrandKind.REFUND, refund.id)
    assert job.due_at > REFERENCE


def test_the_last_order_is_the_known_one() -> None:
    head = life(399).order.head
    assert (head.member_id, head.channel, head.external_number, head.status) == (
        known.MEMBER,
        known.PARTNER_CHANNEL,
        known.EXTERNAL_NUMBER,
        OrderStatus.PARTIALLY_SHIPPED,
    )
    lines = life(399).order.lines
    assert [(line.sku, line.quantity) for line in lines] == [(known.SKUS[0], 1), (known.SKUS[1], 2)]


def test_only_the_first_seeding_has_the_known_order_and_welcome_coupons() -> None:
    later = [life(index, planner(is_first=False)) for index in range(400)]
    assert known.EXTERNAL_NUMBER not in {one.order.head.external_number for one in later}
    assert known.COUPON not in {claim.code for one in later for claim in one.books.claims}


def test_a_member_claims_the_welcome_coupon_once_and_the_known_one_not_at_all() -> None:
    claims = [claim for index in range(700) for claim in life(index, planner(700)).books.claims]
    welcome = [claim.member_id for claim in claims if claim.code == known.COUPON]
    assert len(welcome) == len(set(welcome)) > 50
    assert known.MEMBER not in welcome


def test_payments_made_elsewhere_are_whole_and_never_refunded() -> None:
    lives = [life(index, planner(1500)).order for index in range(1500)]
    external = [order for order in lives if any(payment.method == "external" for payment in order.payments)]
    assert len(external) > 5
    assert [order.refunds for order in external] == [()] * len(external)


def test_taxes_say_the_category_before_the_region() -> None:
    assert tax_rates("US", "CA", ["audio", "software"]) == {"audio": Decimal("0.0725"), "software": Decimal(0)}
    assert tax_rates("US", "AK", ["audio"]) == {"audio": Decimal(0)}
    assert tax_rates("DE", "BE", ["shoes", "gift-cards"]) == {"shoes": Decimal("0.19"), "gift-cards": Decimal(0)}


def test_shipping_says_the_country_before_everywhere() -> None:
    assert [offer.amount_minor for offer in shipping_offers(FASHION, "DE")] == [490, 1290]
    assert [offer.amount_minor for offer in shipping_offers(FASHION, "FR")] == [990, 2490]


def test_promotions_apply_to_their_units_levels_and_days() -> None:
    lines, whole = active_promotions("fashion-eu", "GOLD", REFERENCE, REFERENCE)
    assert ([rule.code for rule in lines], [rule.code for rule in whole]) == (["KNIT-WEEKS"], ["SPEND150", "MEMBERS5"])
    lines, whole = active_promotions("fashion-eu", "BRONZE", REFERENCE - timedelta(days=400), REFERENCE)
    assert ([rule.code for rule in lines], [rule.code for rule in whole]) == (["SUMMER-DRESS"], ["SPEND150"])


def test_few_orders_need_no_other_process() -> None:
    assert maker_count(999) == 1
    assert maker_count(1000) >= 1


def test_about_one_order_in_eight_is_a_legacy_one_and_all_are_of_the_oldest() -> None:
    plans = legacy_plans(planner(2000))
    assert 200 < len(plans) < 300
    assert max(plans) < 600
    assert {plan.channel.code for plan in plans.values()} == set(SYSTEMS)
    assert {plan.channel.code: plan.unit.code for plan in plans.values()} == {
        "legacy-erp": "electronics-us",
        "legacy-olist": "marketplace-br",
    }


def test_where_no_unit_has_a_legacy_system_all_orders_are_placed() -> None:
    channels = {code: channel for code, channel in POLICIES.channels.items() if channel.kind is not ChannelKind.LEGACY}
    own = Planner(Policies(POLICIES.units, channels), CATALOGUE, 1, 200, REFERENCE, is_first=True)
    assert legacy_plans(own) == {}


def test_a_legacy_order_is_what_the_importer_takes_with_one_event_after_all_its_times() -> None:
    orders_of = {index: life(index, planner(2000)).order for index in legacy_plans(planner(2000))}
    for index, plan in legacy_plans(planner(2000)).items():
        assert import_problems(told(plan, index + 1), PHYSICAL_1) == ()
    for order in orders_of.values():
        head, (event,) = order.head, order.events
        assert (event.action, event.at, order.timers, order.errands) == ("importOrders", head.updated_at, (), ())
        times = [head.placed_at, head.paid_at, head.completed_at, head.cancelled_at]
        times += [time for parcel in order.shipments for time in (parcel.shipped_at, parcel.delivered_at)]
        assert max(time for time in times if time) < head.updated_at < REFERENCE
    heads = [order.head for order in orders_of.values()]
    assert {head.status for head in heads} == set(STATUSES)
    assert len({(head.channel, head.external_number) for head in heads}) == len(heads)
    assert all(head.attributes["legacyStatus"] in SYSTEMS[head.channel].words.values() for head in heads)
    assert 0 < sum(head.import_difference_minor is not None for head in heads) < len(heads) // 20


def test_a_legacy_system_that_is_not_packaged_gives_external_numbers_and_no_words() -> None:
    plan = next(iter(legacy_plans(planner()).values()))
    order = legacy_order(replace(plan, channel=replace(plan.channel, code="old-shop")), 77)
    assert (order.head.external_number, order.head.attributes) == ("OLD-77", {})


def test_a_big_seed_is_imported_for_the_most_part_and_has_six_events_an_order_at_most() -> None:
    for orders_wanted in (BULK_FROM, 1_000_000):
        step = orders_wanted // 400 + 1
        assert gcd(step, BULK_MIX.moment_every) == 1  # so that there are as many moments as in the whole
        big, sample = planner(orders_wanted), range(0, orders_wanted, step)
        assert 0.75 < len(legacy_plans(big, step)) / len(sample) < 0.9
        assert sum(len(life(index, big).order.events) for index in sample) / len(sample) <= 6
