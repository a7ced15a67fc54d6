"""placeOrder on a real database: exact rows for an order that is placed, and nothing at all for one that is refused."""

from dataclasses import replace
from typing import Any

import pytest

from domain.access.viewer import Viewer
from domain.orders.commands import PlaceOrderLine, WantedGroup
from domain.orders.views import Allocation
from domain.values.enums import OrderType
from domain.values.money import Money
from domain.values.outcomes import OrderPlaced
from domain.values.refusals import (
    DuplicateExternalNumber,
    Forbidden,
    InvalidCoupon,
    InvalidInput,
    LimitExceeded,
    OutOfStock,
    PriceChanged,
    ServiceDown,
    ShortLine,
    UnknownMember,
    UnknownProduct,
)
from tests.fixtures.shop import (
    ADDRESS,
    ADMIN,
    ANALYST,
    ANNA,
    BOB,
    DAY,
    FINANCE,
    MERCHANT,
    MINUTE,
    PARTNER,
    RESELLER,
    START,
    SUPPORT,
    TOTAL,
    WAREHOUSE,
    Shop,
)
from tests.fixtures.sleepy import without

pytestmark = pytest.mark.anyio


def lines(**quantities: int) -> tuple[PlaceOrderLine, ...]:
    return tuple(PlaceOrderLine(sku, quantity) for sku, quantity in quantities.items())


def eur(amount_minor: int) -> Money:
    return Money(amount_minor, "EUR")


async def test_an_order_is_placed_with_all_that_belongs_to_it(any_shop: Shop) -> None:
    order_id = await any_shop.placed(coupon_codes=("SAVE5",), note="Ring twice", attributes={"gift": True})
    order = await any_shop.order(order_id)
    head = order.head
    assert (head.status, head.payment_status, head.fulfillment_status, head.version) == (
        "PENDING_PAYMENT",
        "UNPAID",
        "UNFULFILLED",
        1,
    )
    # 4000 + 1350 − 500 shared 374 : 126; 19 % of 3626 is 689, of 1224 is 233
    assert (head.subtotal_minor, head.discount_minor, head.shipping_minor, head.tax_minor) == (5500, 650, 490, 922)
    assert (head.total_minor, head.payable_minor, head.captured_minor, head.authorized_minor) == (6262, 6262, 0, 0)
    assert (head.number, head.placed_at, head.paid_at) == ("2026030200000001", START, None)
    assert (head.member_id, head.buyer_name, head.buyer_level) == ("mbr_anna", "Anna", "GOLD")
    assert (head.shipping_address, head.shipping_method, head.note, head.attributes) == (
        ADDRESS,
        "standard",
        "Ring twice",
        {"gift": True},
    )
    assert [
        (line.sku, line.quantity, line.discount_minor, line.tax_minor, line.total_minor) for line in order.lines
    ] == [
        ("TEE", 2, 374, 689, 4315),
        ("POSTER", 1, 276, 233, 1457),
    ]
    assert [line.allocations for line in order.lines] == [(Allocation("BER", 2),), (Allocation("BER", 1),)]
    assert [(row.kind, row.code, row.amount_minor, row.funder) for row in order.discounts] == [
        ("LINE_PROMOTION", "ART10", 150, "MERCHANT"),
        ("COUPON", "SAVE5", 500, "PLATFORM"),
    ]
    assert [(part.kind, part.amount_minor, part.paid_minor, part.due_at) for part in order.installments] == [
        ("FULL", 6262, 0, START + 30 * MINUTE)
    ]
    assert await any_shop.steps(order_id) == [("placeOrder", None, "PENDING_PAYMENT", "anna")]
    assert await any_shop.timers(order_id) == {"order.payTimeout": 30 * MINUTE}
    assert await any_shop.stock() == {("TEE", "BER"): (10, 2), ("POSTER", "BER"): (5, 1)}
    assert await any_shop.coupons_used() == {"SAVE5": 1}
    assert await any_shop.jobs() == []
    assert await any_shop.sql("SELECT expires_at, state FROM services.reservations") == 2 * [
        (START + 40 * MINUTE, "HELD")
    ]


