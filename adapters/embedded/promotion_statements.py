"""What the promotion service asks its tables."""

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Select,
    Text,
    Update,
    all_,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from adapters.embedded.tables import KEYS, coupon_claims, coupons, presales, promotions
from adapters.sql import prepare

NOBODY: Final = "erased"
"""Of claims whose member is forgotten."""
_MOMENT: Final = DateTime(timezone=True)
_CODES: Final = bindparam("codes", type_=ARRAY(Text))
_ORDER: Final = coupon_claims.c.order_id == bindparam("order_id", type_=Text)
_CLAIMED: Final = coupon_claims.c.state == literal_column("'CLAIMED'")


def _text(name: str) -> ColumnElement[str]:
    return bindparam(name, type_=Text)


def _allows(condition: ColumnElement[Any], value: ColumnElement[str]) -> ColumnElement[bool]:
    return or_(condition.is_(None), value == any_(condition))


def _meant(table: FromClause) -> ColumnElement[bool]:
    """For such orders at all; when it is valid is another question."""
    return and_(
        _allows(table.c.business_units, _text("business_unit")),
        _allows(table.c.channels, _text("channel")),
        or_(table.c.currency.is_(None), table.c.currency == _text("currency")),
    )


def _claims_of_member() -> ColumnElement[int]:
    return (
        select(func.count())
        .where(coupon_claims.c.code == coupons.c.code, coupon_claims.c.member_id == _text("member_id"), _CLAIMED)
        .correlate(coupons)
        .scalar_subquery()
    )


def _claims_of_order() -> ColumnElement[int]:
    return (
        select(func.count())
        .where(coupon_claims.c.code == coupons.c.code, _ORDER, _CLAIMED)
        .correlate(coupons)
        .scalar_subquery()
    )


def _valid_promotions() -> Select[Any]:
    at = bindparam("at", type_=_MOMENT)
    return select(
        promotions.c.kind,
        promotions.c.code,
        promotions.c.name,
        promotions.c.funder,
        promotions.c.rate,
        promotions.c.amount_minor,
        promotions.c.minimum_minor,
        promotions.c.priority,
        promotions.c.minimum_quantity,
        promotions.c.skus,
        promotions.c.categories,
        promotions.c.valid_from,
        promotions.c.valid_until,
        cast(null(), Integer).label("total_limit"),
        cast(null(), Integer).label("member_limit"),
        literal_column("0").label("used"),
        literal_column("0").label("used_by_member"),
    ).where(
        _meant(promotions),
        _allows(promotions.c.member_levels, _text("member_level")),
        or_(promotions.c.valid_from.is_(None), promotions.c.valid_from <= at),
        or_(promotions.c.valid_until.is_(None), promotions.c.valid_until > at),
    )


def _asked_coupons() -> Select[Any]:
    return select(
        literal_column("'COUPON'"),
        coupons.c.code,
        coupons.c.name,
        coupons.c.funder,
        coupons.c.rate,
        coupons.c.amount_minor,
        coupons.c.minimum_minor,
        literal_column("0"),
        literal_column("1"),
        cast(null(), KEYS),
        cast(null(), KEYS),
        coupons.c.valid_from,
        coupons.c.valid_until,
        coupons.c.total_limit,
        coupons.c.member_limit,
        coupons.c.used - _claims_of_order(),
        _claims_of_member() - _claims_of_order(),
    ).where(coupons.c.code == any_(_CODES), _meant(coupons))


ACTIVE: Final = prepare(union_all(_valid_promotions(), _asked_coupons()).order_by("priority", "code"))
"""Promotions that apply, in their order, and the coupons asked for, in one round trip."""

PRESALES: Final = prepare(
    select(presales.c.sku, presales.c.balance_opens_at, presales.c.balance_due_at).where(
        presales.c.business_unit == _text("business_unit"),
        presales.c.sku == any_(bindparam("skus", type_=ARRAY(Text))),
        presales.c.balance_due_at > bindparam("at", type_=_MOMENT),
        or_(presales.c.sold_until.is_(None), presales.c.sold_until > bindparam("at", type_=_MOMENT)),
    )
)

LOCK_COUPONS: Final = prepare(
    select(coupons.c.code).where(coupons.c.code == any_(_CODES)).order_by(coupons.c.code).with_for_update()
)

COUPONS: Final = prepare(
    select(
        coupons.c.code,
        coupons.c.valid_from,
        coupons.c.valid_until,
        coupons.c.total_limit,
        coupons.c.member_limit,
        coupons.c.used,
        _claims_of_member().label("used_by_member"),
        _claims_of_order().label("used_by_order"),
    ).where(coupons.c.code == any_(_CODES))
)

_wanted = func.unnest(_CODES).column_valued("code")
_added = (
    insert(coupon_claims)
    .from_select(
        ["order_id", "code", "member_id", "state", "claimed_at"],
        select(
            _text("order_id"), _wanted, _text("member_id"), literal_column("'CLAIMED'"), bindparam("at", type_=_MOMENT)
        ),
    )
    .on_conflict_do_update(
        index_elements=["order_id", "code"],
        set_={
            "state": literal_column("excluded.state"),
            "member_id": literal_column("excluded.member_id"),
            "claimed_at": literal_column("excluded.claimed_at"),
            "released_at": null(),
        },
    )
    .returning(coupon_claims.c.code)
    .cte("added")
)
ADD_CLAIMS: Final = prepare(
    update(coupons).values(used=coupons.c.used + 1).where(coupons.c.code.in_(select(_added.c.code)))
)
"""Only on coupons that are locked, only of codes that the order does not claim yet."""


def _released(*where: ColumnElement[bool]) -> Update:
    held = (
        select(coupons.c.code)
        .where(coupons.c.code.in_(select(coupon_claims.c.code).where(_ORDER, _CLAIMED, *where)))
        .order_by(coupons.c.code)
        .with_for_update()
        .cte("held")
    )
    freed = (
        update(coupon_claims)
        .values(state="RELEASED", released_at=func.now())
        .where(_ORDER, _CLAIMED, coupon_claims.c.code.in_(select(held.c.code)))
        .returning(coupon_claims.c.code)
        .cte("freed")
    )
    return update(coupons).values(used=coupons.c.used - 1).where(coupons.c.code.in_(select(freed.c.code)))


RELEASE: Final = prepare(_released())
RELEASE_OTHERS: Final = prepare(_released(coupon_claims.c.code != all_(_CODES)))
"""All claims of the order but those on these coupons."""
FORGET_MEMBER: Final = prepare(update(coupon_claims).where(_ORDER).values(member_id=literal_column(f"'{NOBODY}'")))
CLAIMED_CODES: Final = prepare(select(coupon_claims.c.code).where(_ORDER, _CLAIMED).order_by(coupon_claims.c.code))
