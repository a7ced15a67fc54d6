"""placeOrder: from a wish to an order, exactly once.

    1. No transaction: check the form, ask product, member, promotion, logistics and tax, price (pure).
    2. Where inventory and promotion are embedded, one transaction: claim the idempotency key, reserve the stock, claim the
       coupons, write the order with its first event, its timer and the key's outcome. All of it is there, or nothing. What the
       member may have at most is counted in it.
    3. Where one of them is another system, a saga: a first transaction queues the errand that would undo the placement; then
       the stock is reserved and the coupons claimed, with no transaction open; a last transaction withdraws that errand and
       writes the order and the key's outcome. A crash in between leaves the errand to the worker, which releases what was
       claimed. When the worker was faster, or the same request was begun anew meanwhile, nothing is written: the caller is
       told to try again. What a refusal leaves claimed is released by the same errand, at once.

The first half is the same for a replay: it costs reads, and changes nothing.
"""

from collections.abc import Mapping
from dataclasses import replace

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.changes import see_to
from domain.actions.groups import seat_taken
from domain.actions.member_limits import member_limit
from domain.actions.pricing_terms import PricedWish, coupon_refused, priced
from domain.actions.stock_holding import demands_of, held_until, out_of_stock, shortages
from domain.actions.transactions import Call, InFlight, concluded, once
from domain.orders.commands import PlaceOrder
from domain.orders.model import Errand, ErrandKind
from domain.orders.placement import Draft, placed
from domain.orders.quotes import quoted_price
from domain.orders.review import Reviewable, is_reviewed
from domain.orders.state import Step
from domain.orders.views import Allocation
from domain.ports.bundle import Ports
from domain.ports.inventory import Inventory, Reserved, Short
from domain.ports.promotions import Promotions
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import Role
from domain.values.faults import ServiceUnavailable
from domain.values.ids import IdKind, new_id
from domain.values.outcomes import OrderPlaced, Outcome
from domain.values.refusals import (
    DuplicateExternalNumber,
    Forbidden,
    InputProblem,
    InvalidInput,
    OutOfStock,
    PriceChanged,
    Refusal,
    ServiceDown,
    invalid,
)

MAX_EXTERNAL_NUMBER_LENGTH = 100
Allocations = Mapping[str, tuple[Allocation, ...]]


async def place_order(ports: Ports, viewer: Viewer, command: PlaceOrder) -> Outcome:
    call = Call.of("placeOrder", command)
    if call.problem is not None:
        return call.problem
    try:
        draft = await drafted(ports, viewer, command)
        if isinstance(draft, Refusal) or {Inventory, Promotions} <= ports.embedded:
            return await _placed_at_once(ports, viewer, call, draft)
        return await _placed_by_saga(ports, viewer, call, draft)
    except ServiceUnavailable as fault:
        return ServiceDown(message=str(fault), service=fault.service)


async def drafted(ports: Ports, viewer: Viewer, command: PlaceOrder) -> tuple[Draft, PricedWish] | Refusal:
    problem = _problem(viewer, command)
    if problem is not None:
        return problem
    offer = await priced(ports, viewer, command.wish, needs_address=True)
    if isinstance(offer, Refusal):
        return offer
    held = _at_quoted_price(ports, command, offer)
    if isinstance(held, Refusal):
        return held
    changed = _price_changed(command, held)
    if changed is not None:
        return changed
    draft = Draft(
        order_id=new_id(IdKind.ORDER, int(ports.clock.now().timestamp() * 1000)),
        channel=held.terms.channel,
        order_type=command.wish.order_type,
        external_number=command.external_number,
        buyer=held.buyer,
        lines=held.lines,
        price=held.price,
        shipping_address=command.wish.shipping_address,
        shipping_method=held.shipping_method,
        note=command.note,
        attributes=command.attributes or {},
        balance=held.balance,
        is_reviewed=is_reviewed(_reviewable(command, held), held.terms.unit, viewer.actor.roles),
    )
    return draft, held


def _reviewable(command: PlaceOrder, offer: PricedWish) -> Reviewable:
    units = tuple((line.product.sku, line.quantity) for line in offer.lines)
    return Reviewable(offer.price.total_minor, offer.buyer.level, command.wish.shipping_address, units)


def _problem(viewer: Viewer, command: PlaceOrder) -> Refusal | None:
    if not viewer.actor.roles & {Role.BUYER, Role.PARTNER, Role.MERCHANT, Role.SUPPORT}:
        return Forbidden(message="None of your roles may placeOrder.")
    problems = []
    number = command.external_number
    if number is not None and not 0 < len(number) <= MAX_EXTERNAL_NUMBER_LENGTH:
        message = f"An external number has 1 to {MAX_EXTERNAL_NUMBER_LENGTH} characters."
        problems.append(InputProblem(("externalNumber",), "INVALID_LENGTH", message))
    if command.attributes is not None and not isinstance(command.attributes, dict):
        problems.append(InputProblem(("attributes",), "NOT_AN_OBJECT", "Attributes are a JSON object."))
    return InvalidInput(path=problems[0].path, problems=tuple(problems)) if problems else None


def _at_quoted_price(ports: Ports, command: PlaceOrder, offer: PricedWish) -> PricedWish | Refusal:
    if command.quote_token is None:
        return offer
    content = ports.quote_tokens.read(command.quote_token, ports.terms.quote_ttl_s)
    price = quoted_price(content, command.wish, [line.line_id for line in offer.lines]) if content else None
    if content is None or price is None:
        message = "The quote has expired, or was made for another order."
        return invalid("quoteToken", code="INVALID_QUOTE", message=message)
    return replace(offer, price=price, shipping_method=content["method"])


