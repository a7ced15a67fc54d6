from dataclasses import replace

import pytest

from domain.orders.splitting import Part, PartLine, split
from domain.orders.views import Allocation, OrderLineView, SplitReason
from domain.values.enums import SplitDimension, StockPolicy, SupplyChannel

SHIRT = OrderLineView(
    id="lin_1",
    order_id="ord_1",
    position=1,
    sku="SHIRT",
    name="Shirt",
    category="shirts",
    seller_id=None,
    seller_name=None,
    supply_channel=SupplyChannel.OWN,
    delivery_mode=None,
    quantity=3,
    currency="EUR",
    unit_price_minor=1000,
    discount_minor=100,
    tax_minor=551,
    total_minor=3451,
    options={"size": "M"},
    stock_policy=StockPolicy.RESERVE_ON_ORDER,
    allocations=(Allocation("BER", 3),),
    shipped_quantity=0,
    cancelled_quantity=0,
    returned_quantity=0,
    refunded_minor=0,
)
LAMP = replace(
    SHIRT,
    id="lin_2",
    position=2,
    sku="LAMP",
    seller_id="sel_9",
    seller_name="Lumen",
    supply_channel=SupplyChannel.DROPSHIP,
    quantity=1,
    unit_price_minor=2000,
    discount_minor=0,
    tax_minor=380,
    total_minor=2380,
    options={},
    allocations=(Allocation("BER", 1),),
)


def test_an_order_from_one_place_is_one_part_without_reasons() -> None:
    assert split([SHIRT], 500) == (
        Part((), "BER", None, None, (PartLine("lin_1", "SHIRT", {"size": "M"}, 3),), 3000, 100, 500, 551, 3951),
    )


def test_no_lines_no_parts() -> None:
    assert split([], 0) == ()


def test_sellers_send_apart_and_reasons_name_only_what_differs() -> None:
    own, lumen = split([SHIRT, LAMP], 490)
    assert own.reasons == (
        SplitReason(SplitDimension.SELLER, "NONE"),
        SplitReason(SplitDimension.SUPPLY_CHANNEL, "OWN"),
    )
    assert lumen.reasons == (
        SplitReason(SplitDimension.SELLER, "sel_9"),
        SplitReason(SplitDimension.SUPPLY_CHANNEL, "DROPSHIP"),
    )
    assert (lumen.seller_id, lumen.seller_name, lumen.warehouse) == ("sel_9", "Lumen", "BER")
    # 490 over 2900 : 2000
    assert (own.shipping_minor, lumen.shipping_minor) == (290, 200)
    assert (own.total_minor, lumen.total_minor) == (3451 + 290, 2380 + 200)


def test_one_line_from_two_warehouses_shares_its_money_by_quantity() -> None:
    scattered = replace(SHIRT, allocations=(Allocation("MUC", 1), Allocation("BER", 2)))
    line_of_2, line_of_1 = PartLine("lin_1", "SHIRT", {"size": "M"}, 2), PartLine("lin_1", "SHIRT", {"size": "M"}, 1)
    in_ber, in_muc = SplitReason(SplitDimension.WAREHOUSE, "BER"), SplitReason(SplitDimension.WAREHOUSE, "MUC")
    assert split([scattered], 500) == (
        Part((in_ber,), "BER", None, None, (line_of_2,), 2000, 67, 333, 367, 2633),
        Part((in_muc,), "MUC", None, None, (line_of_1,), 1000, 33, 167, 184, 1318),
    )


def test_lines_of_one_seller_and_warehouse_travel_together() -> None:
    other = replace(SHIRT, id="lin_3", position=3, sku="TIE")
    (part,) = split([SHIRT, other], 0)
    assert [(line.line_id, line.quantity) for line in part.lines] == [("lin_1", 3), ("lin_3", 3)]


def test_a_line_that_is_not_stocked_goes_to_no_warehouse() -> None:
    card = replace(SHIRT, id="lin_4", position=4, sku="CARD", stock_policy=StockPolicy.NONE, allocations=())
    stocked, unstocked = split([SHIRT, card], 0)
    assert (stocked.warehouse, unstocked.warehouse) == ("BER", None)
    assert unstocked.reasons == (SplitReason(SplitDimension.WAREHOUSE, "NONE"),)


def test_units_without_an_allocation_go_to_no_warehouse() -> None:
    parts = split([replace(SHIRT, allocations=(Allocation("BER", 2),))], 0)
    assert [(part.warehouse, part.lines[0].quantity) for part in parts] == [("BER", 2), (None, 1)]


def test_two_allocations_in_one_warehouse_are_one() -> None:
    (part,) = split([replace(SHIRT, allocations=(Allocation("BER", 2), Allocation("BER", 1)))], 0)
    assert part.lines == (PartLine("lin_1", "SHIRT", {"size": "M"}, 3),)


def test_more_allocated_than_ordered_is_a_fault() -> None:
    with pytest.raises(ValueError, match=r"^Line lin_1 has more units allocated than ordered: 2 too many\.$"):
        split([replace(SHIRT, allocations=(Allocation("BER", 5),))], 0)


def test_the_order_in_which_rows_are_read_does_not_matter() -> None:
    scattered = replace(LAMP, quantity=2, allocations=(Allocation("MUC", 1), Allocation("BER", 1)))
    turned = replace(scattered, allocations=scattered.allocations[::-1])
    parts = split([SHIRT, scattered], 100)
    assert split([turned, SHIRT], 100) == parts
    assert [(part.seller_id, part.warehouse) for part in parts] == [(None, "BER"), ("sel_9", "BER"), ("sel_9", "MUC")]


def test_shipping_of_an_order_of_free_goods_is_shared_equally() -> None:
    free = [replace(line, unit_price_minor=0, discount_minor=0, tax_minor=0, total_minor=0) for line in (SHIRT, LAMP)]
    assert [part.shipping_minor for part in split(free, 5)] == [3, 2]
