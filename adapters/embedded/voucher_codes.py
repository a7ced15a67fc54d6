"""The voucher service: codes that nobody can guess, as many as a SKU has; those of one order are made once.

A SKU's pool is locked, in the order of the SKUs, before it is looked at; SKUs without one have no limit.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ARRAY, DateTime, Integer, Text, and_, any_, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.embedded.connection import Connection, answers_as
from adapters.embedded.tables import voucher_codes, voucher_pools
from adapters.sql import prepare
from domain.ports.voucher_codes import CodesIssued, CodesRefused, VoucherCode, VoucherDemand

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without signs that are taken for each other."""
GROUPS: Final = 4
SIGNS: Final = 4
_answers = answers_as("voucher")


class EmbeddedVoucherCodes:
    def __init__(self, connection: Connection) -> None:
        self._sql = connection

    @_answers
    async def issue(self, order_id: str, demands: Sequence[VoucherDemand], at: datetime) -> CodesIssued | CodesRefused:
        async with self._sql.transaction() as transaction:
            await transaction.value(_LOCK_ORDER, order_id=order_id)
            rows = await transaction.rows(_ISSUED, order_id=order_id)
            if rows:
                return _codes(rows)
            wanted = _by_sku(demands)
            pools = {row["sku"]: row for row in await transaction.rows(_LOCK_POOLS, skus=sorted(wanted))}
            short = [sku for sku, pool in pools.items() if pool["remaining"] < wanted[sku]]
            if short:
                return CodesRefused(f"There are too few codes left of {', '.join(sorted(short))}.")
            for sku in pools:
                await transaction.execute(_TAKE, the_sku=sku, quantity=wanted[sku])
            await transaction.execute(_ADD, order_id=order_id, at=at, **_columns(demands, pools, at))
            issued = _codes(await transaction.rows(_ISSUED, order_id=order_id))
            await transaction.commit()
        return issued

    @_answers
    async def cancel(self, order_id: str, codes: Sequence[str] | None = None) -> None:
        async with self._sql.transaction() as transaction:
            await transaction.execute(_CANCEL, order_id=order_id, codes=None if codes is None else list(codes))
            await transaction.commit()


def _by_sku(demands: Sequence[VoucherDemand]) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for demand in demands:
        wanted[demand.sku] = wanted.get(demand.sku, 0) + demand.quantity
    return wanted


def _columns(demands: Sequence[VoucherDemand], pools: dict[str, Any], at: datetime) -> dict[str, list[Any]]:
    units = [(demand, position) for demand in demands for position in range(1, demand.quantity + 1)]
    return {
        "codes": [_code() for _ in units],
        "lines": [demand.line_id for demand, _ in units],
        "positions": [position for _, position in units],
        "skus": [demand.sku for demand, _ in units],
        "ends": [_end(pools.get(demand.sku), at) for demand, _ in units],
    }


def _end(pool: Any | None, at: datetime) -> datetime | None:
    return None if pool is None or pool["valid_s"] is None else at + timedelta(seconds=pool["valid_s"])


def _code() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(SIGNS)) for _ in range(GROUPS))


def _codes(rows: Sequence[Any]) -> CodesIssued:
    codes: dict[str, tuple[VoucherCode, ...]] = {}
    for row in rows:
        codes[row["line_id"]] = (*codes.get(row["line_id"], ()), VoucherCode(row["code"], row["expires_at"]))
    return CodesIssued(codes)


_MOMENT: Final = DateTime(timezone=True)
_ORDER: Final = voucher_codes.c.order_id == bindparam("order_id", type_=Text)
_GIVEN: Final = bindparam("codes", type_=ARRAY(Text))
_LOCK_ORDER: Final = prepare(
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("order_id", type_=Text), 7)))
)
"""Two that ask for one order's codes wait for each other: before they are made there is no row to lock."""
_ISSUED: Final = prepare(
    select(voucher_codes.c.line_id, voucher_codes.c.code, voucher_codes.c.expires_at)
    .where(_ORDER)
    .order_by(voucher_codes.c.line_id, voucher_codes.c.position)
)
_LOCK_POOLS: Final = prepare(
    select(voucher_pools.c.sku, voucher_pools.c.remaining, voucher_pools.c.valid_s)
    .where(voucher_pools.c.sku == any_(bindparam("skus", type_=ARRAY(Text))))
    .order_by(voucher_pools.c.sku)
    .with_for_update()
)
_TAKE: Final = prepare(
    update(voucher_pools)
    .where(voucher_pools.c.sku == bindparam("the_sku", type_=Text))
    .values(remaining=voucher_pools.c.remaining - bindparam("quantity", type_=Integer))
)
_units = (
    func.unnest(
        _GIVEN,
        bindparam("lines", type_=ARRAY(Text)),
        bindparam("positions", type_=ARRAY(Integer)),
        bindparam("skus", type_=ARRAY(Text)),
        bindparam("ends", type_=ARRAY(_MOMENT)),
    )
    .table_valued("code", "line_id", "position", "sku", "expires_at")
    .render_derived(name="unit")
)
_ADD: Final = prepare(
    insert(voucher_codes).from_select(
        ["code", "order_id", "line_id", "position", "sku", "issued_at", "expires_at"],
        select(
            _units.c.code,
            bindparam("order_id", type_=Text),
            _units.c.line_id,
            _units.c.position,
            _units.c.sku,
            bindparam("at", type_=_MOMENT),
            _units.c.expires_at,
        ),
    )
)
_CANCEL: Final = prepare(
    update(voucher_codes)
    .where(
        and_(
            _ORDER, voucher_codes.c.cancelled_at.is_(None), or_(_GIVEN.is_(None), voucher_codes.c.code == any_(_GIVEN))
        )
    )
    .values(cancelled_at=func.now())
)
