"""When the balance of a presale is paid: the promotion service says it, for each product."""

from domain.orders.commands import Wish
from domain.orders.installments import BalanceDates
from domain.ports.bundle import Ports
from domain.values.refusals import InputProblem, InvalidInput, invalid


async def balance_dates(ports: Ports, wish: Wish) -> BalanceDates | InvalidInput:
    """Dates that suit every line: from when the last of them opens until the first of them ends. Raises ServiceUnavailable."""
    skus = list(dict.fromkeys(line.sku for line in wish.lines))
    found = dict(zip(skus, await ports.promotions.presales(wish.business_unit, skus, ports.clock.now()), strict=True))
    missing = tuple(
        InputProblem(("lines", str(position), "sku"), "NOT_ON_PRESALE", "The product is on no presale now.")
        for position, line in enumerate(wish.lines)
        if found[line.sku] is None
    )
    if missing:
        return InvalidInput(path=missing[0].path, problems=missing)
    dates = [one for one in found.values() if one is not None]
    balance = BalanceDates(max(one.opens_at for one in dates), min(one.due_at for one in dates))
    if balance.opens_at < balance.due_at:
        return balance
    message = "The balances of these products are paid at different times: order them apart."
    return invalid("lines", code="PRESALES_DIFFER", message=message)