def _price_changed(command: PlaceOrder, offer: PricedWish) -> PriceChanged | None:
    expected = command.expected_total
    actual = offer.price
    if expected is None or (expected.amount_minor, expected.currency) == (actual.total_minor, actual.currency):
        return None
    return PriceChanged(
        expected_minor=expected.amount_minor,
        expected_currency=expected.currency,
        actual_minor=actual.total_minor,
        currency=actual.currency,
    )


async def _placed_at_once(
    ports: Ports, viewer: Viewer, call: Call, draft: tuple[Draft, PricedWish] | Refusal
) -> Outcome:
    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        if isinstance(draft, Refusal):
            return draft
        refused = await member_limit(uow, draft[1], ports.clock.now())
        if refused is not None:
            return refused
        inventory, promotions = uow.local(Inventory), uow.local(Promotions)
        allocations = await claimed(ports, draft, inventory or ports.inventory, promotions or ports.promotions)
        if isinstance(allocations, Refusal):
            return allocations
        return await written(uow, ports, viewer, draft, allocations)

    return at_once(await once(ports, viewer, call, work))


async def _placed_by_saga(ports: Ports, viewer: Viewer, call: Call, draft: tuple[Draft, PricedWish]) -> Outcome:
    order_id = draft[0].order_id
    undo = Errand(ErrandKind.UNDO_PLACEMENT, order_id)

    async def begin(uow: UnitOfWork, _resumed: str | None) -> Outcome | InFlight:
        refused = await member_limit(uow, draft[1], ports.clock.now())
        if refused is not None:
            return refused
        await uow.queue(order_id, (undo,), ports.clock.now(), lease_s=ports.terms.lease_s)
        return InFlight(order_id, order_id)

    begun = await once(ports, viewer, call, begin)
    if not isinstance(begun, InFlight):
        return begun
    return await _saga_finished(ports, viewer, call, draft, undo)


async def _saga_finished(
    ports: Ports, viewer: Viewer, call: Call, draft: tuple[Draft, PricedWish], undo: Errand
) -> Outcome:
    order_id = draft[0].order_id
    down: ServiceDown | None = None
    allocations: Allocations | Refusal = {}
    try:
        allocations = await claimed(ports, draft, ports.inventory, ports.promotions)
    except ServiceUnavailable as fault:
        down = ServiceDown(message=str(fault), service=fault.service)

    async def write(uow: UnitOfWork) -> Outcome:
        if not await uow.withdraw(order_id, undo.kind, undo.subject_id):
            return ServiceDown(message="The placement took too long and was undone.", service="order-center")
        outcome = down or await _attempted(uow, ports, viewer, draft, allocations)
        if isinstance(outcome, Refusal) and not isinstance(outcome, OutOfStock):  # then nothing is claimed
            await uow.queue(order_id, (undo,), ports.clock.now())
        return outcome

    return await concluded(ports, viewer, call, order_id, write)


async def _attempted(
    uow: UnitOfWork, ports: Ports, viewer: Viewer, draft: tuple[Draft, PricedWish], allocations: Allocations | Refusal
) -> Outcome:
    if isinstance(allocations, Refusal):
        return allocations
    # Others may have been placed since the first transaction.
    refused = await member_limit(uow, draft[1], ports.clock.now())
    if refused is not None:
        return refused
    async with uow.attempt() as attempt:
        outcome = await written(uow, ports, viewer, draft, allocations)
        if isinstance(outcome, Refusal):
            attempt.undo()
    return outcome


async def claimed(
    ports: Ports, draft: tuple[Draft, PricedWish], inventory: Inventory, promotions: Promotions
) -> Allocations | Refusal:
    """Stock first, then coupons: every placement takes its locks in this order."""
    order, offer = draft
    is_paid = order.price.total_minor == 0
    demands, now = demands_of(order.lines, is_paid=is_paid), ports.clock.now()
    short = None if is_paid else await shortages(inventory, order.lines)
    if short is not None:
        return short
    until = held_until(offer.terms.unit, now, is_reviewed=order.is_reviewed, balance=order.balance)
    answer = await inventory.reserve(order.order_id, demands, until) if demands else Reserved({})
    if isinstance(answer, Short):
        return out_of_stock(answer)
    codes = order.price.used_coupons
    refused = await promotions.claim(order.order_id, order.buyer.member_id, codes, now) if codes else None
    return coupon_refused(refused) if refused is not None else answer.allocations


async def written(
    uow: UnitOfWork, ports: Ports, viewer: Viewer, draft: tuple[Draft, PricedWish], allocations: Allocations
) -> Outcome:
    order, offer = draft
    now = ports.clock.now()
    at_ms = int(now.timestamp() * 1000)
    step = Step(offer.terms.flow, offer.terms.unit, viewer.actor, now, lambda kind: new_id(kind, at_ms))
    seat = await seat_taken(uow, offer.group, offer.terms.unit, order.order_id, now)
    if isinstance(seat, Refusal):
        return seat
    number = f"{now:%Y%m%d}{await uow.next_number():08d}"
    after = placed(replace(order, seat=seat), number, allocations, step)
    taken_by = await uow.add(after)
    if taken_by is not None:
        return DuplicateExternalNumber(order_id=taken_by)
    await see_to(uow, ports, order.order_id, after.errands)
    return OrderPlaced(order_id=order.order_id)