async def test_an_order_that_costs_nothing_is_paid_at_once(any_shop: Shop) -> None:
    await any_shop.sql("UPDATE services.shipping_methods SET amount_minor = 0 RETURNING 1")
    order_id = await any_shop.placed(lines=lines(FREE=2))
    assert await any_shop.status(order_id) == ("PAID", "PAID", "UNFULFILLED", 4)
    assert [step[0] for step in await any_shop.steps(order_id)] == ["placeOrder", "split", "split", "allocate"]
    assert await any_shop.timers(order_id) == {"order.autoConfirm": DAY, "fulfillment.acceptTimeout": DAY}
    await any_shop.worker.drain()
    assert await any_shop.stock() == {("FREE", "BER"): (98, 0)}
    assert await any_shop.jobs() == []


async def test_stock_leaves_by_the_policy_of_the_category(any_shop: Shop) -> None:
    order_id = await any_shop.placed(lines=lines(CARD=50, LAMP=3, MUG=1))
    assert await any_shop.stock() == {("LAMP", "BER"): (1, 0), ("MUG", "HAM"): (10, 1)}
    await any_shop.paid(order_id)
    assert await any_shop.stock() == {("LAMP", "BER"): (1, 0), ("MUG", "HAM"): (9, 0)}
    assert [part.warehouse for part in (await any_shop.order(order_id)).fulfillments] == [None, "BER", "HAM"]


async def test_units_come_from_two_warehouses_where_none_has_all(shop: Shop) -> None:
    order_id = await shop.placed(lines=lines(TEE=12))
    order = await shop.order(order_id)
    assert order.lines[0].allocations == (Allocation("BER", 10), Allocation("HAM", 2))
    assert await shop.stock() == {("TEE", "BER"): (10, 10), ("TEE", "HAM"): (5, 2)}


async def test_the_expected_total_is_accepted_when_it_is_right(shop: Shop) -> None:
    assert (await shop.order(await shop.placed(expected_total=eur(TOTAL)))).head.total_minor == TOTAL


async def test_a_partner_sells_at_its_own_prices_under_its_own_number(shop: Shop) -> None:
    order_id = await shop.placed(
        PARTNER, channel="partner", lines=(PlaceOrderLine("TEE", 1, unit_price=eur(1234)),), external_number="P-1"
    )
    head = (await shop.order(order_id)).head
    assert (head.subtotal_minor, head.external_number, head.channel_kind) == (1234, "P-1", "PARTNER")


async def test_staff_give_a_discount_within_the_limit(shop: Shop) -> None:
    order_id = await shop.placed(SUPPORT, manual_discount=eur(1100))
    assert [(row.kind, row.amount_minor) for row in (await shop.order(order_id)).discounts][1:] == [("MANUAL", 1100)]


@pytest.mark.parametrize("viewer", [ANNA, MERCHANT, SUPPORT, ADMIN])
async def test_who_may_place(shop: Shop, viewer: Viewer) -> None:
    assert isinstance(await shop.place(viewer), OrderPlaced)


@pytest.mark.parametrize("viewer", [FINANCE, WAREHOUSE, ANALYST])
async def test_who_may_not(shop: Shop, viewer: Viewer) -> None:
    outcome = await shop.refused(shop.place(viewer))
    assert outcome == Forbidden(message="None of your roles may placeOrder.")


@pytest.mark.parametrize(
    ("viewer", "wish", "path"),
    [
        (BOB, {}, ("memberId",)),
        (RESELLER, {}, ("channel",)),
        (MERCHANT, {"business_unit": "rival", "channel": "rival-web"}, ("businessUnit",)),
        (RESELLER, {"channel": "reseller", "lines": (PlaceOrderLine("TEE", 1, unit_price=eur(1)),)}, ("lines",)),
        (MERCHANT, {"channel": "partner", "lines": (PlaceOrderLine("TEE", 1, unit_price=eur(1)),)}, ("lines",)),
        (ANNA, {"lines": (PlaceOrderLine("TEE", 1, unit_price=eur(1)),)}, ("lines",)),
        (ANNA, {"manual_discount": eur(1)}, ("manualDiscount",)),
        (PARTNER, {"channel": "partner", "manual_discount": eur(1)}, ("manualDiscount",)),
    ],
)
async def test_rights_that_a_caller_does_not_have(
    shop: Shop, viewer: Viewer, wish: dict[str, Any], path: tuple[str, ...]
) -> None:
    outcome = await shop.refused(shop.place(viewer, **wish))
    assert isinstance(outcome, Forbidden)
    assert outcome.path == path


