"""quoteOrder: what an order would cost now, and a token that holds the price for a while. Writes nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.access.viewer import Viewer
from domain.actions.pricing_terms import PricedWish, priced
from domain.orders.commands import Wish
from domain.orders.quotes import quote_content
from domain.ports.bundle import Ports
from domain.ports.inventory import StockView
from domain.values.enums import Role, StockPolicy
from domain.values.faults import ServiceUnavailable
from domain.values.refusals import Forbidden, OutOfStock, Refusal, ServiceDown, ShortLine

QUOTING_ROLES = frozenset((Role.BUYER, Role.PARTNER, Role.MERCHANT, Role.SUPPORT))


@dataclass(frozen=True, slots=True)
class OrderQuote:
    """A price and for how long it holds. `available`: by line, None where the stock is not counted."""

    token: str
    expires_at: datetime
    priced: PricedWish
    available: tuple[int | None, ...]


async def quote_order(ports: Ports, viewer: Viewer, wish: Wish) -> OrderQuote | Refusal:
    if not viewer.actor.roles & QUOTING_ROLES:
        return Forbidden(message="None of your roles may ask for a quote.")
    try:
        return await _quoted(ports, viewer, wish)
    except ServiceUnavailable as fault:
        return ServiceDown(message=str(fault), service=fault.service)


async def _quoted(ports: Ports, viewer: Viewer, wish: Wish) -> OrderQuote | Refusal:
    offer = await priced(ports, viewer, wish, needs_address=False)
    if isinstance(offer, Refusal):
        return offer
    skus = list(dict.fromkeys(line.product.sku for line in offer.lines))
    stock = dict(zip(skus, await ports.inventory.stock(skus), strict=True))
    short = _shortages(offer, stock)
    if short:
        return OutOfStock(path=("lines",), lines=short)
    token = ports.quote_tokens.sign(quote_content(wish, offer.price, offer.shipping_method))
    expires_at = ports.clock.now() + timedelta(seconds=ports.terms.quote_ttl_s)
    return OrderQuote(token, expires_at, offer, _available(offer, stock))


def _shortages(offer: PricedWish, stock: dict[str, StockView | None]) -> tuple[ShortLine, ...]:
    wanted: dict[str, int] = {}
    for line in offer.lines:
        if line.stock_policy is not StockPolicy.NONE:
            wanted[line.product.sku] = wanted.get(line.product.sku, 0) + line.quantity
    available = {sku: found.available if (found := stock[sku]) else 0 for sku in wanted}
    return tuple(ShortLine(sku, units, available[sku]) for sku, units in wanted.items() if units > available[sku])


def _available(offer: PricedWish, stock: dict[str, StockView | None]) -> tuple[int | None, ...]:
    found = (stock[line.product.sku] if line.stock_policy is not StockPolicy.NONE else None for line in offer.lines)
    return tuple(part.available if part else None for part in found)
