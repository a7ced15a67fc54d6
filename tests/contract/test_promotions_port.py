"""What every implementation of Promotions holds."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.db.engine import Database
from adapters.embedded.promotions import EmbeddedPromotions
from adapters.embedded.tables import coupons, presales
from adapters.embedded.tables import promotions as table
from domain.orders.installments import BalanceDates
from domain.orders.pricing_rules import Coupon, LinePromotion, OrderPromotion, Reduction
from domain.ports.promotions import (
    ActivePromotions,
    CouponRefusal,
    PromotionRequest,
    Promotions,
    RefusedCoupon,
)
from domain.values.enums import DiscountFunder

pytestmark = pytest.mark.anyio
Given = Callable[..., Awaitable[None]]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
REQUEST = PromotionRequest("fashion", "web", "EUR", "mbr_1", "GOLD", (), NOON)
TENTH = Reduction(rate=Decimal("0.1"))


def promotion(code: str, **changes: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": code.title(),
        "kind": "ORDER",
        "funder": "MERCHANT",
        "rate": Decimal("0.1"),
        "amount_minor": None,
        "currency": None,
        "minimum_minor": 0,
        "minimum_quantity": 1,
        "skus": None,
        "categories": None,
        "business_units": None,
        "channels": None,
        "member_levels": None,
        "priority": 0,
        "valid_from": None,
        "valid_until": None,
        **changes,
    }


def coupon(code: str, **changes: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": code.title(),
        "funder": "PLATFORM",
        "rate": None,
        "amount_minor": 500,
        "currency": "EUR",
        "minimum_minor": 2000,
        "business_units": None,
        "channels": None,
        "valid_from": None,
        "valid_until": None,
        "total_limit": None,
        "member_limit": None,
        **changes,
    }


@pytest.fixture
async def promotions(database: Database) -> Promotions:
    return EmbeddedPromotions(database)


async def usable(promotions: Promotions, code: str, member_id: str = "mbr_1") -> bool:
    active = await promotions.active(replace(REQUEST, member_id=member_id, coupon_codes=(code,)))
    return bool(active.coupons)


async def test_without_promotions_nothing_is_reduced(promotions: Promotions) -> None:
    assert await promotions.active(REQUEST) == ActivePromotions((), (), ())


async def test_promotions_come_in_the_order_in_which_they_apply(promotions: Promotions, given: Given) -> None:
    await given(
        table,
        promotion("B", priority=2, minimum_minor=1000, currency="EUR"),
        promotion("Z", priority=1, rate=None, amount_minor=300, currency="EUR", funder="PARTNER"),
        promotion("L", kind="LINE", skus=["CUP", "TEA"], categories=["shoes"], minimum_quantity=3),
        promotion("A", priority=2),
    )
    assert await promotions.active(REQUEST) == ActivePromotions(
        lines=(
            LinePromotion(
                "L",
                "L",
                DiscountFunder.MERCHANT,
                TENTH,
                skus=frozenset(("CUP", "TEA")),
                categories=frozenset(("shoes",)),
                minimum_quantity=3,
            ),
        ),
        orders=(
            OrderPromotion("Z", "Z", DiscountFunder.PARTNER, Reduction(amount_minor=300)),
            OrderPromotion("A", "A", DiscountFunder.MERCHANT, TENTH),
            OrderPromotion("B", "B", DiscountFunder.MERCHANT, TENTH, minimum_minor=1000),
        ),
        coupons=(),
    )


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"business_units": ["toys", "fashion"]}, True),
        ({"business_units": ["toys"]}, False),
        ({"channels": ["web"]}, True),
        ({"channels": ["app"]}, False),
        ({"member_levels": ["GOLD"]}, True),
        ({"member_levels": ["SILVER"]}, False),
        ({"currency": "EUR"}, True),
        ({"currency": "USD"}, False),
        ({"valid_from": NOON}, True),
        ({"valid_from": NOON + DAY}, False),
        ({"valid_until": NOON + DAY}, True),
        ({"valid_until": NOON}, False),
        ({"business_units": ["fashion"], "channels": ["app"]}, False),
    ],
)
async def test_a_promotion_holds_when_all_its_conditions_do(
    promotions: Promotions, given: Given, condition: dict[str, Any], holds: bool
) -> None:
    await given(table, promotion("P", **condition))
    active = await promotions.active(REQUEST)
    assert [found.code for found in active.orders] == ["P"] * holds


async def test_a_member_without_a_level_gets_no_level_promotion(promotions: Promotions, given: Given) -> None:
    await given(table, promotion("P", member_levels=["GOLD"]), promotion("Q", member_levels=None))
    active = await promotions.active(replace(REQUEST, member_level=None))
    assert [found.code for found in active.orders] == ["Q"]


async def test_coupons_come_as_asked_for_each_once_with_the_refused_ones_apart(
    promotions: Promotions, given: Given
) -> None:
    await given(
        coupons,
        coupon("TEN"),
        coupon("SOON", valid_from=NOON + DAY),
        coupon("OVER", valid_until=NOON),
        coupon("EMPTY", total_limit=0),
        coupon("MINE", member_limit=0),
        coupon("TOYS", business_units=["toys"]),
        coupon("APP", channels=["app"]),
        coupon("DOLLAR", currency="USD"),
        coupon("RATE", rate=Decimal("0.1"), amount_minor=None, currency=None, minimum_minor=0),
    )
    asked = ("RATE", "SOON", "OVER", "NO", "\0", "EMPTY", "TEN", "MINE", "TOYS", "APP", "DOLLAR", "TEN", "ten")
    active = await promotions.active(replace(REQUEST, coupon_codes=asked))
    assert active.coupons == (
        Coupon("RATE", "Rate", DiscountFunder.PLATFORM, TENTH),
        Coupon("TEN", "Ten", DiscountFunder.PLATFORM, Reduction(amount_minor=500), minimum_minor=2000),
    )
    assert active.refused == (
        RefusedCoupon("SOON", CouponRefusal.NOT_YET),
        RefusedCoupon("OVER", CouponRefusal.EXPIRED),
        RefusedCoupon("NO", CouponRefusal.UNKNOWN),
        RefusedCoupon("\0", CouponRefusal.UNKNOWN),
        RefusedCoupon("EMPTY", CouponRefusal.EXHAUSTED),
        RefusedCoupon("MINE", CouponRefusal.MEMBER_LIMIT),
        RefusedCoupon("TOYS", CouponRefusal.UNKNOWN),
        RefusedCoupon("APP", CouponRefusal.UNKNOWN),
        RefusedCoupon("DOLLAR", CouponRefusal.UNKNOWN),
        RefusedCoupon("ten", CouponRefusal.UNKNOWN),
    )


async def test_a_claim_takes_one_use_and_repeating_it_takes_no_more(promotions: Promotions, given: Given) -> None:
    await given(coupons, coupon("TWICE", total_limit=2))
    for order_id in ("o1", "o1", "o2", "o2"):
        assert await promotions.claim(order_id, "mbr_1", ["TWICE", "TWICE"], NOON) is None
    refused = RefusedCoupon("TWICE", CouponRefusal.EXHAUSTED)
    assert await promotions.claim("o3", "mbr_1", ["TWICE"], NOON) == refused
    assert await promotions.claim("o1", "mbr_1", ["TWICE"], NOON) is None


async def test_a_released_claim_can_be_taken_again(promotions: Promotions, given: Given) -> None:
    await given(coupons, coupon("ONCE", total_limit=1))
    for order_id in ("o1", "o2", "o1"):
        assert await promotions.claim(order_id, "mbr_1", ["ONCE"], NOON) is None
        assert not await usable(promotions, "ONCE")
        await promotions.release(order_id)
        await promotions.release(order_id)
        assert await usable(promotions, "ONCE")


async def test_releasing_an_order_leaves_the_claims_of_others(promotions: Promotions, given: Given) -> None:
    await given(coupons, coupon("TWO", total_limit=2))
    await promotions.claim("o1", "mbr_1", ["TWO"], NOON)
    await promotions.claim("o2", "mbr_1", ["TWO"], NOON)
    await promotions.release("o1")
    await promotions.release("o9")
    assert await promotions.claim("o3", "mbr_1", ["TWO"], NOON) is None
    assert await promotions.claim("o4", "mbr_1", ["TWO"], NOON) == RefusedCoupon("TWO", CouponRefusal.EXHAUSTED)


async def test_a_member_has_a_limit_of_its_own(promotions: Promotions, given: Given) -> None:
    await given(coupons, coupon("ONE", member_limit=1))
    assert await promotions.claim("o1", "mbr_1", ["ONE"], NOON) is None
    assert await promotions.claim("o2", "mbr_1", ["ONE"], NOON) == RefusedCoupon("ONE", CouponRefusal.MEMBER_LIMIT)
    assert (await usable(promotions, "ONE"), await usable(promotions, "ONE", "mbr_2")) == (False, True)
    assert await promotions.claim("o3", "mbr_2", ["ONE"], NOON) is None
    await promotions.release("o1")
    assert await promotions.claim("o2", "mbr_1", ["ONE"], NOON) is None


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("NO", CouponRefusal.UNKNOWN),
        ("\0", CouponRefusal.UNKNOWN),
        ("SOON", CouponRefusal.NOT_YET),
        ("OVER", CouponRefusal.EXPIRED),
    ],
)
async def test_all_coupons_are_claimed_or_none(
    promotions: Promotions, given: Given, code: str, refusal: CouponRefusal
) -> None:
    await given(
        coupons,
        coupon("GOOD", total_limit=1),
        coupon("SOON", valid_from=NOON + DAY),
        coupon("OVER", valid_until=NOON),
    )
    assert await promotions.claim("o1", "mbr_1", ["GOOD", code], NOON) == RefusedCoupon(code, refusal)
    assert await usable(promotions, "GOOD")


async def test_no_coupons_need_no_claim(promotions: Promotions) -> None:
    assert await promotions.claim("o1", "mbr_1", [], NOON) is None


async def test_concurrent_claims_never_pass_a_limit(promotions: Promotions, given: Given) -> None:
    await given(coupons, coupon("A", total_limit=7), coupon("B", member_limit=3))

    async def claim(number: int) -> RefusedCoupon | None:
        codes = ["A", "B"] if number % 2 else ["B", "A"]
        return await promotions.claim(f"o{number}", f"mbr_{number % 2}", codes, NOON)

    outcomes = await asyncio.gather(*(claim(number) for number in range(30)))
    assert sum(outcome is None for outcome in outcomes) == 6
    assert {outcome.refusal for outcome in outcomes if outcome} == {CouponRefusal.MEMBER_LIMIT}


async def test_an_order_claims_other_coupons_instead(promotions: Promotions, given: Given) -> None:
    await given(coupons, coupon("A", total_limit=1), coupon("B", total_limit=1), coupon("C", total_limit=1))
    assert await promotions.claim("o1", "mbr_1", ["A", "B"], NOON) is None
    assert await promotions.claim_only("o1", "mbr_1", ["B", "C"], NOON) is None
    assert await promotions.claim("o2", "mbr_2", ["A"], NOON) is None
    assert await promotions.claim("o2", "mbr_2", ["B"], NOON) == RefusedCoupon("B", CouponRefusal.EXHAUSTED)
    assert await promotions.claim_only("o1", "mbr_1", ["A", "B"], NOON) == RefusedCoupon("A", CouponRefusal.EXHAUSTED)
    assert await promotions.claim("o2", "mbr_2", ["C"], NOON) == RefusedCoupon("C", CouponRefusal.EXHAUSTED)
    assert await promotions.claim_only("o1", "mbr_1", [], NOON) is None
    assert await promotions.claim("o2", "mbr_2", ["B", "C"], NOON) is None


async def test_of_an_erased_order_the_claims_are_counted_and_are_nobodys(promotions: Promotions, given: Given) -> None:
    await given(coupons, coupon("A", total_limit=2, member_limit=1), coupon("B", total_limit=1))
    assert await promotions.claim("o1", "mbr_1", ["A", "B"], NOON) is None
    for _ in range(2):
        await promotions.forget_member("o1")
    assert await promotions.claim("o2", "mbr_1", ["B"], NOON) == RefusedCoupon("B", CouponRefusal.EXHAUSTED)
    assert await promotions.claim("o2", "mbr_1", ["A"], NOON) is None
    assert await promotions.claim("o3", "mbr_2", ["A"], NOON) == RefusedCoupon("A", CouponRefusal.EXHAUSTED)


async def test_an_orders_own_claims_do_not_count_against_it(promotions: Promotions, given: Given) -> None:
    await given(coupons, coupon("A", total_limit=1), coupon("B", member_limit=1))
    await promotions.claim("o1", "mbr_1", ["A", "B"], NOON)
    asked = replace(REQUEST, coupon_codes=("A", "B"))
    others = await promotions.active(asked)
    assert [refused.refusal for refused in others.refused] == [CouponRefusal.EXHAUSTED, CouponRefusal.MEMBER_LIMIT]
    own = await promotions.active(replace(asked, order_id="o1"))
    assert (own.refused, [rule.code for rule in own.coupons]) == ((), ["A", "B"])


async def test_what_is_on_presale_has_its_balance_dates(promotions: Promotions, given: Given) -> None:
    opens_at, due_at = NOON + DAY, NOON + 3 * DAY
    await given(
        presales,
        *(
            {"business_unit": unit, "sku": sku, "balance_opens_at": opens, "balance_due_at": due, "sold_until": until}
            for unit, sku, opens, due, until in (
                ("fashion", "COAT", opens_at, due_at, None),
                ("fashion", "SCARF", opens_at, due_at, NOON),
                ("fashion", "HAT", NOON - DAY, NOON, None),
                ("toys", "BEAR", opens_at, due_at, None),
            )
        ),
    )
    skus = ["BEAR", "COAT", "HAT", "UNKNOWN", "SCARF", "COAT\0"]
    expected = [None, BalanceDates(opens_at, due_at), None, None, None, None]
    assert await promotions.presales("fashion", skus, NOON) == expected
    assert await promotions.presales("fashion", [], NOON) == []
