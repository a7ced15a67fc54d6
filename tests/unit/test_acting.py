"""Mutations and quotes: what becomes of an input, and of each outcome."""

from typing import Any

import pytest

from domain.actions import act_on_order, quote_order
from domain.actions.pricing_terms import PricedWish, Terms
from domain.actions.quote_order import OrderQuote
from domain.orders.commands import ActOnOrder, PlaceOrderLine, WantedGroup, Wish
from domain.orders.flows import PHYSICAL_1
from domain.orders.placement import Buyer, DraftLine, SoldProduct
from domain.orders.pricing import PricedBasket, PricedDiscount, PricedLine
from domain.values import refusals
from domain.values.enums import DiscountFunder, DiscountKind, StockPolicy, SupplyChannel
from domain.values.money import Money
from domain.values.outcomes import OrderChanged
from schema.types.registry import TYPE_OF_VIEW
from tests.fixtures.orders import CHANNEL, START, UNIT, World, physical_order
from tests.fixtures.reading import Shelf, ask

pytestmark = pytest.mark.anyio


async def test_what_is_wrong_with_the_form_of_an_input_is_answered_at_once() -> None:
    query = """mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { __typename ... on UserError { code path retryable }
      ... on InvalidInput { problems { path code } } } }"""
    wish = {
        "idempotencyKey": "k",
        "businessUnit": "acme-eu",
        "channel": "acme-web",
        "memberId": "mbr_anna",
        "note": "a\0b",
        "lines": [
            {"sku": "A", "quantity": 1, "unitPrice": {"amount": "1.001", "currency": "EUR"}},
            {"sku": "B", "quantity": 1, "options": [1], "unitPrice": {"amount": "1", "currency": "XXX"}},
        ],
        "attributes": {"deep": {"text": "\ud800"}},
    }
    data = await ask(Shelf(), query, input=wish)
    assert data["placeOrder"] == {
        "__typename": "InvalidInput",
        "code": "INVALID_INPUT",
        "path": ["note"],
        "retryable": False,
        "problems": [
            {"path": ["note"], "code": "INVALID_TEXT"},
            {"path": ["attributes", "deep", "text"], "code": "INVALID_TEXT"},
            {"path": ["lines", "0", "unitPrice"], "code": "INVALID_MONEY"},
            {"path": ["lines", "1", "options"], "code": "NOT_AN_OBJECT"},
            {"path": ["lines", "1", "unitPrice"], "code": "INVALID_MONEY"},
        ],
    }


async def test_json_that_is_nested_without_end_is_refused() -> None:
    deep: Any = {}
    for _ in range(500):
        deep = {"a": deep}
    query = (
        "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { ... on InvalidInput { problems { code } } } }"
    )
    wish = {
        "idempotencyKey": "k",
        "businessUnit": "u",
        "channel": "c",
        "memberId": "mbr_anna",
        "lines": [],
        "attributes": deep,
    }
    data = await ask(Shelf(), query, input=wish)
    assert data["placeOrder"] == {"problems": [{"code": "TOO_DEEP"}]}


ACT = """mutation($input: OrderActionInput!) { holdOrder(input: $input) { __typename
  ... on OrderActionSuccess { replayed order { version } } ... on UserError { code path }
  ... on PaymentDeclined { payment { id } } ... on OutOfStock { lines { sku } } ... on ActionRejected { blockedBy { code } } } }"""


def answering(monkeypatch: pytest.MonkeyPatch, module: Any, answer: Any) -> list[Any]:
    """The handler of the module answers this; the commands that it gets."""
    commands: list[Any] = []

    async def handle(_ports: Any, _viewer: Any, command: Any) -> Any:
        commands.append(command)
        return answer() if callable(answer) else answer

    monkeypatch.setattr(module, module.__name__.rpartition(".")[2], handle)
    return commands


async def test_a_success_shows_the_order_as_the_action_left_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf((physical_order(World()),))
    head = shelf.orders[0].head

    def act() -> OrderChanged:
        shelf.orders = tuple(order.with_head(version=order.head.version + 1) for order in shelf.orders)
        return OrderChanged(order_id=head.id, is_replayed=True)

    commands = answering(monkeypatch, act_on_order, act)
    twice = """mutation($input: OrderActionInput!) { hold: holdOrder(input: $input) { ...changed }
      again: releaseOrder(input: $input) { ...changed } }
      fragment changed on OrderActionSuccess { replayed order { version } }"""
    data = await ask(shelf, twice, input={"orderId": head.id, "expectedVersion": 1, "note": None})
    assert data == {
        "hold": {"replayed": True, "order": {"version": head.version + 1}},
        "again": {"replayed": True, "order": {"version": head.version + 2}},
    }
    assert commands == [
        ActOnOrder("holdOrder", head.id, 1, None, None),
        ActOnOrder("releaseOrder", head.id, 1, None, None),
    ]