@pytest.mark.parametrize(
    ("more", "problems"),
    [
        ({"business_unit": "nobody"}, [("businessUnit", "UNKNOWN_BUSINESS_UNIT")]),
        ({"channel": "nowhere"}, [("channel", "UNKNOWN_CHANNEL")]),
        ({"channel": "rival-web"}, [("channel", "UNKNOWN_CHANNEL")]),
        ({"order_type": OrderType.VIRTUAL}, [("shippingAddress", "NOT_SENT")]),
        ({"order_type": OrderType.GROUP_BUY}, [("group", "MISSING")]),
        (
            {"order_type": OrderType.GROUP_BUY, "group": WantedGroup(size=1)},
            [("group.open.size", "INVALID_GROUP_SIZE")],
        ),
        ({"order_type": OrderType.GROUP_BUY, "group": WantedGroup(join="grp_1")}, [("group.join", "INVALID_ID")]),
        ({"lines": ()}, [("lines", "EMPTY")]),
        (
            {"lines": (PlaceOrderLine("TEE", 0), PlaceOrderLine("", -1), PlaceOrderLine("x" * 101, 1))},
            [
                ("lines.0.quantity", "NOT_POSITIVE"),
                ("lines.1.quantity", "NOT_POSITIVE"),
                ("lines.1.sku", "INVALID_LENGTH"),
                ("lines.2.sku", "INVALID_LENGTH"),
            ],
        ),
        ({"lines": (PlaceOrderLine("TEE", 1, options=["M"]),)}, [("lines.0.options", "NOT_AN_OBJECT")]),
        ({"lines": (PlaceOrderLine("TEE", 1, unit_price=eur(-1)),)}, [("lines.0.unitPrice", "INVALID_PRICE")]),
        ({"lines": (PlaceOrderLine("TEE", 1, unit_price=Money(1, "USD")),)}, [("lines.0.unitPrice", "INVALID_PRICE")]),
        ({"coupon_codes": ("SAVE5", "SAVE5")}, [("couponCodes", "DUPLICATE_COUPON")]),
        ({"shipping_address": None}, [("shippingAddress", "MISSING")]),
        ({"shipping_address": replace(ADDRESS, country="de")}, [("shippingAddress.country", "INVALID_COUNTRY")]),
        (
            {"shipping_address": replace(ADDRESS, recipient=" ", city=None, line1="x" * 201, postal_code="1" * 21)},
            [
                ("shippingAddress.recipient", "INVALID_LENGTH"),
                ("shippingAddress.city", "INVALID_LENGTH"),
                ("shippingAddress.line1", "INVALID_LENGTH"),
                ("shippingAddress.postalCode", "INVALID_LENGTH"),
            ],
        ),
        ({"shipping_address": replace(ADDRESS, country="US")}, [("shippingAddress.country", "COUNTRY_NOT_SERVED")]),
        ({"shipping_method": "drone"}, [("shippingMethod", "UNKNOWN_METHOD")]),
        ({"manual_discount": eur(-1)}, [("manualDiscount", "INVALID_AMOUNT")]),
        ({"manual_discount": Money(1, "USD")}, [("manualDiscount", "INVALID_AMOUNT")]),
        ({"member_id": "ord_anna"}, [("memberId", "INVALID_ID")]),
        ({"group": WantedGroup(size=2)}, [("group", "NOT_A_GROUP_BUY")]),
        ({"note": "x" * 2001}, [("note", "INVALID_LENGTH")]),
        ({"external_number": ""}, [("externalNumber", "INVALID_LENGTH")]),
        ({"external_number": "x" * 101}, [("externalNumber", "INVALID_LENGTH")]),
        ({"attributes": [1]}, [("attributes", "NOT_AN_OBJECT")]),
        ({"quote_token": "nonsense"}, [("quoteToken", "INVALID_QUOTE")]),
        ({"key": "x" * 256}, [("idempotencyKey", "INVALID_LENGTH")]),
    ],
)
async def test_input_that_is_not_valid(shop: Shop, more: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    outcome = await shop.refused(shop.place(**more))
    assert isinstance(outcome, InvalidInput), outcome
    assert [(".".join(problem.path), problem.code) for problem in outcome.problems] == problems
    assert outcome.path == outcome.problems[0].path


async def test_too_little_stock(any_shop: Shop) -> None:
    outcome = await any_shop.refused(any_shop.place(lines=lines(TEE=16, POSTER=5, MUG=11)))
    assert outcome == OutOfStock(path=("lines",), lines=(ShortLine("TEE", 16, 15), ShortLine("MUG", 11, 10)))
    assert outcome.retryable


async def test_stock_is_counted_over_the_lines_of_one_sku(any_shop: Shop) -> None:
    cart = (PlaceOrderLine("TEE", 8), PlaceOrderLine("TEE", 8))
    outcome = await any_shop.refused(any_shop.place(lines=cart))
    assert outcome == OutOfStock(path=("lines",), lines=(ShortLine("TEE", 16, 15),))


@pytest.mark.parametrize(("skus", "unknown"), [(("TEE", "NONE", "GONE"), ("NONE", "GONE")), (("YEN",), ("YEN",))])
async def test_products_that_are_not_sold(shop: Shop, skus: tuple[str, ...], unknown: tuple[str, ...]) -> None:
    outcome = await shop.refused(shop.place(lines=tuple(PlaceOrderLine(sku, 1) for sku in skus)))
    assert isinstance(outcome, UnknownProduct)
    assert outcome.skus == unknown


async def test_a_member_that_does_not_exist(any_shop: Shop) -> None:
    assert await any_shop.refused(any_shop.place(SUPPORT, member_id="mbr_nobody")) == UnknownMember()


@pytest.mark.parametrize(
    ("coupon", "code"),
    [
        ("NONE", "UNKNOWN_COUPON"),
        ("OLD", "COUPON_EXPIRED"),
        ("SOON", "COUPON_NOT_YET_VALID"),
        ("SPENT", "COUPON_EXHAUSTED"),
        ("BIG", "COUPON_MINIMUM"),
    ],
)
async def test_coupons_that_cannot_be_used(any_shop: Shop, coupon: str, code: str) -> None:
    outcome = await any_shop.refused(any_shop.place(coupon_codes=("SAVE5", coupon)))
    assert isinstance(outcome, InvalidCoupon)
    assert (outcome.code, outcome.coupon_code, outcome.path) == (code, coupon, ("couponCodes",))


async def test_a_coupon_once_per_member(any_shop: Shop) -> None:
    first = await any_shop.placed(coupon_codes=("ONCE",))
    outcome = await any_shop.refused(any_shop.place(coupon_codes=("ONCE",)))
    assert (outcome.code, outcome.coupon_code) == ("COUPON_MEMBER_LIMIT", "ONCE")
    await any_shop.placed(BOB, member_id="mbr_bob", coupon_codes=("ONCE",))
    await any_shop.cancel(first)
    await any_shop.worker.drain()
    assert await any_shop.coupons_used() == {"ONCE": 1}
    await any_shop.placed(coupon_codes=("ONCE",))


async def test_another_price_than_expected(any_shop: Shop) -> None:
    outcome = await any_shop.refused(any_shop.place(expected_total=eur(TOTAL - 1)))
    assert outcome == PriceChanged(
        expected_minor=TOTAL - 1, actual_minor=TOTAL, expected_currency="EUR", currency="EUR"
    )
    assert isinstance(await any_shop.refused(any_shop.place(expected_total=Money(TOTAL, "USD"))), PriceChanged)


@pytest.mark.parametrize(
    ("viewer", "more", "code", "path", "limit"),
    [
        (ANNA, {"lines": lines(TEE=1) * 201}, "LIMIT_EXCEEDED", ("lines",), 200),
        (ANNA, {"coupon_codes": tuple(f"C{n}" for n in range(11))}, "LIMIT_EXCEEDED", ("couponCodes",), 10),
        (
            ANNA,
            {"lines": (PlaceOrderLine("CARD", 100), PlaceOrderLine("CARD", 21))},
            "LIMIT_EXCEEDED",
            ("lines", "1", "quantity"),
            120,
        ),
        (SUPPORT, {"manual_discount": eur(1101)}, "LIMIT_EXCEEDED", ("manualDiscount",), 1100),
    ],
)
async def test_limits(
    shop: Shop, viewer: Viewer, more: dict[str, Any], code: str, path: tuple[str, ...], limit: int
) -> None:
    outcome = await shop.refused(shop.place(viewer, **more))
    assert isinstance(outcome, LimitExceeded), outcome
    assert (outcome.code, outcome.path, outcome.limit) == (code, path, limit)


async def test_a_member_has_only_so_many_unpaid_orders(any_shop: Shop) -> None:
    placed = [await any_shop.placed(lines=lines(MUG=1)) for _ in range(3)]
    outcome = await any_shop.refused(any_shop.place(lines=lines(MUG=1)))
    assert (outcome.code, outcome.path, outcome.limit) == ("TOO_MANY_UNPAID_ORDERS", ("memberId",), 3)
    await any_shop.paid(placed[-1])
    await any_shop.placed(lines=lines(MUG=1))


async def test_an_external_number_once_per_channel(any_shop: Shop) -> None:
    first = await any_shop.placed(external_number="E-1", coupon_codes=("SAVE5",))
    before = await any_shop.everything()
    outcome = await any_shop.place(external_number="E-1", coupon_codes=("SAVE5",))
    assert outcome == DuplicateExternalNumber(order_id=first)
    await any_shop.worker.drain()
    assert await any_shop.coupons_used() == {"SAVE5": 1}
    assert await any_shop.stock() == {("TEE", "BER"): (10, 2), ("POSTER", "BER"): (5, 1)}
    after = await any_shop.everything()
    of_us = {name for name in before if name.startswith("public.") or "." not in name}
    assert {name: after[name] for name in of_us} == {name: before[name] for name in of_us}
    await any_shop.placed(PARTNER, channel="partner", external_number="E-1")


@pytest.mark.parametrize(
    ("port", "method"),
    [
        ("products", "by_skus"),
        ("members", "by_ids"),
        ("promotions", "active"),
        ("logistics", "offers"),
        ("taxes", "rates"),
    ],
)
async def test_a_service_that_is_down(any_shop: Shop, port: str, method: str) -> None:
    sound = any_shop.ports
    any_shop.ports = without(sound, port, method)
    outcome = await any_shop.refused(any_shop.place(key="again"))
    assert outcome == ServiceDown(message=f"The {port} service does not answer: it is asleep.", service=port)
    any_shop.ports = sound
    assert isinstance(await any_shop.place(key="again"), OrderPlaced)


@pytest.mark.parametrize(("port", "method"), [("inventory", "reserve"), ("promotions", "claim")])
async def test_a_service_elsewhere_that_is_down_in_the_middle(remote_shop: Shop, port: str, method: str) -> None:
    sound = remote_shop.ports
    remote_shop.ports = without(sound, port, method)
    outcome = await remote_shop.place(key="again", coupon_codes=("SAVE5",))
    assert outcome == ServiceDown(message=f"The {port} service does not answer: it is asleep.", service=port)
    remote_shop.ports = sound
    assert await remote_shop.jobs() == ["UNDO_PLACEMENT"]
    assert isinstance(await remote_shop.place(key="again", coupon_codes=("SAVE5",)), OrderPlaced)
    await remote_shop.worker.drain()
    assert await remote_shop.stock() == {("TEE", "BER"): (10, 2), ("POSTER", "BER"): (5, 1)}
    assert await remote_shop.coupons_used() == {"SAVE5": 1}
