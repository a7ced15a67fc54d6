"""A quoted price in a token: what was wished for and what it came to, so that the price holds until the token expires.

The token is the quote (nothing is stored). It names the wish by its hash: with another wish it is worth nothing.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from domain.orders.commands import Wish
from domain.orders.pricing import PricedBasket, PricedDiscount, PricedLine
from domain.values.enums import DiscountFunder, DiscountKind

_LINE_FIELDS = ("quantity", "unit_price_minor", "discount_minor", "tax_minor", "total_minor")
_TOTALS = ("list_minor", "subtotal_minor", "discount_minor", "shipping_minor", "tax_minor", "total_minor")


def hash_of(wish: Wish) -> str:
    """Of all that the price depends on; the address counts by its country and region, so that it may be completed later."""
    address = wish.shipping_address
    content = asdict(replace(wish, shipping_address=None))
    content["place"] = [address.country, address.region] if address else None
    canonical = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def quote_content(wish: Wish, price: PricedBasket, method: str | None) -> dict[str, Any]:
    positions = {line.line_id: position for position, line in enumerate(price.lines)}
    return {
        "wish": hash_of(wish),
        "currency": price.currency,
        "method": method,
        "totals": [getattr(price, name) for name in _TOTALS],
        "lines": [[getattr(line, name) for name in _LINE_FIELDS] for line in price.lines],
        "discounts": [
            [row.kind, row.code, row.name, row.amount_minor, row.funder, positions.get(row.line_id or "")]
            for row in price.discounts
        ],
    }


def quoted_price(content: dict[str, Any], wish: Wish, line_ids: Sequence[str]) -> PricedBasket | None:
    """The price that a token's content promises for these lines; None: it was made for another wish."""
    if content.get("wish") != hash_of(wish) or len(content["lines"]) != len(line_ids):
        return None
    lines = (PricedLine(line_id, *row) for line_id, row in zip(line_ids, content["lines"], strict=True))
    discounts = (
        PricedDiscount(
            DiscountKind(kind), code, name, amount, DiscountFunder(funder), None if at is None else line_ids[at]
        )
        for kind, code, name, amount, funder, at in content["discounts"]
    )
    totals = dict(zip(_TOTALS, content["totals"], strict=True))
    return PricedBasket(content["currency"], tuple(lines), tuple(discounts), unmet_coupons=(), **totals)
