"""Ids: opaque, global, prefixed by kind. An id is the same text in every room: in GraphQL, in commands and in SQL.

Ours are a prefix and a UUIDv7 (RFC 9562 §5.7), so that they sort by the time they were made. Those of other services are a
prefix and that service's own key.
"""

import os
import re
from enum import StrEnum
from typing import Final


class IdKind(StrEnum):
    ORDER = "ord_"
    LINE = "lin_"
    FULFILLMENT = "ful_"
    SHIPMENT = "shp_"
    PAYMENT = "pay_"
    REFUND = "ref_"
    AFTER_SALE = "afs_"
    GROUP = "grp_"
    VOUCHER = "vch_"
    EVENT = "evt_"
    RECEIPT = "rcp_"
    EXPORT = "exp_"
    PRODUCT = "prd_"
    MEMBER = "mbr_"
    SELLER = "sel_"
    WAREHOUSE = "whs_"


OWN_KINDS: Final = frozenset(
    (
        IdKind.ORDER,
        IdKind.LINE,
        IdKind.FULFILLMENT,
        IdKind.SHIPMENT,
        IdKind.PAYMENT,
        IdKind.REFUND,
        IdKind.AFTER_SALE,
        IdKind.GROUP,
        IdKind.VOUCHER,
        IdKind.EVENT,
        IdKind.RECEIPT,
        IdKind.EXPORT,
    )
)
_OWN: Final = re.compile(r"[0-9a-f]{32}")
_FOREIGN: Final = re.compile(r"[!-~]{1,100}")


def uuid7(at_ms: int, entropy: bytes) -> str:
    """A UUIDv7 as 32 hexadecimal digits, from Unix milliseconds and ten bytes of entropy."""
    value = (at_ms & (1 << 48) - 1) << 80 | int.from_bytes(entropy[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return f"{value:032x}"


def new_id(kind: IdKind, at_ms: int) -> str:
    """A new id of one of our own kinds, made at `at_ms`."""
    return f"{kind}{uuid7(at_ms, os.urandom(10))}"


def foreign_id(kind: IdKind, key: str) -> str:
    return kind + key


def foreign_key(kind: IdKind, global_id: str) -> str | None:
    """The owning service's key in a global id; None when the id is of another kind."""
    return global_id.removeprefix(kind) if kind_of(global_id) is kind else None


def kind_of(global_id: str) -> IdKind | None:
    """The kind of a well-formed id, None for anything else: an id that cannot exist needs no look-up."""
    try:
        kind = IdKind(global_id[:4])
    except ValueError:
        return None
    form = _OWN if kind in OWN_KINDS else _FOREIGN
    return kind if form.fullmatch(global_id, 4) else None
