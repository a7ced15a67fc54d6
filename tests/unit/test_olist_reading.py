"""Reading the Olist data set: every row as it is meant, and every fault with its file and line."""

import shutil
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from adapters.imports.csv_files import ImportFault
from adapters.imports.olist_reading import (
    CATEGORIES,
    COLUMNS,
    CUSTOMERS,
    ITEMS,
    ORDERS,
    PAYMENTS,
    PRODUCTS,
    SELLERS,
    OlistOrder,
    read_olist,
)
from domain.orders.import_commands import (
    ImportedBuyer,
    ImportedLine,
    ImportedOrder,
    ImportedPayment,
    ImportedShipment,
)
from domain.orders.views import Address
from domain.values.enums import OrderStatus

FOLDER: Final = Path(__file__).parents[1] / "fixtures" / "olist"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the small data set, to be spoilt."""
    return Path(shutil.copytree(FOLDER, tmp_path / "olist"))


def read(folder: Path = FOLDER) -> dict[str, OlistOrder]:
    return {each.order.external_number: each for each in read_olist(folder)}


def fault(folder: Path) -> str:
    with pytest.raises(ImportFault) as caught:
        read_olist(folder)
    return str(caught.value)


def replace_line(path: Path, number: int, line: str) -> None:
    lines = path.read_text().splitlines()
    lines[number - 1] = line
    path.write_text("\n".join(lines) + "\n")


def test_an_order_is_read_with_all_that_belongs_to_it() -> None:
    approved = datetime(2018, 7, 26, 6, 24, tzinfo=UTC)
    assert read()["plain"] == OlistOrder(
        line=2,
        placed_on=date(2018, 7, 24),
        order=ImportedOrder(
            external_number="plain",
            status=OrderStatus.DELIVERED,
            placed_at=datetime(2018, 7, 24, 23, 41, tzinfo=UTC),
            paid_at=approved,
            buyer=ImportedBuyer("person-a"),
            shipping_address=Address(country="BR", region="SP", city="sao paulo", postal_code="01001"),
            currency="BRL",
            lines=(
                ImportedLine("prod-kite", 2, Decimal("19.9"), category="toys", seller="seller-one"),
                ImportedLine("prod-towel", 1, Decimal(45), category="bed_bath_table", seller="seller-two"),
            ),
            shipping=Decimal("18.53"),
            payments=(
                ImportedPayment("credit_card", Decimal(60), approved, "plain-1"),
                ImportedPayment("voucher", Decimal("43.33"), approved, "plain-2"),
                ImportedPayment("voucher", Decimal(0), approved, "plain-3"),
            ),
            shipments=(
                ImportedShipment(datetime(2018, 7, 26, 17, 31, tzinfo=UTC), datetime(2018, 8, 7, 18, 27, tzinfo=UTC)),
            ),
            legacy_status="delivered",
            attributes={"estimatedDeliveryAt": "2018-08-13T03:00:00+00:00"},
        ),
    )


def test_times_are_local_and_follow_the_summer_time_of_their_day() -> None:
    again = read()["again"]
    assert again.placed_on == date(2018, 1, 31)
    assert again.order.placed_at == datetime(2018, 2, 1, 1, 30, tzinfo=UTC)  # two hours behind UTC
    assert again.order.shipments[0].delivered_at == datetime(2018, 2, 20, 13, tzinfo=UTC)  # three hours


def test_units_at_different_prices_are_lines_of_their_own() -> None:
    lines = read()["onway"].order.lines
    assert [(line.quantity, line.unit_price) for line in lines] == [(1, Decimal("19.9")), (1, Decimal("17.5"))]


def test_a_category_without_a_translation_stays_as_it_is_and_none_stays_none() -> None:
    orders = read()
    assert orders["undated"].order.lines[0].category == "portateis_cozinha"
    assert orders["again"].order.lines[0].category is None


def test_statuses_are_mapped() -> None:
    assert {key: each.order.status.value for key, each in read().items()} == {
        "plain": "DELIVERED",
        "again": "DELIVERED",
        "undated": "DELIVERED",
        "backwards": "DELIVERED",
        "overpaid": "DELIVERED",
        "underpaid": "DELIVERED",
        "onway": "SHIPPED",
        "invoiced": "CONFIRMED",
        "processing": "IN_FULFILLMENT",
        "approved": "PAID",
        "created": "PENDING_PAYMENT",
        "cancelled": "CANCELLED",
        "cancelledlate": "CANCELLED",
        "unavailable": "CANCELLED",
        "emptied": "CANCELLED",
    }


def test_an_arrival_without_a_parcel_is_kept_among_the_attributes(folder: Path) -> None:
    replace_line(
        folder / ORDERS, 2, "plain,visit-01,delivered,7/24/2018 20:41,7/26/2018 3:24,,8/7/2018 15:27,8/13/2018 0:00"
    )
    order = read(folder)["plain"].order
    assert order.shipments == ()
    assert order.attributes == {
        "estimatedDeliveryAt": "2018-08-13T03:00:00+00:00",
        "deliveredAt": "2018-08-07T18:27:00+00:00",
    }


def test_other_line_ends_a_byte_order_mark_and_more_columns_are_read_too(folder: Path) -> None:
    path = folder / SELLERS
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    replace_line(folder / CATEGORIES, 1, "product_category_namept,product_category_name_english,more")
    replace_line(folder / CATEGORIES, 2, "brinquedos,toys,x")
    replace_line(folder / CATEGORIES, 3, '"cama_mesa_banho","bed_bath_table",y')
    assert read(folder) == read()


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert fault(folder) == f"{folder / name}: is missing."


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert fault(tmp_path / "none") == f"{tmp_path / 'none'} is no folder."


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_missing_columns_are_named(folder: Path, name: str) -> None:
    replace_line(folder / name, 1, "nothing")
    assert fault(folder) == f"{name}:1: these columns are missing: {', '.join(COLUMNS[name])}."


def test_an_empty_file_has_no_columns(folder: Path) -> None:
    (folder / SELLERS).write_text("")
    assert fault(folder) == "sellers.csv:1: these columns are missing: seller_id."


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_a_file_that_ends_within_a_line_is_cut_off(folder: Path, name: str) -> None:
    path = folder / name
    last = len(path.read_text().splitlines())
    path.write_text(path.read_text()[:-2])
    assert fault(folder) == f"{name}:{last}: the file is cut off: its last line has no end."


@pytest.mark.parametrize(
    ("name", "kept", "message"),
    [
        (CUSTOMERS, 10, "orders.csv:11: customer_id visit-10 is not in customers.csv."),
        (PRODUCTS, 3, "order_items.csv:5: product_id prod-plain is not in products.csv."),
        (SELLERS, 2, "order_items.csv:4: seller_id seller-two is not in sellers.csv."),
        (ORDERS, 13, "order_items.csv:18: order_id cancelledlate is not in orders.csv."),
        (ITEMS, 17, "orders.csv:14: the order was paid and has no items: order_items.csv may be cut off."),
        (PAYMENTS, 12, "orders.csv:11: the order is approved and has no payments: order_payments.csv may be cut off."),
    ],
)
def test_a_file_that_ends_between_two_lines_is_found_by_what_refers_to_it(
    folder: Path, name: str, kept: int, message: str
) -> None:
    path = folder / name
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:kept]))
    assert fault(folder) == message


STATUSES: Final = "approved, canceled, created, delivered, invoiced, processing, shipped, unavailable"
PLAIN: Final = "7/24/2018 20:41,7/26/2018 3:24,7/26/2018 14:31,8/7/2018 15:27,8/13/2018 0:00"


@pytest.mark.parametrize(
    ("name", "line", "row", "problem"),
    [
        (ORDERS, 2, "plain,visit-01,delivered", "the row has 3 values, the header 8"),
        (ORDERS, 3, f"plain,visit-02,delivered,{PLAIN}", "order_id plain is there twice"),
        (ORDERS, 2, f",visit-01,delivered,{PLAIN}", "order_id is empty"),
        (
            ORDERS, 2, f"plain,visit-01,lost,{PLAIN}",
            f'order_status: "lost" is none of {STATUSES}',
        ),
        (ORDERS, 2, "plain,visit-01,delivered,,,,,", "order_purchase_timestamp is empty"),
        (
            ORDERS, 2, "plain,visit-01,delivered,2018-07-24 20:41,,,,",
            'order_purchase_timestamp: "2018-07-24 20:41" is not a time like 7/24/2018 20:41',
        ),
        (
            ORDERS, 2, "plain,visit-01,delivered,7/24/2018 20:41,13/1/2018 3:24,,,",
            'order_approved_at: "13/1/2018 3:24" is not a time like 7/24/2018 20:41',
        ),
        (ITEMS, 3, "plain,1,prod-kite,seller-one,7/30/2018 3:24,19.9,5.1", "order_id, order_item_id plain/1 is there twice"),
        (
            ITEMS, 2, "plain,1,prod-kite,seller-one,7/30/2018 3:24,-19.9,5.1",
            'price: "-19.9" is not an amount like 135.41',
        ),
        (
            ITEMS, 2, "plain,1,prod-kite,seller-one,7/30/2018 3:24,19.9,5.123",
            'freight_value: "5.123" is not an amount like 135.41',
        ),
        (ITEMS, 2, "plain,1,prod-kite,seller-one,soon,1,1", 'shipping_limit_date: "soon" is not a time like 7/24/2018 20:41'),
        (ITEMS, 2, '"plain,1,prod-kite,seller-one,7/30/2018 3:24,1,1', None),
        (PAYMENTS, 2, "plain,one,credit_card,3,60", 'payment_sequential: "one" is not a whole number'),
        (PAYMENTS, 2, "plain,1,credit_card,,60", "payment_installments is empty"),
        (PAYMENTS, 2, "plain,1,credit_card,3,NaN", 'payment_value: "NaN" is not an amount like 135.41'),
        (PAYMENTS, 2, f"plain,1,credit_card,3,{'9' * 70}", f'payment_value: "{"9" * 60}…" is not an amount like 135.41'),
        (PAYMENTS, 2, "nobody,1,credit_card,3,60", "order_id nobody is not in orders.csv"),
        (CUSTOMERS, 2, "visit-01,,1001,sao paulo,SP", "customer_unique_id is empty"),
        (SELLERS, 3, "seller-one,1,x,SP", "seller_id seller-one is there twice"),
        (PRODUCTS, 2, "prod-kite,a\0b,,,,,,,", "the line is no UTF-8 text"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_with_its_line(folder: Path, name: str, line: int, row: str, problem: str | None) -> None:
    replace_line(folder / name, line, row)
    end = len((folder / name).read_text().splitlines())
    if problem is None:
        assert fault(folder) == f"{name}:{end}: the row cannot be read: unexpected end of data."
    else:
        assert fault(folder) == f"{name}:{line}: {problem}."


def test_what_is_no_utf8_is_named_with_its_line(folder: Path) -> None:
    path = folder / CUSTOMERS
    path.write_bytes(path.read_bytes().replace(b"rio de janeiro", b"rio \xe9"))
    assert fault(folder) == "customers.csv:4: the line is no UTF-8 text."
