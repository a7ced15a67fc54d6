"""The promotion service: what is reduced now, and the claims on coupons.

A claim locks its coupons' rows, in the order of their codes, before it looks at their limits: neither `used` nor the number of
a member's claims can change between the look and the claim.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from adapters.embedded.connection import Connection, OwnTransaction, answers_as, storable
from adapters.embedded.promotion_statements import (
    ACTIVE,
    ADD_CLAIMS,
    CLAIMED_CODES,
    COUPONS,
    FORGET_MEMBER,
    LOCK_COUPONS,
    PRESALES,
    RELEASE,
    RELEASE_OTHERS,
)
from domain.orders.installments import BalanceDates
from domain.orders.pricing_rules import Coupon, LinePromotion, OrderPromotion, Reduction
from domain.ports.promotions import ActivePromotions, CouponRefusal, PromotionRequest, RefusedCoupon
from domain.values.enums import DiscountFunder

_answers = answers_as("promotion")
_NONE: Final[frozenset[str]] = frozenset()


class EmbeddedPromotions:
    def __init__(self, connection: Connection) -> None:
        self._sql = connection

    @_answers
    async def active(self, request: PromotionRequest) -> ActivePromotions:
        codes = tuple(dict.fromkeys(request.coupon_codes))
        rows = await self._sql.rows(
            ACTIVE,
            business_unit=request.business_unit,
            channel=request.channel,
            currency=request.currency,
            member_id=request.member_id,
            member_level=request.member_level,
            codes=storable(codes),
            at=request.at,
            order_id=request.order_id,
        )
        asked = {row["code"]: row for row in rows if row["kind"] == "COUPON"}
        refused = _refusals(codes, asked, request.at)
        usable = set(codes) - {refusal.coupon_code for refusal in refused}
        return ActivePromotions(
            lines=tuple(_line_promotion(row) for row in rows if row["kind"] == "LINE"),
            orders=tuple(_order_promotion(row) for row in rows if row["kind"] == "ORDER"),
            coupons=tuple(_coupon(asked[code]) for code in codes if code in usable),
            refused=refused,
        )

    @_answers
    async def presales(self, business_unit: str, skus: Sequence[str], at: datetime) -> list[BalanceDates | None]:
        rows = await self._sql.rows(PRESALES, business_unit=business_unit, skus=storable(skus), at=at)
        found = {sku: BalanceDates(opens_at, due_at) for sku, opens_at, due_at in rows}
        return [found.get(sku) for sku in skus]

    @_answers
    async def claim(
        self, order_id: str, member_id: str, coupon_codes: Sequence[str], at: datetime
    ) -> RefusedCoupon | None:
        codes = tuple(dict.fromkeys(coupon_codes))
        if not codes:
            return None
        async with self._sql.transaction() as transaction:
            await transaction.execute(LOCK_COUPONS, codes=storable(codes))
            refused = await _claimed(transaction, order_id, member_id, codes, at)
            if refused is None:
                await transaction.commit()
        return refused

    @_answers
    async def claim_only(
        self, order_id: str, member_id: str, coupon_codes: Sequence[str], at: datetime
    ) -> RefusedCoupon | None:
        codes = tuple(dict.fromkeys(coupon_codes))
        async with self._sql.transaction() as transaction:
            former = {row[0] for row in await transaction.rows(CLAIMED_CODES, order_id=order_id)}
            await transaction.execute(LOCK_COUPONS, codes=storable(sorted(former | set(codes))))
            await transaction.execute(RELEASE_OTHERS, order_id=order_id, codes=storable(codes))
            refused = await _claimed(transaction, order_id, member_id, codes, at)
            if refused is None:
                await transaction.commit()
        return refused

    @_answers
    async def release(self, order_id: str) -> None:
        async with self._sql.transaction() as transaction:
            await transaction.execute(RELEASE, order_id=order_id)
            await transaction.commit()

    @_answers
    async def forget_member(self, order_id: str) -> None:
        async with self._sql.transaction() as transaction:
            await transaction.execute(FORGET_MEMBER, order_id=order_id)
            await transaction.commit()


async def _claimed(
    transaction: OwnTransaction, order_id: str, member_id: str, codes: Sequence[str], at: datetime
) -> RefusedCoupon | None:
    """Those that the order does not claim yet; the coupons are locked."""
    rows = await transaction.rows(COUPONS, order_id=order_id, member_id=member_id, codes=storable(codes))
    found = {row["code"]: row for row in rows}
    wanted = tuple(code for code in codes if code not in found or not found[code]["used_by_order"])
    if refused := _refusals(wanted, found, at):
        return refused[0]
    if wanted:
        await transaction.execute(ADD_CLAIMS, order_id=order_id, member_id=member_id, codes=sorted(wanted), at=at)
    return None


def _refusals(codes: Sequence[str], found: dict[str, Any], at: datetime) -> tuple[RefusedCoupon, ...]:
    refusals = ((code, _refusal(found.get(code), at)) for code in codes)
    return tuple(RefusedCoupon(code, refusal) for code, refusal in refusals if refusal)


def _refusal(row: Any | None, at: datetime) -> CouponRefusal | None:
    """The first that holds; a missing limit never does."""
    if row is None:
        return CouponRefusal.UNKNOWN
    if row["valid_from"] is not None and at < row["valid_from"]:
        return CouponRefusal.NOT_YET
    if row["valid_until"] is not None and at >= row["valid_until"]:
        return CouponRefusal.EXPIRED
    if row["total_limit"] is not None and row["used"] >= row["total_limit"]:
        return CouponRefusal.EXHAUSTED
    if row["member_limit"] is not None and row["used_by_member"] >= row["member_limit"]:
        return CouponRefusal.MEMBER_LIMIT
    return None


def _line_promotion(row: Any) -> LinePromotion:
    return LinePromotion(
        row["code"],
        row["name"],
        DiscountFunder(row["funder"]),
        _reduction(row),
        frozenset(row["skus"] or _NONE),
        frozenset(row["categories"] or _NONE),
        row["minimum_quantity"],
    )


def _order_promotion(row: Any) -> OrderPromotion:
    return OrderPromotion(
        row["code"], row["name"], DiscountFunder(row["funder"]), _reduction(row), row["minimum_minor"]
    )


def _coupon(row: Any) -> Coupon:
    return Coupon(row["code"], row["name"], DiscountFunder(row["funder"]), _reduction(row), row["minimum_minor"])


def _reduction(row: Any) -> Reduction:
    return Reduction(row["rate"], row["amount_minor"])