REFUSALS: list[tuple[refusals.Refusal, dict[str, Any]]] = [
    (refusals.Forbidden(message="no"), {}),
    (refusals.NotFound(), {}),
    (refusals.VersionConflict(expected_version=1, current_version=2), {}),
    (refusals.IdempotencyConflict(), {}),
    (refusals.RequestInProgress(retry_after_ms=5), {}),
    (refusals.ServiceDown(service="tax"), {}),
    (refusals.invalid("note", code="TOO_LONG", message="no"), {}),
    (refusals.OutOfStock(lines=(refusals.ShortLine("A", 2, 1),)), {"lines": [{"sku": "A"}]}),
    (
        refusals.ActionRejected(message="no", action="a", state="s", blocked_by=(refusals.BlockedReason("X", "x"),)),
        {"blockedBy": [{"code": "X"}]},
    ),
]


@pytest.mark.parametrize(("refusal", "more"), REFUSALS)
async def test_a_refusal_is_a_member_of_the_answers_union(
    refusal: refusals.Refusal, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, act_on_order, refusal)
    data = await ask(Shelf(), ACT, input={"orderId": "ord_1"})
    shown = TYPE_OF_VIEW[type(refusal)].__strawberry_definition__.name
    assert data["holdOrder"] == {"__typename": shown, "code": refusal.code, "path": list(refusal.path), **more}


async def test_a_quote_shows_its_price_and_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    sold = DraftLine(
        "lin_1", SoldProduct("A", "Tee", None, None, None, SupplyChannel.OWN, None), 2, {}, None, StockPolicy.NONE
    )
    priced = PricedBasket(
        currency="EUR",
        lines=(PricedLine("lin_1", 2, 1000, 100, 190, 2090),),
        discounts=(PricedDiscount(DiscountKind.COUPON, "C", "Coupon", 100, DiscountFunder.PLATFORM, None),),
        list_minor=2000,
        subtotal_minor=2000,
        discount_minor=100,
        shipping_minor=490,
        tax_minor=190,
        total_minor=2580,
        unmet_coupons=(),
    )
    terms = Terms(UNIT, CHANNEL, PHYSICAL_1)
    wish = PricedWish(terms, Buyer("mbr_anna", None, None), (sold,), priced, "standard")
    commands = answering(monkeypatch, quote_order, OrderQuote("tok", START, wish, (None,)))
    query = """query($input: QuoteOrderInput!) { quoteOrder(input: $input) { ... on OrderQuote { token expiresAt
      lines { sku name quantity unitPrice { amount } discountTotal { amount } total { amount } available }
      discounts { kind code amount { amount } lineId } installments { kind amount { amount } dueAt }
      subtotal { amount } discountTotal { amount } shippingTotal { amount } taxTotal { amount } total { amount currency } } } }"""
    asked = {
        "businessUnit": "acme-eu",
        "channel": "acme-web",
        "memberId": "mbr_anna",
        "lines": [{"sku": "A", "quantity": 2}],
        "manualDiscount": {"amount": "1", "currency": "EUR"},
        "group": {"join": "grp_1"},
    }
    assert (await ask(Shelf(), query, input=asked))["quoteOrder"] == {
        "token": "tok",
        "expiresAt": "2026-03-02T09:00:00Z",
        "lines": [
            {
                "sku": "A",
                "name": "Tee",
                "quantity": 2,
                "unitPrice": {"amount": "10.00"},
                "discountTotal": {"amount": "1.00"},
                "total": {"amount": "20.90"},
                "available": None,
            }
        ],
        "discounts": [{"kind": "COUPON", "code": "C", "amount": {"amount": "1.00"}, "lineId": None}],
        "installments": [{"kind": "FULL", "amount": {"amount": "25.80"}, "dueAt": None}],
        "subtotal": {"amount": "20.00"},
        "discountTotal": {"amount": "1.00"},
        "shippingTotal": {"amount": "4.90"},
        "taxTotal": {"amount": "1.90"},
        "total": {"amount": "25.80", "currency": "EUR"},
    }
    assert commands == [
        Wish(
            business_unit="acme-eu",
            channel="acme-web",
            member_id="mbr_anna",
            lines=(PlaceOrderLine("A", 2),),
            manual_discount=Money(100, "EUR"),
            group=WantedGroup(join="grp_1"),
        )
    ]
